"""What the HetSyn paper claims, and what the rows of the studies say of it: a verdict that follows from numbers by a rule, not by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from hetsyn_sim.report.document import Grid

from .hetsyn.claims_digits import judge_ranking, judge_robustness, judge_smnist, judge_stability
from .hetsyn.claims_dms import (
    judge_delay,
    judge_few_neurons,
    judge_frozen,
    judge_long_share,
    judge_noise,
    judge_reset,
    judge_shift,
    judge_solved,
    judge_speed,
)
from .hetsyn.claims_patterns import judge_distances, judge_error, judge_gains, judge_gaps, judge_pace, judge_targets
from .study import Row

Verdict = Literal["reproduced", "partly", "not", "not testable here", "not run"]
Judge = Callable[[Sequence[Row]], tuple[Verdict, str]]
_NOISES: Sequence[dict[str, object]] = [{"noise_hz": noise, "lr": 1e-3} for noise in (1.0, 2.0, 3.0, 4.0)]
_RATES: Sequence[dict[str, object]] = [{"noise_hz": 2.0, "lr": lr} for lr in (1e-4, 5e-4, 1e-3, 5e-3)]
_PATTERNS = "1,000 iterations; another noise in each recording, 50 more for the test"
_DMS = "1,000 iterations of 32 trials, 2,000 others for the test"
_DIGITS = "spoken digits (FSDD), official split; the paper: SHD"


@dataclass(frozen=True)
class Claim:
    """One claim.

    Attributes
    ----------
    where
        Of the paper.
    text
        What it says, with its number if there is one.
    study
        Whose rows tell; empty if the data are not here.
    protocol
        What was done here, as far as it differs or needs saying.
    judge
        Rows of the study -> verdict, and the numbers it follows from.
    """

    where: str
    text: str
    study: str
    protocol: str
    judge: Judge | None = None


def _on(judge: Callable[..., tuple[Verdict, str]], *more: object) -> Judge:
    return lambda rows: judge(rows, *more)


#: In the order of the paper.
CLAIMS: Sequence[Claim] = (
    Claim("App. B", "HetSynLIF has the lowest error at every noise level, 1 to 4 Hz", "patterns", _PATTERNS, _on(judge_error, _NOISES)),
    Claim("App. B", "and at every learning rate, 1e-4 to 5e-3", "patterns", _PATTERNS, _on(judge_error, _RATES)),
    Claim("App. B", "and converges fastest", "patterns", _PATTERNS, _on(judge_pace, _RATES)),
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
    Claim("App. C", "HetSynLIF solves the task (100 %)", "dms", _DMS, judge_solved),
    Claim("App. C", "feed-forward, HetSynLIF learns fastest and best of the four", "dms", f"{_DMS}; tau 40 ms", judge_speed),
    Claim(
        "App. C",
        "the same recurrent",
        "dms",
        f"{_DMS}; tau 40 ms; the paper speaks of feed-forward networks",
        lambda rows: judge_speed(rows, recurrent=True),
    ),
    Claim("App. C", "with 80 % of the time constants frozen: 100 %", "dms", f"{_DMS}; recurrent", judge_frozen),
    Claim("App. C", "works with 5 neurons", "dms", f"{_DMS}; a seed counts from 90 % on", judge_few_neurons),
    Claim("App. C", "100 % at 2,500 ms between the cues, hardly slower", "dms", f"{_DMS}; recurrent", judge_delay),
    Claim("App. C", "about 80 % at 20 Hz of added noise", "dms", f"{_DMS}; three readings", judge_noise),
    Claim("Table 4", "5 to 6 % of the time constants end above 700 ms", "dms", f"{_DMS}; clamped decays", judge_long_share),
    Claim("Table 4", "cue channels become longer (+54, +26, +8 %), noise channels shorter", "dms", _DMS, judge_shift),
    Claim("Table 4", "without the long ones accuracy falls to 76 %", "dms", f"{_DMS}; control: as many others, as heavy", judge_reset),
    Claim("Table 1", "SHD 92.36 %, TIDIGITS 98.99 %, TI46-Alpha 96.53 %", "", "the data are not here; recipes and loaders are"),
    Claim("Table 1", "sequential MNIST 98.93 %", "smnist", "10,000 training images, not 60,000; grey levels as spikes", judge_smnist),
    Claim(
        "Fig. 4A", "HetSynLIF > HetNeuLIF > HomNeuALIF > HomNeuLIF", "speakers", "digits, unheard speakers; the paper: SHD", judge_ranking
    ),
    Claim(
        "Fig. 1A",
        "decays of 194 human and 1,213 mouse pairs: log-normal, long tail",
        "",
        "the pairs (Campagnola et al. 2022) are not here; `hetsyn study biology` has medians of their classes, and reads them",
    ),
    Claim("Fig. 4D, A5", "learned time constants of SHD have a mild long tail", "", "the data are not here"),
    Claim("Fig. A4", "the ranking stays where spikes are lost or time is stretched", "digits", _DIGITS, judge_robustness),
    Claim("Fig. A4", "HetSynLIF is relatively stable from p = 0.32 to 0.64, the others drop", "digits", _DIGITS, judge_stability),
)


def claim_lines(rows: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    """A table in Markdown. ``rows`` holds those of every study that has been run."""
    table = []
    for claim in CLAIMS:
        found = rows.get(claim.study, ())
        if claim.judge is None:
            verdict, numbers = "not testable here", "–"
        elif not found:
            verdict, numbers = "not run", "–"
        else:
            verdict, numbers = claim.judge(found)
        table.append([claim.where, claim.text, numbers, f"**{verdict}**", claim.protocol])
    return Grid(("the paper", "claim", "here", "verdict", "protocol here"), table).lines()
