"""The skeleton: computes what the model computes, on the same memory, and holds nothing of it while it rests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from pipelines.errors import OutOfMemory
from pipelines.worker.finetune.method import Batch
from pipelines.worker.finetune.skeleton import Skeleton
from pipelines.worker.finetune.texts import encoded, tokenised
from pipelines.worker.messages import CheckpointRef
from pipelines.worker.weights.loading import Model
from tests.pipelines.worker.finetune.classroom import BenchOf, are_equal, run, train, trainer_of
from tests.pipelines.worker.workbench import CPU, Workbench

GPU = replace(CPU, name="a GPU", has_own_memory=True)  # networks come to it and leave


def reading(bench: Workbench, precision: str = "auto") -> Skeleton:
    """One that encodes texts, too."""
    skeleton = Skeleton(bench.model(), bench.models, precision)
    assert skeleton.text_encoders
    return skeleton


def batch(model: Model, *captions: str) -> Batch:
    noise = torch.randn((len(captions), 4, 8, 8), generator=torch.Generator().manual_seed(0))
    ids = torch.tensor([[64.0, 64, 0, 0, 64, 64]] * len(captions))
    texts = [tokenised(caption, model) for caption in captions]
    return Batch(noise, torch.tensor([300] * len(captions)), texts, ids)


def test_it_answers_what_the_model_answers(each_toy: CheckpointRef, bench_of: BenchOf) -> None:
    bench = bench_of(each_toy)
    model = bench.model()
    skeleton, asked = reading(bench), batch(model, "a (big) boat", "fog")
    told = {"encoder_hidden_states": [], "text_embeds": []}
    for text in ("a (big) boat", "fog"):
        meant = encoded(text, model)
        told["encoder_hidden_states"].append(meant.hidden)
        told["text_embeds"].append(meant.pooled)
    joined = {name: torch.cat(each) for name, each in told.items() if each[0] is not None}
    if "text_embeds" in joined:
        joined["time_ids"] = asked.time_ids
    expected = model.denoiser.run({"sample": asked.noisy, "timestep": asked.timesteps, **joined})

    with skeleton.awake():
        answer = skeleton.denoise(asked)
    torch.testing.assert_close(answer, expected.sample, rtol=1e-5, atol=1e-5)


def test_its_tensors_are_those_of_the_model(each_toy: CheckpointRef, bench_of: BenchOf) -> None:
    bench = bench_of(each_toy)
    model = bench.model()
    skeleton = Skeleton(model, bench.models)
    encoders = skeleton.text_encoders
    with skeleton.awake():
        pairs = [(model.unet, skeleton.unet)]
        networks = [one.component.network for one in model.text_encoders]
        pairs += [(one.module, twin) for one, twin in zip(networks, encoders, strict=True) if one]
        for own, twin in pairs:
            theirs = dict(own.named_parameters())
            assert theirs.keys() == dict(twin.named_parameters()).keys()
            for name, parameter in twin.named_parameters():
                assert parameter.data_ptr() == theirs[name].data_ptr(), name
                assert not parameter.requires_grad


def test_text_that_means_nothing_is_zeros_to_sdxl(
    toys: dict[str, CheckpointRef], bench_of: BenchOf
) -> None:
    bench = bench_of(toys["sdxl"])
    skeleton = reading(bench)
    nothing, something = tokenised("", bench.model()), tokenised("a boat", bench.model())
    with skeleton.awake():
        hidden, pooled = skeleton.told([nothing, something, nothing])

    assert pooled is not None
    assert not hidden[0].any()
    assert not pooled[2].any()
    assert hidden[1].any()
    assert pooled[1].any()


@pytest.mark.parametrize("saves_memory", [False, True])
def test_on_a_device_with_memory_of_its_own_it_learns_the_same_and_lets_go(
    toys: dict[str, CheckpointRef], tmp_path: Path, saves_memory: bool
) -> None:
    asked = train(tmp_path, toys["sd15"], trains_text=True, saves_memory=saves_memory, batch_size=2)
    outcomes = []
    for device in (CPU, GPU):
        bench = Workbench(toys["sd15"], device=device)
        trainer = trainer_of(bench, asked)
        for _ in range(2):
            run(bench, trainer.learn())
        outcomes.append(trainer.state("").taught)

    assert are_equal(*outcomes)
    networks = bench.model().networks
    assert [one.is_here for one in networks] == [True, not saves_memory, True]
    unet = trainer._subject.skeleton.unet
    assert all(one.is_meta for name, one in unet.named_parameters() if "lora" not in name)
    assert networks[0].leave(), "it may leave between two steps"
    run(bench, trainer.learn())


def test_a_denoiser_that_was_streamed_meanwhile_cannot_be_trained_on(
    toys: dict[str, CheckpointRef], tmp_path: Path
) -> None:
    bench = Workbench(toys["sd15"], device=GPU)
    trainer = trainer_of(bench, train(tmp_path, toys["sd15"]))
    bench.model().networks[0].is_streamed = True

    with pytest.raises(OutOfMemory, match="as a whole"):
        run(bench, trainer.learn())


def test_float32_that_was_asked_for_is_a_copy_of_half_tensors(
    toys: dict[str, CheckpointRef],
) -> None:
    half = replace(CPU, dtype=torch.bfloat16)
    bench = Workbench(toys["sd15"], device=half)
    model = bench.model()
    skeleton = reading(bench, "float32")
    with skeleton.awake():
        answer = skeleton.denoise(batch(model, "a boat"))
        assert {one.dtype for one in skeleton.unet.parameters()} == {torch.float32}

    assert answer.dtype == torch.float32
    assert {one.dtype for one in model.unet.parameters()} == {torch.bfloat16}
