"""The state file: what is read is what was written, and whatever else lies there is never taken for it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from pipelines.errors import DiskFull, StateDamaged
from pipelines.finetune.training import Mark
from pipelines.worker.finetune.state import FILE, State, read, replace, write
from tests.pipelines.worker.finetune.classroom import are_equal


def state(step: int = 7) -> State:
    return State(
        plan="abc",
        step=step,
        taught={"unet.a.down": torch.rand(2, 3), "unet.a.up": torch.zeros(3, 2)},
        optimizer={"0.exp_avg": torch.rand(2, 3), "0.step": torch.tensor(7.0)},
        numbers={"1.step": 7},
        marks=(Mark(step=4, file="sks-000004.safetensors", held_out_loss=0.1),),
        is_sampled_untrained=True,
    )


def test_what_is_read_is_what_was_written(tmp_path: Path) -> None:
    written = state()
    write(tmp_path, written)
    found = read(tmp_path)

    assert found is not None
    assert are_equal(found.taught, written.taught)
    assert are_equal(found.optimizer, written.optimizer)
    facts = ("plan", "step", "numbers", "marks", "is_sampled_untrained")
    assert all(getattr(found, name) == getattr(written, name) for name in facts)
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_where_there_is_none_none_is_read(tmp_path: Path) -> None:
    assert read(tmp_path) is None


def test_whoever_dies_while_writing_leaves_the_old_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    write(tmp_path, state(1))
    for moment in ("os.fsync", "os.replace"):
        with monkeypatch.context() as patch:
            patch.setattr(moment, die)
            with pytest.raises(Killed):
                write(tmp_path, state(2))
        found = read(tmp_path)
        assert found is not None
        assert found.step == 1
    write(tmp_path, state(3))
    found = read(tmp_path)
    assert found is not None
    assert found.step == 3, "what was left over does no harm"


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_a_file_that_is_cut_off_is_damaged(tmp_path: Path, share: float) -> None:
    write(tmp_path, state())
    content = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(content[: int(share * len(content))])

    with pytest.raises(StateDamaged, match=r"state\.training"):
        read(tmp_path)


def test_so_is_one_with_any_bit_changed(tmp_path: Path) -> None:
    write(tmp_path, state())
    content = (tmp_path / FILE).read_bytes()
    for place in range(8, len(content), 41):
        changed = bytearray(content)
        changed[place] ^= 4
        (tmp_path / FILE).write_bytes(changed)
        try:
            found = read(tmp_path)
        except StateDamaged:
            continue
        assert found is not None, place
        assert are_equal(found.taught, state_of(content, tmp_path).taught), place


def state_of(content: bytes, folder: Path) -> State:
    (folder / FILE).write_bytes(content)
    found = read(folder)
    assert found is not None
    return found


def test_one_of_another_layout_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, state())
    content = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(content.replace(b'"layout":"1"', b'"layout":"9"'))

    with pytest.raises(StateDamaged):
        read(tmp_path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")

    with pytest.raises(DiskFull, match="file"):
        replace(tmp_path / "file" / "inside", b"content")
