"""Where diffusers has the same sampler, both give the same picture from the same noise levels and the same noise.

Its schedulers are fed our levels and fractional timesteps by hand, for their own are spaced and rounded differently.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from itertools import pairwise
from types import ModuleType
from typing import Any

import pytest
import torch
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from diffusers.schedulers.scheduling_ddpm import DDPMScheduler
from diffusers.schedulers.scheduling_deis_multistep import DEISMultistepScheduler
from diffusers.schedulers.scheduling_dpmsolver_multistep import DPMSolverMultistepScheduler
from diffusers.schedulers.scheduling_euler_ancestral_discrete import (
    EulerAncestralDiscreteScheduler,
)
from diffusers.schedulers.scheduling_euler_discrete import EulerDiscreteScheduler
from diffusers.schedulers.scheduling_heun_discrete import HeunDiscreteScheduler
from diffusers.schedulers.scheduling_ipndm import IPNDMScheduler
from diffusers.schedulers.scheduling_k_dpm_2_ancestral_discrete import (
    KDPM2AncestralDiscreteScheduler,
)
from diffusers.schedulers.scheduling_k_dpm_2_discrete import KDPM2DiscreteScheduler
from diffusers.schedulers.scheduling_lcm import LCMScheduler
from diffusers.schedulers.scheduling_pndm import PNDMScheduler
from diffusers.schedulers.scheduling_unipc_multistep import UniPCMultistepScheduler
from torch import Tensor

from pipelines.asking.sampling import Sampling
from pipelines.worker.sampling import Conditioning, NoiseSchedule, Plan, guided_denoiser
from pipelines.worker.sampling.schedules import SCHEDULE_FUNCTIONS, Sigmas
from tests import tiny
from tests.pipelines.worker.sampling.toys import SD15, run, squash, training

STEPS = 10
NOTHING_TOLD = Sampling()
GUIDANCE = 5.0
TOLERANCE = 1e-4  # of the largest number in the latent
POSITIVE, NEGATIVE = torch.randn(2, 1, 7, 16, generator=torch.Generator().manual_seed(3))

# diffusers' own: numpy 2 asks more of torch's tensors than they offer
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:__array_wrap__ must accept:DeprecationWarning"),
]

# (x·c_in, timestep, embedding) → raw output
Network = Callable[[Tensor, float, Tensor], Tensor]


def toy_network(known: NoiseSchedule) -> Network:
    """`squash` in the clothes of a network; under the negative prompt the picture is half as strong."""

    def network(scaled: Tensor, timestep: float, embedding: Tensor) -> Tensor:
        sigma = known.sigma(timestep)
        x = scaled / known.c_in(sigma)
        x0 = squash(x, sigma) * (0.5 if embedding is NEGATIVE else 1.0)
        return known.output(x0, x, sigma)

    return network


def unet_network(known: NoiseSchedule) -> Network:
    """A tiny UNet2DConditionModel with random weights."""
    unet = tiny_unet()

    def network(scaled: Tensor, timestep: float, embedding: Tensor) -> Tensor:
        with torch.no_grad():
            output: Tensor = unet(scaled, timestep, embedding).sample
        return output

    return network


@cache
def tiny_unet() -> Any:
    return tiny.components().unet


networks = pytest.mark.parametrize("make_network", [toy_network, unet_network])
prediction_types = pytest.mark.parametrize("prediction_type", ["epsilon", "v_prediction"])


@dataclass
class TorchNoise:
    """The numbers of a torch generator, for our samplers by counter, for diffusers one after another."""

    draws: list[Tensor] = field(default_factory=list)

    def __post_init__(self) -> None:
        generator = torch.Generator().manual_seed(1)
        self.draws = [torch.randn(1, 4, 8, 8, generator=generator) for _ in range(2 * STEPS)]

    def draw(self, counter: int, shape: tuple[int, ...]) -> Tensor:
        return self.draws[counter][0]

    def generator_after_start(self) -> torch.Generator:
        generator = torch.Generator().manual_seed(1)
        torch.randn(1, 4, 8, 8, generator=generator)
        return generator


def our_picture(
    sampler: str,
    sigmas: Sigmas,
    network: Network,
    known: NoiseSchedule,
    told: Sampling = NOTHING_TOLD,
) -> Tensor:
    def predict(x: Tensor, timestep: float, embeddings: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return tuple(network(x, timestep, embedding) for embedding in embeddings)

    conditioning = Conditioning.constant(POSITIVE, NEGATIVE, GUIDANCE)
    denoise = guided_denoiser(predict, conditioning, known)
    return run(Plan(sampler, sigmas, told), denoise, TorchNoise())


def their_picture(
    scheduler: Any, x: Tensor, network: Network, options: Iterator[dict[str, Any]]
) -> Tensor:
    """The loop of a diffusers pipeline; `options`: more arguments for each call of `scheduler.step`."""
    for timestep in scheduler.timesteps:
        scaled = scheduler.scale_model_input(x, timestep)
        cond, uncond = (network(scaled, timestep.item(), text) for text in (POSITIVE, NEGATIVE))
        output = uncond + GUIDANCE * (cond - uncond)
        x = scheduler.step(output, timestep, x, **next(options), return_dict=False)[0]
    return x


def assert_same(ours: Tensor, theirs: Tensor, tolerance: float = TOLERANCE) -> None:
    assert theirs.abs().max() > 0.1
    assert (ours - theirs).abs().max() <= tolerance * theirs.abs().max()


def put_in(scheduler: Any, sigmas: Sequence[float], timesteps: Sequence[float]) -> None:
    """Levels and timesteps of ours instead of its own."""
    scheduler.set_timesteps(STEPS)
    scheduler.sigmas = torch.tensor(sigmas)
    scheduler.timesteps = torch.tensor(timesteps)
    scheduler.set_begin_index(0)


def twice(values: Sequence[float]) -> list[float]:
    """All but the first value repeated, as schedulers with two calls a step keep them."""
    return [values[0], *(value for value in values[1:] for _ in range(2))]


def no_options() -> Iterator[dict[str, Any]]:
    while True:
        yield {}


def with_generator() -> Iterator[dict[str, Any]]:
    generator = TorchNoise().generator_after_start()
    while True:
        yield {"generator": generator}


def with_variance_noise() -> Iterator[dict[str, Any]]:
    for noise in TorchNoise().draws[1:]:
        yield {"variance_noise": noise}


@dataclass(frozen=True)
class Twin:
    """A scheduler of diffusers that is one of our samplers."""

    scheduler: type
    config: dict[str, Any] = field(default_factory=dict)
    is_variance_preserving: bool = False  # starts from √ᾱ·x instead of x
    options: Callable[[], Iterator[dict[str, Any]]] = no_options
    last_sigma: float = 0.0
    told: Sampling = NOTHING_TOLD  # what ours is


TWINS = {
    "Euler": Twin(EulerDiscreteScheduler),
    "Euler a": Twin(EulerAncestralDiscreteScheduler, options=with_generator),
    "DPM++ 2M": Twin(
        DPMSolverMultistepScheduler,
        {"algorithm_type": "dpmsolver++", "solver_order": 2},
        is_variance_preserving=True,
    ),
    "DPM++ 2M SDE": Twin(
        DPMSolverMultistepScheduler,
        {"algorithm_type": "sde-dpmsolver++", "solver_order": 2},
        is_variance_preserving=True,
        options=with_variance_noise,
    ),
    "DPM++ 2M SDE Heun": Twin(
        DPMSolverMultistepScheduler,
        {"algorithm_type": "sde-dpmsolver++", "solver_order": 2, "solver_type": "heun"},
        is_variance_preserving=True,
        options=with_variance_noise,
    ),
    # Of third order it agrees with k-diffusion only without noise: with it, one of its signs is another.
    "DPM++ 3M SDE": Twin(
        DPMSolverMultistepScheduler,
        {
            "solver_order": 3,
            "solver_type": "heun",
            "lower_order_final": False,
            "final_sigmas_type": "sigma_min",
        },
        is_variance_preserving=True,
        last_sigma=1e-3,
        told=Sampling(eta=0.0),
    ),
    "DEIS": Twin(
        DEISMultistepScheduler,
        {"solver_order": 3, "lower_order_final": False},
        is_variance_preserving=True,
        last_sigma=1e-3,
    ),
    "UniPC": Twin(
        UniPCMultistepScheduler,
        {"solver_order": 3, "solver_type": "bh1"},
        is_variance_preserving=True,
        last_sigma=1e-3,  # at 0 its "bh1" is 0 · ∞; ours ends in x0 there
    ),
}


@networks
@prediction_types
@pytest.mark.parametrize("schedule", ["Karras", "Uniform"])
@pytest.mark.parametrize("sampler", TWINS)
def test_one_call_samplers_equal_their_twins(
    sampler: str,
    schedule: str,
    prediction_type: str,
    make_network: Callable[[NoiseSchedule], Network],
) -> None:
    known, twin = training(prediction_type), TWINS[sampler]
    network = make_network(known)
    sigmas = (*SCHEDULE_FUNCTIONS[schedule](STEPS, known, Sampling())[:-1], twin.last_sigma)
    scheduler = twin.scheduler(**SD15, **twin.config, prediction_type=prediction_type)
    put_in(scheduler, sigmas, [known.timestep(sigma) for sigma in sigmas[:-1]])
    x = sigmas[0] * TorchNoise().draws[0]
    if twin.is_variance_preserving:
        x = x * known.c_in(sigmas[0])
    theirs = their_picture(scheduler, x, network, twin.options())
    assert_same(our_picture(sampler, sigmas, network, known, twin.told), theirs)


@networks
@prediction_types
def test_heun_equals_its_twin(
    prediction_type: str, make_network: Callable[[NoiseSchedule], Network]
) -> None:
    known = training(prediction_type)
    network, sigmas = make_network(known), SCHEDULE_FUNCTIONS["Karras"](STEPS, known, Sampling())
    scheduler = HeunDiscreteScheduler(**SD15, prediction_type=prediction_type)
    timesteps = [known.timestep(sigma) for sigma in sigmas[:-1]]
    put_in(scheduler, [*twice(sigmas[:-1]), 0.0], twice(timesteps))
    x = sigmas[0] * TorchNoise().draws[0]
    theirs = their_picture(scheduler, x, network, no_options())
    assert_same(our_picture("Heun", sigmas, network, known), theirs)


@networks
@prediction_types
@pytest.mark.parametrize("sampler", ["DPM2", "DPM2 a"])
def test_dpm2_equals_its_twin(
    sampler: str, prediction_type: str, make_network: Callable[[NoiseSchedule], Network]
) -> None:
    """With its own levels, which are ours: only of this schedule its timesteps are not rounded."""
    known = training(prediction_type)
    network, sigmas = (
        make_network(known),
        SCHEDULE_FUNCTIONS["Exponential"](STEPS, known, Sampling()),
    )
    twin = KDPM2DiscreteScheduler if sampler == "DPM2" else KDPM2AncestralDiscreteScheduler
    scheduler = twin(**SD15, prediction_type=prediction_type, use_exponential_sigmas=True)
    scheduler.set_timesteps(STEPS)
    scheduler.set_begin_index(0)
    options = no_options() if sampler == "DPM2" else with_generator()
    theirs = their_picture(scheduler, sigmas[0] * TorchNoise().draws[0], network, options)
    # Theirs subtracts squares of levels in float32.
    assert_same(our_picture(sampler, sigmas, network, known), theirs, tolerance=1e-3)


@networks
def test_plms_equals_its_twin(make_network: Callable[[NoiseSchedule], Network]) -> None:
    known = training()
    timesteps = list(range(1000 - 1000 // STEPS, -1, -1000 // STEPS))
    network, sigmas = make_network(known), (*known.sigmas[timesteps].tolist(), 0.0)
    scheduler = PNDMScheduler(**SD15, skip_prk_steps=True, set_alpha_to_one=True)
    scheduler.set_timesteps(STEPS)
    x = sigmas[0] * TorchNoise().draws[0] * known.c_in(sigmas[0])
    assert_same(
        our_picture("PLMS", sigmas, network, known),
        their_picture(scheduler, x, network, no_options()),
    )


@networks
def test_ipndm_equals_its_twin(make_network: Callable[[NoiseSchedule], Network]) -> None:
    known = training("v_prediction")
    network = make_network(known)
    sigmas = (*SCHEDULE_FUNCTIONS["Karras"](STEPS, known, Sampling())[:-1], 1e-3)
    scheduler = IPNDMScheduler()
    scheduler.set_timesteps(STEPS)
    scheduler.betas = torch.tensor([sigma * known.c_in(sigma) for sigma in sigmas])
    scheduler.alphas = torch.tensor([known.c_in(sigma) for sigma in sigmas])
    scheduler.timesteps = torch.tensor([known.timestep(sigma) for sigma in sigmas[:-1]])
    scheduler.set_begin_index(0)
    x = sigmas[0] * TorchNoise().draws[0] * known.c_in(sigmas[0])
    assert_same(
        our_picture("IPNDM", sigmas, network, known),
        their_picture(scheduler, x, network, no_options()),
    )


@networks
@prediction_types
@pytest.mark.parametrize("eta", [0.4, 1.0])
def test_ddim_with_noise_equals_its_twin(
    eta: float, prediction_type: str, make_network: Callable[[NoiseSchedule], Network]
) -> None:
    known = training(prediction_type)
    timesteps = list(range(999, 0, -1000 // STEPS))
    network, sigmas = make_network(known), (*known.sigmas[timesteps].tolist(), 0.0)
    scheduler = DDIMScheduler(
        **SD15, prediction_type=prediction_type, clip_sample=False, timestep_spacing="trailing"
    )
    scheduler.set_timesteps(STEPS)

    def options() -> Iterator[dict[str, Any]]:
        return ({"eta": eta, **more} for more in with_generator())

    x = sigmas[0] * TorchNoise().draws[0] * known.c_in(sigmas[0])
    theirs = their_picture(scheduler, x, network, options())
    assert_same(our_picture("DDIM", sigmas, network, known, Sampling(eta=eta)), theirs)


@networks
@prediction_types
@pytest.mark.parametrize("sampler", ["DDIM", "DDPM", "LCM"])
def test_samplers_over_whole_timesteps_equal_their_twins(
    sampler: str, prediction_type: str, make_network: Callable[[NoiseSchedule], Network]
) -> None:
    known = training(prediction_type)
    timesteps = list(range(999, 0, -1000 // STEPS))
    network, sigmas = make_network(known), (*known.sigmas[timesteps].tolist(), 0.0)
    spaced = {"clip_sample": False, "timestep_spacing": "trailing"}
    scheduler: Any = {
        "DDIM": lambda: DDIMScheduler(**SD15, prediction_type=prediction_type, **spaced),
        "DDPM": lambda: DDPMScheduler(**SD15, prediction_type=prediction_type, **spaced),
        "LCM": lambda: LCMScheduler(**SD15, prediction_type=prediction_type),
    }[sampler]()
    scheduler.set_timesteps(STEPS)
    scheduler.timesteps = torch.tensor(timesteps)
    x = sigmas[0] * TorchNoise().draws[0] * known.c_in(sigmas[0])
    theirs = their_picture(scheduler, x, network, with_generator())
    assert_same(our_picture(sampler, sigmas, network, known), theirs)


class BrownianPath:
    """What diffusers takes from the torchsde package, with our draws: W over σ, drawn where it is first asked."""

    def __init__(self) -> None:
        self.fresh = iter(TorchNoise().draws[1:])
        self.known: list[tuple[float, Tensor]] = []  # (σ, W), falling

    def __call__(self, sigma: Tensor, sigma_next: Tensor) -> Tensor:
        increment = self.at(sigma_next.item()) - self.at(sigma.item())
        return increment / math.sqrt(sigma.item() - sigma_next.item())

    def at(self, sigma: float) -> Tensor:
        if not self.known:
            self.known.append((14.614641, torch.zeros(1, 4, 8, 8)))
        for level, value in self.known:
            if math.isclose(level, sigma, rel_tol=1e-4):
                return value
        level, value = self.known[-1]
        self.known.append((sigma, value + math.sqrt(level - sigma) * next(self.fresh)))
        return self.known[-1][1]


@networks
@prediction_types
def test_dpmpp_sde_equals_its_twin(
    prediction_type: str,
    make_network: Callable[[NoiseSchedule], Network],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "torchsde", ModuleType("torchsde"))
    twin = import_module("diffusers.schedulers.scheduling_dpmsolver_sde").DPMSolverSDEScheduler
    known = training(prediction_type)
    network, sigmas = make_network(known), SCHEDULE_FUNCTIONS["Karras"](STEPS, known, Sampling())
    middles = [math.sqrt(a * b) for a, b in pairwise(sigmas[:-1])]
    timesteps = twice([known.timestep(sigma) for sigma in sigmas[:-1]])
    timesteps[1::2] = [known.timestep(middle) for middle in middles]
    scheduler = twin(**SD15, prediction_type=prediction_type)
    put_in(scheduler, [*twice(sigmas[:-1]), 0.0], timesteps)
    scheduler.noise_sampler = BrownianPath()
    x = sigmas[0] * TorchNoise().draws[0]
    theirs = their_picture(scheduler, x, network, no_options())
    assert_same(our_picture("DPM++ SDE", sigmas, network, known), theirs)
