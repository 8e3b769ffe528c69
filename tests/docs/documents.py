"""Pages of Markdown: their blocks of code, and Python that runs as for a reader, in a fresh copy of a process with the imports done."""

from __future__ import annotations

import multiprocessing
import os
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs").glob("*.md"))
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# Every page imports these, which takes longer than most pages do.
_IMPORTS = [
    "torch",
    "brian2",
    "lightning",
    "matplotlib.pyplot",
    "hetsyn_sim.cli.app",
    "hetsyn_sim.training.fit",
    "hetsyn_sim.brian.simulation",
]
_FRESH = multiprocessing.get_context("forkserver")
_FRESH.set_forkserver_preload(_IMPORTS)


def blocks(page: Path, language: str) -> Iterator[tuple[int, str]]:
    """The line that each block of a language begins on, counted from 0, and its text."""
    text = page.read_text(encoding="utf-8")
    for match in _BLOCK.finditer(text):
        if match.group(1) == language:
            yield text.count("\n", 0, match.start(2)), match.group(2)


def lines(page: Path, language: str = "sh") -> list[str]:
    """The lines of a page's blocks of a language, without their comments."""
    code = (line for _, text in blocks(page, language) for line in text.splitlines())
    return [re.sub(r"\s+#.*$", "", line) for line in code if line.strip()]


def run(arguments: list[str], folder: Path) -> str:
    """Run Python with these arguments in a folder and return what it prints; a failure shows all of it."""
    if _starts_processes(arguments):
        # joblib's workers never answer a process that was itself forked, so this one is begun from nothing.
        environment = {**os.environ, "MPLBACKEND": "Agg", "COLUMNS": "120"}
        done = subprocess.run(
            [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False
        )
        assert done.returncode == 0, f"{' '.join(arguments)} failed ({done.returncode})\n{done.stdout}\n{done.stderr}"
        return done.stdout
    printed = folder.parent / f"{folder.name}.out"
    driver = {"arguments": arguments, "folder": folder, "printed": printed}
    process = _FRESH.Process(target=runpy.run_path, args=(str(Path(__file__).with_name("reader.py")), driver, "__main__"))
    process.start()
    process.join(600)
    output = printed.read_text(encoding="utf-8")
    if process.exitcode is None:
        process.kill()
    assert process.exitcode == 0, f"{' '.join(arguments)} failed ({process.exitcode})\n{output}"
    return output


def _starts_processes(arguments: list[str]) -> bool:
    """Whether a script or a command divides its work among processes."""
    texts = [Path(argument).read_text(encoding="utf-8") for argument in arguments if argument.endswith("_page.py")]
    return any(word in text for text in (" ".join(arguments), *texts) for word in ("jobs", "joblib", "--devices", "devices=", " sweep "))


def run_page(page: Path, folder: Path) -> str:
    """Run a page's Python blocks in their order, in an empty folder, and return what they print.

    Every line stands where it stands in the page, so that a traceback names the page's own lines.
    """
    script = ""
    for line, code in blocks(page, "python"):
        script += "\n" * (line - script.count("\n")) + code
    file = folder / f"{page.stem}_page.py"  # not the name of a package that the page imports
    file.write_text(script, encoding="utf-8")
    return run([str(file)], folder)
