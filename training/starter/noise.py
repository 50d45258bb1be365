"""The noise schedule of the starter model and what follows: v-prediction, loss weights, where training looks."""

from dataclasses import dataclass

import numpy as np
import torch

# sigma runs to about 90: nearly pure noise, so that flat colours are decided by the model, and still finite
SCHEDULE = {
    "beta_start": 0.00085,
    "beta_end": 0.022,
    "beta_schedule": "scaled_linear",
    "num_train_timesteps": 1000,
    "prediction_type": "v_prediction",
}
FOCUS = (0.5, 1.2)  # mean and spread of log sigma where shapes form
FOCUSED_SHARE = 0.5


def kept_signal() -> np.ndarray:
    """The cumulative product of alphas, (1000,)."""
    edges = np.linspace(
        SCHEDULE["beta_start"] ** 0.5, SCHEDULE["beta_end"] ** 0.5, SCHEDULE["num_train_timesteps"]
    )
    return np.cumprod(1 - edges**2)


@dataclass(frozen=True)
class Noise:
    """`alpha` and `sigma` per timestep with alpha² + sigma² = 1, the weight of its loss, and how often it is drawn."""

    alpha: torch.Tensor
    sigma: torch.Tensor
    weight: torch.Tensor
    share: np.ndarray


def noise_table() -> Noise:
    """Per timestep. The weight of v is (min(snr, 5) + 1) / (snr + 1): plain min-SNR starves high noise."""
    kept = kept_signal()
    snr = kept / (1 - kept)
    log_sigma = -0.5 * np.log(snr)
    mean, spread = FOCUS
    density = np.exp(-0.5 * ((log_sigma - mean) / spread) ** 2) * np.gradient(log_sigma)
    share = FOCUSED_SHARE * density / density.sum() + (1 - FOCUSED_SHARE) / len(kept)
    weight = (np.minimum(snr, 5) + 1) / (snr + 1)
    alpha, sigma = np.sqrt(kept), np.sqrt(1 - kept)
    return Noise(
        *(torch.from_numpy(t.astype(np.float32)) for t in (alpha, sigma, weight)),
        share / share.sum(),
    )


def add_noise(latents: torch.Tensor, noise: torch.Tensor, timesteps: torch.Tensor, table: Noise):
    """The noised latents and the v that the model shall predict."""
    alpha = table.alpha[timesteps].view(-1, 1, 1, 1)
    sigma = table.sigma[timesteps].view(-1, 1, 1, 1)
    return alpha * latents + sigma * noise, alpha * noise - sigma * latents
