"""The table of planted faults: rows that go to a file after every fault, so that a run goes on where it was stopped."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from hetsyn_sim.data.files import write_atomically

from .faults import AREAS, MUTANTS
from .mutant import Mutant
from .suite import TEST


@dataclass(frozen=True)
class Row:
    """The result of one fault.

    ``where`` is file and line, ``change`` the text that was replaced and what replaced it, ``by`` the test that failed first, and ``stage``
    what runs that test: ``make test``, or a part of ``make check``.
    """

    fault: str
    where: str
    change: tuple[str, str]
    by: str
    stage: str
    seconds: float

    @property
    def killed(self) -> bool:
        """Whether a test failed."""
        return bool(self.by)


def read_rows(path: Path) -> dict[str, Row]:
    """Fault -> row, of a file that may not be there yet."""
    if not path.is_file():
        return {}
    return {row["fault"]: Row(**{**row, "change": tuple(row["change"])}) for row in json.loads(path.read_text(encoding="utf-8"))}


def write_rows(path: Path, rows: Mapping[str, Row]) -> None:
    """Write the rows in the order of the faults, and of those that there are no more nothing."""
    ordered = [asdict(rows[mutant.fault]) for mutant in MUTANTS if mutant.fault in rows]
    write_atomically(path, (json.dumps(ordered, indent=2, ensure_ascii=False) + "\n").encode())


def still_to_run(mutants: Iterable[Mutant], rows: Mapping[str, Row]) -> list[Mutant]:
    """Faults without a result, faults that have changed, and survivors: the tests may have learnt to notice them."""

    def is_done(mutant: Mutant) -> bool:
        row = rows.get(mutant.fault)
        return row is not None and bool(row.stage) and row.change == (mutant.find, mutant.replace)

    return [mutant for mutant in mutants if not is_done(mutant)]


def as_markdown(rows: Mapping[str, Row]) -> str:
    """The table for the documentation."""
    known = {mutant.fault for mutant in MUTANTS}
    of_faults = [row for fault, row in rows.items() if fault in known]
    alone = sum(row.stage == TEST for row in of_faults)
    killed = sum(row.killed for row in of_faults)
    lines = [f"{killed} of {len(of_faults)} planted faults are killed, {alone} of them by `{TEST}` alone.", ""]
    earlier, missing = sum(not row.stage for row in of_faults), len(known) - len(of_faults)
    if earlier or missing:
        lines[0] += f" {earlier} rows are of version 0.1.0, where the suite was not divided, and {missing} faults were not tried yet."
    for area, mutants in AREAS.items():
        there = [rows[mutant.fault] for mutant in mutants if mutant.fault in rows]
        lines += [f"**{area}** ({sum(row.killed for row in there)} of {len(there)})", "", "| fault | in | killed by |", "|---|---|---|"]
        for row in there:
            file = row.where.rpartition(":")[0].removeprefix("hetsyn_sim/")
            test = row.by.partition("::")[2]
            name, bracket, subject = test.partition("[")
            shown = f"`{name}`" + (f" ({subject.removesuffix(']')})" if bracket else "") if test else row.by
            shown += f", {row.stage}" if row.stage not in ("", TEST) else ""
            lines.append(f"| {row.fault} | `{file}` | {shown if row.killed else '**survived**'} |")
        lines.append("")
    return "\n".join(lines)
