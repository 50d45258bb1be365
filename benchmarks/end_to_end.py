"""The whole way, from the request over HTTP to the file on disk, through both processes; and the first preview."""

from __future__ import annotations

import tempfile
from itertools import count
from pathlib import Path

from PIL import Image

from benchmarks.measure import Cost, cost_of, median, percentile, seconds
from benchmarks.ours import EngineHere
from benchmarks.plain import PlainPipeline
from benchmarks.server import Server
from benchmarks.subject import Subject, prompts
from benchmarks.table import Row, Table

PAIRS = 10
ROUNDS_OF_EIGHT = 4
METHOD = (
    "Medians of {pairs} interleaved pairs (eight: {eights} rounds); {subject}. Darkroom: POST to api/v1/jobs until the "
    "job is done, which is after the file has been fsynced and indexed; CPU-seconds of web process and worker "
    "together, from /proc (resolution 10 ms). diffusers: the pipeline in a loop, each picture saved as PNG."
)


def run(subject: Subject) -> list[Table]:
    with (
        tempfile.TemporaryDirectory() as name,
        Server(Path(name), subject.models_dir, subject.flags) as server,
    ):
        server.wait_for_answer("livez")
        server.wait_for_worker()
        return [_costs(subject, server, Path(name)), _first_preview(subject, server)]


def _costs(subject: Subject, server: Server, folder: Path) -> Table:
    model = EngineHere(subject).model()
    plain = PlainPipeline(
        str(subject.checkpoint.path), subject.request(), str(model.device), model.dtype
    )
    numbers = count(30000, 8)

    def script(start: int, how_many: int) -> None:
        pixels = plain.develop(prompts(start, how_many), list(range(how_many)))
        for index, picture in enumerate(pixels):
            Image.fromarray(picture).save(folder / f"{index}.png")

    server.develop([subject.asked(next(numbers))])
    rows = []
    samples: dict[str, list[Cost]] = {}
    for how_many, rounds, what in ((1, PAIRS, "one picture"), (8, ROUNDS_OF_EIGHT, "eight")):
        start = next(numbers)
        script(start, how_many)  # not counted
        theirs, ours = [], []
        for _ in range(rounds):
            start = next(numbers)
            theirs.append(cost_of(lambda at=start, n=how_many: script(at, n)))  # type: ignore[misc]
            asked = [subject.asked(number) for number in range(start, start + how_many)]
            ours.append(server.develop(asked))
        samples |= {f"diffusers, {what}": theirs, f"Darkroom, {what}": ours}
        batch = " in one batch" if how_many > 1 else ""
        requests = " requests at once" if how_many > 1 else ""
        rows.append(_row(f"diffusers, {what}{batch}", theirs, None))
        rows.append(_row(f"Darkroom, {what}{requests}", ours, theirs))
    method = METHOD.format(pairs=PAIRS, eights=ROUNDS_OF_EIGHT, subject=subject)
    kept = {
        name: [(cost.cpu_seconds, cost.wall_seconds) for cost in taken]
        for name, taken in samples.items()
    }
    return Table("From request to file", method, ("CPU-s", "wall time"), tuple(rows), kept)


def _row(what: str, taken: list[Cost], others: list[Cost] | None) -> Row:
    cpu = median([cost.cpu_seconds for cost in taken])
    wall = median([cost.wall_seconds for cost in taken])
    ratio = median([cost.cpu_seconds for cost in others]) / cpu if others else None
    return Row(what, (seconds(cpu), seconds(wall)), ratio)


def _first_preview(subject: Subject, server: Server) -> Table:
    """Wall time from the POST until the preview's JPEG has been received."""
    times = [server.time_to_preview(subject.asked(40000 + number)) for number in range(PAIRS)]
    rows = (
        Row("median", (seconds(median(times)),)),
        Row("slowest of ten", (seconds(percentile(times, 1.0)),)),
    )
    method = f"{PAIRS} pictures, one after another, on an idle worker; {subject}. The JPEG has been received."
    return Table("First preview", method, ("after the POST",), rows, {"seconds": times})
