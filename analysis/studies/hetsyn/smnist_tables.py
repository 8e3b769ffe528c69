"""The table of sequential MNIST: networks by what they see, and what needs no neurons beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from hetsyn_sim.report.document import Grid

from ..statistics import of_case, paired, shown
from ..study import Row
from .lines_to_beat import METHODS
from .neurons import NEURONS

_ALL: Final = {"images": "all"}
#: What a network sees and how it is trained -> what cases of it have in common.
KINDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "pixel, as published": {"scan": "pixel", "recipe": "published", **_ALL},
    "pixel, best we can": {"scan": "pixel", "recipe": "best", **_ALL},
    "pixel": {"scan": "pixel"},
    "row": {"scan": "row"},
}


def lines(rows: Sequence[Row]) -> Iterator[str]:
    """Markdown."""
    table = []
    for kind, facts in KINDS.items():
        best = of_case(rows, model="HetSynLIF", **facts)
        for model in NEURONS:
            if runs := of_case(rows, model=model, **facts):
                gap = "" if model == "HetSynLIF" else shown(paired(best, runs, "accuracy"), 100.0)
                shares = [f"{shown([row[key] for row in runs], 100.0)} %" for key in ("accuracy", "validation_accuracy", "train_accuracy")]
                costs = [f"{np.mean([row[key] for row in runs]):,.0f}" for key in ("spikes", "training_s")]
                table.append([kind, model, f"{runs[0]['n_train']:,}", str(len(runs)), shares[0], gap, *shares[1:], *costs])
            elif model == "HetSynLIF":
                table.append([kind, model, "", "not run", *[""] * 6])
    for method in METHODS:
        for images in ({}, _ALL):
            if runs := of_case(rows, method=method, **images):
                accuracy = f"{shown([row['accuracy'] for row in runs], 100.0)} %"
                table.append(["whole image", method, f"{runs[0]['n_train']:,}", str(len(runs)), accuracy, *[""] * 5])
    accuracies = ("test accuracy", "HetSynLIF less this, paired", "validation", "training")
    yield from Grid(("input", "neuron or method", "training images", "seeds", *accuracies, "spikes", "s"), table).lines()
    yield from ("", "10,000 test images. Grey values by pixel as published, else spikes: 16 grey levels by pixel, 4 by row.")
