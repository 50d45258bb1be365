"""Two hundred switches of checkpoint and LoRA: the memory does not grow, and the weights stay those of the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import psutil
import torch
from safetensors.torch import load_file

from pipelines.worker.messages import CheckpointRef, PictureDone
from tests.pipelines.worker.weights.test_lora import kohya, loaded, lora, submit
from tests.pipelines.worker.workbench import Workbench

SWITCHES, WARM_UP = 200, 60
BYTES_A_SWITCH = 100_000


def test_memory_and_weights_after_many_switches(
    toy: CheckpointRef, other_toy: CheckpointRef, tmp_path: Path
) -> None:
    tensors = kohya(loaded(toy), "sd15")
    files = [lora(tmp_path, tensors, f"lora {number}") for number in range(3)]
    bench = Workbench(toy, budget_bytes=loaded(toy).home_bytes + 1000)  # room for one of them
    process, used = psutil.Process(), []
    for number in range(SWITCHES):
        bench.checkpoint = (toy, other_toy)[number % 2]
        submit(bench, f"job {number}", *files[: number % 4], steps=1)
        bench.run()
        assert bench.all(PictureDone)
        bench.said.clear()
        used.append(process.memory_info().rss)

    assert len(bench.models.names) == 1
    slope = np.polyfit(range(SWITCHES - WARM_UP), used[WARM_UP:], 1)[0]
    assert slope <= BYTES_A_SWITCH
    bench.checkpoint = toy
    on_disk = load_file(Path(toy.path) / "unet" / "diffusion_pytorch_model.safetensors")
    in_memory = bench.network("denoiser").state_dict()
    assert in_memory.keys() == on_disk.keys()
    assert all(torch.equal(in_memory[name], on_disk[name]) for name in on_disk)
