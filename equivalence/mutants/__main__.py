"""``python -m equivalence.mutants``: plant faults in the package's own code, one at a time, and see whether the suite notices."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from hetsyn_sim.errors import BackendError, HetSynError

from .faults import MUTANTS
from .mutant import Mutant
from .suite import Outcome, run_suite
from .table import Row, as_markdown, read_rows, still_to_run, write_rows

#: The smallest share of faults that the suite has to kill.
ENOUGH = 0.95


def main(arguments: list[str] | None = None) -> int:
    """Run what is asked for; 0 if enough faults are killed, 1 if not, 2 if something could not be run."""
    parser = argparse.ArgumentParser(prog="python -m equivalence.mutants", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write a row for each fault; go on where an earlier run has stopped")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table of the documentation")
    parser.add_argument("--only", default="", metavar="TEXT", help="only faults whose words or file have this text in them")
    parser.add_argument("--fresh", action="store_true", help="run all faults again, whatever the file has")
    parser.add_argument("--workers", type=int, default=2, metavar="N", help="how many copies are tested side by side (2)")
    parser.add_argument("--list", action="store_true", help="list the faults and run nothing")
    options = parser.parse_args(arguments)
    chosen = [m for m in MUTANTS if options.only in m.fault or options.only in m.path]
    try:
        places = {mutant.fault: mutant.where() for mutant in MUTANTS}
        if options.list:
            print("\n".join(f"{places[m.fault]}: {m.fault}" for m in chosen))
            return 0
        rows = read_rows(options.json) if options.json and not options.fresh else {}
        broken = _run_all(still_to_run(chosen, rows), rows, places, options)
    except HetSynError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted" + (f"; the same command goes on from {options.json}" if options.json else ""), file=sys.stderr)
        return 130
    if options.markdown:
        options.markdown.write_text(as_markdown(rows), encoding="utf-8")
    done = [rows[m.fault] for m in chosen if m.fault in rows]
    killed = sum(row.killed for row in done)
    print(f"{killed} of {len(done)} killed" + "".join(f"\nsurvived: {row.where}: {row.fault}" for row in done if not row.killed))
    if broken:
        print(f"{broken} could not be run", file=sys.stderr)
        return 2
    return 0 if killed >= ENOUGH * len(done) else 1


def _run_all(mutants: list[Mutant], rows: dict[str, Row], places: dict[str, str], options: argparse.Namespace) -> int:
    """Fill in the rows; how many could not be run. The copy without a fault is tested too: were it to fail, no kill would mean anything."""
    broken = 0
    if not mutants:
        return broken
    pool = ThreadPoolExecutor(options.workers)
    try:
        waiting = {pool.submit(run_suite, None): None} | {pool.submit(run_suite, mutant): mutant for mutant in mutants}
        for n, future in enumerate(as_completed(waiting)):
            mutant = waiting[future]
            try:
                outcome = future.result()
            except BackendError as error:
                print(error, file=sys.stderr, flush=True)
                broken += 1
                continue
            if mutant is None:
                _check_control(outcome)
                continue
            rows[mutant.fault] = Row(
                mutant.fault, places[mutant.fault], (mutant.find, mutant.replace), bool(outcome.by), outcome.by, outcome.seconds
            )
            if options.json:
                write_rows(options.json, rows)
            verdict = f"killed by {outcome.by}" if outcome.by else "SURVIVED"
            print(f"[{n}/{len(mutants)}] {outcome.seconds:5.0f} s  {mutant.fault}: {verdict}", flush=True)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return broken


def _check_control(outcome: Outcome) -> None:
    if outcome.by:
        raise BackendError(
            "the suite fails without a fault",
            where="the copy without a fault",
            got=outcome.by,
            expected="no test fails",
            remedy="make `pytest equivalence/` pass first",
        )
    print(f"without a fault the suite passes, in {outcome.seconds:.0f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
