"""How x travels from one noise level to the next: the formulas that the samplers are made of."""

from __future__ import annotations

import math

from torch import Tensor


def glide(x: Tensor, x0: Tensor, sigma: float, sigma_next: float) -> Tensor:
    """The solution of dx/dσ = (x − x0)/σ for an x0 that stands still: a straight line that meets x0 at σ = 0.

    One formula with many names: Euler's step, DDIM with η = 0, DPM-Solver++ of first order.
    """
    return x0 + (sigma_next / sigma) * (x - x0)


def down_and_up(sigma: float, sigma_next: float, eta: float = 1.0) -> tuple[float, float]:
    """(down, up): glide to `down`, add fresh noise of level `up`, and sigma_next² = down² + up² is reached.

    With η = 1 the pair of the reversed diffusion, "ancestral" since Ho et al. 2020 (arXiv:2006.11239); η is the share
    of its noise that is added, as in DDIM: Song et al. 2020 (arXiv:2010.02502), equation 16. With η = 0 it is none.
    """
    if not eta:
        return sigma_next, 0.0
    ratio = sigma_next / sigma
    whole = math.sqrt(1 - ratio**2)
    down = math.hypot(ratio, math.sqrt(1 - eta**2) * whole)
    return down * sigma_next, eta * whole * sigma_next


def drift_and_up(sigma: float, sigma_next: float, eta: float = 1.0) -> tuple[float, float]:
    """Likewise for the stochastic equation whose noise runs η times as fast as the reversed diffusion's.

    Lu et al. 2022 (arXiv:2211.01095), section 5, in k-diffusion's form. η counts in the exponent here, over λ.
    """
    ratio = sigma_next / sigma
    return ratio**eta * sigma_next, math.sqrt(1 - ratio ** (2 * eta)) * sigma_next
