"""Sequential MNIST (Deng et al. 2025, HetSyn, App. D) on as many images as there are: row by row, and pixel by pixel."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from hetsyn_sim.report.document import Grid
from hetsyn_sim.tasks.mnist import sequential_mnist
from hetsyn_sim.training import Recipe, evaluate, fit

from ..brian_check import in_brian2
from ..statistics import of_case, paired, shown
from ..study import Case, Row, Study
from .figures import draw_smnist
from .neurons import NEURONS, network_of

#: Scan -> grey levels, network and training. Time constants of the layers as they begin: learned, or fixed; of the readout: both.
_LEVELS = {"row": 4, "pixel": 16}
_NETWORK: dict[str, dict[str, Any]] = {
    "row": {"learned": "uniform(3 ms, 20 ms)", "fixed": "8 ms", "tau_reset": "20 ms"},
    "pixel": {
        "learned": "uniform(2 ms, 40 ms)",
        "fixed": "20 ms",
        "tau_reset": "10 ms",
        "readout": ("uniform(100 ms, 900 ms)", "300 ms"),
        "w": "fan_in_normal(0.5)",
    },
}
_TRAINING: dict[str, dict[str, Any]] = {
    "row": {
        "loss": {"name": "sum_of_softmax"},
        "epochs": 20,
        "batch_size": 64,
        "optimiser": {"lr": 2e-3, "lr_factor_time_constants": 2.0, "weight_decay": 0.0},
    },
    "pixel": {
        "loss": {"name": "last_step"},
        "epochs": 56,
        "batch_size": 32,
        # 784 steps through recurrent layers: gradients explode unless clipped, and neurons saturate unless their rates are held down
        "optimiser": {"lr": 1.5e-3, "lr_factor_time_constants": 4.0, "weight_decay": 0.0, "clip_norm": 0.5},
        "rate_regulariser": {"target_hz": 120.0, "strength": 1.0},
        "augmentation": {"time_shift": 2},  # pixels to the side
    },
}


def recipe_for(case: Case, seed: int, **training: object) -> Recipe:
    """64-64 recurrent neurons and a leaky readout; Adam, no dropout, no weight decay, as published. More images, fewer epochs."""
    scan = str(case["scan"])
    network = network_of(str(case["model"]), hidden=[64, 64], recurrent=True, tau_adapt="200 ms", a=0.05, **_NETWORK[scan])
    training_of_scan = _TRAINING[scan]
    plain = {
        **training_of_scan,
        "epochs": max(1, round(training_of_scan["epochs"] / (1 + case.get("copies", 0)))),
        "schedule": {"name": "warmup_cosine", "warmup": 0.05},
        "dropout": 0.0,
        "num_threads": 1,
        "seed": seed,
    }
    recipe = Recipe.from_dict({"name": f"smnist-{scan}-{case['model']}", "network": network, "training": plain}, where="smnist")
    return recipe.changed(**training)


def run(case: Case, seed: int, source: Path | None = None, *, n_train: int | None = None, epochs: int | None = None) -> Row:
    """Train with a ninth of the training images held out, and test once."""
    assert source is not None
    scan, copies = str(case["scan"]), int(case.get("copies", 0))
    data = sequential_mnist(source, scan=scan, levels=_LEVELS[scan], n_train=n_train)
    recipe = recipe_for(case, seed, **({} if epochs is None else {"epochs": epochs}))
    learned = data
    if copies:
        held_out = data.validation_split()[1]
        more = sequential_mnist(source, scan=scan, levels=_LEVELS[scan], n_train=n_train, copies=copies, seed=seed)
        images = np.array([name.partition(" copy")[0] for name in more.names])
        learned, recipe = more[~np.isin(images, held_out.names)], recipe.changed(validation="none")
    result = fit(recipe, learned, progress=False)
    loss = recipe.training.loss.make()
    tested = evaluate(result.network, data.test, loss)
    last = result.history[-1]
    validated = evaluate(result.network, held_out, loss).accuracy if copies else last["validation_accuracy"]
    facts = {"accuracy": tested.accuracy, "validation_accuracy": validated, "train_accuracy": last["train_accuracy"]}
    sizes = {"n_train": len(data.train), "n_test": len(data.test), "training_s": sum(row["seconds"] for row in result.history)}
    return facts | sizes | in_brian2(result.checkpoint, data.test)


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """Markdown."""
    table = []
    kinds: dict[str, dict[str, object]] = {"pixel": {"scan": "pixel"}, "row": {"scan": "row"}}
    for n in sorted({int(row["case"]["copies"]) for row in rows if "copies" in row["case"]}):
        kinds[f"pixel, images and {n} distorted copies of each"] = {"scan": "pixel", "copies": n}
    for scan, facts in kinds.items():
        best = of_case(rows, model="HetSynLIF", **facts)
        for model in NEURONS:
            if runs := of_case(rows, model=model, **facts):
                gap = "" if model == "HetSynLIF" else shown(paired(best, runs, "accuracy"), 100.0)
                shares = [f"{shown([row[key] for row in runs], 100.0)} %" for key in ("accuracy", "validation_accuracy", "train_accuracy")]
                costs = [f"{np.mean([row[key] for row in runs]):,.0f}" for key in ("spikes", "training_s")]
                table.append([scan, model, str(len(runs)), shares[0], gap, *shares[1:], *costs])
    accuracies = ("test accuracy", "HetSynLIF less this, paired", "validation", "training")
    yield from Grid(("scan", "neuron", "seeds", *accuracies, "spikes", "s"), table).lines()
    if rows:
        levels = ", ".join(f"{n} grey levels by {scan}" for scan, n in _LEVELS.items())
        yield from ("", f"{rows[0]['n_train']:,} training and {rows[0]['n_test']:,} test images; {levels}.")


SMNIST = Study(
    "smnist",
    "sequential MNIST: 64r-64r-10, pixel by pixel (784 steps) and row by row (28 steps)",
    # pixel by pixel a run lasts a third of an hour, so that only the neuron that the paper reports is there
    [
        *({"model": model, "scan": "row"} for model in NEURONS),
        {"model": "HetSynLIF", "scan": "pixel"},
        {"model": "HetSynLIF", "scan": "pixel", "copies": 6},
    ],
    run,
    lines,
    seeds=3,
    needs_data="a folder with MNIST's images (IDX, or one .npz for training)",
    draw=draw_smnist,
)
