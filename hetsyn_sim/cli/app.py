"""The command ``hetsyn``: one verb per file in :mod:`hetsyn_sim.cli`. What a verb needs is imported when it runs."""

from __future__ import annotations

import errno
import os
import traceback
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from ..errors import HetSynError
from . import study
from .biology import analyse
from .console import say, show_error
from .demo import demo
from .doctor import doctor
from .encode import encode
from .export import export
from .fit_recordings import fit_recordings
from .import_network import import_network
from .info import info
from .report import report
from .simulate import simulate
from .sweep import sweep
from .train import train
from .transfer import transfer
from .verify import verify
from .view import view

BAD_INPUT = 2
CRASHED = 3
INTERRUPTED = 130
#: Errors of storage: full, read-only or broken.
_STORAGE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO)

_EXIT_CODES = (
    "Exit codes: 0 all is well; 1 the networks do not agree; 2 something about the input is wrong (the message says what to do); "
    "3 the program failed, which is a bug or a broken installation; 130 interrupted. "
    "Results go to standard output, progress and messages to standard error."
)


class _Verbs(TyperGroup):
    """Verbs whose errors become a message and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except HetSynError as error:
            if ctx.params.get("debug"):
                traceback.print_exc()
            show_error(error)
            raise typer.Exit(BAD_INPUT) from None
        except OSError as error:
            # Ours are typed; what is left is a disk that is full or a folder that may not be read, met by a library. Any other OSError is a
            # bug, not a bad path.
            if ctx.params.get("debug") or (error.filename is None and error.errno not in _STORAGE):
                raise
            show_error(
                HetSynError(
                    "a file can't be read or written",
                    where=str(error.filename or "unknown: the operating system names no file"),
                    got=error.strerror or str(error),
                    expected="files that may be read, and folders that can be written to, with space left",
                    remedy="check the path and its permissions, and make room: df shows what is left",
                )
            )
            raise typer.Exit(BAD_INPUT) from None
        except KeyboardInterrupt:
            say("interrupted; finished files are complete, and `hetsyn train` goes on where it stopped when called again")
            raise typer.Exit(INTERRUPTED) from None


app = typer.Typer(
    cls=_Verbs,
    name="hetsyn",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_EXIT_CODES,
)


def _version(wanted: bool) -> None:
    if wanted:
        from .. import __version__

        typer.echo(f"hetsyn-sim {__version__}")
        raise typer.Exit()


@app.callback()
def hetsyn(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error too.")] = False,
) -> None:
    """Train spiking networks in PyTorch, simulate them in Brian2, and show that they are the same networks.

    Start with `hetsyn demo`. Every verb has examples: `hetsyn train --help`.
    """


def _renamed(verb: Callable[..., None], name: str) -> Callable[..., None]:
    """A verb under the name that it had in 0.1.0."""

    @wraps(verb)
    def old(*args: Any, **options: Any) -> None:
        say(f"`hetsyn {verb.__name__}` is called `hetsyn study {name}` now")
        verb(*args, **options)

    return old


for verb in (demo, encode, train, sweep, simulate, verify, report, view, transfer, export, import_network, fit_recordings, info, doctor):
    app.command("import" if verb is import_network else None, epilog=_EXIT_CODES)(verb)

studies = typer.Typer(name="study", no_args_is_help=True, rich_markup_mode="markdown", epilog=_EXIT_CODES)
for name in study.OF_HETSYN:
    studies.command(name, epilog=_EXIT_CODES)(study.of_hetsyn(name))
others: dict[str, Callable[..., None]] = {"forecasting": study.forecast, "stl": study.stl, "biology": analyse}
for name, command in others.items():
    studies.command(name, epilog=_EXIT_CODES)(command)
    app.command(epilog=_EXIT_CODES, hidden=True)(_renamed(command, name))
studies.command(epilog=_EXIT_CODES)(study.delays)
studies.command("forecast", epilog=_EXIT_CODES, hidden=True)(study.forecast)
app.command(epilog=_EXIT_CODES, hidden=True)(_renamed(study.reproduce, "NAME"))


@studies.callback()
def _studies() -> None:
    """Run published experiments with several seeds, and compare learned time constants with measured ones."""


app.add_typer(studies)


def main() -> None:
    """Entry point of the console script."""
    # Before torch is imported: its threads shall sleep when they wait. Spinning, they take the cores from each other on a busy machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    try:
        app()
    except KeyboardInterrupt:  # outside of a verb: while the program is still being loaded, say
        say("interrupted")
        raise SystemExit(INTERRUPTED) from None
    except Exception:  # Python itself would end with 1, which says that two networks do not agree
        traceback.print_exc()
        say("this is a bug or a broken installation: `hetsyn doctor` looks for the second; please report the first with the lines above")
        raise SystemExit(CRASHED) from None


if __name__ == "__main__":
    main()
