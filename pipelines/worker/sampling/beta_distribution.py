"""Quantiles of the beta distribution, for the schedule that is named after it."""

from __future__ import annotations

import math

import numpy as np

from pipelines.worker.sampling.noise_schedule import Floats

TERMS = 64  # of the power series; each halves the error
BISECTIONS = 64


def quantiles(shares: Floats, alpha: float, beta: float) -> Floats:
    """Where the distribution has the given shares of its mass to the left; (n,) in 0…1.

    Bisection on the left half, where the power series converges; the right half is that of the mirror image.
    """
    is_right = shares > _share(np.full(1, 0.5), alpha, beta)
    left, _ = _between(np.where(is_right, 0.0, shares), alpha, beta)
    _, right = _between(np.where(is_right, 1.0 - shares, 0.0), beta, alpha)
    return np.where(is_right, 1.0 - right, left)


def _between(shares: Floats, alpha: float, beta: float) -> tuple[Floats, Floats]:
    """What lies next to the quantile, below and above it."""
    low, high = np.zeros_like(shares), np.full_like(shares, 0.5)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        is_below = _share(middle, alpha, beta) < shares
        low, high = np.where(is_below, middle, low), np.where(is_below, high, middle)
    return low, high


def _share(x: Floats, alpha: float, beta: float) -> Floats:
    """The regularised incomplete beta function I_x(α, β) for 0 ≤ x ≤ 1/2 (DLMF 8.17.7)."""
    total, term = np.zeros_like(x), np.ones_like(x)
    for k in range(TERMS):
        total = total + term / (alpha + k)
        term = term * x * (k + 1 - beta) / (k + 1)
    whole = math.gamma(alpha) * math.gamma(beta) / math.gamma(alpha + beta)
    return np.asarray(x**alpha * total / whole)
