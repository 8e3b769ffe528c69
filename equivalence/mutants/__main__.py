"""``python -m equivalence.mutants``: plant faults in the package's own code, one at a time, and see whether ``make test`` notices."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

from hetsyn_sim.errors import BackendError, HetSynError

from .faults import MUTANTS
from .mutant import Mutant
from .suite import TEST, of_test, run_control, run_suite
from .table import Row, as_markdown, read_rows, still_to_run, write_rows

#: The smallest share of faults that `make test` alone has to kill, where it is to notice them at all.
ENOUGH = 0.94


def main(arguments: list[str] | None = None) -> int:
    """Run what is asked for; 0 if enough faults are killed, 1 if not, 2 if something could not be run."""
    parser = argparse.ArgumentParser(prog="python -m equivalence.mutants", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write a row for each fault; go on where an earlier run has stopped")
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the table of the documentation")
    parser.add_argument("--only", default="", metavar="TEXT", help="only faults whose words or file have this text in them")
    parser.add_argument("--whole", action="store_true", help="go on with what `make check` runs where `make test` notices nothing")
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
    killed, alone = sum(row.killed for row in done), sum(row.stage == TEST for row in done)
    print(f"{killed} of {len(done)} killed, {alone} of them by `{TEST}` alone")
    print("".join(f"{row.stage or 'survived'}: {row.where}: {row.fault}\n" for row in done if row.stage != TEST), end="")
    if broken:
        print(f"{broken} could not be run", file=sys.stderr)
        return 2
    to_notice = [rows[m.fault] for m in of_test(chosen) if m.fault in rows]
    return 0 if killed >= ENOUGH * len(done) and sum(row.stage == TEST for row in to_notice) >= ENOUGH * len(to_notice) else 1


def _run_all(mutants: list[Mutant], rows: dict[str, Row], places: dict[str, str], options: argparse.Namespace) -> int:
    """Fill in the rows; how many could not be run. At the end, the tests that killed have to pass without a fault."""
    broken = 0
    if not mutants:
        return broken
    pool = ThreadPoolExecutor(options.workers)
    try:
        before = {fault: row.by for fault, row in rows.items()}
        waiting = {pool.submit(run_suite, m, before.get(m.fault, ""), whole=options.whole): m for m in mutants}
        for n, future in enumerate(as_completed(waiting), 1):
            mutant = waiting[future]
            try:
                outcome = future.result()
            except BackendError as error:
                print(error, file=sys.stderr, flush=True)
                broken += 1
                continue
            change = (mutant.find, mutant.replace)
            rows[mutant.fault] = Row(mutant.fault, places[mutant.fault], change, outcome.by, outcome.stage, outcome.seconds)
            if options.json:
                write_rows(options.json, rows)
            verdict = f"killed by {outcome.by} ({outcome.stage})" if outcome.by else "SURVIVED"
            print(f"[{n}/{len(mutants)}] {outcome.seconds:5.0f} s  {mutant.fault}: {verdict}", flush=True)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    killers = {row.by for row in rows.values() if row.stage == TEST and "::" in row.by}
    if killers:
        _check_control(sorted(killers))
    return broken


def _check_control(killers: list[str]) -> None:
    outcome = run_control(killers)
    if outcome.by:
        raise BackendError(
            "a test that kills faults fails without one",
            where="the copy without a fault",
            got=outcome.by,
            expected="no test fails",
            remedy="make `make test` pass first, and run the faults that this test has killed again",
        )
    print(f"without a fault the {len(killers)} tests that have killed pass, in {outcome.seconds:.0f} s", flush=True)


if __name__ == "__main__":
    sys.exit(main())
