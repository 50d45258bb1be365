"""How noise becomes a latent picture, in steps that can stop and go on anywhere.

Notation, the same in every file (Karras et al. 2022, arXiv:2206.00364):

    x = x0 + σ·ε       a latent x0 under noise of level σ; ε is standard normal; (1, channels, height/8, width/8)
    D(x; σ)            the denoiser: its best guess of x0, given x and σ           → denoiser.py, noise_schedule.py
    σ₀ > σ₁ > … > 0    the noise levels of one picture, a plain tuple of floats    → schedules.py
    λ = −ln σ          half the log of the signal-to-noise ratio; h = λ' − λ is the length of a step

A sampler follows the probability-flow equation dx/dσ = (x − D(x; σ))/σ from σ₀ down to 0, or a stochastic
equation with the same marginals. Each is one function `(denoise, sigmas, noise, state) → state`
                                                             → deterministic.py, unipc.py, stochastic.py; paths.py
Noise depends on nothing but (seed, number of the draw)                            → philox.py
What is remembered between two steps is a frozen value that turns into bytes       → state.py
The parts are joined by `plan`, `init` and `step`                                  → plan.py

Numbers live on the CPU as Python floats, pictures on the device as float32: no step waits for the device.
"""

from pipelines.worker.sampling.conditioning import Conditioning, Moment
from pipelines.worker.sampling.denoiser import Denoise, Denoised, Predict, guided_denoiser
from pipelines.worker.sampling.noise_schedule import NoiseSchedule
from pipelines.worker.sampling.philox import Noise, Philox, noise_like
from pipelines.worker.sampling.plan import STEPS, Plan, init, plan, step
from pipelines.worker.sampling.state import State

__all__ = [
    "STEPS",
    "Conditioning",
    "Denoise",
    "Denoised",
    "Moment",
    "Noise",
    "NoiseSchedule",
    "Philox",
    "Plan",
    "Predict",
    "State",
    "guided_denoiser",
    "init",
    "noise_like",
    "plan",
    "step",
]
