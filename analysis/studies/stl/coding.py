"""Images as spikes, by chance: every pixel is the probability of a spike in every step. And images that were disturbed. NumPy only."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from hetsyn_sim.errors import ConfigError, DataError

#: Shape (image, channel, height, width), from 0 to 1.
Pixels = NDArray[np.float32]
#: A number begins a stream; a generator goes on with its own.
Seed = int | np.random.Generator


def pixels_of(images: NDArray[Any]) -> Pixels:
    """Grey values from 0 to 255, (image, height, width), as pixels with one channel.

    Raises
    ------
    DataError
        If they are not bytes of that shape.
    """
    if images.dtype != np.uint8 or images.ndim != 3:
        raise DataError(
            "these are not images in grey values",
            where="pixels_of",
            got=f"{images.dtype} of shape {images.shape}",
            expected="uint8, (image, height, width)",
            remedy="pass the images as hetsyn_sim.tasks.mnist.read_images reads them",
        )
    return images[:, None].astype(np.float32) / np.float32(255.0)


def bernoulli(pixels: Pixels, n_steps: int, seed: Seed) -> NDArray[np.bool_]:
    """Spikes, (time, image, channel, height, width): ``pixel > U(0, 1)``, anew in every step. Published with ``>=``.

    Image after image is drawn from one stream, so that a set of images in pieces gets the same spikes as in one.

    Raises
    ------
    DataError
        If a pixel is no probability, or there is no step.
    """
    if pixels.ndim != 4 or n_steps < 1 or not np.all((pixels >= 0.0) & (pixels <= 1.0)):
        raise DataError(
            "these pixels can't be coded as spikes",
            where="bernoulli",
            got=f"shape {pixels.shape}, {n_steps} steps, values from {np.min(pixels, initial=0.0):g} to {np.max(pixels, initial=0.0):g}",
            expected="(image, channel, height, width), values from 0 to 1, at least one step",
            remedy="scale the images with pixels_of",
        )
    drawn = np.random.default_rng(seed).random((len(pixels), n_steps, *pixels.shape[1:]), dtype=np.float32)
    return np.ascontiguousarray((pixels[:, None] > drawn).swapaxes(0, 1))


def with_salt_and_pepper(pixels: Pixels, share: float, seed: Seed) -> Pixels:
    """With this probability a pixel becomes 0 or 1, by the toss of a coin."""
    _check("share", share, 0.0 <= share <= 1.0, "a number from 0 to 1")
    rng = np.random.default_rng(seed)
    hit, white = rng.random(pixels.shape, dtype=np.float32) < share, rng.random(pixels.shape, dtype=np.float32) < 0.5
    return np.where(hit, white.astype(np.float32), pixels)


def with_gaussian_noise(pixels: Pixels, sd: float, seed: Seed) -> Pixels:
    """Every pixel plus N(0, sd), cut at 0 and 1."""
    _check("sd", sd, 0.0 <= sd < np.inf, "0 or more")
    noise = np.random.default_rng(seed).standard_normal(pixels.shape, dtype=np.float32)
    return np.clip(pixels + np.float32(sd) * noise, np.float32(0.0), np.float32(1.0))


def with_deleted_spikes(spikes: NDArray[np.bool_], probability: float, seed: Seed) -> NDArray[np.bool_]:
    """Every input spike is lost with this probability."""
    _check("probability", probability, 0.0 <= probability <= 1.0, "a number from 0 to 1")
    return spikes & (np.random.default_rng(seed).random(spikes.shape, dtype=np.float32) >= probability)


def _check(name: str, value: float, fine: bool, expected: str) -> None:
    if not fine:
        raise ConfigError(
            "images can't be disturbed like this", where=name, got=repr(value), expected=expected, remedy="give a value in that range"
        )
