"""Terminal output: results to stdout, messages and progress to stderr, errors in a frame."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from ..errors import HetSynError

_SECONDS_BETWEEN_LINES = 5.0
_ANY_WIDTH = 100_000


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


def show(*renderables: RenderableType) -> None:
    """Tables and texts to stdout. Nothing is cut or wrapped, so that a path can be copied out of a cell."""
    console = Console(highlight=False, width=_ANY_WIDTH)
    for renderable in renderables:
        console.print(renderable)


def table(*headers: str, numbers: int = 0) -> Table:
    """An empty table without a frame; its last ``numbers`` columns are flush right."""
    made = Table(box=None, show_header=any(headers), header_style="", pad_edge=False, padding=(0, 2, 0, 0))
    for k, header in enumerate(headers):
        made.add_column(header, justify="right" if k >= len(headers) - numbers else "left", no_wrap=True)
    return made


def show_table(title: str, rows: dict[str, str]) -> None:
    """Names and values to stdout, in a frame."""
    made = Table(show_header=False)
    for name, value in rows.items():
        made.add_row(Text(name), Text(value))
    show(Text(title, style="bold"), made)


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[float], None]]:
    """Yields a callback for the fraction done: a bar on a terminal, elsewhere a line every few seconds."""
    console = _messages()
    if console.is_terminal:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:3.0f} %"), TimeElapsedColumn())
        with Progress(*columns, TextColumn("left"), TimeRemainingColumn(), console=console) as bar:
            task = bar.add_task(title, total=1.0)
            yield lambda fraction: bar.update(task, completed=fraction)
        return
    start = last = time.monotonic()

    def line(fraction: float) -> None:
        nonlocal last
        if time.monotonic() - last > _SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            left = f", about {(last - start) * (1.0 / fraction - 1.0):.0f} s left" if 0.0 < fraction < 1.0 else ""
            say(f"{title}: {100 * fraction:.0f} % after {last - start:.0f} s{left}")

    say(f"{title} ...")
    yield line
    say(f"{title}: done in {time.monotonic() - start:.1f} s")


@contextmanager
def checks_bar(title: str) -> Iterator[Callable[[str, float], None]]:
    """One bar after the other: yields a callback for the name of a check and the fraction of it that is done."""
    with ExitStack() as stack:
        bars: dict[str, Callable[[float], None]] = {}

        def update(name: str, fraction: float) -> None:
            if name not in bars:
                stack.close()  # the bar before is done
                bars[name] = stack.enter_context(progress_bar(f"{name}, {title}" if not bars else name))
            bars[name](fraction)

        yield update
