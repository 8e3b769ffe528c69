"""The tables of the report that put the time constants beside something: the paper, other choices, lesions, other measurements."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from analysis.studies.statistics import shown
from hetsyn_sim.report.document import Grid

from .biology import SHIPPED, allen_medians, hippocampome, receptor_kinetics
from .paper import ABOVE_INITIAL
from .result import Analysis
from .tables import percent
from .temperature import temperatures


def choices(a: Analysis) -> Grid:
    """Whether the answer hangs on a choice."""
    rows = [["as above", a.verdicts["all"].answer, "", ""]]
    rows += [[c.name, c.answer, c.rival, percent(c.gain)] for c in a.sensitivity]
    return Grid(["chosen otherwise", "answer", "beaten by the least", "gain over it"], rows)


def paper(a: Analysis) -> Grid:
    """Share above the initial bound, and Table 4 where the task is that one."""
    assert a.paper is not None
    rows = [
        [f"above every initial value, {kind}", f"{100 * ABOVE_INITIAL:.1f} % (SHD)" if kind == "readout" else "–", percent(share)]
        for kind, share in a.paper.above_initial.items()
    ]
    if a.paper.table_4:
        rows += list(_table_4(a))
    return Grid(["", "paper", "here"], rows)


def _table_4(a: Analysis) -> Iterator[list[str]]:
    assert a.paper is not None
    published, many = a.paper.published or {}, "s" * (len(a.paper.table_4) > 1)
    yield [f"Table 4, {a.paper.initial_ms:.0f} ms before training, {len(a.paper.table_4)} network{many}, input synapses", "", ""]
    for key, name in (("cue", "cue"), ("noise", "noise")):
        medians = shown([row[f"{key}_median_ms"] for row in a.paper.table_4], digits=1)
        here = f"{shown([row[f'{key}_mean_ms'] for row in a.paper.table_4], digits=1)} ms (median {medians})"
        there = published.get(f"{key}_mean_ms")
        yield [f"mean tau on {name} channels, those above 10 s left out", "–" if there is None else f"{there:.1f} ms", here]
    for key, name in (
        ("long", "above 700 ms"),
        ("infinite", "infinite (rho = 1)"),
        ("accuracy", "accuracy"),
        ("accuracy_without_long", "accuracy, those above 700 ms set back"),
        ("accuracy_without_control", "accuracy, as many others set back, as heavy"),
    ):
        there = published.get(key)
        here = f"{shown([row[key] for row in a.paper.table_4], 100.0)} %"
        yield [name, "–" if there is None else f"{100 * there:.2f} %", here]


def lesions(a: Analysis) -> Grid:
    """Accuracy of each network, and the means."""
    rows = [
        [
            run.name,
            f"{1e3 * lesion.longer_than:.3g} ms",
            f"{100 * lesion.share:.2f} %",
            *(f"{100 * v:.2f} %" for v in (lesion.whole, lesion.without_long, lesion.without_control)),
        ]
        for run, lesion in zip(a.runs, a.lesions, strict=False)
    ]
    if len(a.lesions) > 1:
        every = [[getattr(lesion, name) for lesion in a.lesions] for name in ("share", "whole", "without_long", "without_control")]
        rows.append(["mean", "", *(f"{shown(values, 100.0)} %" for values in every)])
    return Grid(["network", "long: above", "share", "accuracy", "long ones set back", "as many others, as heavy, set back"], rows)


def clusters(a: Analysis) -> Grid:
    """Design effects."""
    rows = [
        [name, f"{c.n_clusters:,}", f"{c.correlation:.3f}", f"{c.design_effect:.1f}", f"{c.effective_n:,.0f} of {c.n:,}"]
        for name, c in a.clusters.items()
    ]
    return Grid(["clusters", "how many", "correlation within", "design effect", "effective n"], rows)


def measured() -> Grid:
    """How much measurements differ among themselves: by class, preparation and receptor."""
    rows = []
    for clamp, name in (("voltage", "currents"), ("current", "potentials")):
        for pre in "EI":
            table = hippocampome().where(clamp=clamp, pre=pre)
            q1, middle, q3 = 1e3 * np.quantile(table.tau, [0.25, 0.5, 0.75])
            rows.append([f"hippocampus, rodent, {name}, {pre}", f"{len(table):,}", f"{middle:.3g}", f"{q1:.3g} to {q3:.3g}"])
    for pre, post in (("pyr", "pyr"), ("pyr", "pvalb"), ("pvalb", "pyr"), ("sst", "pyr")):
        median, n = allen_medians()[pre, post]
        rows.append([f"cortex, mouse, currents, {pre} to {post} (Campagnola et al. 2022)", f"{n:,}", f"{1e3 * median:.3g}", "–"])
    for row in receptor_kinetics():
        degrees = f", {row['temperature_C']} °C" if row["temperature_C"] else ""
        part = f", {100 * float(row['fraction']):.0f} % of it" if row["fraction"] not in ("", "1") else ""
        rows.append([f"{row['receptor']}{part}, {row['preparation']}{degrees} ({row['citation']})", "–", row["decay_ms"], "–"])
    return Grid(["", "n", "median or value (ms)", "quartiles (ms)"], rows)


def sources(a: Analysis) -> Grid:
    """Where the measurements come from."""
    rows = {"measured": a.biology.source, "caveat": a.biology.note or "–", "temperature": temperatures(a.biology)}
    if a.against.startswith("hippocampome"):
        rows |= {"licence": SHIPPED["hippocampome"].licence, "from": SHIPPED["hippocampome"].source}
    rows["medians of cortex"] = f"{SHIPPED['allen_medians'].citation}; {SHIPPED['allen_medians'].licence}"
    rows["the claim"] = "Deng et al. 2025, HetSyn, NeurIPS 2025, arXiv 2508.11644, Fig. 1A, 4D, App. G, Table 4"
    rows["tails"] = "Vuong 1989, Econometrica 57:307; Clauset, Shalizi and Newman 2009, SIAM Review 51:661"
    return Grid.of_pairs({**rows, "networks": ", ".join(run.name for run in a.runs)})
