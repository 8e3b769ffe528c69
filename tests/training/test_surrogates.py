"""Every surrogate against its published formula, evaluated with NumPy and SciPy (papers.md 1.2, 2.1, 4.2)."""

import numpy as np
import pytest
import torch
from scipy.stats import cauchy, laplace, norm

from hetsyn_sim.training.surrogates import ArcTan, FastSigmoid, MultiGaussian, Slayer, Triangular

X = np.linspace(-4.0, 4.0, 801)  # 0, the triangle's corners and the flanks of the Gaussians included


def multi_gaussian(x, theta, gamma=0.5, lens=0.5, h=0.15, s=6.0):
    side = norm.pdf(x, lens, s * lens) + norm.pdf(x, -lens, s * lens)
    return gamma * ((1 + h) * norm.pdf(x, 0, lens) - h * side)


PUBLISHED = {
    # Deng et al. 2025: gamma max(0, 1 - |(V - theta)/(zeta theta)|)
    Triangular(): lambda x, theta: np.interp(np.abs(x), [0.0, theta], [1.0, 0.0]),
    Triangular(gamma=0.3, zeta=2.0): lambda x, theta: np.interp(np.abs(x), [0.0, 2 * theta], [0.3, 0.0]),
    # Yin et al. 2021, with HetSyn's settings
    MultiGaussian(): multi_gaussian,
    MultiGaussian(gamma=1.0, sd=0.3, height=0.2, scale=4.0): lambda x, theta: multi_gaussian(x, theta, 1.0, 0.3, 0.2, 4.0),
    # Sun et al. 2022: 1 / (1 + (pi y)^2) for alpha = 2, a Cauchy density of scale 1/pi
    ArcTan(): lambda x, theta: cauchy.pdf(x, scale=1 / np.pi),
    ArcTan(alpha=5.0): lambda x, theta: cauchy.pdf(x, scale=2 / (5 * np.pi)),
    # Baronig et al. 2025: c alpha/2 exp(-alpha |x|), a Laplace density times c
    Slayer(): lambda x, theta: 0.4 * laplace.pdf(x, scale=1 / 5),
    Slayer(alpha=2.0, c=1.0): lambda x, theta: laplace.pdf(x, scale=1 / 2),
    # Zenke and Ganguli 2018
    FastSigmoid(): lambda x, theta: (1 + 10 * np.abs(x)) ** -2.0,
    FastSigmoid(slope=100.0): lambda x, theta: (1 + 100 * np.abs(x)) ** -2.0,
}


@pytest.mark.parametrize("surrogate", PUBLISHED, ids=str)
@pytest.mark.parametrize("theta", [1.0, 0.4])
def test_the_derivative_is_the_published_formula(surrogate, theta):
    found = surrogate.derivative(torch.tensor(X), torch.tensor(theta, dtype=torch.float64)).numpy()
    # a dozen roundings; the multi-Gaussian subtracts numbers below 1 from each other
    np.testing.assert_allclose(found, PUBLISHED[surrogate](X, theta), rtol=1e-13, atol=1e-15)


def test_the_peak_of_hetsyns_multi_gaussian_is_the_one_that_is_quoted():
    assert MultiGaussian().derivative(torch.tensor(0.0), torch.tensor(1.0)).item() == pytest.approx(0.439, abs=0.0005)
