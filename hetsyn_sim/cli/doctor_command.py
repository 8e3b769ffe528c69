"""``hetsyn doctor``: what works here, what is missing, and what helps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from .console import progress_bar
from .options import JsonFile, check_output, write_json

if TYPE_CHECKING:
    from .doctor import Diagnosis

_BROKEN = 2
_MARKS = {"ok": "ok     ", "absent": "absent ", "broken": "BROKEN "}


def doctor(
    quick: Annotated[bool, typer.Option("--quick", help="Try Brian2 without compiling: a few seconds instead of half a minute.")] = False,
    json_file: JsonFile = None,
) -> None:
    """Show versions, compiler, devices, threads and caches; try training and every Brian2 target; say what is missing and what helps.

    Exit code 0 if the essential works: the packages, training on the CPU, and Brian2 on numpy. Else 2.

    ```
    hetsyn doctor
    hetsyn doctor --quick --json machine.json
    ```
    """
    check_output(json_file)
    from .doctor import diagnose

    with progress_bar("trying PyTorch and Brian2") as progress:
        diagnosis = diagnose(quick=quick, progress=progress)
    typer.echo("\n".join(lines_of(diagnosis)))
    write_json(json_file, diagnosis.as_dict())
    if not diagnosis.works:
        raise typer.Exit(_BROKEN)


def lines_of(diagnosis: Diagnosis) -> list[str]:
    """The findings by group, then what can be done, the essential first."""
    lines = []
    for group, findings in diagnosis.groups().items():
        width = max(len(finding.name) for finding in findings)
        lines += [group, *(f"  {_MARKS[f.state]}{f.name:<{width}}  {f.value}" for f in findings), ""]
    advice: dict[tuple[str, bool], list[str]] = {}
    for finding in diagnosis.advice:
        advice.setdefault((finding.remedy, finding.essential), []).append(finding.name)
    if advice:
        lines.append("what helps")
        lines += [f"  {'needed' if needed else 'maybe '} {', '.join(names)}: {remedy}" for (remedy, needed), names in advice.items()]
        lines.append("")
    return [*lines, "the essential works" if diagnosis.works else "something essential does not work: see what is needed above"]
