"""Claims of a paper, each with a verdict that follows from the rows of a study by a rule, not by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from hetsyn_sim.report.document import Grid

from .study import Row

Verdict = Literal["reproduced", "partly", "not", "not testable here"]
#: A verdict with the numbers that it follows from; None where the rows do not suffice.
Judgement = tuple[Verdict, str] | None
Judge = Callable[[Sequence[Row]], Judgement]


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


def graded(fully: bool, partly: object) -> Verdict:
    """``reproduced`` if ``fully``, else ``partly`` or ``not``."""
    return "reproduced" if fully else "partly" if partly else "not"


def claim_lines(claims: Sequence[Claim], rows: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    """A table in Markdown. ``rows`` holds those of every study that has been run."""
    table = []
    for claim in claims:
        judgement = claim.judge(of) if claim.judge and (of := rows.get(claim.study)) else None
        verdict, numbers = judgement or ("not run" if claim.judge else "not testable here", "–")
        table.append([claim.where, claim.text, numbers, f"**{verdict}**", claim.protocol])
    return Grid(("the paper", "claim", "here", "verdict", "protocol here"), table).lines()
