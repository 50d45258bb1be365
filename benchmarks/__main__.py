"""`python -m benchmarks`: all tables, or those that are named; `--save` also keeps them under benchmarks/results/."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch

from benchmarks import (
    contact_sheet,
    convergence,
    editing,
    end_to_end,
    finetuning,
    loading,
    memory,
    overhead,
    pictures,
    startup,
    subject,
    tiers,
    video,
)
from benchmarks.results import Surroundings, save
from benchmarks.table import Table

BENCHMARKS: dict[str, Callable[[subject.Subject], list[Table]]] = {
    "pictures": pictures.run,
    "contact-sheet": contact_sheet.run,
    "convergence": convergence.run,
    "overhead": overhead.run,
    "end-to-end": end_to_end.run,
    "startup": startup.run,
    "memory": memory.run,
    "loading": loading.run,
    "tiers": tiers.run,
    "editing": editing.run,
    "finetuning": finetuning.run,
    "video": video.run,
}


def main() -> int:
    """0 when every goal was met, else 1."""
    asked = _arguments()
    torch.set_num_threads(asked.threads)
    os.environ["OMP_NUM_THREADS"] = str(asked.threads)  # for the worker processes
    with contextlib.ExitStack() as stack:
        toys = Path(stack.enter_context(tempfile.TemporaryDirectory())) if asked.toy else None
        measured = subject.find(asked.model, toys, asked.device)
        surroundings = Surroundings.of(measured, asked.threads)
        print(surroundings.as_text(), flush=True)
        tables: list[Table] = []
        for name in asked.only or BENCHMARKS:
            for table in BENCHMARKS[name](measured):
                tables.append(table)
                print("\n" + table.as_text(), flush=True)
    if asked.save:
        print(f"saved as {save(tables, surroundings)}")
    missed = [row for table in tables for row in table.rows if row.is_met is False]
    return 1 if missed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--model", type=Path, help="diffusers folder (default: models/starter)")
    parser.add_argument("--toy", action="store_true", help="random weights of the starter's size")
    parser.add_argument("--only", action="append", choices=[*BENCHMARKS], help="may be repeated")
    parser.add_argument("--device", default="cpu", help="cpu, cuda, cuda:1, mps (default: cpu)")
    parser.add_argument("--threads", type=int, default=1, help="of torch, on both sides")
    parser.add_argument("--save", action="store_true", help="keep the tables as Markdown and JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
