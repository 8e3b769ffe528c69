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

from analysis.studies.hetsyn import STUDIES, claim_lines
from analysis.studies.pages import draw_study


def write_pages(rows: Path, docs: Path) -> list[Path]:
    """Write ``_generated/study-NAME.md``, ``_generated/claims.md`` and ``_static/NAME.png`` for every study of which there are rows."""
    found = {name: json.loads(path.read_text(encoding="utf-8"))["rows"] for name in STUDIES if (path := rows / f"{name}.json").is_file()}
    pages = {f"study-{name}": "\n".join([*STUDIES[name].lines(kept), ""]) for name, kept in found.items()}
    pages["claims"] = "\n".join([*claim_lines(found), ""])
    written = []
    for name, text in pages.items():
        path = docs / "_generated" / f"{name}.md"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written + [draw_study(name, kept, docs / "_static" / f"{name}.png") for name, kept in found.items()]


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
