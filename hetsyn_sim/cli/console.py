"""What goes to the terminal: results to stdout, messages and progress to stderr, errors in a frame."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ..errors import HetSynError

_SECONDS_BETWEEN_LINES = 5.0


def _messages() -> Console:
    # made anew each time, since tests and callers may have replaced sys.stderr
    return Console(stderr=True, highlight=False)


def say(line: str) -> None:
    """A message to stderr."""
    _messages().print(Text(line), soft_wrap=True)


def show_error(error: HetSynError) -> None:
    """An error to stderr: framed for people, plain where stderr is a file or a pipe."""
    console = _messages()
    if console.is_terminal:
        console.print(Panel(Text(str(error)), title="error", title_align="left", border_style="red"))
    else:
        console.print(Text(f"error: {error}"), soft_wrap=True)


def show_table(title: str, rows: dict[str, str]) -> None:
    """Names and values to stdout. A value is never cut or wrapped, so that a path can be copied out of it."""
    needed = max(map(len, rows)) + max(map(len, rows.values())) + 7  # with the frame
    console = Console(highlight=False, width=max(needed, len(title)))
    table = Table(show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    for name, value in rows.items():
        table.add_row(Text(name), Text(value))
    console.print(Text(title, style="bold"))
    console.print(table, crop=False)


@contextmanager
def progress_bar(what: str) -> Iterator[Callable[[float], None]]:
    """Hands out a callback for the fraction done: a bar on a terminal, elsewhere a line every few seconds."""
    console = _messages()
    if console.is_terminal:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:3.0f} %"), TimeElapsedColumn())
        with Progress(*columns, TextColumn("left"), TimeRemainingColumn(), console=console) as bar:
            task = bar.add_task(what, total=1.0)
            yield lambda fraction: bar.update(task, completed=fraction)
        return
    start = last = time.monotonic()

    def line(fraction: float) -> None:
        nonlocal last
        if time.monotonic() - last > _SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            left = f", about {(last - start) * (1.0 / fraction - 1.0):.0f} s left" if 0.0 < fraction < 1.0 else ""
            say(f"{what}: {100 * fraction:.0f} % after {last - start:.0f} s{left}")

    say(f"{what} ...")
    yield line
    say(f"{what}: done in {time.monotonic() - start:.1f} s")


@contextmanager
def checks_bar(what: str) -> Iterator[Callable[[str, float], None]]:
    """One bar after the other: hands out a callback for the name of what is being done, and the fraction of it."""
    with ExitStack() as stack:
        bars: dict[str, Callable[[float], None]] = {}

        def tell(name: str, fraction: float) -> None:
            if name not in bars:
                stack.close()  # the bar before is done
                bars[name] = stack.enter_context(progress_bar(f"{name}, {what}" if not bars else name))
            bars[name](fraction)

        yield tell
