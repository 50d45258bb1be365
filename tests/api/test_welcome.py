"""What the terminal is told: addresses that work from where the reader is, and a code that a phone can read."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from api import welcome
from api.front import Front
from api.serving import listen
from api.site import bare
from pipelines import Settings, SettingsError
from pipelines.manager.status import Status
from pipelines.output.intake import Progress
from pipelines.takeover.takeover import recognise
from tests import installations


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", ["http://localhost:7860"]),
        ("localhost", ["http://localhost:7860"]),
        ("::1", ["http://[::1]:7860"]),
        ("192.168.1.5", ["http://192.168.1.5:7860"]),
    ],
)
def test_the_address_is_the_one_that_is_listened_on(host: str, expected: list[str]) -> None:
    assert welcome.addresses(Settings(host=host)) == expected


def test_on_every_network_each_address_of_this_machine_is_named(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(welcome, "lan_addresses", lambda: ["192.168.1.5", "fd00::5"])

    found = welcome.addresses(Settings(host="0.0.0.0"))

    assert found == ["http://localhost:7860", "http://192.168.1.5:7860", "http://[fd00::5]:7860"]


def greeting(settings: Settings, capsys: pytest.CaptureFixture[str]) -> list[str]:
    welcome.greet(settings)
    return capsys.readouterr().out.splitlines()


def test_the_greeting_names_the_addresses_and_draws_nothing_into_a_log(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(welcome, "lan_addresses", lambda: ["192.168.1.5"])
    monkeypatch.setattr(welcome, "CONTAINER_MARK", tmp_path / "none")

    lines = greeting(Settings(host="0.0.0.0"), capsys)

    assert lines[0].startswith("Darkroom ")
    assert lines[1:] == ["  http://localhost:7860", "  http://192.168.1.5:7860"]


def test_a_container_does_not_pretend_to_know_its_address(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(welcome, "CONTAINER_MARK", tmp_path)

    assert greeting(Settings(host="0.0.0.0"), capsys)[1:] == [
        "  serving on port 7860 of this container"
    ]
    assert greeting(Settings(), capsys)[1:] == ["  http://localhost:7860"]


def test_the_code_is_drawn_with_blocks(capsys: pytest.CaptureFixture[str]) -> None:
    welcome.show_qr("http://192.168.1.5:7860")

    drawn = capsys.readouterr().out
    assert "▄" in drawn or "█" in drawn
    assert len(drawn.splitlines()) > 10


@pytest.mark.parametrize(
    ("status", "line"),
    [
        (
            Status(worker="ready", device="cpu", device_name="A processor", dtype="float32"),
            "ready on A processor",
        ),
        (Status(worker="broken", why="It died five times."), "broken. It died five times."),
    ],
)
def test_the_state_of_page_and_worker_is_told_once_it_is_known(
    status: Status, line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    class Manager:
        taking_over = Progress(read=412, total=412)

        def status(self) -> Status:
            return status

    async def told() -> None:
        front = Front(bare)
        running = asyncio.ensure_future(front.run())
        await welcome.tell(Settings(), Manager(), front)  # type: ignore[arg-type]
        front.close()
        await running

    asyncio.run(told())

    said = capsys.readouterr().out
    assert "The page is up" in said
    assert line in said
    assert "412 pictures of other programs are in the Library." in said


def test_the_greeting_says_what_was_taken_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = recognise(installations.forge(tmp_path / "webui"))

    welcome.greet(Settings(), found.lines())

    said = capsys.readouterr().out
    assert f"Took over Forge at {tmp_path / 'webui'}: 3 folders of models" in said
    assert "not found: --lora-dir in webui-user.sh: /gone/loras" in said


def test_a_taken_port_is_named_with_the_remedy() -> None:
    with listen(Settings(port=0)) as first:
        first.listen()
        with pytest.raises(SettingsError, match="--port") as caught:
            listen(Settings(port=first.getsockname()[1]))
    assert "choose another port" in caught.value.remedy


@pytest.mark.parametrize("host", ["203.0.113.7", "no.such.host.invalid"])
def test_an_address_of_somebody_else_is_named(host: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"--host .*is no address of this machine"):
        listen(Settings(host=host, port=0))
