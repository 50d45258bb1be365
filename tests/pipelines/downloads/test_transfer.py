"""Bytes on their way: lost connections, lies, changes, full disks, other people's faults. Nothing half is listed."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from pipelines.downloads import transfer
from pipelines.errors import NotFound
from tests.model_server import Fault, ModelServer, Served
from tests.pipelines.downloads.conftest import WEIGHTS, House, Opener

CUT = 700_000


@pytest.fixture
def file(server: ModelServer, single: str) -> Served:
    return server.served(single, "painted.safetensors")


def test_a_model_arrives_whole_with_its_licence_beside_it(house: House, single: str) -> None:
    done = house.get(single)

    assert (done.state, done.model, done.error, done.problem) == ("done", "painted", None, "")
    assert done.have_bytes == done.size_bytes
    assert (house.models / "painted.safetensors").read_bytes() == WEIGHTS
    assert house.files() == {"painted.safetensors", "painted.darkroom.json", "painted.license.txt"}
    assert house.catalog.find("painted").licence == "MIT"


def test_a_lost_connection_is_gone_on_from_where_it_was_lost(
    house: House, single: str, file: Served, server: ModelServer
) -> None:
    file.faults += [Fault(drop_after=CUT), Fault(status=503), Fault(drop_after=CUT)]

    assert house.get(single).state == "done"
    ranges = server.ranges("painted.safetensors")
    assert ranges[0] == ""
    assert ranges[1] == ranges[2] == f"bytes={CUT}-"
    assert ranges[3] == f"bytes={2 * CUT}-"
    assert len(house.pauses) == 3


def test_when_every_byte_has_come_nothing_is_asked_again(
    house: House, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when a server ends between the last byte and the name."""

    async def fail(final: Path, folder: Path) -> None:
        raise transfer.DiskFull("The disk is full.", "Make room there.")

    with monkeypatch.context() as patch:
        patch.setattr(transfer, "_finish", fail)
        files = {"painted.safetensors": WEIGHTS}
        paused = house.get(server.repository("ada/alone", files, tags=["license:mit"]))
    assert paused.state == "paused"
    before = server.times("painted.safetensors")
    house.downloads.resume(paused.id)

    assert house.ended(paused).state == "done"
    assert server.times("painted.safetensors") == before


def test_a_connection_that_stays_lost_is_said_and_what_came_is_kept(
    house: House, single: str, file: Served, server: ModelServer
) -> None:
    file.faults += [Fault(drop_after=CUT)] + [Fault(drop_after=0)] * 6
    failed = house.get(single)
    assert failed.state == "failed"
    assert failed.error is not None
    assert "Try again" in failed.error["remedy"]
    assert failed.have_bytes >= CUT
    assert house.listed() == []

    house.downloads.resume(failed.id)
    assert house.ended(failed).state == "done"
    assert server.ranges("painted.safetensors")[-1] == f"bytes={CUT}-"


def test_pauses_grow_and_what_the_server_asks_for_is_granted(
    house: House, single: str, file: Served
) -> None:
    file.faults += [Fault(status=500)] * 3 + [Fault(status=429, headers={"Retry-After": "7"})]

    assert house.get(single).state == "done"
    assert house.pauses == [2.0, 4.0, 8.0, 7.0]


def test_a_file_that_was_changed_between_attempts_is_fetched_from_its_beginning(
    house: House, single: str, file: Served, server: ModelServer
) -> None:
    file.faults += [Fault(body=b"x" * len(WEIGHTS), drop_after=CUT, headers={"ETag": '"old"'})]

    assert house.get(single).state == "done"
    assert (house.models / "painted.safetensors").read_bytes() == WEIGHTS


def test_a_server_without_ranges_gives_it_again_from_the_beginning(
    house: House, single: str, file: Served
) -> None:
    file.faults += [Fault(drop_after=CUT), Fault(ignores_range=True)]

    assert house.get(single).state == "done"


def test_without_a_checksum_or_a_strong_etag_nothing_is_gone_on_from(
    open_house: Opener, server: ModelServer
) -> None:
    served = server.put("/free/to/all/painted.safetensors", WEIGHTS, etag="W/weak")
    served.faults += [Fault(), Fault(drop_after=CUT)]  # the first is the look at its size
    with open_house() as house:
        source = f"{server.address}/free/to/all/painted.safetensors"
        assert house.get(source, licence="unknown").state == "done"
        assert server.ranges("painted.safetensors") == ["", "", ""]


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(body=b"w" * len(WEIGHTS)), "came whole twice"),
        (Fault(body=WEIGHTS + b"more"), "were announced"),
        (Fault(body=WEIGHTS + b"more", headers={"Transfer-Encoding": "x"}), "lost"),
        (Fault(body=WEIGHTS[:-9]), "were announced"),
        (Fault(says_length=len(WEIGHTS) - 9), "were announced"),
        (Fault(body=b"<html>", headers={"Content-Type": "text/html; charset=utf-8"}), "web page"),
        (Fault(status=401), "asks for a login"),
        (Fault(status=403), "asks for a login"),
        (Fault(status=404), "has no such model"),
        (Fault(status=410), "has no such model"),
        (Fault(status=418), "status 418"),
        (Fault(headers={"Content-Encoding": "gzip"}), "encoding"),
        (Fault(status=206, headers={"Content-Range": "bytes 5-9/10"}, drop_after=0), "lost"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_the_announced_file_is_never_listed(
    house: House, single: str, file: Served, fault: Fault, words: str
) -> None:
    file.faults += [fault] * 9
    failed = house.get(single)

    assert failed.state == "failed"
    assert failed.error is not None
    assert words in failed.error["message"]
    assert failed.error["remedy"]
    assert house.listed() == []


def test_another_part_than_asked_for_is_not_taken(house: House, single: str, file: Served) -> None:
    wrong = Fault(status=206, headers={"Content-Range": f"bytes 1-9/{len(WEIGHTS)}"})
    file.faults += [Fault(drop_after=CUT), wrong]
    failed = house.get(single)

    assert failed.error is not None
    assert "another part" in failed.error["message"]


def test_a_wrong_checksum_once_is_forgiven_by_fetching_it_anew(
    house: House, single: str, file: Served
) -> None:
    file.faults += [Fault(body=b"w" * len(WEIGHTS))]

    assert house.get(single).state == "done"


def test_a_full_disk_pauses_and_it_goes_on_when_there_is_room(
    house: House, single: str, server: ModelServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, calls = transfer._Sink._write, []

    def full(self: Any, data: bytes) -> None:
        calls.append(self.have)
        if self.have >= CUT:
            raise transfer.DiskFull("The disk is full: 0 bytes are free.", "Make room there.")
        whole(self, data)

    monkeypatch.setattr(transfer._Sink, "_write", full)
    paused = house.get(single)
    assert paused.state == "paused"
    assert paused.error is not None
    assert paused.error["code"] == "disk_full"
    assert house.listed() == []

    monkeypatch.setattr(transfer._Sink, "_write", whole)
    house.downloads.resume(paused.id)
    assert house.ended(paused).state == "done"
    assert server.ranges("painted.safetensors")[-1].startswith("bytes=")


def test_no_space_left_in_the_middle_of_a_write_keeps_what_was_hashed(
    house: House, single: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = Path.open

    class Full:
        def __init__(self, path: Path, *given: Any, **named: Any) -> None:
            self.stream = opened(path, *given, **named)

        def __enter__(self) -> Full:
            return self

        def __exit__(self, *_: object) -> None:
            self.stream.close()

        def seek(self, place: int) -> None:
            self.stream.seek(place)

        def write(self, data: bytes) -> None:
            if self.stream.tell():
                self.stream.write(data[:100])
                self.stream.flush()
                raise OSError(errno.ENOSPC, "No space left on device")
            self.stream.write(data)

        def flush(self) -> None:
            self.stream.flush()

    def open_(path: Path, mode: str = "r", *given: Any, **named: Any) -> Any:
        if mode == "r+b" and path.name == "painted.safetensors.part":
            return Full(path, mode, *given, **named)
        return opened(path, mode, *given, **named)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", open_)
        paused = house.get(single)
    assert paused.state == "paused"
    assert paused.error is not None
    assert paused.error["code"] == "disk_full"
    assert paused.error["message"].endswith(f"are free in {house.models}.")

    house.downloads.resume(paused.id)
    assert house.ended(paused).state == "done"


def test_a_disk_without_room_for_it_refuses_it_before_the_first_byte(
    house: House, server: ModelServer
) -> None:
    rows = [{"rfilename": "vast.safetensors", "size": 2**41, "lfs": {"sha256": "0" * 64}}]
    name = server.repository("ada/vast", {}, siblings=rows, cardData={"license": "mit"})
    with pytest.raises(transfer.DiskFull, match="are needed"):
        house.begin(name)
    assert house.files() == set()


def test_it_can_be_paused_and_gone_on_with(
    house: House, single: str, file: Served, server: ModelServer
) -> None:
    file.faults += [Fault(hold_after=CUT)]
    began = house.begin(single)
    assert server.is_held.wait(20)

    assert house.downloads.pause(began.id).state == "paused"
    assert house.listed() == []
    server.release.set()
    house.downloads.resume(began.id)
    assert house.ended(began).state == "done"


def test_cancelling_takes_everything_away_at_once(
    house: House, single: str, file: Served, server: ModelServer
) -> None:
    file.faults += [Fault(hold_after=CUT)]  # it would hang for a minute
    began = house.begin(single)
    assert server.is_held.wait(20)
    house.downloads.remove(began.id)

    assert house.downloads.all() == []
    assert list(house.models.iterdir()) == []
    with pytest.raises(NotFound):
        house.downloads.resume(began.id)


def test_a_server_that_ends_in_the_middle_is_gone_on_from_by_the_next(
    open_house: Opener, single: str, file: Served, server: ModelServer
) -> None:
    file.faults += [Fault(hold_after=CUT)]
    with open_house() as house:
        began = house.begin(single)
        assert server.is_held.wait(20)
        house.until(began.id, lambda now: now.have_bytes > 0)
    server.release.set()

    with open_house() as house:
        assert house.ended(began).state == "done"
        assert (house.models / "painted.safetensors").read_bytes() == WEIGHTS
    assert server.ranges("painted.safetensors")[-1].startswith("bytes=")
    assert [path.name for path in house.models.iterdir() if path.name[0] == "."] == []
