"""Claims about pattern generation (Deng et al. 2025, HetSyn, App. B) against rows of the study."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from ..claims import Claim, Judgement, compared, graded
from ..statistics import above_zero, interval, of_case, p_value, paired, shown
from ..study import Row
from .neurons import NEURONS, of_neuron

_OTHERS = NEURONS[1:]
_BASE: dict[str, Any] = {"noise_hz": 2.0, "lr": 1e-3}
#: A power below this share of the target's is called nothing.
_SILENT = 0.1


def judge_error(rows: Sequence[Row], settings: Sequence[dict[str, Any]]) -> Judgement | None:
    """HetSynLIF's error below that of each other neuron in every setting, by paired intervals; not before all settings have been run."""
    every, clear, errors, n = [], 0, [], 0
    for facts in settings:
        best = of_case(rows, model="HetSynLIF", **facts)
        gaps = [paired(runs, best, "mse") for model in _OTHERS if (runs := of_neuron(rows, model, **facts))]
        if not best or len(gaps) < len(_OTHERS):
            continue
        n += 1
        every += gaps
        clear += all(map(above_zero, gaps))
        next_best = min(float(np.mean([row["mse"] for row in of_neuron(rows, model, **facts)])) for model in _OTHERS)
        errors.append(f"{np.mean([row['mse'] for row in best]):.3f} against {next_best:.3f}")
    if not n:
        return None
    missing = f", {len(settings) - n} more not run" if n < len(settings) else ""
    published = all(of_case(rows, model="HetNeuLIF", reset="fixed", **facts) for facts in settings)
    text = f"{'; '.join(errors)} (clear in {clear} of {n}{missing})" + ("" if published else "; HetNeuLIF's reset that of its membrane")
    return compared(every, text, others_hold=not missing)


def judge_pace(rows: Sequence[Row], settings: Sequence[dict[str, Any]]) -> Judgement | None:
    """The training error averaged over all iterations, which early learning lowers: as :func:`judge_error`, at every learning rate."""
    every, clear, lower, n = [], 0, 0, 0
    for facts in settings:
        areas = {m: {row["seed"]: float(np.mean(row["curve"])) for row in of_neuron(rows, m, **facts)} for m in NEURONS}
        seeds = set.intersection(*map(set, areas.values()))
        if seeds:
            gaps = [[areas[m][seed] - areas["HetSynLIF"][seed] for seed in seeds] for m in _OTHERS]
            n += 1
            every += gaps
            lower += all(np.mean(gap) > 0 for gap in gaps)
            clear += all(map(above_zero, gaps))
    best, others = of_case(rows, model="HetSynLIF", **_BASE), [of_neuron(rows, model, **_BASE) for model in _OTHERS]
    if not n or not best or not all(others):
        return None
    goal = min(float(np.mean([row["curve"][-1] for row in runs])) for runs in others)
    below = np.flatnonzero(np.mean([row["curve"] for row in best], axis=0) <= goal)
    reached = f"after {20 * (int(below[0]) + 1)} of 1,000 iterations" if below.size else "never"
    lowest = f"mean error while learning lowest at {lower} of {n} rates (clear in {clear}); at 1e-3 {reached} where the best other ends"
    return compared(every, lowest, others_hold=n == len(settings))


def judge_gaps(rows: Sequence[Row]) -> Judgement | None:
    """Power of the homogeneous neurons' output in the gaps, as a share of the target's, feed-forward and recurrent."""
    powers = {
        f"{model}{' recurrent' if facts else ''}": float(np.mean([row["gap_power"] for row in runs]))
        for facts in ({}, {"recurrent": True})
        for model in ("HomNeuALIF", "HomNeuLIF")
        if (runs := of_neuron(rows, model, **_BASE, **facts))
    }
    if not powers:
        return None
    silent = sum(power < _SILENT for power in powers.values())
    return Judgement(graded(silent == len(powers), silent), "power " + ", ".join(f"{name} {power:.2f}" for name, power in powers.items()))


_PAIRS = (("distance_21", "2nd to 1st"), ("distance_32", "3rd to 2nd"))
_KINDS: tuple[tuple[str, dict[str, Any]], ...] = (("feed-forward", {}), ("recurrent", {"recurrent": True}))


def judge_distances(rows: Sequence[Row]) -> Judgement | None:
    """How far the distances are from the target's, 1: HetSynLIF nearest, every paired interval above 0, both pairs, both architectures."""
    every: list[list[float]] = []
    clear, n, distances = 0, 0, []
    for label, facts in _KINDS:
        runs = {m: of_neuron(rows, m, **_BASE, **facts) for m in NEURONS}
        for key, name in _PAIRS if all(runs.values()) else ():
            off = {m: {row["seed"]: abs(row[key] - 1.0) for row in same} for m, same in runs.items()}
            gaps = {m: [off[m][seed] - off["HetSynLIF"][seed] for seed in off[m] if seed in off["HetSynLIF"]] for m in _OTHERS}
            n += 1
            every += gaps.values()
            clear += all(map(above_zero, gaps.values()))
            nearest = min(_OTHERS, key=lambda m: float(np.mean(gaps[m])))
            means = [float(np.mean([row[key] for row in runs[m]])) for m in ("HetSynLIF", nearest)]
            distances.append(f"{label} {name}: {means[0]:.2f}, {nearest} {means[1]:.2f}, nearer by {shown(gaps[nearest])}")
    return compared(every, f"{'; '.join(distances)} (clear in {clear} of {n})") if n else None


def judge_gains(rows: Sequence[Row]) -> Judgement | None:
    """Distances of HomNeuLIF below 0.1; those of HomNeuALIF and HetNeuLIF above its, by the paired interval, for one pair at least."""
    held, n, distances = 0, 0, []
    for label, facts in _KINDS:
        runs = {m: of_neuron(rows, m, **_BASE, **facts) for m in _OTHERS}
        if not all(runs.values()):
            continue
        plain = runs["HomNeuLIF"]
        n += 3
        held += all(float(np.mean([row[key] for row in plain])) < _SILENT for key, _ in _PAIRS)
        held += sum(any(above_zero(paired(runs[m], plain, key)) for key, _ in _PAIRS) for m in ("HomNeuALIF", "HetNeuLIF"))
        means = {m: " and ".join(f"{np.mean([row[key] for row in runs[m]]):.2f}" for key, _ in _PAIRS) for m in reversed(_OTHERS)}
        distances.append(f"{label}: " + ", ".join(f"{m} {text}" for m, text in means.items()))
    return Judgement(graded(held == n, held), "; ".join(distances)) if n else None


def judge_targets(rows: Sequence[Row]) -> Judgement | None:
    """Three at once count as followed if the error is not above that of one target, and below that of HomNeuLIF with one, by intervals."""
    three, one = (of_case(rows, model="HetSynLIF", **_BASE, **facts) for facts in ({"targets": 3}, {}))
    silent = of_case(rows, model="HomNeuLIF", **_BASE)
    gap, gain = paired(three, one, "mse"), paired(silent, three, "mse")
    if len(gap) < 2 or len(gain) < 2:
        return None
    text = f"error {shown([row['mse'] for row in three], digits=3)} for three, {shown([row['mse'] for row in one], digits=3)} for one"
    text += f"; HomNeuLIF {shown([row['mse'] for row in silent], digits=3)} for one"
    mean, half = interval(gap)
    held = (mean - half <= 0, above_zero(gain))
    return Judgement(graded(all(held), any(held)), text, p_value(gain) if all(held) else None)


_NOISES: Sequence[dict[str, Any]] = [{"noise_hz": noise, "lr": 1e-3} for noise in (1.0, 2.0, 3.0, 4.0)]
_RATES: Sequence[dict[str, Any]] = [{"noise_hz": 2.0, "lr": lr} for lr in (1e-4, 5e-4, 1e-3, 5e-3)]
_PATTERNS = "1,000 iterations; another noise in each recording, 50 more for the test"
CLAIMS = (
    Claim(
        "App. B",
        "feed-forward, HetSynLIF has the lowest error at every noise level, 1 to 4 Hz",
        "patterns",
        _PATTERNS,
        partial(judge_error, settings=_NOISES),
    ),
    Claim(
        "Fig. 2F",
        "the same of recurrent networks",
        "patterns",
        f"{_PATTERNS}; 1, 3 and 4 Hz: `hetsyn study patterns`",
        partial(judge_error, settings=[{**facts, "recurrent": True} for facts in _NOISES]),
    ),
    Claim("App. B", "feed-forward, and at every learning rate, 1e-4 to 5e-3", "patterns", _PATTERNS, partial(judge_error, settings=_RATES)),
    Claim("App. B", "and converges fastest", "patterns", _PATTERNS, partial(judge_pace, settings=_RATES)),
    Claim("App. B", "HomNeuLIF and HomNeuALIF put out nothing in the gaps", "patterns", _PATTERNS, judge_gaps),
    Claim("App. B", "HetSynLIF tells the occurrences of the segment apart best", "patterns", _PATTERNS, judge_distances),
    Claim(
        "App. B",
        "HomNeuLIF's distances are low, HomNeuALIF's and HetNeuLIF's a little higher",
        "patterns",
        f"{_PATTERNS}; 2nd to 1st and 3rd to 2nd",
        judge_gains,
    ),
    Claim("App. B", "HetSynLIF follows three targets at once", "patterns", _PATTERNS, judge_targets),
)
