"""What one picture costs beside the forwards of its denoiser, part by part: each part is the real function, alone."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path

import torch

from benchmarks.measure import cost_of, median, seconds, unit
from benchmarks.ours import EngineHere
from benchmarks.subject import Subject, prompts
from benchmarks.table import Row, Table
from pipelines.output.library import Library
from pipelines.output.record import NewPicture
from pipelines.worker.messages import PictureDone
from pipelines.worker.recipes.decoding import decode
from pipelines.worker.recipes.preview import colours_of, preview
from pipelines.worker.recipes.still import latent_shape
from pipelines.worker.recipes.wording import words
from pipelines.worker.sampling import Denoised, Philox, init, plan, step
from pipelines.worker.weights.loading import Model

ROUNDS = 15
METHOD = (
    "Median of {rounds} rounds of each part by itself; {subject}. The file is encoded, fsynced, renamed and committed "
    "to the index by the web process, beside the next picture's steps; everything else is the worker's. Previews are "
    "made at most four times a second."
)


def run(subject: Subject) -> list[Table]:
    engine = EngineHere(subject)
    model = engine.model()
    with tempfile.TemporaryDirectory() as folder:
        parts = _parts(subject, engine, model, Path(folder))
        figures = {}
        for name, part in parts.items():
            part()
            costs = [cost_of(part) for _ in range(ROUNDS)]
            figures[name] = median([cost.on(subject.device) for cost in costs])
    denoising = next(iter(figures.values()))
    rows = [
        Row(name, (seconds(figure), _share(figure, denoising))) for name, figure in figures.items()
    ]
    beside = sum(figures.values()) - denoising
    rows.append(Row("all but the denoiser", (seconds(beside), _share(beside, denoising))))
    columns = (f"{unit(subject.device)}", "of the denoiser")
    method = METHOD.format(rounds=ROUNDS, subject=subject)
    return [Table("Overhead of a picture", method, columns, tuple(rows))]


def _share(figure: float, whole: float) -> str:
    return f"{figure / whole:.1%}"


def _parts(
    subject: Subject, engine: EngineHere, model: Model, folder: Path
) -> dict[str, Callable[[], object]]:
    """Name → the work of one picture. The denoiser's forwards come first."""
    request = subject.request(prompts(0, 1)[0], 1)
    shape = latent_shape(request, model)
    course = plan(request.sampling, model.training)
    latents = torch.randn(1, *shape, device=model.device)
    texts = torch.cat([words(request.prompt, model).hidden, words("", model).hidden])
    colours = colours_of(model)
    done = next(one for one in engine.develop(prompts(7, 1), [7]) if isinstance(one, PictureDone))
    library = Library(folder / "outputs", folder / "data")
    new_texts, pictures = count(20000), count()

    def denoise() -> None:
        sample = latents.to(model.dtype).expand(2, -1, -1, -1)
        for _ in range(course.steps):
            model.denoiser.forward(
                sample=sample, timestep=500.0, encoder_hidden_states=texts, return_dict=False
            )
        _wait_for(model)

    def sample() -> None:
        noise = Philox(1)
        state = init(course, noise, shape, model.device)
        while not course.is_done(state):
            state = step(course, lambda x, sigma, number: Denoised(x, x), noise, state)
        _wait_for(model)

    def save() -> None:
        pixels = done.pixels
        library.save(
            NewPicture(
                owner="local",
                job_id=f"{next(pictures):032x}",
                index=0,
                request=request,
                pixels=pixels.data,
                width=pixels.width,
                height=pixels.height,
                kept=done.kept,
            )
        )

    return {
        f"denoiser, {course.steps} forwards of two rows": denoise,
        "prompt to embedding": lambda: words(prompts(next(new_texts), 1)[0], model),
        "sampler and noise": sample,
        "latents to pixels (VAE)": lambda: decode(latents, model),
        "one preview (JPEG)": lambda: preview(latents, colours),
        "message to the web process": lambda: pickle.loads(pickle.dumps(done)),
        f"file ({request.format}, fsync, index)": save,
    }


def _wait_for(model: Model) -> None:
    if model.device.type == "cuda":
        torch.cuda.synchronize(model.device)
