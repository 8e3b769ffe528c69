"""The measured part of the page on biology, from the folders that ``hetsyn study biology --report`` wrote.

::

    python -m analysis.biology.documentation digits=analysed/digits dms=analysed/dms

writes ``docs/_generated/biology.md`` and copies the figures that the page shows to ``docs/_static/biology-NAME-FIGURE.png``.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hetsyn_sim.data.files import write_atomically
from hetsyn_sim.errors import ConfigError
from hetsyn_sim.report.document import Grid

#: Figures that the page shows, of each task that has them.
_FIGURES = ("distances", "distributions")
Plain = Mapping[str, Any]


def write(folders: Mapping[str, Path], docs: Path) -> None:
    """Write the tables and copy the figures."""
    analyses = {name: json.loads((folder / "analysis.json").read_text(encoding="utf-8")) for name, folder in folders.items()}
    write_atomically(docs / "_generated" / "biology.md", "\n".join(lines(analyses)) + "\n")
    for name, folder in folders.items():
        for figure in _FIGURES:
            shutil.copyfile(folder / f"{figure}.png", docs / "_static" / f"biology-{name}-{figure}.png")


def lines(analyses: Mapping[str, Plain]) -> Iterator[str]:
    """Markdown: what was found of each task, what it hangs on, and Table 4."""
    yield from Grid(["", *analyses], [[label, *cells] for label, cells in _rows(list(analyses.values()))]).lines()
    yield ""
    yield from Grid(["chosen otherwise", *analyses], _choices(list(analyses.values()))).lines()
    for name, one in analyses.items():
        if one["paper"] and one["paper"]["table_4"]:
            yield from ("", *Grid([f"Table 4, {name}", "paper", "here, mean over networks"], _table_4(one["paper"])).lines())


def _rows(every: Sequence[Plain]) -> Iterator[tuple[str, list[str]]]:
    yield "networks, time constants", [f"{len(a['networks'])}, {a['n']:,}" for a in every]
    yield "limits (a step, a trial)", [f"{_ms(a['limits_s'][0])} and {_ms(a['limits_s'][1])} ms" for a in every]
    for key, label in (("censored", "learned"), ("censored_in_biology", "measured")):
        yield f"{label} ones beyond the limits", [f"{100 * a[key][0]:.1f} % below, {100 * a[key][1]:.1f} % above" for a in every]
    medians = [(a["medians_s"]["before training"], a["medians_s"]["learned"], a["medians_s"][a["against"]]) for a in every]
    yield "median before, after, measured", [", ".join(_ms(value) for value in of) + " ms" for of in medians]
    yield "median after, each by its use", ["–" if a["median_by_use_s"] is None else f"{_ms(a['median_by_use_s'])} ms" for a in every]
    for aspect, label in (("all", "**closer to biology?**"), ("spread", "scale set aside"), ("shape", "scale and width set aside")):
        yield label, [f"**{a['verdicts'][aspect]['answer']}**" if aspect == "all" else a["verdicts"][aspect]["answer"] for a in every]
    for label in dict.fromkeys(label for a in every for label in a["distances"]["all"]):
        yield f"distance to biology: {label}", [_estimate(a["distances"]["all"].get(label)) for a in every]
    yield "share above every initial value", [_estimate(a["change"]["above_initial"], 100.0, " %") for a in every]
    yield "the same, readout (paper, SHD: 2.0 %)", [_estimate(a["paper"]["above_initial"].get("readout"), 100.0, " %") for a in every]
    yield "inhibitory over excitatory (biology: 1.7)", [_estimate(a["inhibitory_over_excitatory"]) for a in every]
    yield "Spearman of weight and tau (biology: -0.31)", [_range([r["correlation"]["value"] for r in a["relations"]]) for a in every]
    for label in ("learned", "rho, signs flipped"):
        yield f"family preferred, {label}", [_family(a["fits"].get(label)) for a in every]
    lesions = (("whole", "accuracy"), ("without_long", "long ones set back"), ("without_control", "as many others, as heavy, set back"))
    for key, label in lesions:
        yield label, [f"{100 * _mean([lesion[key] for lesion in a['lesions']]):.1f} %" if a["lesions"] else "–" for a in every]


def _choices(every: Sequence[Plain]) -> list[list[str]]:
    names = dict.fromkeys(choice["name"] for a in every for choice in a["sensitivity"])
    rows = []
    for name in names:
        of = [next((choice for choice in a["sensitivity"] if choice["name"] == name), None) for a in every]
        rows.append([name, *("–" if c is None else f"{c['answer']}; {100 * c['gain']['value']:+.0f} % over {c['rival']}" for c in of)])
    return rows


def _table_4(paper: Plain) -> Iterator[list[str]]:
    published = paper["published"] or {}
    keys = {
        "cue_mean_ms": ("mean on cue channels (ms)", 1.0),
        "noise_mean_ms": ("mean on noise channels (ms)", 1.0),
        "long": ("above 700 ms (%)", 100.0),
        "accuracy": ("accuracy (%)", 100.0),
        "accuracy_without_long": ("those set back (%)", 100.0),
        "accuracy_without_control": ("as many others, as heavy, set back (%)", 100.0),
    }
    for key, (label, factor) in keys.items():
        there = "–" if key not in published else f"{factor * published[key]:.2f}"
        yield [label, there, f"{factor * _mean([row[key] for row in paper['table_4']]):.2f}"]


def _family(fitted: Plain | None) -> str:
    if fitted is None:
        return "–"
    best = min(fitted["families"], key=lambda name: fitted["families"][name]["aic"]).replace("_", " ")
    return f"{best} (p = {fitted['p']:.2f})"


def _ms(seconds: float) -> str:
    return f"{1e3 * seconds:,.3g}" if seconds < 1.0 else f"{1e3 * seconds:,.0f}"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _range(values: Sequence[float]) -> str:
    return f"{min(values):+.2f} to {max(values):+.2f}" if values else "–"


def _estimate(e: Plain | None, factor: float = 1.0, unit: str = "") -> str:
    if e is None:
        return "–"
    digits = 1 if factor > 1.0 else 2
    return f"{factor * e['value']:.{digits}f}{unit} [{factor * e['low']:.{digits}f}, {factor * e['high']:.{digits}f}]"


def _folders(arguments: Sequence[str]) -> dict[str, Path]:
    pairs = [argument.partition("=") for argument in arguments]
    if not pairs or not all(name and folder and (Path(folder) / "analysis.json").is_file() for name, _, folder in pairs):
        raise ConfigError(
            "these are no reports of analyses",
            where="python -m analysis.biology.documentation",
            got=" ".join(arguments) or "nothing",
            expected="NAME=FOLDER ..., each folder with analysis.json",
            remedy="write them with `hetsyn study biology ... --report FOLDER`",
        )
    return {name: Path(folder) for name, _, folder in pairs}


if __name__ == "__main__":
    write(_folders(sys.argv[1:]), Path(__file__).parents[2] / "docs")
