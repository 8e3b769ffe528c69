"""Parts that recipes are made of: sections with known settings, and objects chosen by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

from ..errors import UnknownNameError, one_of

T = TypeVar("T")


class Section(BaseModel):
    """Part of a recipe: immutable, and every name in it must be known."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def built(table: Mapping[str, type[T]], kind: str, name: str, settings: Mapping[str, Any]) -> T:
    """An object of the dataclass that ``table`` holds under ``name``; ``kind`` is what errors call it, such as "loss".

    Raises
    ------
    UnknownNameError
        If there is no such name, or the class has no such setting.
    """
    chosen = one_of(name, table, kind, where=kind)
    known = [field.name for field in fields(chosen)]
    if foreign := [setting for setting in settings if setting not in known]:
        raise UnknownNameError(
            f"unknown setting of a {kind}",
            where=name,
            got=", ".join(sorted(foreign)),
            expected=", ".join(known) or "no settings",
            remedy="use one of these" if known else "remove it",
        )
    made: T = chosen(**settings)
    return made
