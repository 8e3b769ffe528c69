"""The result of an analysis, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .activity import Lesion
from .extraction import Run
from .fits import Fit
from .paper import Paper
from .relations import Change, Relation
from .sensitivity import Choice
from .table import TauTable
from .tails import HeavyTail
from .uncertainty import Clustering, Estimate
from .verdict import Verdict


@dataclass(frozen=True)
class Fitted:
    """Families fitted to one set.

    Attributes
    ----------
    table
        What they were fitted to.
    fits
        The one of lowest AIC first.
    p
        Of the best one, by parametric bootstrap; at least 1 / (samples + 1).
    tail
        None where the tail is too short to be judged.
    """

    table: TauTable
    fits: Sequence[Fit]
    p: float
    tail: HeavyTail | None


@dataclass(frozen=True, eq=False)
class Analysis:
    """The result of an analysis.

    Attributes
    ----------
    runs
        The networks.
    dt
        Their step in seconds.
    against
        Name of the reference set.
    learned, biology
        Time constants.
    nulls
        Name -> the same synapses without learning.
    decays
        Whether weight decay acts on time constants. If not, its null is what the networks began with.
    verdicts
        Aspect (``all``, ``spread``, ``shape``) -> the answer.
    sensitivity
        The answer for everything at once, under other choices.
    distances
        Aspect -> label -> Wasserstein distance to biology.
    others
        Distance (``ks``, ``energy``) -> label -> value, of everything at once.
    fitted
        Label -> families.
    change, paper
        Before and after; the paper's statistics. None where the beginning is not known.
    relations, sign, purity, used
        Weight and tau; inhibitory over excitatory; Dale's law; median by use. None where not known.
    clusters
        By what -> what n is worth.
    lesions
        Of each network whose recordings and beginnings are known.
    """

    runs: Sequence[Run]
    dt: float
    against: str
    learned: TauTable
    biology: TauTable
    nulls: Mapping[str, TauTable]
    decays: bool
    verdicts: Mapping[str, Verdict]
    sensitivity: Sequence[Choice]
    distances: Mapping[str, Mapping[str, Estimate]]
    others: Mapping[str, Mapping[str, float]]
    fitted: Mapping[str, Fitted]
    change: Change | None
    paper: Paper | None
    relations: Sequence[Relation]
    sign: Estimate | None
    purity: float
    used: float | None
    clusters: Mapping[str, Clustering]
    lesions: Sequence[Lesion]
