"""STL against SL and TL on MNIST (Sun et al. 2023, STL-SNN): accuracy, what noise does to it, rates and operations, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hetsyn_sim.models import STLLIF
from hetsyn_sim.spec import Normal
from hetsyn_sim.tasks.mnist import read_images

from ..study import Case, Row, Study
from .architecture import Architecture, Conv, Dense, Pool
from .coding import Pixels, bernoulli, pixels_of, with_deleted_spikes, with_gaussian_noise, with_salt_and_pepper
from .connections import fan_out
from .decision import decide, sub_populations
from .evaluate import Outcome, count_mismatches, evaluate
from .figure import draw_stl
from .measures import NOISES, packed
from .network import MODES, STLNetwork
from .tables import lines
from .train import Settings, train

SETTINGS = Settings()
#: Every network sees the same test spikes, and the same noise, so that networks that decide together differ in nothing else.
_TEST_SEED = 2023
_N_TRAIN, _NOISY, _N_TRAINING, _MEMBERS, _SIMULATED = 10_000, 1000, 300, 5, 5


def architecture_of(case: Case) -> Architecture:
    """The published demo network with 8 and 16 maps for 128 and 128, and 64 neurons for 2048.

    ``theta_0`` is where thresholds begin, ``dropout`` what is left out before each dense layer, ``layers`` with neurons are 4 as published;
    more of them are convolutions of 3 x 3 before each pooling. Weights begin as the model's file says.
    """
    dropout, theta = float(case.get("dropout", 0.5)), Normal(case.get("theta_0", 2.0), 1e-4)
    more = range((case.get("layers", 4) - 4) // 2)
    parts: list[Conv | Pool | Dense] = []
    for maps in (8, 16):
        parts += [Conv(maps), *(Conv(maps, 3) for _ in more), Pool()]
    neuron = STLLIF.with_parameters(theta={"initial": theta})
    return Architecture((1, 28, 28), [*parts, Dense(64, dropout)], dropout=dropout, neuron=neuron)


def run(case: Case, seed: int, source: Path | None = None, *, n_images: int | None = None, settings: Settings = SETTINGS) -> Row:
    """Train for a fixed number of epochs, and test once. ``n_images`` (of each split) and ``settings``: smaller, for tests."""
    settings = replace(settings, epochs=case.get("epochs", settings.epochs))
    pixels, labels = _training_images(source, n_images or (None if case.get("images") == "all" else _N_TRAIN))
    images, test_labels = read_images(_folder(source))["test"]
    test, test_labels = pixels_of(images[:n_images]), test_labels[:n_images]
    network = STLNetwork(architecture_of(case), seed)
    neurons = {stage.name: network.neurons(stage.name) for stage in network.architecture.spiking}
    after_epochs: list[Outcome] = []
    thresholds: dict[str, list[NDArray[np.float64]]] = {name: [] for name in neurons}

    def look() -> None:
        after_epochs.append(evaluate(network, pixels[:_N_TRAINING], settings.n_steps, _TEST_SEED))
        for name, of in neurons.items():
            thresholds[name].append(of.values()["neuron.theta"].detach().numpy().astype(np.float64))

    look()
    losses = train(network, pixels, labels, str(case["mode"]), settings, seed, look)
    tested = evaluate(network, test, settings.n_steps, _TEST_SEED)
    mismatches, spikes = count_mismatches(network, bernoulli(test[:_SIMULATED], settings.n_steps, _TEST_SEED))
    layers = {
        name: {"rate": rate, "operations": tested.operations.get(name), "rates": [epoch.rates[name] for epoch in after_epochs]}
        for name, rate in tested.rates.items()
    }
    for name, found in thresholds.items():
        layers[name] |= {"theta": [float(theta.mean()) for theta in found], "theta_sd": [float(theta.std()) for theta in found]}
    row = {
        "accuracy": tested.accuracy(test_labels),
        "voted": float(np.mean(decide(sub_populations(tested.votes, _MEMBERS), "vote") == test_labels)),
        "train_accuracy": after_epochs[-1].accuracy(labels[:_N_TRAINING]),
        "losses": losses,
        "operations": sum(tested.operations.values()),
        "synapses": sum(int(fan_out(stage).sum()) for stage in network.architecture.spiking),
        "layers": layers,
        "noise": _under_noise(network, test, test_labels, settings.n_steps),
        "mismatches": mismatches,
        "spikes": spikes,
        "n_train": len(pixels),
        "n_test": len(test),
    }
    if set(case) == {"mode"}:  # the networks that decide together
        row["counts"] = packed(tested.class_rates * (settings.n_steps * network.architecture.voters))
        row["labels"] = packed(test_labels)
    if case["mode"] == "STL":
        for name, of in neurons.items():
            of.set_values({"neuron.theta": thresholds[name][0]})
        row["set_back"] = _under_noise(network, test, test_labels, settings.n_steps)
    return row


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
    """The first ``n`` as published, or all. In an order drawn once: files may be sorted by class."""
    images, labels = read_images(_folder(source))["train"]
    order = np.random.default_rng(0).permutation(len(images[:n]))
    return pixels_of(images[order]), labels[order]


def _folder(source: Path | None) -> Path:
    assert source is not None
    return source


#: What is changed for STL and SL alike: where thresholds begin, dropout, more images and epochs, depth.
VARIANTS: tuple[Case, ...] = (
    *({"theta_0": theta} for theta in (0.5, 1.0, 4.0)),
    {"dropout": 0.0},
    {"layers": 6},
    {"layers": 8},
    {"images": "all", "epochs": 10},
)
CASES: Sequence[Case] = [{"mode": mode, **of} for of in ({}, *VARIANTS) for mode in (MODES if not of else ("STL", "SL"))]

STL = Study(
    "stl",
    "STL-SNN on MNIST: learned thresholds and weights (STL), weights only (SL), thresholds only (TL)",
    CASES,
    run,
    lines,
    needs_data="a folder with MNIST's images (IDX, or one .npz for training)",
    draw=draw_stl,
)
