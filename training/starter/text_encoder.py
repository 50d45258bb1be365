"""The CLIP text encoder, trained alone to know what captions state, then frozen: so colours bind to things early."""

import time

import numpy as np
import torch
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from training.starter.captions import FACTS
from training.starter.dataset import Drawings, load_drawings
from training.starter.plan import SEED, TEXT_WIDTH, TOKENS, Plan
from training.starter.tokenizer import english_words, save_tokenizer, train_tokenizer

SHORT_TOKENS = 32  # most of the training sees only the beginning; no caption of ours is longer
MESSY_SHARE = 0.2  # captions with foreign words in them


class FactReader(nn.Module):
    """One learned question per fact, asked of the encoder's last hidden states; thrown away after the training."""

    def __init__(self) -> None:
        super().__init__()
        self.questions = nn.Parameter(torch.randn(len(FACTS), TEXT_WIDTH) * 0.3)
        self.attention = nn.MultiheadAttention(TEXT_WIDTH, 4, batch_first=True)
        self.answers = nn.ModuleList(
            nn.Linear(TEXT_WIDTH, len(values)) for values in FACTS.values()
        )

    def forward(self, hidden: torch.Tensor) -> list[torch.Tensor]:
        """`hidden`: (batch, tokens, width) -> per fact (batch, values)."""
        questions = self.questions.expand(len(hidden), -1, -1)
        read, _ = self.attention(questions, hidden, hidden, need_weights=False)
        return [answer(read[:, i]) for i, answer in enumerate(self.answers)]


def build_text_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """A small CLIP text model with random weights."""
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=TEXT_WIDTH,
        intermediate_size=384,
        projection_dim=TEXT_WIDTH,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=TOKENS,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return CLIPTextModel(config)


def tokenize(tokenizer: CLIPTokenizer, captions: list[str], tokens: int = TOKENS) -> torch.Tensor:
    """Token ids (n, tokens), padded with the end token."""
    return tokenizer(
        captions, padding="max_length", max_length=tokens, truncation=True, return_tensors="pt"
    ).input_ids


def mess_up(caption: str, words: list[str], rng: np.random.Generator) -> str:
    """The caption with a few foreign words put between its own."""
    own = caption.split(" ")
    for _ in range(int(rng.integers(1, 4))):
        own.insert(int(rng.integers(len(own) + 1)), words[rng.integers(len(words))])
    return " ".join(own)


def train_text_encoder(plan: Plan, seconds: float) -> None:
    """Make the tokenizer, train the encoder for so long, save both, report on the last captions, which it never saw."""
    torch.manual_seed(SEED)
    drawings = load_drawings(plan.folder)
    tokenizer = train_tokenizer(plan.vocabulary)
    encoder = build_text_encoder(tokenizer).to(plan.device)
    reader = FactReader().to(plan.device)
    known = len(drawings.captions) - 600
    ids, facts = prepare(tokenizer, drawings, known)
    weights = [*encoder.parameters(), *reader.parameters()]
    optimiser = torch.optim.AdamW(weights, lr=2e-3, betas=(0.9, 0.98), weight_decay=0.01)
    rng = np.random.default_rng(SEED)
    begin, step, share = time.monotonic(), 0, 0.0
    while share < 1:
        share = min(1.0, (time.monotonic() - begin) / seconds)
        tokens, batch = (SHORT_TOKENS, 96) if share < 0.75 else (TOKENS, 32)
        rows = torch.from_numpy(rng.integers(known, size=batch))
        answers = reader(encoder(ids[rows, :tokens].to(plan.device)).last_hidden_state)
        targets = facts[rows].to(plan.device)
        loss = sum(nn.functional.cross_entropy(a, targets[:, i]) for i, a in enumerate(answers))
        for group in optimiser.param_groups:
            group["lr"] = 2e-3 * min(1, (step + 1) / 100) * min(1.0, (1 - share) / 0.4 + 0.01)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimiser.step()
        step += 1
        if step % 100 == 0:
            print(f"text encoder: step {step}, loss {loss.item():.3f}, {share:.0%}", flush=True)
    report(tokenizer, encoder, reader, drawings, known)
    encoder.save_pretrained(plan.folder / "text_encoder")
    save_tokenizer(tokenizer, plan.folder / "tokenizer")


def prepare(
    tokenizer: CLIPTokenizer, drawings: Drawings, known: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and facts of the captions to learn from, some with foreign words."""
    rng = np.random.default_rng([SEED, 2])
    words = english_words()
    captions = [
        mess_up(c, words, rng) if rng.random() < MESSY_SHARE else c
        for c in drawings.captions[:known]
    ]
    return tokenize(tokenizer, captions), torch.from_numpy(np.array(drawings.facts[:known])).long()


@torch.no_grad()
def report(tokenizer, encoder, reader: FactReader, drawings: Drawings, known: int) -> None:
    """Print how many facts are read rightly from captions that were not learned."""
    device = reader.questions.device
    answers = reader(
        encoder(tokenize(tokenizer, drawings.captions[known:]).to(device)).last_hidden_state
    )
    facts = torch.from_numpy(np.array(drawings.facts[known:])).long().to(device)
    for i, (name, answer) in enumerate(zip(FACTS, answers, strict=True)):
        print(f"text encoder: {name} {(answer.argmax(1) == facts[:, i]).float().mean().item():.1%}")


@torch.no_grad()
def embed_captions(plan: Plan) -> None:
    """Write the frozen encoder's states of all captions: `embeddings.npy` (n + 1, 77, width) fp16, the last for ""."""
    tokenizer = CLIPTokenizer.from_pretrained(plan.folder / "tokenizer")
    encoder = CLIPTextModel.from_pretrained(plan.folder / "text_encoder").to(plan.device).eval()
    captions = [*load_drawings(plan.folder).captions, ""]
    shape = (len(captions), TOKENS, TEXT_WIDTH)
    out = np.lib.format.open_memmap(
        plan.folder / "embeddings.npy", mode="w+", dtype=np.float16, shape=shape
    )
    for start in range(0, len(captions), 256):
        ids = tokenize(tokenizer, captions[start : start + 256]).to(plan.device)
        out[start : start + 256] = encoder(ids).last_hidden_state.cpu().numpy()
    out.flush()
