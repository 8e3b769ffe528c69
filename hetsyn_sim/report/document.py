"""A page as a list of blocks, written out as Markdown and as one self-contained HTML file."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

_STYLE = """
body { max-width: 62rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.5 system-ui, sans-serif; color: #222; background: #fff; }
h1 { font-size: 1.7rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; }
table { border-collapse: collapse; } td { padding: 0.25rem 1.5rem 0.25rem 0; border-bottom: 1px solid #ddd; }
td { font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; padding: 0.25rem 1.5rem 0.25rem 0; border-bottom: 2px solid #999; }
tr.failed td { font-weight: 700; color: #a3195b; }
figure { margin: 1rem 0; } img { max-width: 100%; height: auto; } figcaption { color: #555; font-size: 0.9rem; }
pre { background: #f6f6f6; padding: 0.8rem; overflow-x: auto; font-size: 0.8rem; line-height: 1.35; }
summary { cursor: pointer; }
""".strip()


@dataclass(frozen=True)
class Heading:
    """A section's title."""

    text: str

    def markdown(self) -> str:
        return f"## {self.text}"

    def html(self) -> str:
        return f"<h2>{escape(self.text)}</h2>"


@dataclass(frozen=True)
class Paragraph:
    """Plain text."""

    text: str

    def markdown(self) -> str:
        return self.text

    def html(self) -> str:
        return f"<p>{escape(self.text)}</p>"


@dataclass(frozen=True)
class Table:
    """Names and values."""

    rows: Mapping[str, str]

    def markdown(self) -> str:
        cells = ((name.replace("|", r"\|"), value.replace("|", r"\|")) for name, value in self.rows.items())
        return "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in cells)])

    def html(self) -> str:
        rows = "".join(f"<tr><td>{escape(name)}</td><td>{escape(value)}</td></tr>\n" for name, value in self.rows.items())
        return f"<table>\n{rows}</table>"


@dataclass(frozen=True)
class Grid:
    """A table with a row of headings; what has failed is set in bold."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    failed: Sequence[bool] = ()

    def _marked(self) -> list[tuple[Sequence[str], bool]]:
        return list(zip(self.rows, self.failed or [False] * len(self.rows), strict=True))

    def markdown(self) -> str:
        def line(cells: Sequence[str], bold: bool = False) -> str:
            escaped = (cell.replace("|", r"\|") for cell in cells)
            return "| " + " | ".join(f"**{cell}**" if bold and cell else cell for cell in escaped) + " |"

        return "\n".join([line(self.columns), "|" + "---|" * len(self.columns), *(line(cells, bad) for cells, bad in self._marked())])

    def html(self) -> str:
        head = "".join(f"<th>{escape(cell)}</th>" for cell in self.columns)
        rows = ""
        for cells, bad in self._marked():
            begin = '<tr class="failed">' if bad else "<tr>"
            rows += begin + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>\n"
        return f"<table>\n<tr>{head}</tr>\n{rows}</table>"


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
Block = Heading | Paragraph | Table | Grid | Figure | Code


@dataclass(frozen=True)
class Document:
    """A titled page."""

    title: str
    blocks: Sequence[Block]

    def to_markdown(self) -> str:
        """The page for people with an editor; figures are files beside it."""
        return "\n\n".join([f"# {self.title}", *(block.markdown() for block in self.blocks)]) + "\n"

    def to_html(self) -> str:
        """The page for a browser, in one file: nothing is loaded from anywhere."""
        body = "\n".join(block.html() for block in self.blocks)
        head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{escape(self.title)}</title>'
        return (
            f'<!doctype html>\n<html lang="en"><head>{head}\n<style>\n{_STYLE}\n</style></head>\n'
            f"<body>\n<h1>{escape(self.title)}</h1>\n{body}\n</body></html>\n"
        )
