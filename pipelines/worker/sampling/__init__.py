"""How noise becomes a latent picture, in steps that can stop and go on anywhere.

Notation, the same in every file (Karras et al. 2022, arXiv:2206.00364):

    x = x0 + σ·ε       a latent x0 under noise of level σ; ε is standard normal; (1, channels, height/8, width/8)
    D(x; σ)            the denoiser: its best guess of x0, given x and σ           → denoiser.py, noise_schedule.py
    σ₀ > σ₁ > … > 0    the noise levels of one picture, a plain tuple of floats    → schedules.py
    λ = −ln σ          half the log of the signal-to-noise ratio; h = λ' − λ is the length of a step

A sampler follows the probability-flow equation dx/dσ = (x − D(x; σ))/σ from σ₀ down to 0, or a stochastic
equation with the same marginals. Each is one function `(denoise, plan, noise, state) → state`
    from the slopes of one step          → one_step.py, dpm_solver.py
    and of those before it               → multistep.py, dpm_plus_plus.py, unipc.py
    with fresh noise at each step        → ancestral.py, restarting.py; stirring.py, paths.py
    with guidance of another kind        → cfg_plus_plus.py
Some lay their own levels between the ends of a schedule         → arranging.py
Noise depends on nothing but (seed, number of the draw)          → noise.py, philox.py
What is remembered between two steps turns into bytes            → state.py
The parts are joined by `plan`, and by `init` and `step`         → plan.py, steps.py

Numbers live on the CPU as Python floats, pictures on the device as float32: no step waits for the device.
"""

from pipelines.worker.sampling.conditioning import Conditioning, Guidance, Moment
from pipelines.worker.sampling.denoiser import Denoise, Denoised, Predict, guided_denoiser
from pipelines.worker.sampling.noise import Noise, PictureNoise, noise_like, noise_of
from pipelines.worker.sampling.noise_schedule import NoiseSchedule
from pipelines.worker.sampling.philox import Philox
from pipelines.worker.sampling.plan import Plan, plan
from pipelines.worker.sampling.state import State
from pipelines.worker.sampling.steps import STEPS, init, step

__all__ = [
    "STEPS",
    "Conditioning",
    "Denoise",
    "Denoised",
    "Guidance",
    "Moment",
    "Noise",
    "NoiseSchedule",
    "Philox",
    "PictureNoise",
    "Plan",
    "Predict",
    "State",
    "guided_denoiser",
    "init",
    "noise_like",
    "noise_of",
    "plan",
    "step",
]
