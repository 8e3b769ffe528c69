"""The report: one self-contained page with question, answer, figures, tables, methods, citations and caveats."""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike
from pathlib import Path

from hetsyn_sim.files import json_text, write_atomically
from hetsyn_sim.report.document import Block, Document, Figure, Heading, Paragraph

from . import tables
from .analyse import Analysis
from .drawing import figures
from .summary import caveats, summary

__all__ = ["answer_line", "document_of", "write_report"]


def write_report(folder: str | PathLike[str], analysis: Analysis) -> Path:
    """Write ``report.html``, ``report.md``, the figures, ``analysis.json`` and ``time_constants.csv``; return the first's path."""
    folder = Path(folder)
    document = document_of(analysis)
    for block in document.blocks:
        if isinstance(block, Figure):
            write_atomically(folder / block.file, block.png)
    write_atomically(folder / "analysis.json", json_text(summary(analysis)))
    write_atomically(folder / "time_constants.csv", tables.as_csv(analysis.learned))
    write_atomically(folder / "report.md", document.to_markdown())
    return write_atomically(folder / "report.html", document.to_html())


def answer_line(analysis: Analysis) -> str:
    """The answer in a sentence."""
    verdict = analysis.verdicts["all"]
    rivals = " and than ".join(analysis.nulls) or "anything"
    return f"Closer to biology ({analysis.against}) than {rivals}: {verdict.answer}. {_sentence(verdict.because)}"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def document_of(analysis: Analysis) -> Document:
    """The page."""
    return Document("Learned time constants against biology", list(_blocks(analysis)))


def _blocks(a: Analysis) -> Iterator[Block]:
    drawn = figures(a)
    yield Paragraph(
        f"Question: have the time constants that {len(a.runs)} network{'s' * (len(a.runs) > 1)} learned become like "
        f"those of real synapses, "
        f"beyond what their initial values, weight decay or mere noise of the same size would give?"
    )
    yield Heading("Answer")
    yield Paragraph(answer_line(a))
    for aspect, meaning in (
        ("spread", "Scale apart (each set centred on its median)"),
        ("shape", "Scale and width apart (log tau standardised)"),
    ):
        verdict = a.verdicts[aspect]
        yield Paragraph(f"{meaning}: {verdict.answer}. {_sentence(verdict.because)}")
    yield tables.gains(a)
    yield drawn["distances"]
    yield Heading("What was learned")
    yield Paragraph(tables.censoring(a))
    yield tables.descriptions(a)
    yield drawn["distributions"]
    yield drawn["survival"]
    yield drawn["quantiles"]
    yield Heading("Before and after")
    if a.change is None:
        yield Paragraph("What the networks began with is not known: there was no initial.safetensors beside the checkpoint.")
    else:
        yield tables.changes(a)
        yield drawn["change"]
    yield Heading("Families of distributions")
    yield Paragraph(
        "Differences of AIC to the best family of each row. p is that of the best one by parametric bootstrap; the "
        "tail is the upper quartile. "
        "The best of these is preferred among them; it is not thereby adequate."
    )
    yield tables.families(a)
    yield Heading("Weight, sign and projection")
    yield tables.relations(a)
    if "weight_tau" in drawn:
        yield drawn["weight_tau"]
    yield drawn["projections"]
    if a.lesions:
        yield Heading("What the long ones are for")
        yield tables.lesions(a)
    yield Heading("How much the synapses are worth")
    yield tables.clusters(a)
    yield Heading("Methods")
    for text in tables.METHODS:
        yield Paragraph(text)
    yield Heading("Caveats")
    for text in caveats(a):
        yield Paragraph(text)
    yield Heading("Data")
    yield tables.sources(a)
