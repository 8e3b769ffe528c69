"""Trying something in a process of its own: what can't be imported, crashes or hangs there is a finding, and no end of the diagnosis."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any


def attempt(module: str, *arguments: str, seconds: float = 600.0) -> dict[str, Any]:
    """What ``python -m MODULE ARGUMENTS`` prints as its last line, which is JSON; or ``{"error": one line}``.

    ``-P`` keeps Python from importing what lies in the working directory, as the command ``hetsyn`` does not either.
    """
    command = [sys.executable, "-P", "-m", module, *arguments]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False, timeout=seconds
        )
    except subprocess.TimeoutExpired:
        return {"error": f"no answer after {seconds:.0f} s"}
    except OSError as error:
        return {"error": f"{command[0]} can't be started: {error.strerror or error}"}
    lines = done.stdout.strip().splitlines()
    try:
        answer = json.loads(lines[-1])
        if done.returncode == 0 and isinstance(answer, dict):
            return answer
    except (IndexError, ValueError):
        pass
    said = done.stderr.strip().splitlines()
    if done.returncode < 0:
        return {"error": f"killed by signal {-done.returncode}" + (f": {said[-1]}" if said else "")}
    return {"error": said[-1].strip() if said else f"ended with {done.returncode} and no message"}


def answer(function: Callable[..., dict[str, Any]], *arguments: str) -> None:
    """The other side: print what a function returns, or why it failed, as the last line."""
    try:
        told = function(*arguments)
    except Exception as error:  # whatever it is, it is what we want to know
        told = {"error": f"{type(error).__name__}: {' '.join(str(error).split())}"}
    print("\n" + json.dumps(told))
