"""States survive a restart to the bit, and damage is noticed."""

import hashlib

import pytest
import safetensors.torch
import torch

from pipelines.errors import StudioError
from pipelines.worker.sampling import Philox, State
from pipelines.worker.sampling.state import DIGEST_BYTES, MAGIC


def a_state() -> State:
    x, newer, older = (Philox(5).draw(k, (4, 8, 8)).unsqueeze(0) for k in range(3))
    return State(x=x, step=7, history=(newer, older), draws=15, stage=1)


def test_bytes_bring_back_the_same_state() -> None:
    state = a_state()
    again = State.from_bytes(state.to_bytes())
    assert torch.equal(again.x, state.x)
    assert (again.step, again.draws, again.stage) == (7, 15, 1)
    assert [torch.equal(a, b) for a, b in zip(again.history, state.history, strict=True)] == [
        True,
        True,
    ]


def test_states_of_versions_with_one_pass_alone_are_in_the_first() -> None:
    body = safetensors.torch.save({"x": a_state().x, "counters": torch.tensor([7, 15])})
    digest = hashlib.blake2b(body, digest_size=DIGEST_BYTES).digest()

    again = State.from_bytes(MAGIC + digest + body)

    assert (again.step, again.draws, again.stage) == (7, 15, 0)


def test_views_and_strided_tensors_can_be_written() -> None:
    x = Philox(5).draw(0, (1, 4, 8, 16))[..., ::2].transpose(2, 3)
    again = State.from_bytes(State(x=x, history=(x,)).to_bytes())
    assert torch.equal(again.x, x)
    assert torch.equal(again.history[0], x)


@pytest.mark.parametrize("place", [0, 20, 40, 400, -1])
def test_a_single_changed_byte_is_refused(place: int) -> None:
    data = bytearray(a_state().to_bytes())
    data[place] ^= 1
    with pytest.raises(StudioError, match="is damaged") as refusal:
        State.from_bytes(bytes(data))
    assert "begins anew" in refusal.value.remedy


@pytest.mark.parametrize("length", [0, 1, 16, 32, 500])
def test_a_cut_file_is_refused(length: int) -> None:
    with pytest.raises(StudioError, match="is damaged"):
        State.from_bytes(a_state().to_bytes()[:length])


def test_a_step_counts_itself_and_its_draws() -> None:
    state = a_state()
    after = state.after(state.x, history=(state.x,), draws=2)
    assert (after.step, after.draws, len(after.history), after.stage) == (8, 17, 1, 1)
    assert state.after(state.x).history == ()
