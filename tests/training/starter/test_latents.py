"""The latents' definition: mean colour and energy of a patch, whitened, and exactly undone for previews."""

import numpy as np
import pytest
import torch

from training.starter.autoencoder import build_autoencoder, psnr
from training.starter.dataset import draw
from training.starter.latents import LatentCode, measure_code, rgb_factors, to_latents
from training.starter.noise import kept_signal, noise_table


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    return np.stack([draw(i, 64)[0] for i in range(60)])


def test_latents_have_mean_zero_and_variance_one(pictures):
    latents = to_latents(pictures, measure_code(pictures))
    assert latents.shape == (60, 4, 8, 8)
    assert np.allclose(latents.mean(axis=(0, 2, 3)), 0, atol=1e-3)
    assert np.allclose(latents.std(axis=(0, 2, 3)), 1, atol=1e-3)


def test_colour_channels_are_independent(pictures):
    colours = to_latents(pictures, measure_code(pictures))[:, :3]
    covariance = np.cov(colours.transpose(1, 0, 2, 3).reshape(3, -1))
    assert np.allclose(covariance, np.eye(3), atol=1e-2)


def test_the_preview_factors_give_back_the_mean_colour(pictures):
    code = measure_code(pictures)
    factors, bias = (np.array(part) for part in rgb_factors(code))
    rgb = to_latents(pictures, code).transpose(0, 2, 3, 1) @ factors + bias
    means = pictures.reshape(60, 8, 8, 8, 8, 3).mean(axis=(2, 4)) / 255
    assert np.allclose(rgb, means, atol=1e-4)


def test_a_flat_patch_has_the_least_energy(pictures):
    code = measure_code(pictures)
    flat = np.full((1, 8, 8, 3), 90, np.uint8)
    striped = flat.copy()
    striped[:, ::2] = 200
    assert to_latents(flat, code)[0, 3, 0, 0] < 0 < to_latents(striped, code)[0, 3, 0, 0]


def test_the_code_survives_its_file(pictures, tmp_path):
    code = measure_code(pictures)
    code.save(tmp_path / "latents.json")
    assert LatentCode.load(tmp_path / "latents.json") == code


@torch.no_grad()
def test_an_untrained_autoencoder_passes_all_colours_on():
    torch.manual_seed(0)
    net = build_autoencoder((8, 8, 16, 16)).eval()
    latents = torch.eye(4)[:3, :, None, None].repeat(1, 1, 4, 4)
    painted = net.decode(torch.cat([latents, -latents])).sample.mean(dim=(2, 3))
    assert torch.linalg.matrix_rank(painted - painted.mean(0), rtol=0.01) == 3


def test_psnr_of_a_known_error():
    first = np.zeros((1, 8, 8, 3), np.uint8)
    assert psnr(first, first + 10) == pytest.approx(20 * np.log10(255 / 10))


def test_the_noise_schedule_ends_nearly_pure_and_finite():
    kept = kept_signal()
    sigma = np.sqrt((1 - kept) / kept)
    assert 60 < sigma[-1] < 130
    table = noise_table()
    assert torch.allclose(table.alpha**2 + table.sigma**2, torch.ones(1000))
    assert table.share.sum() == pytest.approx(1)
    assert (table.share > 0.0004).all()
