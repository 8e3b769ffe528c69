"""The sentences of the report: the answer, which follows from the numbers, the methods, and the caveats."""

from __future__ import annotations

from collections.abc import Sequence

from .result import Analysis
from .verdict import MARGIN

#: Aspect -> what is compared, as the report calls it.
ASPECT_NAMES = {"all": "everything", "spread": "scale set aside", "shape": "scale and width set aside"}

METHODS: Sequence[str] = (
    "Limits: a time constant shorter than a step or longer than a trial can't be told from 0 or from infinity; it is censored there, and "
    "so are the measurements it is compared with.",
    "Distances: Wasserstein's on log tau (0.69 is a factor of two), Kolmogorov-Smirnov and energy. Scale is set aside by centring log tau "
    "on its median, width by dividing by its standard deviation too. Intervals: percentiles of a cluster bootstrap that draws networks, "
    "then neurons, then synapses, and measurements beside them.",
    "Nulls: the initial values; weight decay alone (AdamW's, in closed form); the learned changes of rho, and of log tau, with random "
    "signs, since even symmetric noise on rho = exp(-dt/tau) gives a long tail of tau; and, if asked for, the training with shuffled "
    "labels.",
    f"The answer is yes if, for every null, the gain over it and all of its interval exceed {100 * MARGIN:g} % of the null's distance; no "
    "if the interval lies below that for some null; undecided otherwise, with fewer than three networks, or where more than half of either "
    "side is censored. The gain is the null's distance to biology less that of what was learned, network by network, with Student's 95 % "
    "interval over networks: n is the number of networks, never that of synapses.",
    "Fits: censored maximum likelihood on at most 5,000 time constants, goodness of fit on 500 by parametric bootstrap (p is at least "
    "0.01); tails: the likelihood ratio of a log-normal and a power law above the upper quartile. A power law, a limit of log-normals, "
    "can be ruled out (log-normal), fit badly without that (neither), or not be told apart; no sample can prefer it.",
    "Lesions: the long time constants are set back to what they were before training; the control are as many others of the same "
    "projection, each of nearly the same |w|, if not of the same change.",
)


def question(a: Analysis) -> str:
    """The question."""
    many = "s" * (len(a.runs) > 1)
    return (
        f"Question: have the time constants that {len(a.runs)} network{many} learned become like those of real synapses, beyond what their "
        "initial values, weight decay or mere noise of the same size would give?"
    )


def answer_line(a: Analysis) -> str:
    """The answer in a sentence or two."""
    verdict = a.verdicts["all"]
    return f"Closer to biology ({a.against}) than its initial values and than every null: {verdict.answer}. {sentence(verdict.because)}"


def which_nulls(a: Analysis) -> str:
    """What it was held against, weight decay included where it does nothing."""
    if not a.nulls:
        return "There is no null: what the networks began with is not known."
    text = f"Held against: {'; '.join(a.nulls)}."
    if not a.decays:
        text += " These networks were trained without weight decay on time constants, so that its null is what they were before training."
    return text


def sentence(text: str) -> str:
    """``text`` with a capital letter and a full stop."""
    return f"{text[:1].upper()}{text[1:]}."


def caveats(a: Analysis) -> list[str]:
    """What a sceptic would say, and is right about."""
    if a.against.startswith("hippocampome"):
        clamps = {
            "psp": "potentials (PSP, current clamp), which the membrane filters",
            "all": "currents (PSC) and potentials (PSP) together",
        }
        measured = next((text for ending, text in clamps.items() if f"-{ending}" in a.against), "currents (PSC, voltage clamp)")
    else:
        measured = f"what {a.against} holds: look up whether that is currents (PSC) or potentials (PSP)"
    points = [
        "HetSynLIF has no membrane filter: its voltage is the sum of its currents, so that its time constants stand for the decay of a "
        f"current and of the membrane together. Neither PSC nor PSP is the exact counterpart; compared here with {measured}.",
        "Signs belong to weights, not to neurons, and may change in training: excitatory and inhibitory are kinds of synapses here, and "
        "classes of targets (E to E, E to I) can't be tested.",
        "Synapses of a network are no replicates. No p-value is given for differences between them; networks are what is counted.",
        "The measurements are from some 1,200 papers and mostly from rodent hippocampus; records of one paper are not independent, and no "
        "column says which they are."
        if a.against.startswith("hippocampome")
        else "How independent the measurements are of each other is not known here.",
        "Time constants of the measurements are as they were measured, at their own temperatures, unless told otherwise above.",
    ]
    beyond = sum(a.biology.with_limits(a.learned.low, a.learned.high).censored)
    if beyond > 0.25:
        points.insert(0, f"{100 * beyond:.0f} % of the measurements lie beyond what this network's step and trial can resolve.")
    if len(a.runs) < 3:
        points.insert(0, f"Only {len(a.runs)} network{'s' * (len(a.runs) > 1)}: nothing follows for others of the kind.")
    return points
