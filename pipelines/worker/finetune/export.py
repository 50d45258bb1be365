"""Export: what was taught, as a file that every program can use."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import save

from pipelines.finetune.plan import Plan
from pipelines.worker.finetune.messages import Train
from pipelines.worker.finetune.method import Method
from pipelines.worker.finetune.state import replace

STEPS = "steps"


def file_of(plan: Plan, step: int) -> str:
    """Its name under `steps/`."""
    return f"{plan.name}-{step:06}.safetensors"


def export(train: Train, plan: Plan, method: Method, step: int) -> Path:
    """Writes the weights of this step. Raises DiskFull."""
    path = Path(train.folder) / STEPS / file_of(plan, step)
    replace(path, save(method.exported(), metadata=metadata(train, plan, method, step)))
    return path


def metadata(train: Train, plan: Plan, method: Method, step: int) -> dict[str, str]:
    """The header's texts: those that came with the training, and what is known best here."""
    own = {
        "ss_steps": str(step),
        "ss_max_train_steps": str(plan.steps),
        "ss_seed": str(plan.seed),
        "ss_learning_rate": str(plan.learning_rate),
        "ss_lr_scheduler": str(plan.rate_schedule),
        "ss_lr_warmup_steps": str(plan.warmup_steps),
        "ss_optimizer": plan.optimizer,
        "ss_total_batch_size": str(plan.batch_size or 1),
        "ss_min_snr_gamma": str(plan.min_snr_gamma),
        "ss_prior_loss_weight": str(plan.prior_weight),
        "ss_caption_dropout_rate": str(plan.caption_dropout),
        "ss_num_train_images": str(sum(not one.is_held_out for one in train.lessons)),
        "ss_gradient_checkpointing": str(bool(plan.saves_memory)),
    }
    return dict(train.metadata) | own | method.metadata()
