"""Running the code of a Markdown page: all its ``python`` blocks in one process, in their order, as a reader would."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


def blocks(page: Path, language: str) -> Iterator[tuple[int, str]]:
    """The line that each block of a language begins on, counted from 0, and its text."""
    text = page.read_text(encoding="utf-8")
    for match in _BLOCK.finditer(text):
        if match.group(1) == language:
            yield text.count("\n", 0, match.start(2)), match.group(2)


def script_of(page: Path) -> str:
    """The page's Python code with every line where it stands in the page, so that a traceback names the page's own lines."""
    script = ""
    for line, code in blocks(page, "python"):
        script += "\n" * (line - script.count("\n")) + code
    return script


def run(arguments: list[str], folder: Path) -> str:
    """Run Python with these arguments in a folder and return what it prints; a failure shows everything it said."""
    environment = {**os.environ, "MPLBACKEND": "Agg", "COLUMNS": "120"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, f"{' '.join(arguments)} failed ({done.returncode})\n{done.stdout}\n{done.stderr}"
    return done.stdout


def run_page(page: Path, folder: Path) -> str:
    """Run a page's Python code in an empty folder and return what it prints."""
    script = folder / f"{page.stem}_page.py"  # not the name of a package that the page imports
    script.write_text(script_of(page), encoding="utf-8")
    return run([str(script)], folder)
