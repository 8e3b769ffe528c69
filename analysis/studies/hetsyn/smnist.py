"""Sequential MNIST (Deng et al. 2025, HetSyn, App. D): pixel by pixel as published and as well as we can, and row by row."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hetsyn_sim.data.events import SpikeDataset
from hetsyn_sim.spec import Layer, NetworkSpec
from hetsyn_sim.tasks.mnist import read_images, sequential_mnist
from hetsyn_sim.training import Recipe, evaluate, fit

from ..brian_check import in_brian2
from ..study import Case, Row, Study
from . import lines_to_beat
from .figures import draw_smnist
from .grey import DistortedAnew, GreyImages
from .neurons import NEURONS, network_of
from .smnist_tables import lines

#: Training images of the cases that do not ask for all of them.
_N_TRAIN = 10_000
#: Kind of a case -> grey levels, network and training. Time constants of the layers as they begin: learned, or fixed; of the readout: both.
_LEVELS = {"row": 4, "pixel": 16, "best": 16}
_CODED = {
    "learned": "uniform(2 ms, 40 ms)",
    "fixed": "20 ms",
    "tau_reset": "10 ms",
    "readout": ("uniform(100 ms, 900 ms)", "300 ms"),
    "w": "fan_in_normal(0.5)",
}
_NETWORK: dict[str, dict[str, Any]] = {
    "row": {"learned": "uniform(3 ms, 20 ms)", "fixed": "8 ms", "tau_reset": "20 ms"},
    "pixel": _CODED,
    "best": _CODED,
    "published": {"learned": "uniform(5 ms, 20 ms)", "fixed": "20 ms", "tau_reset": "20 ms"},
}
# 784 steps through recurrent layers: gradients explode unless clipped, and neurons saturate unless their rates are held down
_LONG: dict[str, Any] = {
    "loss": {"name": "last_step"},
    "optimiser": {"lr": 1.5e-3, "lr_factor_time_constants": 4.0, "weight_decay": 0.0, "clip_norm": 0.5},
    "rate_regulariser": {"target_hz": 120.0, "strength": 1.0},
}
_TRAINING: dict[str, dict[str, Any]] = {
    "row": {
        "loss": {"name": "sum_of_softmax"},
        "epochs": 20,
        "batch_size": 64,
        "optimiser": {"lr": 2e-3, "lr_factor_time_constants": 2.0, "weight_decay": 0.0},
    },
    "pixel": {
        **_LONG,
        "epochs": 56,
        "batch_size": 32,
        "augmentation": {"time_shift": 2},  # pixels to the side
    },
    "best": {
        **_LONG,
        "epochs": 30,
        "batch_size": 64,
    },
    # the decay is learned and clamped, twice as fast as the weights, as in the published code for SHD
    "published": {
        "loss": {"name": "spike_count"},
        "epochs": 150,
        "batch_size": 256,
        "optimiser": {"name": "adamw", "lr": 1e-3, "lr_factor_time_constants": 2.0, "weight_decay": 0.0},
        "time_constants": "rho_clamped",
    },
}


def kind_of(case: Case) -> str:
    """``published``, ``best``, ``pixel`` or ``row``: which network and training it is."""
    return str(case.get("recipe", case["scan"]))


def recipe_for(case: Case, seed: int, **training: object) -> Recipe:
    """64-64 recurrent neurons and a leaky readout; no dropout, no weight decay, the rate warmed up and down a cosine, as published."""
    kind = kind_of(case)
    network = network_of(str(case["model"]), hidden=[64, 64], recurrent=True, tau_adapt="200 ms", a=0.05, **_NETWORK[kind])
    plain = {
        **_TRAINING[kind],
        "schedule": {"name": "warmup_cosine", "warmup": 0.05},
        "dropout": 0.0,
        "num_threads": 1,
        "seed": seed,
    }
    recipe = Recipe.from_dict({"name": f"smnist-{kind}-{case['model']}", "network": network, "training": plain}, where="smnist")
    return recipe.changed(**training)


def images_for(case: Case, source: Path, n_train: int | None) -> SpikeDataset:
    """The images as input: grey values as published, else spikes of grey levels. ``n_train``: of every class as many as its share."""
    kind = kind_of(case)
    if kind == "published":
        return GreyImages.read(source, n_train)
    return sequential_mnist(source, scan=str(case["scan"]), levels=_LEVELS[kind], n_train=n_train)


def spec_for(case: Case, recipe: Recipe, data: SpikeDataset) -> NetworkSpec:
    """The network of a recipe; as published its output spikes, too."""
    spec = recipe.spec(data.dt, data.n_channels, 10)
    return spec if kind_of(case) != "published" else NetworkSpec(spec.dt, spec.n_input, [*spec.layers, Layer(spec.layers[0].model, 10)])


def run(case: Case, seed: int, source: Path | None = None, *, out: Path | None = None, n_train: int | None = None, **training: Any) -> Row:
    """Train with a ninth of the training images held out, and test once after the last epoch.

    ``out`` keeps a training that was stopped, epoch by epoch. ``n_train`` and settings of the training: smaller, for tests.
    """
    assert source is not None
    n_train = n_train or (None if case.get("images") == "all" else _N_TRAIN)
    if "method" in case:
        return lines_to_beat.run(case, seed, source, n_train)
    data, recipe = images_for(case, source, n_train), recipe_for(case, seed, **training)
    result = fit(
        spec_for(case, recipe, data),
        data,
        training=recipe.training,
        out=out,
        callbacks=callbacks_for(case, seed, source, data),
        progress=False,
    )
    tested = evaluate(result.network, data.test, recipe.training.loss.make())
    last = result.history[-1]
    row = {name: last[name] for name in ("validation_accuracy", "train_accuracy")} | {
        "accuracy": tested.accuracy,
        "n_train": len(data.train),
        "n_test": len(data.test),
        "epochs": len(result.history),
        "training_s": sum(row["seconds"] for row in result.history),
    }
    if isinstance(data, GreyImages):
        return row | {"spikes": sum(int(counts.sum()) for counts in tested.spikes.values()) / len(data.test)}
    return row | in_brian2(result.checkpoint, data.test)


def callbacks_for(case: Case, seed: int, source: Path, data: SpikeDataset) -> list[DistortedAnew]:
    """Distortions of what is learned from, where the case has them."""
    if kind_of(case) != "best":
        return []
    images, learned = read_images(source)["train"][0], data.validation_split()[0]
    return [DistortedAnew(images[[int(name.removeprefix("train ")) for name in learned.names]], seed)]


_ALL: Mapping[str, str] = {"images": "all"}
SMNIST = Study(
    "smnist",
    "sequential MNIST: 64r-64r-10, pixel by pixel (784 steps) and row by row (28 steps)",
    # pixel by pixel a run lasts from a third of an hour to several hours, so that only the neuron that the paper reports is there
    [
        *({"method": method, **images} for method in lines_to_beat.METHODS for images in ({}, _ALL)),
        *({"model": model, "scan": "row"} for model in NEURONS),
        {"model": "HetSynLIF", "scan": "pixel"},
        {"model": "HetSynLIF", "scan": "pixel", "recipe": "best", **_ALL},
        {"model": "HetSynLIF", "scan": "pixel", "recipe": "published", **_ALL},
    ],
    run,
    lines,
    seeds=3,
    needs_data="a folder with MNIST's images (IDX, or one .npz for training)",
    draw=draw_smnist,
    kept=True,
)
