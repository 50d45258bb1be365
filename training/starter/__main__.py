"""Retrain the starter model: `python -m training.starter` runs all stages, with names of stages only those."""

import argparse
import os
from pathlib import Path

import torch

from training.starter.autoencoder import train_half
from training.starter.checker import train_checker
from training.starter.dataset import draw_all
from training.starter.denoiser import Run, train_denoiser
from training.starter.pipeline import export
from training.starter.plan import MODEL_FOLDER, Plan, plan_for
from training.starter.text_encoder import embed_captions, train_text_encoder

STAGES = ("draw", "text", "decoder", "encoder", "checker", "denoiser", "export")
# minutes of one core; the denoiser gets all cores
MINUTES = {"text": 4.5, "decoder": 14.0, "encoder": 4.0, "denoiser": 100.0}


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m training.starter", description=__doc__)
    parser.add_argument(
        "stages", nargs="*", choices=[*STAGES, []], help="default: all, in this order"
    )
    parser.add_argument(
        "--size", type=int, help="picture size in pixels; default 256 with CUDA, else 128"
    )
    parser.add_argument(
        "--minutes", type=float, help="duration of a timed stage; default depends on the stage"
    )
    parser.add_argument(
        "--folder", type=Path, help="working files; default ~/.cache/darkroom/training"
    )
    parser.add_argument(
        "--output", type=Path, default=MODEL_FOLDER, help="where the finished model goes"
    )
    parser.add_argument("--resume", action="store_true", help="go on from the last saved weights")
    parser.add_argument(
        "--batch", type=int, default=32, help="drawings per process and step of the denoiser"
    )
    parser.add_argument("--rate", type=float, default=2e-3, help="learning rate of the denoiser")
    return parser.parse_args()


def run_stage(stage: str, plan: Plan, arguments: argparse.Namespace) -> None:
    """One stage; each reads what the stages before it have left in the plan's folder."""
    minutes = arguments.minutes or MINUTES.get(stage, 0)
    match stage:
        case "draw":
            draw_all(plan)
        case "text":
            train_text_encoder(plan, 60 * minutes)
            embed_captions(plan)
        case "decoder" | "encoder":
            train_half(plan, stage, 60 * minutes, arguments.resume)
        case "checker":
            train_checker(plan)
        case "denoiser":
            run = Run(
                minutes=minutes, batch=arguments.batch, rate=arguments.rate, resume=arguments.resume
            )
            train_denoiser(plan, run)
        case "export":
            export(plan, arguments.output)


def main() -> None:
    arguments = read_arguments()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_num_threads(1)
    os.nice(19)
    plan = plan_for(arguments.size or (256 if device == "cuda" else 128), device, arguments.folder)
    for stage in arguments.stages or STAGES:
        print(f"stage {stage}", flush=True)
        run_stage(stage, plan, arguments)


if __name__ == "__main__":
    main()
