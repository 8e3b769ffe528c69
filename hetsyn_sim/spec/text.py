"""Specs as YAML: plain data with equations that stay readable."""

from __future__ import annotations

from typing import Any

import yaml

from ..errors import SpecError

__all__ = ["read_yaml", "write_yaml"]


def write_yaml(plain: Any) -> str:
    """Plain data as YAML, in the order given, texts of several lines as blocks."""
    return yaml.dump(plain, Dumper=_Dumper, sort_keys=False, width=120)


def read_yaml(text: str, *, where: str) -> Any:
    """What a YAML text says.

    Raises
    ------
    SpecError
        If it is not YAML.
    """
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise SpecError(
            "this is not YAML",
            where=where,
            got=" ".join(str(error).split()),
            expected="what to_text writes",
            remedy="correct the line that the message names",
        ) from error


class _Dumper(yaml.SafeDumper):
    """Writes equations of several lines as a block, so that they stay readable."""


_Dumper.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)
)
