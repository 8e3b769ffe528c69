"""``hetsyn doctor``: what works here, what is missing, and what helps."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from typing import Annotated

import typer
from rich.text import Text

from .console import progress_bar, show, table
from .doctor_checks import Finding, check_caches, check_machine, check_packages, check_programs
from .options import JsonFile, check_output, write_json

_BROKEN = 2
#: What is tried in a process of its own, and what is reported of it if that process fails.
_TRIALS = {
    "torch": Finding("training", "torch", "broken", "", 'pip install "torch>=2.6"; pytorch.org has builds for the CPU only', True),
    "lightning": Finding("training", "Lightning", "broken", "", 'pip install "lightning>=2.6.4" "pytorch-lightning>=2.6.4"', True),
    "numpy": Finding("Brian2", "numpy", "broken", "", 'pip install --upgrade "brian2>=2.9"; with Brian2 2.9 also "numpy<2.4"', True),
    "cython": Finding("Brian2", "cython", "absent", "", "only for --device cython: apt install g++ python3-dev, or the like"),
    "cpp_standalone": Finding("Brian2", "cpp_standalone", "absent", "", "only for --device cpp: apt install build-essential, or the like"),
}
_COMPILED = ("cython", "cpp_standalone")


def doctor(
    quick: Annotated[bool, typer.Option("--quick", help="Try Brian2 without compiling: a few seconds instead of half a minute.")] = False,
    json_file: JsonFile = None,
) -> None:
    """Show versions, compiler, devices, threads and caches; try training and every Brian2 target; say what helps.

    Exit code 0 if the essential works: the packages, training on the CPU, and Brian2 on numpy. Else 2.

    ```
    hetsyn doctor
    hetsyn doctor --quick --json machine.json
    ```
    """
    check_output(json_file)
    with progress_bar("trying PyTorch and Brian2") as progress:
        tried = try_all([name for name in _TRIALS if not (quick and name in _COMPILED)], progress)
    findings = [*check_packages(), *check_machine(), *check_programs(), *check_caches(), *tried]
    works = show_findings(findings)
    write_json(json_file, {"works": works, "findings": [asdict(finding) for finding in findings]})
    if not works:
        raise typer.Exit(_BROKEN)


def show_findings(findings: Iterable[Finding]) -> bool:
    """Print the findings by group, then what can be done, the essential first; whether everything works that nothing works without."""
    groups: dict[str, list[Finding]] = {}
    advice: dict[tuple[bool, str], list[str]] = {}
    for finding in findings:
        groups.setdefault(finding.group, []).append(finding)
        if finding.remedy:
            advice.setdefault((not finding.essential, finding.remedy), []).append(finding.name)
    for group, members in groups.items():
        rows = table("", "", "")
        for f in members:
            rows.add_row(f"  {'BROKEN' if f.state == 'broken' else f.state:<6}", Text(f.name), Text(f.value))
        show(Text(group), rows, "")
    if advice:
        rows = table("", "")
        for (optional, remedy), names in sorted(advice.items(), key=lambda item: item[0][0]):
            rows.add_row("  maybe" if optional else "  needed", Text(f"{', '.join(names)}: {remedy}"))
        show("what helps", rows, "")
    works = all(f.state == "ok" for members in groups.values() for f in members if f.essential)
    show("the essential works" if works else "something essential does not work: see what is needed above")
    return works


def try_all(names: list[str], progress: Callable[[float], None]) -> list[Finding]:
    """The findings of these trials, two of which run at a time."""
    findings: list[Finding] = []
    with ThreadPoolExecutor(max_workers=2) as pool:
        for k, rows in enumerate(pool.map(lambda name: in_child(_TRIALS[name], name), names), 1):
            findings += rows
            progress(k / len(names))
    return findings


def in_child(failed: Finding, *arguments: str, module: str = "hetsyn_sim.cli.doctor_trials", seconds: float = 600.0) -> list[Finding]:
    """The findings that ``python -m MODULE ARGUMENTS`` prints as its last line, as changes of ``failed``; or that one, with the error.

    In a process of its own, since an import may fail there, crash or hang. ``-P`` keeps Python from importing what lies in the working
    directory, as the command ``hetsyn`` does not either.
    """
    command = [sys.executable, "-P", "-m", module, *arguments]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=seconds)
        if done.returncode == 0:
            return [replace(failed, **row) for row in json.loads(done.stdout.splitlines()[-1])]
        message = next((line.strip() for line in reversed(done.stderr.splitlines()) if line.strip()), "no message")
        value = f"killed by signal {-done.returncode}: {message}" if done.returncode < 0 else message
    except subprocess.TimeoutExpired:
        value = f"no answer after {seconds:.0f} s"
    except (OSError, LookupError, ValueError, TypeError) as error:
        value = f"no answer: {error}"
    return [replace(failed, value=value)]
