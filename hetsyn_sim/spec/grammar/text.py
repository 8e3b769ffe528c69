"""Specs as YAML: plain data with equations that stay readable."""

from __future__ import annotations

from typing import Any

import yaml

from ...errors import SpecError
from .guard import shown

#: Characters of a file, and how deep it may be nested. A spec with twenty models written out has a third of these, and six levels.
MAX_YAML, MAX_LEVELS = 100_000, 20


def write_yaml(plain: Any) -> str:
    """Plain data as YAML, in the order given, texts of several lines as blocks."""
    return yaml.dump(plain, Dumper=_Dumper, sort_keys=False, width=120)


def read_yaml(text: str, *, where: str) -> Any:
    """What a YAML text says.

    Only plain data can come of it. Aliases are refused: a few lines of them unfold to more than there is memory (the "billion laughs").

    Raises
    ------
    SpecError
        If it is not YAML, too large, too deep, or has aliases.
    """
    if len(text) > MAX_YAML:
        raise SpecError(
            "an enormous file",
            where=where,
            got=f"{len(text)} characters",
            expected=f"{MAX_YAML} characters at most",
            remedy="write each model once, and values of synapses into a checkpoint",
        )
    try:
        return yaml.load(text, Loader=_Loader)  # a SafeLoader that allows less
    except SpecError as error:
        error.where = where
        raise
    except (yaml.YAMLError, ValueError, ArithmeticError, RecursionError) as error:  # also what Python says of numbers and dates
        raise SpecError(
            "this is not YAML",
            where=where,
            got=shown(" ".join(str(error).split()), 300),
            expected="what to_text writes",
            remedy="correct the line that the message names",
        ) from error


class _Loader(yaml.SafeLoader):
    """Reads plain data that is written out in full."""

    levels = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise SpecError(
                "an alias",
                got=f"in line {self.line + 1}",
                expected="data that is written out",
                remedy="copy what the alias stands for to where it is used",
            )
        self.levels += 1
        if self.levels > MAX_LEVELS:
            raise SpecError(
                "lists or sections that are nested too deeply",
                got=f"more than {MAX_LEVELS} levels",
                expected="a handful of levels",
                remedy="correct the indentation and the brackets",
            )
        node = super().compose_node(parent, index)
        self.levels -= 1
        return node


class _Dumper(yaml.SafeDumper):
    """Writes equations of several lines as a block, so that they stay readable."""


_Dumper.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)
)
