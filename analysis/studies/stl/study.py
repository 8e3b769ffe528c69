"""STL against SL and TL on MNIST (Sun et al. 2023, STL-SNN): accuracy, what noise does to it, rates and operations, layer by layer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hetsyn_sim.tasks.mnist import read_images

from ..study import Case, Row, Study
from .architecture import Architecture, Conv, Dense, Pool
from .coding import Pixels, bernoulli, pixels_of, with_deleted_spikes, with_gaussian_noise, with_salt_and_pepper
from .decision import decide, sub_populations
from .evaluate import Outcome, count_mismatches, evaluate
from .figure import draw_stl
from .measures import NOISES, packed
from .network import MODES, STLNetwork
from .tables import lines
from .train import Settings, train

SETTINGS = Settings()
#: The published demo network with 8 and 16 maps for 128 and 128, and 64 neurons for 2048; no dropout. Weights and thresholds begin as the
#: model's file says. Nothing was tuned.
ARCHITECTURE = Architecture((1, 28, 28), [Conv(8), Pool(), Conv(16), Pool(), Dense(64)])
#: Every network sees the same test spikes, and the same noise, so that networks that decide together differ in nothing else.
_TEST_SEED = 2023
_NOISY, _N_TRAINING, _MEMBERS, _SIMULATED = 1000, 300, 5, 5


def run(case: Case, seed: int, source: Path | None = None, *, n_train: int | None = None, settings: Settings = SETTINGS) -> Row:
    """Train on all training images for a fixed number of epochs, and test once. ``n_train`` and ``settings``: smaller, for tests."""
    pixels, labels = _training_images(source, n_train)
    images, test_labels = read_images(_folder(source))["test"]
    test = pixels_of(images[:n_train])
    network = STLNetwork(ARCHITECTURE, seed)
    after_epochs: list[Outcome] = []

    def look() -> None:
        after_epochs.append(evaluate(network, pixels[:_N_TRAINING], settings.n_steps, _TEST_SEED))

    look()
    losses = train(network, pixels, labels, str(case["mode"]), settings, seed, look)
    tested = evaluate(network, test, settings.n_steps, _TEST_SEED)
    test_labels = test_labels[:n_train]
    layers = {
        name: {
            "rate": tested.rates[name],
            "operations": tested.operations.get(name),
            "rates": [epoch.rates[name] for epoch in after_epochs],
        }
        for name in tested.rates
    }
    mismatches, spikes = count_mismatches(network, bernoulli(test[:_SIMULATED], settings.n_steps, _TEST_SEED))
    for stage in ARCHITECTURE.spiking:
        theta = network.neurons(stage.name).values()["neuron.theta"].detach().double().numpy()
        layers[stage.name] |= {
            "theta": float(theta.mean()),
            "theta_sd": float(theta.std()),
            "theta_range": [float(theta.min()), float(theta.max())],
        }
    return {
        "accuracy": tested.accuracy(test_labels),
        "voted": float(np.mean(decide(sub_populations(tested.votes, _MEMBERS), "vote") == test_labels)),
        "train_accuracy": after_epochs[-1].accuracy(labels[:_N_TRAINING]),
        "losses": losses,
        "operations": sum(tested.operations.values()),
        "layers": layers,
        "noise": _under_noise(network, test, test_labels, settings.n_steps),
        "counts": packed(tested.class_rates * (settings.n_steps * network.architecture.voters)),
        "labels": packed(test_labels),
        "mismatches": mismatches,
        "spikes": spikes,
        "n_train": len(pixels),
        "n_test": len(test),
    }


def _under_noise(network: STLNetwork, test: Pixels, labels: NDArray[np.int64], n_steps: int) -> dict[str, list[Row]]:
    """Disturbance -> accuracy, operations and rates at each of its sizes, on every k-th test image."""
    some = slice(None, None, max(1, len(test) // _NOISY))
    pixels, labels = test[some], labels[some]

    def measured(changed: Pixels, **disturbed: Any) -> Row:
        outcome = evaluate(network, changed, n_steps, _TEST_SEED, **disturbed)
        return {"accuracy": outcome.accuracy(labels), "operations": sum(outcome.operations.values()), "rates": dict(outcome.rates)}

    def under(name: str, size: float) -> Row:
        if name == "salt":
            return measured(with_salt_and_pepper(pixels, size, _TEST_SEED))
        if name == "gaussian":
            return measured(with_gaussian_noise(pixels, size, _TEST_SEED))
        return measured(pixels, disturb=lambda x, rng: with_deleted_spikes(x, size, rng))

    return {noise.name: [under(noise.name, size) for size in noise.sizes] for noise in NOISES}


def _training_images(source: Path | None, n: int | None) -> tuple[Pixels, NDArray[np.int64]]:
    """In an order drawn once: files may be sorted by class."""
    images, labels = read_images(_folder(source))["train"]
    order = np.random.default_rng(0).permutation(len(images))[:n]
    return pixels_of(images[order]), labels[order]


def _folder(source: Path | None) -> Path:
    assert source is not None
    return source


STL = Study(
    "stl",
    "STL-SNN on MNIST: learned thresholds and weights (STL), weights only (SL), thresholds only (TL)",
    [{"mode": mode} for mode in MODES],
    run,
    lines,
    needs_data="a folder with MNIST's images (IDX, or one .npz for training)",
    draw=draw_stl,
)
