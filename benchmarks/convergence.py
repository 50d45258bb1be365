"""Whether samplers come to the picture that their equation leads to, and how fast: the more steps, the closer."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from benchmarks.ours import EngineHere
from benchmarks.subject import Subject, prompts
from benchmarks.table import Goal, Row, Table
from pipelines.asking.sampling import Sampling
from pipelines.samplers import SAMPLERS
from pipelines.worker.recipes.wording import words
from pipelines.worker.recipes.words import Words
from pipelines.worker.sampling import (
    Conditioning,
    Denoise,
    Philox,
    guided_denoiser,
    init,
    plan,
    step,
)
from pipelines.worker.weights.loading import Model

STEPS = (5, 10, 20, 40, 80)
REFERENCE, REFERENCE_STEPS = "Euler", 1000
SCHEDULE = "Karras"
SIDE_CELLS = 8  # of the latents: small, for there are many
SEED, GUIDANCE = 5, 3.0
# These follow another equation, or one with noise whatever they are told.
OTHERS = ("Restart", "LCM", "DDPM", "DDIM CFG++", "Euler CFG++")
GOAL = Goal(0.25, is_at_least=False, unit="")
METHOD = (
    f"Root mean square difference of the final latents to {REFERENCE}'s in {REFERENCE_STEPS} steps, as a share of "
    f"the latents' own; schedule {SCHEDULE}, CFG {GUIDANCE:g}, eta 0, one seed, {8 * SIDE_CELLS} px, {{model}}. The "
    f"result is the difference after {STEPS[-1]} steps as a share of that after {STEPS[0]}."
)


@dataclass(frozen=True)
class Course:
    """One picture of one model, from noise that is always the same."""

    model: Model
    denoise: Denoise

    def end(self, sampler: str, steps: int) -> tuple[Tensor, Tensor]:
        """(latents, those one level before)."""
        told = Sampling(
            sampler=sampler, schedule=SCHEDULE, steps=steps, guidance_scale=GUIDANCE, eta=0.0
        )
        whole, noise = plan(told, self.model.training), Philox(SEED)
        shape = (self.model.family.latent_channels, SIDE_CELLS, SIDE_CELLS)
        last = state = init(whole, noise, shape, self.model.device)
        while not whole.is_done(state):
            last, state = state, step(whole, self.denoise, noise, state)
        return state.x, last.x


def run(subject: Subject) -> list[Table]:
    model = EngineHere(subject).model()
    course = Course(model, _denoiser(model, prompts(SEED, 1)[0]))
    with torch.inference_mode():
        reference, before = course.end(REFERENCE, REFERENCE_STEPS)
        rows = []
        for name in (row.name for row in SAMPLERS if row.name not in OTHERS):
            # DPM fast ends at the last level above 0.
            meant = before if name == "DPM fast" else reference
            errors = [_distance(course.end(name, steps)[0], meant) for steps in STEPS]
            figures = tuple(f"{error:.2%}" for error in errors)
            rows.append(Row(name, figures, errors[-1] / errors[0], GOAL))
    columns = tuple(f"{steps} steps" for steps in STEPS)
    return [
        Table("Convergence", METHOD.format(model=subject.checkpoint.name), columns, tuple(rows))
    ]


def _distance(latents: Tensor, reference: Tensor) -> float:
    return ((latents - reference).norm() / reference.norm()).item()


def _denoiser(model: Model, prompt: str) -> Denoise:
    """The model under a prompt, without engine and gate."""

    def predict(x: Tensor, timestep: float, texts: tuple[Words, ...]) -> tuple[Tensor, ...]:
        (output,) = model.denoiser.forward(
            sample=x.to(model.dtype).expand(len(texts), -1, -1, -1),
            timestep=timestep,
            encoder_hidden_states=torch.cat([text.hidden for text in texts]),
            return_dict=False,
        )
        return tuple(output.split(1))

    told = Conditioning.constant(words(prompt, model), words("", model), GUIDANCE)
    return guided_denoiser(predict, told, model.training)
