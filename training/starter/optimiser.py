"""Orthogonalised momentum for the matrices of a net, Adam for the rest: about half the samples of Adam alone.

After Jordan et al., "Muon" (2024), with the step size of Liu et al., "Muon is scalable for LLM training" (2025), which
makes one learning rate serve both kinds. Convolutions are matrices of (out, in * height * width). Each process
orthogonalises its share of the matrices; the sum over processes is the whole update.
"""

from dataclasses import dataclass, field

import torch
import torch.distributed as dist

COEFFICIENTS = (3.4445, -4.7750, 2.0315)


def orthogonalise(matrix: torch.Tensor, rounds: int = 5) -> torch.Tensor:
    """Roughly the nearest matrix with orthonormal rows (or columns), by a quintic Newton-Schulz iteration."""
    a, b, c = COEFFICIENTS
    x = (matrix / (matrix.norm() + 1e-7)).bfloat16()
    tall = x.shape[0] > x.shape[1]
    x = x.T if tall else x
    for _ in range(rounds):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x.T if tall else x).float()


@dataclass(frozen=True)
class Rates:
    """Constants of the update."""

    momentum: float = 0.95
    adam: tuple[float, float] = (0.9, 0.99)
    decay: float = 0.01


@dataclass
class Optimiser:
    """State per weight; `weights` are fp32 masters, `is_matrix` says which of them are orthogonalised."""

    weights: list[torch.Tensor]
    is_matrix: list[bool]
    rates: Rates = Rates()
    rank: int = 0
    world: int = 1
    steps: int = 0
    first: list[torch.Tensor] = field(default_factory=list)
    second: list[torch.Tensor] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.first:
            self.first = [torch.zeros_like(w) for w in self.weights]
            self.second = [
                torch.zeros(0) if m else torch.zeros_like(w)
                for w, m in zip(self.weights, self.is_matrix, strict=True)
            ]

    @torch.no_grad()
    def step(self, gradients: list[torch.Tensor], rate: float) -> None:
        """Move the weights against the gradients (already averaged over the processes)."""
        self.steps += 1
        updates = [
            self.matrix_update(i, g) if self.is_matrix[i] else self.adam_update(i, g)
            for i, g in enumerate(gradients)
        ]
        if self.world > 1:
            self.gather(updates)
        for weight, update in zip(self.weights, updates, strict=True):
            weight.mul_(1 - rate * self.rates.decay).sub_(update, alpha=rate)

    def matrix_update(self, index: int, gradient: torch.Tensor) -> torch.Tensor:
        """Nesterov momentum, orthogonalised; zero when another process does this one."""
        momentum = self.first[index].lerp_(gradient, 1 - self.rates.momentum)
        if index % self.world != self.rank:
            return torch.zeros_like(gradient)
        matrix = gradient.lerp(momentum, self.rates.momentum).flatten(1)
        scale = 0.2 * max(matrix.shape) ** 0.5
        return orthogonalise(matrix).mul_(scale).view_as(gradient)

    def adam_update(self, index: int, gradient: torch.Tensor) -> torch.Tensor:
        """Adam's, alike in all processes."""
        b1, b2 = self.rates.adam
        mean = self.first[index].lerp_(gradient, 1 - b1)
        square = self.second[index].lerp_(gradient.square(), 1 - b2)
        return (mean / (1 - b1**self.steps)) / ((square / (1 - b2**self.steps)).sqrt() + 1e-8)

    def gather(self, updates: list[torch.Tensor]) -> None:
        """Complete the matrix updates with those of the other processes."""
        chosen = [u for u, m in zip(updates, self.is_matrix, strict=True) if m]
        flat = torch.cat([u.flatten() for u in chosen])
        dist.all_reduce(flat)
        for update, part in zip(chosen, flat.split([u.numel() for u in chosen]), strict=True):
            update.copy_(part.view_as(update))

    def state(self) -> dict:
        return {"steps": self.steps, "first": self.first, "second": self.second}

    def restore(self, state: dict) -> None:
        self.steps = state["steps"]
        self.first, self.second = state["first"], state["second"]
