"""Claims about pattern generation (Deng et al. 2025, HetSyn, App. B) against rows of the study."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..statistics import above_zero, interval, of_case, paired, shown
from ..study import Row
from .neurons import NEURONS

_OTHERS = NEURONS[1:]
_BASE: dict[str, Any] = {"noise_hz": 2.0, "lr": 1e-3}
#: A power below this share of the target's is called nothing.
_SILENT = 0.1


def judge_error(rows: Sequence[Row], settings: Sequence[dict[str, Any]]) -> Any:
    """Lowest where every paired interval is above 0; partly where HetSynLIF's mean is lowest at least."""
    clear, lowest, said, n = 0, 0, [], 0
    for facts in settings:
        best = of_case(rows, model="HetSynLIF", **facts)
        gaps = [paired(found, best, "mse") for model in _OTHERS if (found := of_case(rows, model=model, **facts))]
        if not best or len(gaps) < len(_OTHERS):
            continue
        n += 1
        lowest += all(np.mean(gap) > 0 for gap in gaps)
        clear += all(map(above_zero, gaps))
        next_best = min(float(np.mean([row["mse"] for row in of_case(rows, model=model, **facts)])) for model in _OTHERS)
        said.append(f"{np.mean([row['mse'] for row in best]):.3f} against {next_best:.3f}")
    if not n:
        return "not run", "–"
    return ("reproduced" if clear == n else "partly" if lowest else "not"), f"{'; '.join(said)} (clear in {clear} of {n})"


def judge_pace(rows: Sequence[Row], settings: Sequence[dict[str, Any]]) -> Any:
    """The training error averaged over all iterations, which early learning lowers: as :func:`judge_error`, at every learning rate."""
    clear, lower, n = 0, 0, 0
    for facts in settings:
        areas = {m: {row["seed"]: float(np.mean(row["curve"])) for row in of_case(rows, model=m, **facts)} for m in NEURONS}
        seeds = set.intersection(*(set(found) for found in areas.values()))
        if seeds:
            gaps = [[areas[m][seed] - areas["HetSynLIF"][seed] for seed in seeds] for m in _OTHERS]
            n += 1
            lower += all(np.mean(gap) > 0 for gap in gaps)
            clear += all(map(above_zero, gaps))
    best, others = of_case(rows, model="HetSynLIF", **_BASE), [of_case(rows, model=model, **_BASE) for model in _OTHERS]
    if not n or not best or not all(others):
        return "not run", "–"
    goal = min(float(np.mean([row["curve"][-1] for row in found])) for found in others)
    below = np.flatnonzero(np.mean([row["curve"] for row in best], axis=0) <= goal)
    reached = f"after {20 * (int(below[0]) + 1)} of 1,000 iterations" if below.size else "never"
    verdict = "reproduced" if clear == n else "partly" if lower else "not"
    return (
        verdict,
        f"mean error while learning lowest at {lower} of {n} rates (clear in {clear}); at 1e-3 {reached} where the best other ends",
    )


def judge_gaps(rows: Sequence[Row]) -> Any:
    """Power of the homogeneous neurons' output in the gaps, as a share of the target's, feed-forward and recurrent."""
    powers = [
        (f"{model}{' recurrent' if facts else ''}", [row["gap_power"] for row in of_case(rows, model=model, **_BASE, **facts)])
        for facts in ({}, {"recurrent": True})
        for model in ("HomNeuALIF", "HomNeuLIF")
    ]
    found = [(name, values) for name, values in powers if values]
    silent = sum(float(np.mean(values)) < _SILENT for _, values in found)
    verdict = "not run" if not found else "reproduced" if silent == len(found) else "partly" if silent else "not"
    return verdict, "power " + ", ".join(f"{name} {np.mean(values):.2f}" for name, values in found)


_PAIRS = (("distance_21", "2nd to 1st"), ("distance_32", "3rd to 2nd"))
_KINDS: tuple[tuple[str, dict[str, Any]], ...] = (("feed-forward", {}), ("recurrent", {"recurrent": True}))


def judge_distances(rows: Sequence[Row]) -> Any:
    """How far the distances are from the target's, 1: HetSynLIF nearest, every paired interval above 0, both pairs, both architectures."""
    wins, clear, n, said = 0, 0, 0, []
    for label, facts in _KINDS:
        found = {m: of_case(rows, model=m, **_BASE, **facts) for m in NEURONS}
        for key, name in _PAIRS if all(found.values()) else ():
            off = {m: {row["seed"]: abs(row[key] - 1.0) for row in same} for m, same in found.items()}
            gaps = {m: [off[m][seed] - off["HetSynLIF"][seed] for seed in off[m] if seed in off["HetSynLIF"]] for m in _OTHERS}
            n += 1
            wins += all(np.mean(gap) > 0 for gap in gaps.values())
            clear += all(map(above_zero, gaps.values()))
            nearest = min(_OTHERS, key=lambda m: float(np.mean(gaps[m])))
            means = [float(np.mean([row[key] for row in found[m]])) for m in ("HetSynLIF", nearest)]
            said.append(f"{label} {name}: {means[0]:.2f}, {nearest} {means[1]:.2f}, nearer by {shown(gaps[nearest])}")
    verdict = "not run" if not n else "reproduced" if clear == n else "partly" if wins else "not"
    return verdict, f"{'; '.join(said)} (clear in {clear} of {n})" if n else "–"


def judge_gains(rows: Sequence[Row]) -> Any:
    """Distances of HomNeuLIF below 0.1; those of HomNeuALIF and HetNeuLIF above its, by the paired interval, for one pair at least."""
    held, n, said = 0, 0, []
    for label, facts in _KINDS:
        found = {m: of_case(rows, model=m, **_BASE, **facts) for m in _OTHERS}
        if not all(found.values()):
            continue
        plain = found["HomNeuLIF"]
        n += 3
        held += all(float(np.mean([row[key] for row in plain])) < _SILENT for key, _ in _PAIRS)
        held += sum(any(above_zero(paired(found[m], plain, key)) for key, _ in _PAIRS) for m in ("HomNeuALIF", "HetNeuLIF"))
        means = {m: " and ".join(f"{np.mean([row[key] for row in found[m]]):.2f}" for key, _ in _PAIRS) for m in reversed(_OTHERS)}
        said.append(f"{label}: " + ", ".join(f"{m} {text}" for m, text in means.items()))
    return ("not run" if not n else "reproduced" if held == n else "partly" if held else "not"), "; ".join(said) or "–"


def judge_targets(rows: Sequence[Row]) -> Any:
    """Three at once count as followed if the error is not above that of one target, and below that of HomNeuLIF with one, by intervals."""
    three, one = (of_case(rows, model="HetSynLIF", **_BASE, **facts) for facts in ({"targets": 3}, {}))
    silent = of_case(rows, model="HomNeuLIF", **_BASE)
    gap, gain = paired(three, one, "mse"), paired(silent, three, "mse")
    if len(gap) < 2 or len(gain) < 2:
        return "not run", "–"
    text = f"error {shown([row['mse'] for row in three], digits=3)} for three, {shown([row['mse'] for row in one], digits=3)} for one"
    text += f"; HomNeuLIF {shown([row['mse'] for row in silent], digits=3)} for one"
    mean, half = interval(gap)
    held = (mean - half <= 0, above_zero(gain))
    return ("reproduced" if all(held) else "partly" if any(held) else "not"), text
