"""The folder of a certificate: a page to read, its figures, and the numbers for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from ..agreement.certificate import Certificate, Finding
from ..agreement.outcome import Comparison
from ..data.checkpoint import Checkpoint
from ..data.events import SpikeDataset
from ..data.files import json_text, write_atomically
from . import figures
from .document import Block, Code, Document, Grid, Heading, Paragraph
from .inputs import shown_example
from .sections import architecture

_BOUND = (
    "v is a sum of exponentially decaying events. Rounding in a precision with unit roundoff u moves it by at most "
    "u (n_terms + 3 n_steps + 32) gain, where gain is the largest sum of the absolute values of the events. Voltages have to agree "
    "within the bounds of both sides, spikes in every cell of the raster. Where the first difference of a run is at a neuron that both "
    "sides put within the bound of its threshold, rounding decides: such a run is undecided from there, and counted."
)
#: Heading of a column -> the number it shows, and how.
_COLUMNS = {
    "runs": ("n_runs", "{:,}"),
    "spikes": ("n_spikes", "{:,}"),
    "values": ("n", "{:,}"),
    "differing": ("n_different", "{:,}"),
    "mismatches": ("spike_mismatches", "{:,}"),
    "largest |dv|": ("max_abs_dv", "{:.1e}"),
    "of the bound": ("max_dv_over_bound", "{:.2%}"),
    "undecided": ("undecided_fraction", "{:.2%}"),
    "cells": ("n_cells", "{:,}"),
    "proved": ("n_proved", "{:,}"),
    "refuted": ("n_refuted", "{:,}"),
    "left open": ("n_open", "{:,}"),
    "error of v, at most": ("largest_bound", "{:.1e}"),
    "dt (ms)": ("dt_s", "{:g}"),
    "with a partner": ("coincidence", "{:.1%}"),
    "equal predictions": ("equal_predictions", "{:.1%}"),
    "accuracy": ("accuracy", "{:.1%}"),
}


def write_certificate(folder: str | PathLike[str], certificate: Certificate, checkpoint: Checkpoint, data: SpikeDataset) -> Path:
    """Write ``certificate.html``, ``certificate.md``, the figures and ``certificate.json``, and return the first's path.

    Parameters
    ----------
    folder
        Where to; it is made if need be. Files of an earlier certificate are replaced.
    certificate
        Of :func:`~hetsyn_sim.agreement.certify.certify`.
    checkpoint, data
        The network and the recordings; one of them is simulated again for the raster: the first that differs, if one does.
    """
    folder = Path(folder)
    document = _document(certificate, checkpoint, data)
    write_atomically(folder / "certificate.json", json_text(certificate.to_dict()))
    return document.save(folder, "certificate")


def _document(certificate: Certificate, checkpoint: Checkpoint, data: SpikeDataset) -> Document:
    c, v = certificate, certificate.verification
    example = shown_example(checkpoint, data, v.comparison.diverged[0].run if v.comparison.diverged else None)
    blocks: list[Block] = [
        Paragraph(f"{c.verdict} {architecture(checkpoint.spec)}, dt = {1e3 * checkpoint.spec.dt_s:g} ms."),
        Grid(
            ["check", "result", "findings", "claim"],
            [[check.name, check.result, str(len(check.findings)), check.claim] for check in c.checks],
            [not check.passed for check in c.checks],
        ),
        Grid.of_pairs(
            {
                "accuracy in PyTorch and in Brian2": f"{100 * v.accuracy_torch:.2f} % and {100 * v.accuracy_brian2:.2f} %",
                "recordings": f"{v.n_recordings:,} of {v.n_steps} steps"
                + (f", {c.input['source']}" if c.input["source"] else "")
                + f" (fingerprint {c.input['fingerprint'][:12]})",
                "checkpoint": f"sha256 {c.network['sha256'][:16]}, {c.network['n_synapses']:,} synapses",
                **_filters(c.network["filters"]),
                **({} if c.proof is None else {"compared": _compared(v.comparison), "proved": c.proof.summary}),
                "rounding bounds": ", ".join(f"{bound:.1e} in {precision}" for precision, bound in c.bounds.items()),
                "closest v came to the threshold": f"{np.min(c.margins):.2g}",
                "versions": ", ".join(f"{package} {version}" for package, version in v.versions.items()),
                "made": f"{c.created}, {'thorough' if c.thorough else 'default'} extent",
            }
        ),
    ]
    differences = [f"{f.what}: {line}" for check in c.checks for f in check.findings for line in f.differences]
    if differences:
        blocks.append(Code("First differences", "\n".join(differences[:10])))
    for check in c.checks:
        blocks += [Heading(f"{check.name.capitalize()}: {check.result}"), Paragraph(check.claim)]
        for alike in _alike(check.findings):
            blocks.append(_grid(alike))
        if check.name == "agreement":
            blocks += [figures.bounds(check), figures.margins(c), figures.raster(example)]
        elif check.name == "refinement":
            blocks.append(figures.refinement(check))
    blocks += [Heading("What counts as the same"), Paragraph(_BOUND), Code("The network, in full", checkpoint.spec.to_text())]
    return Document(f"Certificate of {c.network['name']}", blocks)


def _compared(comparison: Comparison) -> str:
    return f"{comparison.n_spikes:,} spikes, {comparison.spike_mismatches:,} mismatches, {len(comparison.undecided):,} undecided runs"


def _alike(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Findings in their order, in groups that have the same numbers."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        shown = tuple(name for name, _ in _COLUMNS.values() if name in finding.numbers)
        groups.setdefault(shown, []).append(finding)
    return list(groups.values())


def _grid(findings: Sequence[Finding]) -> Grid:
    columns = {head: facts for head, facts in _COLUMNS.items() if facts[0] in findings[0].numbers}
    judged = any(finding.passed is not None for finding in findings)
    rows = []
    for finding in findings:
        numbers = {**finding.numbers, **({"dt_s": 1e3 * finding.numbers["dt_s"]} if "dt_s" in finding.numbers else {})}
        cells = [form.format(numbers[name]) for name, form in columns.values()]
        rows.append([finding.what, *cells, *(["passed" if finding.passed else "FAILED"] if judged else [])])
    return Grid(["", *columns, *(["result"] if judged else [])], rows, [finding.passed is False for finding in findings])


def _filters(filters: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """How filters are computed in float32, where the checkpoint says so."""
    shared = {name: plain for name, plain in filters.items() if plain["form"] != "exact"}
    texts = [f"{name} {p['nodes']} ({p['nodes_backward']}) within {p['tolerance']:.1e}" for name, p in shared.items()]
    return {"shared decays in float32, nodes (backward)": ", ".join(texts)} if texts else {}
