"""``hetsyn doctor``: what works here, what is missing, and what helps."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from .console import progress_bar, show, table
from .doctor_checks import Finding, check_caches, check_compilers, check_folder, check_machine, check_packages
from .options import JsonFile, check_output, write_json

_BROKEN = 2
_TORCH = 'pip install "torch>=2.6"; pytorch.org says how to get a build for the CPU only'
_LIGHTNING = 'pip install "lightning>=2.6.4" "pytorch-lightning>=2.6.4"'
#: Brian2's devices that are tried, and what it means if one does not work.
_TARGETS = {
    "numpy": 'pip install --upgrade "brian2>=2.9"; with Brian2 2.9 also "numpy<2.4"',
    "cython": "only for --device cython: a C++ compiler and Python's headers (Debian, Ubuntu: apt install g++ python3-dev)",
    "cpp_standalone": "only for --device cpp: a C++ compiler and make (Debian, Ubuntu: apt install build-essential)",
}
#: The kernels and plain torch add in different orders. No number comes from a chain of more than 70 roundings of 1.1e-16 (20 terms, of sums
#: of 30 and of 10), and what cancels in it is less than ten times the largest number.
_SAME = 1e-13


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
        findings = diagnose(quick=quick, progress=progress)
    works = show_findings(findings)
    write_json(json_file, {"works": works, "findings": [asdict(finding) for finding in findings]})
    if not works:
        raise typer.Exit(_BROKEN)


def show_findings(findings: Sequence[Finding]) -> bool:
    """Print the findings by group, then what can be done, the essential first; whether everything works that nothing works without."""
    for group in dict.fromkeys(finding.group for finding in findings):
        rows = table("", "", "")
        for f in findings:
            if f.group == group:
                rows.add_row(f"  {'BROKEN' if f.state == 'broken' else f.state:<6}", Text(f.name), Text(f.value))
        show(Text(group), rows, "")
    advice: dict[tuple[bool, str], list[str]] = {}
    for f in findings:
        if f.state != "ok" and f.remedy:
            advice.setdefault((not f.essential, f.remedy), []).append(f.name)
    if advice:
        rows = table("", "")
        for (optional, remedy), names in sorted(advice.items(), key=lambda item: item[0][0]):
            rows.add_row("  maybe" if optional else "  needed", Text(f"{', '.join(names)}: {remedy}"))
        show("what helps", rows, "")
    works = all(f.state == "ok" for f in findings if f.essential)
    show("the essential works" if works else "something essential does not work: see what is needed above")
    return works


def diagnose(*, quick: bool = False, progress: Callable[[float], None] = lambda fraction: None) -> list[Finding]:
    """Run every check; with ``quick`` without compiling a Brian2 network, which takes half a minute when it is done for the first time."""
    targets = [name for name in _TARGETS if name == "numpy" or not quick]
    trials = [("torch",), ("lightning",), *(("brian", name) for name in targets)]
    answers = []
    with ThreadPoolExecutor(max_workers=2) as pool:
        for answer in pool.map(lambda trial: in_child(*trial), trials):
            answers.append(answer)
            progress(len(answers) / len(trials))
    findings = [*check_packages(), *check_machine(), *check_compilers(), *training_findings(answers[0]), lightning_finding(answers[1])]
    findings += [*map(brian_finding, targets, answers[2:]), *check_caches()]
    if cython := next((answer["cython_cache"] for answer in answers[2:] if answer.get("cython_cache")), None):
        remedy = "set Brian2's preference codegen.runtime.cython.cache_dir"
        findings.append(check_folder("Brian2's Cython modules", Path(cython), remedy))
    return findings


def in_child(*arguments: str, module: str = "hetsyn_sim.cli.doctor_trials", seconds: float = 600.0) -> dict[str, Any]:
    """What ``python -m MODULE ARGUMENTS`` prints as its last line, which is JSON; or ``{"error": one line}``.

    In a process of its own, since an import may fail there, crash or hang. ``-P`` keeps Python from importing what lies in the working
    directory, as the command ``hetsyn`` does not either.
    """
    command = [sys.executable, "-P", "-m", module, *arguments]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", timeout=seconds)
    except subprocess.TimeoutExpired:
        return {"error": f"no answer after {seconds:.0f} s"}
    except OSError as error:
        return {"error": f"{sys.executable} can't be started: {error.strerror or error}"}
    try:
        answer = json.loads(done.stdout.strip().splitlines()[-1])
        if done.returncode == 0 and isinstance(answer, dict):
            return answer
    except (IndexError, ValueError):
        pass
    last = next((line.strip() for line in reversed(done.stderr.splitlines()) if line.strip()), "")
    if done.returncode < 0:
        return {"error": f"killed by signal {-done.returncode}" + (f": {last}" if last else "")}
    return {"error": last or f"ended with {done.returncode} and no message"}


def training_findings(answer: dict[str, Any]) -> Iterator[Finding]:
    """What the answer of the trial of torch means."""
    if "error" in answer:
        yield Finding("training", "torch", "broken", answer["error"], _TORCH, essential=True)
        return
    yield Finding("training", "torch", "ok", f"{answer['version']}, imported; {answer['threads']} threads", essential=True)
    devices = ", ".join(answer["devices"])
    yield Finding("training", "CUDA", "ok" if devices else "absent", devices or "torch finds no GPU; training runs on the CPU")
    for level, problem in answer["libraries"].items():
        yield Finding("training", f"kernels {level}", "absent" if problem else "ok", problem or "loaded")
    rebuild = "pip install --force-reinstall --no-deps hetsyn-sim; from source that needs a C++ compiler"
    if answer["level"] is None:
        yield Finding("training", "kernels", "absent", "none: training works in plain torch, several times slower", rebuild)
    elif not answer["difference"] <= _SAME:  # NaN too
        wrong = f"{answer['level']} differs from plain torch by {answer['difference']:.1e} of the largest number"
        yield Finding("training", "kernels", "broken", wrong, f'use_backend("plain") works around it; {rebuild}', essential=True)
    else:
        yield Finding("training", "kernels", "ok", f"{answer['level']} is used here; agrees with plain torch")


def lightning_finding(answer: dict[str, Any]) -> Finding:
    """What the answer of the trial of Lightning means."""
    if "error" in answer:
        return Finding("training", "Lightning", "broken", answer["error"], answer.get("remedy") or _LIGHTNING, essential=True)
    return Finding("training", "Lightning", "ok", f"{answer['version']}, imported", essential=True)


def brian_finding(device: str, answer: dict[str, Any]) -> Finding:
    """What the answer of a trial of Brian2 means."""
    essential = device == "numpy"
    if "error" in answer:
        return Finding("Brian2", device, "broken" if essential else "absent", answer["error"], _TARGETS[device], essential)
    if not answer["same"] or not answer["n_spikes"]:
        return Finding("Brian2", device, "broken", "does not give the spikes of the reference", "please report this as a bug", True)
    ran = f"ran a network in Brian2 {answer['version']}: the {answer['n_spikes']} spikes of the reference"
    return Finding("Brian2", device, "ok", ran, "", essential)
