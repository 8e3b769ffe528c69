"""Claims of a paper, each with a verdict that follows from the rows of a study by a rule, not by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from hetsyn_sim.report.document import Grid

from .statistics import holm, p_value
from .study import Row

Verdict = Literal["reproduced", "partly", "not", "undecided", "not testable here", "not run"]
_LEVEL = 0.05


class Judgement(NamedTuple):
    """A verdict with the numbers that it follows from.

    ``p`` is that of the weakest of the comparisons that "reproduced" rests on, if it rests on comparisons. All of them have to hold, so
    their number within a claim needs no correction. That of claims does: :func:`claim_lines`.
    """

    verdict: Verdict
    numbers: str
    p: float | None = None


#: Rows of a study -> what they say; None where they do not suffice.
Judge = Callable[[Sequence[Row]], Judgement | None]


@dataclass(frozen=True)
class Claim:
    """One claim.

    Attributes
    ----------
    where, text
        The place in the paper, and what it says, with its number if there is one.
    study
        Whose rows decide; empty if the data are not here.
    protocol
        What was done here, as far as it differs or needs saying.
    judge
        Rows of the study -> :data:`Judgement`.
    """

    where: str
    text: str
    study: str
    protocol: str
    judge: Judge | None = None


def graded(fully: bool, partly: object, *, open_: object = False) -> Verdict:
    """``reproduced`` if ``fully``, else ``partly``; else ``undecided`` where the question is open, or ``not``."""
    return "reproduced" if fully else "partly" if partly else "undecided" if open_ else "not"


def compared(gaps: Sequence[Sequence[float]], numbers: str, *, others_hold: bool = True) -> Judgement:
    """Whether paired differences are on the claim's side, above 0.

    *Reproduced* where the interval of every one is above 0, and what else the claim says holds; *partly* where that of some is; *not* where
    none is, and that of one is below; *undecided* where all hold 0.
    """
    p = [p_value(gap) for gap in gaps]
    above, below = (sum(q < _LEVEL and sign * sum(gap) > 0 for q, gap in zip(p, gaps, strict=True)) for sign in (1, -1))
    fully = above == len(gaps) and others_hold
    return Judgement(graded(fully, above, open_=not below), numbers, max(p) if fully else None)


def claim_lines(claims: Sequence[Claim], rows: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    """A table in Markdown. ``rows`` holds those of every study that has been run.

    A claim that rests on comparisons stays *reproduced* only if its p, with Holm's correction for all such claims of the table, is below
    0.05; it is *undecided* otherwise.
    """
    judgements = [claim.judge(of) if claim.judge and (of := rows.get(claim.study)) else None for claim in claims]
    compared_ones = [k for k, said in enumerate(judgements) if said is not None and said.p is not None]
    adjusted = dict(zip(compared_ones, holm([judgements[k].p for k in compared_ones]), strict=True))  # type: ignore[union-attr,misc]
    table = []
    for k, (claim, said) in enumerate(zip(claims, judgements, strict=True)):
        verdict: str = "not testable here" if claim.judge is None else "not run" if said is None else said.verdict
        numbers = "–" if said is None else said.numbers
        if k in adjusted:
            numbers += f"; p = {adjusted[k]:.2g} of the weakest comparison, corrected"
            verdict = verdict if adjusted[k] < _LEVEL else "undecided"
        table.append([claim.where, claim.text, numbers, f"**{verdict}**", claim.protocol])
    return Grid(("the paper", "claim", "here", "verdict", "protocol here"), table).lines()
