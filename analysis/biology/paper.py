"""What the HetSyn paper says of its learned time constants, and the same of ours (Deng et al. 2025, HetSyn, Fig. 4D, App. G, Table 4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from analysis.studies.hetsyn.dms_memory import memory
from hetsyn_sim.data.events import SpikeDataset

from .extraction import Run
from .nulls import initial_values
from .relations import change
from .table import TauTable
from .uncertainty import Estimate

#: Share of the time constants from the hidden layer to the readout that lie above 20 ms after training from U(5, 20) ms, on SHD.
ABOVE_INITIAL = 0.020
#: What Table 4 has of a network, in its order; the means are of time constants of the input synapses, in ms.
_OF_TABLE_4 = ("cue_mean_ms", "noise_mean_ms", "long", "accuracy", "accuracy_without_long")
#: Mean before training (ms) -> Table 4: mean on cue and on noise channels, share above 700 ms, accuracy, accuracy with those set back.
TABLE_4: Mapping[float, Mapping[str, float]] = MappingProxyType(
    {
        100.0: dict(zip(_OF_TABLE_4, (154.38, 85.59, 0.0525, 0.9997, 0.7568), strict=True)),
        200.0: dict(zip(_OF_TABLE_4, (252.43, 181.93, 0.0605, 1.0, 0.7647), strict=True)),
        400.0: dict(zip(_OF_TABLE_4, (430.70, 382.29, 0.0580, 0.9987, 0.7715), strict=True)),
    }
)


@dataclass(frozen=True)
class Paper:
    """The paper's statistics, of our networks.

    Attributes
    ----------
    above_initial
        Projection -> share above the largest value that it began with.
    table_4
        Of each network, or nothing where the task is another: the entries of :data:`TABLE_4`, ``accuracy_without_control``, medians.
    initial_ms
        Mean before training.
    """

    above_initial: Mapping[str, Estimate]
    table_4: Sequence[Mapping[str, float]]
    initial_ms: float

    @property
    def published(self) -> Mapping[str, float] | None:
        """The row of Table 4 with this beginning; None where the paper has none within 10 %."""
        nearest = min(TABLE_4, key=lambda mean: abs(np.log(mean / self.initial_ms)))
        return TABLE_4[nearest] if abs(self.initial_ms / nearest - 1.0) < 0.1 else None


def is_match_to_sample(run: Run) -> bool:
    """Whether this is the task of Table 4, with synapses that have time constants of their own."""
    task = run.trained.recipe.get("task") or {}
    return task.get("name") == "delayed_match_to_sample" and "layer_1.feedforward.tau_syn" in run.trained.values


def paper_statistics(
    runs: Sequence[Run],
    learned: TauTable,
    data: Sequence[SpikeDataset],
    lesions: Sequence[float],
    *,
    n_resamples: int = 100,
    seed: int = 0,
) -> Paper:
    """Both of them.

    Parameters
    ----------
    learned
        Of networks whose time constants before training are known.
    data
        The recordings of each run; without them there is no Table 4.
    lesions
        Accuracy of each network as it is, as the lesions found it.
    """
    above = {}
    for kind in np.unique(learned.column("kind")).tolist():
        part = learned.where(kind=kind)
        above[kind] = change(part, initial_values(part), n_resamples=n_resamples, seed=seed).above_initial
    rows = [
        {"accuracy": accuracy, **memory(run.initial, run.trained, dataset.test, k)}
        for k, (run, dataset, accuracy) in enumerate(zip(runs, data, lesions, strict=False))
        if run.initial is not None and is_match_to_sample(run)
    ]
    return Paper(above, rows, 1e3 * float(np.mean(initial_values(learned).tau)))
