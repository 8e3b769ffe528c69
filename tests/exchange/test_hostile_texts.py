"""Texts that a checkpoint or its recordings bring along are text in whatever is exported: never code, markup, a formula or a new line."""

import ast
import csv
import json
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
from markdown_it import MarkdownIt

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.escape import docstring, markdown, one_line, table_cell
from hetsyn_sim.data.recording import Recording
from hetsyn_sim.exchange import export_brian2, export_csv, from_nir, to_nir
from hetsyn_sim.models import HetSynLIF, LeakyReadout
from hetsyn_sim.spec import Layer, NetworkSpec

BREAKS = ["\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"]
HOSTILE = [
    '""";import os;os.system("touch /tmp/x");"""',
    "''';import os;'''",
    '"',
    "\\",
    '\\"""\nimport os\n"""',
    "\\N{BULLET} \\x00 \\u",
    "{title} {0} %s",
    *(f"a{line_break}import os" for line_break in BREAKS),
    "\x00 \x1b[31mred\x1b]0;title\x07 \x7f \x9b",
    "\u202egnp.exe \u2066 \ufeff \ud800",
    '=HYPERLINK("http://x")',
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1)",
    "\t=1",
    "`</code><script>alert(1)</script>",
    "[here](javascript:alert(1)) ![](http://x) <http://x>",
    "| a | b |\n|---|---|",
    "\n\n# heading\n\n```sh\nrm -r .\n```\n- item",
    "*a* __b__ ~~c~~ &lt; $x$",
    "--- {{ x }} ...\n!!python/object/apply:os.system [id]",
]


def network(text):
    """A checkpoint with ``text`` wherever one is free, and in names and references that the rules of a spec would refuse."""
    models = [replace(HetSynLIF), replace(LeakyReadout)]
    spec = NetworkSpec("10 ms", 6, [Layer(models[0], 4, recurrent=True)], Layer(models[1], 3))
    for model in models:
        object.__setattr__(model, "name", text)
        object.__setattr__(model, "reference", text)
    stored = {"recipe": {"name": text}, "data": {"name": text, text: text}, "versions": {"torch": text}}
    return Checkpoint(spec, spec.initial_values(0), **stored)


def recordings(data, text):
    info = {"attribution": text, "licence": text, "name": text}
    return replace(data, names=np.array([f"{text}"] * len(data)), info=info)


def syntax(script):
    """A script's syntax tree without the values of its constants."""
    tree = ast.parse(script)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            node.value = type(node.value).__name__
    return ast.dump(tree)


def structure(page):
    return [
        (token.type, token.tag)
        for line in MarkdownIt("gfm-like", {"linkify": False}).parse(page)
        for token in (line, *(line.children or ()))
    ]


@pytest.fixture(scope="module")
def exported(tmp_path_factory, toy_data):
    """Folders of both exporters, by the text that they were given."""

    def write(text):
        folder = tmp_path_factory.mktemp("out")
        checkpoint, data = network(text), recordings(toy_data[:3], text)
        export_brian2(checkpoint, data, folder / "brian2")
        export_csv(checkpoint, data, folder / "csv")
        return folder

    # files are UTF-8, which has no half characters, so a checkpoint can't hold any
    return {text: write(text) for text in ["harmless", *HOSTILE[:5], "".join(HOSTILE).replace("\ud800", ""), HOSTILE[-5], "=1\u2028+1"]}


def test_each_place_has_its_escape():
    for text in HOSTILE:
        assert syntax(f"x = 1  # {one_line(text)}\ny = 2") == syntax("x = 1\ny = 2"), text
        assert ast.literal_eval(f'"""{docstring(text)}"""') == one_line(text)
        assert structure(f"- a {markdown(text)} z") == structure("- a z"), text
        assert table_cell(text).lstrip()[:1] not in ("=", "+", "-", "@")


def test_a_script_differs_only_in_its_constants(exported):
    def script(text):
        return (exported[text] / "brian2" / "network.py").read_bytes().decode()

    assert not [text for text in exported if syntax(script(text)) != syntax(script("harmless"))]
    # comments are not in the tree: nothing but a line feed ends a line, and nothing reorders what is read
    assert not [text for text in exported if not all(c.isprintable() for c in script(text).replace("\n", ""))]


def test_a_page_has_the_structure_of_a_harmless_one(exported):
    def page(text):
        return (exported[text] / "brian2" / "README.md").read_bytes().decode()

    assert not [text for text in exported if structure(page(text)) != structure(page("harmless"))]


def test_tables_hold_no_formulas(exported):
    for text, folder in exported.items():
        for path in (folder / "csv").glob("*.csv"):
            with open(path, newline="", encoding="utf-8") as file:
                rows = list(csv.reader(file))
            assert len({len(row) for row in rows}) == 1, (text, path.name)
            cells = [cell for row in rows for cell in row if cell.lstrip()[:1] in ("=", "+", "-", "@")]
            assert all(np.isfinite(float(cell)) for cell in cells), (text, path.name)
        about = json.loads((folder / "csv" / "network.json").read_text())
        assert about["trained_on"]["name"] == about["populations"]["layer_1"]["reference"] == text


def test_texts_come_back_from_nir():
    for text in HOSTILE[:4]:
        checkpoint = network(text)
        for layer in (*checkpoint.spec.layers, checkpoint.spec.readout):
            object.__setattr__(layer.model, "name", "Model")
        graph, _ = to_nir(checkpoint, groups=16)
        assert from_nir(graph).recipe == {"name": text}
        assert from_nir(graph).spec == checkpoint.spec


class Page(HTMLParser):
    """The tags of a page with their attributes, and its text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, attributes))

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("text", HOSTILE)
def test_summaries_at_a_prompt_and_in_a_notebook(toy_data, text):
    def summarised(text):
        checkpoint = network(text)
        recording = Recording(0.01, {"layer_1": np.zeros((2, 1, 3), dtype=bool)}, simulator=text)
        models = checkpoint.spec.layers[0].model
        return checkpoint, checkpoint.spec, models, recordings(toy_data, text), recording

    for hostile, harmless in zip(summarised(text), summarised("harmless"), strict=True):
        assert len(repr(hostile).splitlines()) == 1
        assert repr(hostile).isprintable()
        page, expected = Page(hostile._repr_html_()), Page(harmless._repr_html_())
        assert page.tags == expected.tags
        assert page.text.replace("\n", "").isprintable()
