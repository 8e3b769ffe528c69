"""What is claimed of conductance neurons (Fulleda-Garcia et al. 2026, arXiv 2605.11835), and what the rows say of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from ..claims import Claim, Judge, Judgement, compared
from ..statistics import of_case, paired, shown
from ..study import Case, Row

#: Time units, as measured: 197 (with its standard error of 3) for the published numbers of the equation.
LYAPUNOV_TIME: Final = 197.0
_PAPER: Final = "arXiv 2605.11835"
#: The other neurons of about as many parameters.
_OTHERS: Final[Mapping[str, Mapping[str, Any]]] = {
    "LIF": {"model": "LIF", "neurons": 208},
    "AdLIF": {"model": "AdLIF", "neurons": 119},
}


def _gaps(rows: Sequence[Row], key: str, other: Case, **facts: Any) -> list[float]:
    """How much larger a measure of the other is than MTC's, seed by seed."""
    return paired(of_case(rows, **other, **facts), of_case(rows, model="MTC", **facts), key)


def _against(key: str, digits: int, *kinds: Mapping[str, Any], factor: float = 1.0) -> Judge:
    """MTC's measure is lower than that of LIF and of AdLIF, in each kind of run."""

    def judge(rows: Sequence[Row]) -> Judgement | None:
        gaps = {(name, k): _gaps(rows, key, other, **kind) for k, kind in enumerate(kinds) for name, other in _OTHERS.items()}
        if not all(len(gap) > 1 for gap in gaps.values()):
            return None
        texts = []
        for k, kind in enumerate(kinds):
            own = shown([row[key] for row in of_case(rows, model="MTC", **kind)], factor, digits)
            more = ", ".join(f"{name} {shown(gaps[name, k], factor, digits)} more" for name in _OTHERS)
            head = f"{kind['horizon']:g} time units" + (f", {kind['iterations']:,} iterations" if "iterations" in kind else "")
            texts.append(f"{head}: {own}; {more}")
        return compared(list(gaps.values()), "; ".join(texts))

    return judge


def _at_the_limit(rows: Sequence[Row]) -> Judgement | None:
    """The best that a forecast of the same windows does is no better than MTC."""
    at = {"horizon": LYAPUNOV_TIME}
    longest = of_case(rows, model="MTC", iterations=max((row["case"].get("iterations", 0) for row in rows), default=0), **at)
    own, best = longest or of_case(rows, model="MTC", **at), of_case(rows, model="random features", **at)
    gaps = paired(best, own, "mse")
    if len(gaps) < 2:
        return None
    trained = f"after {own[0]['case'].get('iterations', 400):,} iterations"
    errors = [shown([row["nrmse"] for row in of], digits=3) for of in (own, best)]
    return compared([gaps], f"NRMSE {errors[0]} {trained}; random features of the same windows {errors[1]}")


_SHORT, _LONG = {"horizon": 17.0}, {"horizon": LYAPUNOV_TIME}
_SAME: Final = "as many parameters; 400 iterations"
CLAIMS: Final = (
    Claim(_PAPER, "lower error than LIF and AdLIF: a delay ahead", "forecast", _SAME, _against("mse", 4, _SHORT)),
    Claim(
        *(_PAPER, "lower error than LIF and AdLIF: one Lyapunov time ahead", "forecast"),
        "as many parameters; the paper's horizon in time units is not known",
        _against("mse", 4, _LONG),
    ),
    Claim(
        *(_PAPER, "the same after a longer training", "forecast", "as many parameters; the learning rates of the short one"),
        _against("mse", 4, {**_LONG, "iterations": 5_000}),
    ),
    Claim(
        *(_PAPER, "at the limit of predictability", "forecast"),
        "the series has no noise, so that its Lyapunov time is no limit: whatever forecasts the same windows better refutes it",
        _at_the_limit,
    ),
    Claim(
        _PAPER, "sparser in communication: fewer events", "forecast", f"{_SAME}; per neuron and step", _against("rate", 4, _SHORT, _LONG)
    ),
    Claim(
        *(_PAPER, "sparser in computation: a lower duty cycle", "forecast", f"{_SAME}; % of steps in which a neuron sends a value"),
        _against("duty", 1, _SHORT, _LONG, factor=100.0),
    ),
)
