"""Figures of the documentation that no benchmark draws: of the demo, of its certificate, and of the studies whose rows are kept.

python -m benchmarks.pictures --docs docs           # the studies, from the rows in benchmarks/results
python -m benchmarks.pictures --docs docs --demo    # also `hetsyn demo` and the thorough certificate of its network: ten minutes
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from analysis.studies.delays import DELAYS
from analysis.studies.forecasting import FORECAST
from analysis.studies.stl.study import STL
from analysis.studies.study import Study
from hetsyn_sim.report.document import png_of

#: Figure in docs/_static -> where `hetsyn demo` and `hetsyn verify --certificate` leave it.
OF_THE_DEMO: Mapping[str, str] = {
    "raster.png": "report/raster.png",
    "traces.png": "report/traces.png",
    "certificate-agreement.png": "certificate/agreement.png",
    "certificate-margins.png": "certificate/margins.png",
    "certificate-refinement.png": "certificate/refinement.png",
}
#: Figure in docs/_static -> the study that draws it from its rows.
OF_THE_STUDIES: Mapping[str, Study] = {"stl-noise.png": STL, "mtc-forecast.png": FORECAST, "delay-speakers.png": DELAYS}
#: Pattern of figures in docs/_static -> the command that makes them anew. The three drawings in SVG are text, and their own source.
MADE_BY: Mapping[str, str] = {
    "view.webp": "python -m benchmarks.view",
    "speed.png": "python -m benchmarks.tables",
    "growth.png": "python -m benchmarks.tables",
    "ladder.png": "python -m benchmarks.ladder",
    "climb.png": "python -m benchmarks.ladder",
    "zoo-*.png": "python -m benchmarks.zoo",
    "mtc-[!f]*.png": "python -m benchmarks.conductance",
    **dict.fromkeys(
        ("digits.png", "dms.png", "dms-memory.png", "dms-success.png", "patterns.png", "smnist.png", "speakers.png"),
        "python -m benchmarks.reproduced",
    ),
    "biology-*.png": "python -m analysis.biology.documentation",
    **dict.fromkeys((*OF_THE_DEMO, *OF_THE_STUDIES), "python -m benchmarks.pictures"),
}


def draw_those_of_the_studies(results: Path, docs: Path) -> list[Path]:
    """Draw the kept rows of each study into ``docs/_static``."""
    drawn = []
    for name, study in OF_THE_STUDIES.items():
        rows = json.loads((results / f"{study.name}.json").read_text(encoding="utf-8"))["rows"]
        assert study.draw is not None
        drawn.append(docs / "_static" / name)
        drawn[-1].write_bytes(png_of(study.draw(rows)))
    return drawn


def copy_those_of_the_demo(folder: Path, docs: Path) -> list[Path]:
    """Copy what the verbs have drawn in ``folder`` to ``docs/_static``, under the names that the pages use."""
    return [Path(shutil.copyfile(folder / source, docs / "_static" / name)) for name, source in OF_THE_DEMO.items()]


def main(arguments: Sequence[str] | None = None) -> int:
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pictures", description=__doc__, formatter_class=plain)
    parser.add_argument("--docs", type=Path, required=True, help="folder docs/")
    parser.add_argument("--results", type=Path, default=Path(__file__).parent / "results", help="where the rows are")
    parser.add_argument("--demo", action="store_true", help="run the demo and certify its network too")
    options = parser.parse_args(arguments)
    made = draw_those_of_the_studies(options.results, options.docs)
    if options.demo:
        with TemporaryDirectory() as folder:
            hetsyn = [sys.executable, "-m", "hetsyn_sim.cli.app"]
            subprocess.run([*hetsyn, "demo", "--out", folder], check=True)
            verify = ["verify", f"{folder}/run", "--thorough", "--certificate", f"{folder}/certificate"]
            subprocess.run([*hetsyn, *verify], check=True)
            made += copy_those_of_the_demo(Path(folder), options.docs)
    for path in made:
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
