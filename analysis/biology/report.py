"""The report: one self-contained page with question, answer, figures, tables, methods, citations and caveats."""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike
from pathlib import Path

from hetsyn_sim.data.files import json_text, write_atomically
from hetsyn_sim.report.document import Block, Document, Heading, Paragraph

from . import tables, tables_context, wording
from .drawing import figures
from .result import Analysis
from .summary import summary


def write_report(folder: str | PathLike[str], analysis: Analysis) -> Path:
    """Write ``report.html``, ``report.md``, the figures, ``analysis.json`` and ``time_constants.csv``; return the first's path."""
    folder = Path(folder)
    document = document_of(analysis)
    write_atomically(folder / "analysis.json", json_text(summary(analysis)))
    write_atomically(folder / "time_constants.csv", tables.as_csv(analysis.learned))
    return document.save(folder, "report")


def document_of(analysis: Analysis) -> Document:
    """The page."""
    return Document("Learned time constants against biology", list(_blocks(analysis)))


def _blocks(a: Analysis) -> Iterator[Block]:
    drawn = figures(a)
    yield Paragraph(wording.question(a))
    yield Heading("Answer")
    yield Paragraph(wording.answer_line(a))
    for aspect, meaning in (("spread", "Scale set aside (centred on the median)"), ("shape", "Scale and width set aside (standardised)")):
        verdict = a.verdicts[aspect]
        yield Paragraph(f"{meaning}: {verdict.answer}. {wording.sentence(verdict.because)}")
    yield Paragraph(wording.which_nulls(a))
    yield drawn["distances"]
    yield Paragraph(
        "Gain: a null's distance to biology less that of what was learned, with its interval over networks; above 0, learning is closer. "
        "Wasserstein distances of log tau; the last two columns are other distances of everything at once."
    )
    yield tables.gains(a)
    if a.sensitivity:
        yield Heading("Does the answer hang on a choice?")
        yield tables_context.choices(a)
    yield Heading("What was learned")
    yield Paragraph(tables.censoring(a))
    yield tables.descriptions(a)
    for name in ("distributions", "survival", "quantiles"):
        yield drawn[name]
    yield Heading("Before and after")
    if a.change is None:
        yield Paragraph("What the networks began with is not known: there was no initial.safetensors beside the checkpoint.")
    else:
        yield tables.changes(a)
        yield drawn["change"]
    if a.paper is not None:
        yield Heading("Beside the paper")
        yield tables_context.paper(a)
    yield Heading("Families of distributions")
    yield Paragraph(
        "Differences of AIC to the best family of each row. The best of these is preferred among them; it is not thereby adequate: p says "
        "how often a sample of that family fits worse (0.01 is the least possible). Tail: what is preferred above the upper quartile, and "
        "the likelihood ratio in standard errors, positive for a log-normal. Clamped decays make heavy tails by themselves: look at the "
        "row with signs flipped."
    )
    yield tables.families(a)
    yield Heading("Weight, sign and projection")
    yield tables.relations(a)
    if "weight_tau" in drawn:
        yield drawn["weight_tau"]
    yield drawn["projections"]
    if a.lesions:
        yield Heading("What the long ones are for")
        yield tables_context.lesions(a)
    yield Heading("How much the synapses are worth")
    yield tables_context.clusters(a)
    yield Heading("How much measurements differ among themselves")
    yield tables_context.measured()
    yield Heading("Methods")
    for text in wording.METHODS:
        yield Paragraph(text)
    yield Heading("Caveats")
    for text in wording.caveats(a):
        yield Paragraph(text)
    yield Heading("Data")
    yield tables_context.sources(a)
