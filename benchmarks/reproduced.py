"""From the rows of `hetsyn study` to what the documentation shows: tables, the claims, and figures.

hetsyn study all --data mnist/ --out benchmarks/results/reproduced
python -m benchmarks.reproduced benchmarks/results/reproduced --docs docs
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from analysis.studies.claims import claim_lines
from analysis.studies.hetsyn import CLAIMS, STUDIES
from hetsyn_sim.data.files import write_atomically
from hetsyn_sim.report.document import png_of


def write_pages(rows: Path, docs: Path) -> list[Path]:
    """Write ``_generated/study-NAME.md``, ``_generated/claims.md`` and ``_static/NAME.png`` for every study of which there are rows."""
    rows_of = {name: json.loads(path.read_text(encoding="utf-8"))["rows"] for name in STUDIES if (path := rows / f"{name}.json").is_file()}
    files: dict[str, str | bytes] = {
        f"_generated/study-{name}.md": "\n".join([*STUDIES[name].lines(of), ""]) for name, of in rows_of.items()
    }
    files["_generated/claims.md"] = "\n".join([*claim_lines(CLAIMS, rows_of), ""])
    files |= {f"_static/{name}.png": png_of(draw(of)) for name, of in rows_of.items() if (draw := STUDIES[name].draw)}
    return [write_atomically(docs / name, content) for name, content in files.items()]


def main(arguments: Sequence[str] | None = None) -> int:
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reproduced", description=__doc__, formatter_class=plain)
    parser.add_argument("rows", type=Path, help="the folder that hetsyn study wrote")
    parser.add_argument("--docs", type=Path, required=True, help="folder docs/")
    options = parser.parse_args(arguments)
    for path in write_pages(options.rows, options.docs):
        print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
