"""A page as a list of blocks, written out as Markdown and as one self-contained HTML file."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..data.files import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Canvas

_STYLE = """
:root { --ink: #1f2328; --muted: #5c6470; --line: #d9dce1; --ground: #fff; --shade: #f5f6f7; --failed: #a3195b; color-scheme: light dark; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8eb; --muted: #98a0ab; --line: #343a42; --ground: #101214; --shade: #181b1f; --failed: #e68fb5; }
}
body { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; font: 16px/1.5 system-ui, sans-serif; }
body { color: var(--ink); background: var(--ground); }
h1 { font-size: 1.7rem; line-height: 1.25; overflow-wrap: anywhere; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
table { display: block; width: max-content; max-width: 100%; overflow-x: auto; border-collapse: collapse; }
td, th { text-align: left; padding: 0.3rem 1.5rem 0.3rem 0; border-bottom: 1px solid var(--line); }
td { font-variant-numeric: tabular-nums; }
.pairs td { overflow-wrap: anywhere; min-width: 7rem; }
th { font-weight: 600; border-bottom: 2px solid var(--muted); }
tr.failed td { font-weight: 700; color: var(--failed); }
figure { margin: 1rem 0; } figcaption { color: var(--muted); font-size: 0.9rem; }
img { max-width: 100%; height: auto; background: #fff; border-radius: 6px; }
pre { background: var(--shade); padding: 0.8rem; overflow-x: auto; font-size: 0.8rem; line-height: 1.35; border-radius: 6px; }
summary { cursor: pointer; }
""".strip()


@dataclass(frozen=True)
class Heading:
    """A section's title."""

    text: str

    def markdown(self) -> str:
        return f"## {_no_tag(self.text)}"

    def html(self) -> str:
        return f"<h2>{escape(self.text)}</h2>"


@dataclass(frozen=True)
class Paragraph:
    """Plain text."""

    text: str

    def markdown(self) -> str:
        return _no_tag(self.text)

    def html(self) -> str:
        return f"<p>{escape(self.text)}</p>"


@dataclass(frozen=True)
class Grid:
    """A table with a row of headings; failed rows are set in bold.

    The rows may be an iterator: :meth:`lines` then gives each line as soon as its row is there.
    """

    columns: Sequence[str]
    rows: Iterable[Sequence[str]]
    failed: Sequence[bool] = ()

    @classmethod
    def of_pairs(cls, pairs: Mapping[str, str]) -> Grid:
        """Names and values in two columns without headings."""
        return cls(["", ""], list(pairs.items()))

    def _marked(self) -> Iterator[tuple[Sequence[str], bool]]:
        return ((cells, bool(self.failed) and self.failed[k]) for k, cells in enumerate(self.rows))

    def lines(self) -> Iterator[str]:
        """The table in Markdown, line by line."""
        yield _row(self.columns)
        yield "|---" * len(self.columns) + "|"
        for cells, failed in self._marked():
            yield _row([f"**{cell}**" if failed and cell else cell for cell in cells])

    def markdown(self) -> str:
        return "\n".join(self.lines())

    def html(self) -> str:
        head = "".join(f"<th>{escape(cell)}</th>" for cell in self.columns)
        rows = f"<tr>{head}</tr>\n" if any(self.columns) else ""
        for cells, failed in self._marked():
            rows += ('<tr class="failed">' if failed else "<tr>") + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>\n"
        return f"<table>\n{rows}</table>" if any(self.columns) else f'<table class="pairs">\n{rows}</table>'


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(_no_tag(' '.join(cell.split())).replace('|', chr(92) + '|') for cell in cells)} |"


def _no_tag(text: str) -> str:
    """A text in Markdown that no tag comes of: names of data and networks are whatever somebody wrote."""
    return text.replace("<", "&lt;")


@dataclass(frozen=True)
class Figure:
    """A picture: beside the Markdown as a file, inside the HTML itself."""

    file: str
    caption: str
    png: bytes = field(repr=False)

    def markdown(self) -> str:
        return f"![{self.caption}]({self.file})\n\n*{self.caption}*"

    def html(self) -> str:
        source = f"data:image/png;base64,{base64.b64encode(self.png).decode()}"
        return f'<figure><img src="{source}" alt="{escape(self.caption)}"><figcaption>{escape(self.caption)}</figcaption></figure>'


def png_of(figure: Canvas, dpi: int = 130, **options: Any) -> bytes:
    """A matplotlib figure as PNG. The same figure gives the same bytes, whatever version of matplotlib draws it."""
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=dpi, metadata={"Software": None}, **options)
    return content.getvalue()


@dataclass(frozen=True)
class Code:
    """Text as it is, folded away in HTML under its title."""

    title: str
    text: str

    def markdown(self) -> str:
        return f"{self.title}\n\n```\n{self.text.rstrip()}\n```"

    def html(self) -> str:
        return f"<details><summary>{escape(self.title)}</summary><pre>{escape(self.text.rstrip())}</pre></details>"


#: What a page is made of.
Block = Heading | Paragraph | Grid | Figure | Code


@dataclass(frozen=True)
class Document:
    """A titled page."""

    title: str
    blocks: Sequence[Block]

    def save(self, folder: str | PathLike[str], name: str) -> Path:
        """Write the figures, ``name.md`` and, when all else is there, ``name.html``, and return its path."""
        folder = Path(folder)
        for block in self.blocks:
            if isinstance(block, Figure):
                write_atomically(folder / block.file, block.png)
        write_atomically(folder / f"{name}.md", self.to_markdown())
        return write_atomically(folder / f"{name}.html", self.to_html())

    def to_markdown(self) -> str:
        """The page for people with an editor; figures are files beside it."""
        return "\n\n".join([f"# {_no_tag(self.title)}", *(block.markdown() for block in self.blocks)]) + "\n"

    def to_html(self) -> str:
        """The page for a browser, in one file: nothing is loaded from anywhere."""
        body = "\n".join(block.html() for block in self.blocks)
        head = (
            f'<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(self.title)}</title>'
        )
        return (
            f'<!doctype html>\n<html lang="en"><head>{head}\n<style>\n{_STYLE}\n</style></head>\n'
            f"<body>\n<h1>{escape(self.title)}</h1>\n{body}\n</body></html>\n"
        )
