"""What a session compared, added up over its processes: runs that near-ties left undecided, and networks that spike.

A near-tie leaves a run undecided. That is honest as long as it is rare; agreement on silence proves little. So both are counted, shown at
the end of the session, and fail it if a share is too large or too small to mean anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median

import numpy as np

from hetsyn_sim.agreement.outcome import MAX_UNDECIDED, Comparison, Precision
from hetsyn_sim.data.recording import Recording

#: Smallest share of generated networks whose median rate is above zero.
MIN_SPIKING = 0.80
#: Shares of fewer runs or networks than this say nothing; when single tests are picked they are shown and not judged.
ENOUGH = 500


@dataclass
class Ledger:
    """Counts over a session. They add up across processes.

    Attributes
    ----------
    runs, undecided
        Compared runs, and those that a near-tie left undecided, by precision.
    rates
        Of every generated network of a property that is about spikes: the median over its neurons of their rate, in spikes per step.
    """

    runs: dict[Precision, int] = field(default_factory=lambda: dict.fromkeys(MAX_UNDECIDED, 0))
    undecided: dict[Precision, int] = field(default_factory=lambda: dict.fromkeys(MAX_UNDECIDED, 0))
    rates: list[float] = field(default_factory=list)
    counts_runs: bool = True
    counts_rates: bool = True

    def add(self, other: Ledger) -> None:
        """Count what another process has counted."""
        for dtype in self.runs:
            self.runs[dtype] += other.runs[dtype]
            self.undecided[dtype] += other.undecided[dtype]
        self.rates += other.rates

    def note_outcome(self, outcome: Comparison) -> None:
        """Count the runs of one comparison."""
        if self.counts_runs:
            self.runs[outcome.precision] += outcome.n_runs
            self.undecided[outcome.precision] += len(outcome.undecided)

    def note_network(self, recording: Recording) -> None:
        """Count one generated network with the median rate of its neurons."""
        rates = [raster.mean(axis=(0, 1)) for name, raster in recording.rasters.items() if name != "input"]
        if self.counts_rates:
            self.rates.append(float(np.median(np.concatenate(rates))))

    @property
    def spiking(self) -> int:
        """How many networks have a median rate above zero."""
        return sum(rate > 0.0 for rate in self.rates)

    def lines(self) -> list[str]:
        """The account, a line for each share."""
        found = [f"undecided runs, {dtype}: {_share(self.undecided[dtype], runs)}" for dtype, runs in self.runs.items()]
        found.append(f"generated networks whose median neuron spikes: {_share(self.spiking, len(self.rates))}")
        if self.rates:
            found.append(f"median over these networks of the median rate: {median(self.rates):.3f} spikes per step")
        return found

    def complaints(self) -> list[str]:
        """What is wrong with the shares."""
        found = []
        for dtype, limit in MAX_UNDECIDED.items():
            runs, undecided = self.runs[dtype], self.undecided[dtype]
            if runs >= ENOUGH and undecided > limit * runs:
                found.append(f"{undecided} of {runs} runs in {dtype} are undecided: more than {100 * limit:.0f} %")
        if len(self.rates) >= ENOUGH and self.spiking < MIN_SPIKING * len(self.rates):
            few = f"only {self.spiking} of {len(self.rates)} generated networks have a median rate above zero"
            found.append(f"{few}: less than {100 * MIN_SPIKING:.0f} %")
        return found


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole}" + (f" ({100 * part / whole:.2f} %)" if whole else "")


#: The ledger of this session.
LEDGER = Ledger()


@contextmanager
def off_the_record(*, rates_only: bool = False) -> Iterator[None]:
    """What runs inside is not counted: planted faults; or only its rates are not: corners, some of which are silent by design."""
    before = LEDGER.counts_runs, LEDGER.counts_rates
    LEDGER.counts_runs, LEDGER.counts_rates = before[0] and rates_only, False
    try:
        yield
    finally:
        LEDGER.counts_runs, LEDGER.counts_rates = before
