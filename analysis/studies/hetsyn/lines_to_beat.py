"""What needs no neurons, on the same images: the nearest neighbour, and a ridge regression on radial basis functions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from hetsyn_sim.tasks.mnist import read_images, spread_over_classes

from ..study import Case, Row

METHODS = ("1-NN", "RBF ridge")
_LANDMARKS, _PIECE = 2500, 1000
#: Widths that are compared on a ninth of the training images: gamma times the median squared distance.
_WIDTHS = (1.0, 2.0, 4.0)
#: Of the trace of the features' products: above what single precision makes of a sum of squares.
_RIDGE = 1e-6
Pixels = NDArray[np.float32]
Labels = NDArray[np.int64]


def run(case: Case, seed: int, source: Path, n_train: int | None) -> Row:
    """Accuracy of ``case["method"]`` on the test images, learned from ``n_train`` of the others, or all."""
    (images, labels), (test, wanted) = (read_images(source)[part] for part in ("train", "test"))
    chosen = spread_over_classes(labels, n_train or len(labels))
    x, z = (part.reshape(len(part), -1).astype(np.float32) / np.float32(255.0) for part in (images[chosen], test))
    found = nearest_neighbour(x, labels[chosen], z) if case["method"] == "1-NN" else rbf_ridge(x, labels[chosen], z, seed)
    return {"accuracy": float(np.mean(found == wanted)), "n_train": len(x), "n_test": len(z)}


def nearest_neighbour(x: Pixels, labels: Labels, test: Pixels) -> Labels:
    """The class of the training image at the smallest Euclidean distance, for each of ``test``, (image, pixel)."""
    return np.concatenate([labels[distances(piece, x).argmin(axis=1)] for piece in _pieces(test)])


def rbf_ridge(x: Pixels, labels: Labels, test: Pixels, seed: int, n_landmarks: int = _LANDMARKS) -> Labels:
    """Ridge regression of one-hot classes on exp(-gamma d^2) to training images drawn as landmarks (Nystroem's approximation).

    gamma is the one of three that is best on a ninth of the training images, in order of a permutation that ``seed`` draws.
    """
    order = np.random.default_rng(seed).permutation(len(x))
    held_out, learned = np.split(order, [len(x) // 9])
    landmarks = x[learned[:n_landmarks]]
    median = float(np.median(distances(landmarks[:500], landmarks)))
    gammas = [width / median for width in _WIDTHS]
    scores = [np.mean(_ridge(x[learned], labels[learned], x[held_out], landmarks, gamma) == labels[held_out]) for gamma in gammas]
    return _ridge(x, labels, test, landmarks, gammas[int(np.argmax(scores))])


def distances(x: Pixels, y: Pixels) -> Pixels:
    """Squared distances, (x, y)."""
    squares = (x**2).sum(axis=1)[:, None] + (y**2).sum(axis=1) - 2.0 * x @ y.T
    return np.asarray(np.maximum(squares, 0.0))


def _ridge(x: Pixels, labels: Labels, test: Pixels, landmarks: Pixels, gamma: float) -> Labels:
    n_classes, n = int(labels.max()) + 1, len(landmarks)
    gram, moments = np.zeros((n, n)), np.zeros((n, n_classes))
    for piece, wanted in zip(_pieces(x), _pieces(labels), strict=True):
        near = _near(piece, landmarks, gamma)
        gram += near.T @ near
        moments += near.T @ np.eye(n_classes, dtype=np.float32)[wanted]
    gram.flat[:: n + 1] += _RIDGE * np.trace(gram)
    weights = linalg.solve(gram, moments, assume_a="pos")
    return np.concatenate([(_near(piece, landmarks, gamma) @ weights).argmax(axis=1) for piece in _pieces(test)])


def _near(x: Pixels, landmarks: Pixels, gamma: float) -> Pixels:
    return np.asarray(np.exp(np.float32(-gamma) * distances(x, landmarks)))


def _pieces(array: NDArray[Any]) -> list[NDArray[Any]]:
    return np.split(array, range(_PIECE, len(array), _PIECE))
