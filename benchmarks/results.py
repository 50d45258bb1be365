"""Keeping results: Markdown for people and JSON with every sample, with date, machine and versions."""

from __future__ import annotations

import datetime
import json
import os
import platform
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.subject import Subject
from benchmarks.table import Table
from pipelines.version import VERSION
from pipelines.worker.device.choice import pick_device
from pipelines.worker.messages import Launch

FOLDER = Path(__file__).parent / "results"
LIBRARIES = ("torch", "diffusers", "transformers", "gradio")


@dataclass(frozen=True)
class Surroundings:
    """What the figures depend on beside the code."""

    subject: str
    model: str  # the name of its folder
    device: str
    date: str
    machine: str
    cores: int
    load: float  # average number of busy threads in the last minute, before the measurement
    threads: int
    versions: str

    @classmethod
    def of(cls, subject: Subject, threads: int) -> Surroundings:
        versions = [f"Darkroom {VERSION}", f"Python {platform.python_version()}"]
        versions += [f"{name} {version(name)}" for name in LIBRARIES]
        return cls(
            subject=str(subject),
            model=subject.checkpoint.path.name,
            device=subject.device,
            date=datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
            machine=pick_device(Launch(device=subject.device)).name,
            cores=os.cpu_count() or 0,
            load=round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else 0.0,
            threads=threads,
            versions=", ".join(versions),
        )

    def as_text(self) -> str:
        return (
            f"{self.subject}\n{self.machine}, {self.cores} cores, load {self.load} before the start, "
            f"torch on {self.threads} thread{'s' * (self.threads != 1)}\n{self.versions}\n{self.date}"
        )


def save(tables: list[Table], surroundings: Surroundings) -> Path:
    """Writes both files; the path of the Markdown."""
    FOLDER.mkdir(exist_ok=True)
    day, device = surroundings.date[:10], surroundings.device.replace(":", "")
    path = FOLDER / f"{day}-{surroundings.model}-{device}.md"
    facts = "\n".join(f"- {line}" for line in surroundings.as_text().splitlines())
    text = "\n".join([f"# Benchmarks of {day}", "", facts, "", *(t.as_markdown() for t in tables)])
    path.write_text(text, encoding="utf-8")
    kept = {**asdict(surroundings), "tables": [table.as_dict() for table in tables]}
    path.with_suffix(".json").write_text(json.dumps(kept, indent=1), encoding="utf-8")
    return path
