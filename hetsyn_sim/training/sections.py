"""What recipes and plans are made of: sections with known settings, files of them, and objects chosen by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from ..data.files import check_readable
from ..errors import ConfigError, HetSynError, SpecError, UnknownNameError, nearest, one_of
from ..spec.grammar.text import MAX_YAML, read_yaml

T = TypeVar("T")


class Section(BaseModel):
    """Part of a recipe: immutable, and every name in it must be known."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    #: Sections that are chosen by their ``name``, which pydantic puts into the path of an error although the file has none there.
    tagged: ClassVar[Mapping[str, type[Section]]] = {}

    if not TYPE_CHECKING:  # mypy's plugin knows the settings of each section, and would not with this

        def __init__(self, **settings: Any) -> None:
            try:
                super().__init__(**settings)
            except ValidationError as error:
                raise self._config_error(error, type(self).__name__) from error

        # pydantic then calls it for `Training(...)` alone, and not for each section inside of another, whose errors are the outer's to show
        __init__.__pydantic_base_init__ = True

        def __setattr__(self, name: str, value: Any) -> None:
            if name in type(self).model_fields:
                raise ConfigError(
                    "settings can't be changed",
                    where=f"{type(self).__name__}.{name}",
                    got=f"{name} = {value!r}"[:200],
                    expected="the settings as they were made",
                    remedy="make others: recipe.changed(epochs=5), or hs.Training(epochs=5)",
                )
            super().__setattr__(name, value)

    @classmethod
    def _config_error(cls, error: ValidationError, where: str) -> ConfigError:
        """Pydantic's findings as one error: the first problem in full, the places of the others."""
        problems = error.errors()
        first = problems[0]
        place = cls._place(first["loc"])
        cause = first.get("ctx", {}).get("error")
        shown = first["input"]
        got: object = repr(shown)[:200] if not isinstance(shown, dict | Section) else f"the section {place or 'as a whole'}"
        expected = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
        what, remedy = "a setting is wrong", "correct it"
        if isinstance(cause, HetSynError):
            what, got = cause.what, cause.got
            expected, remedy = str(cause.expected), cause.remedy
            place = ".".join(filter(None, (place, "" if place.endswith(cause.where) else cause.where)))
        elif first["type"] == "missing":
            what, got, remedy = "a setting is missing", "nothing", "add it"
        elif first["type"] == "extra_forbidden":
            what, got = "unknown setting", repr(first["loc"][-1])
            expected = ", ".join(cls._known(first["loc"][:-1])) or "nothing here"
            remedy = f"correct its name, or remove it{nearest(first['loc'][-1], cls._known(first['loc'][:-1]))}"
        others = sorted({cls._place(problem["loc"]) for problem in problems[1:]} - {place})
        if others:
            remedy += "; also wrong: " + ", ".join(others)
        return ConfigError(what, where=f"{where}: {place}" if place else where, got=got, expected=expected, remedy=remedy)

    @classmethod
    def _place(cls, loc: tuple[int | str, ...]) -> str:
        return ".".join(str(part) for part in loc if part not in cls.tagged)

    @classmethod
    def _known(cls, loc: tuple[int | str, ...]) -> list[str]:
        """The names that a section may hold, by walking down the defaults."""
        section: Any = cls.model_construct()
        for part in loc:
            section = cls.tagged[str(part)]() if part in cls.tagged else getattr(section, str(part), None)
        return list(type(section).model_fields) if isinstance(section, Section) else []


class SectionFile(Section):
    """A section that is a YAML file of its own.

    Raises
    ------
    ConfigError
        From :meth:`from_yaml` and :meth:`from_dict`, with file, setting, what was met and what was expected.
    """

    #: What errors call such a file.
    kind: ClassVar[str] = "file"

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any], *, where: str = "") -> Self:
        """Build it from plain data."""
        try:
            return cls.model_validate(plain)
        except ValidationError as error:
            raise cls._config_error(error, where or cls.kind) from error

    @classmethod
    def from_yaml(cls, path: str | PathLike[str]) -> Self:
        """Read a file.

        Raises
        ------
        ConfigError
            If it can't be read, or holds something else.
        """
        check_readable(path, expected=f"a {cls.kind}", error=ConfigError, most=4 * MAX_YAML)  # UTF-8 takes four bytes at most
        try:
            plain = read_yaml(Path(path).read_text(encoding="utf-8"), where=str(path))
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"this {cls.kind} can't be read",
                where=str(path),
                got=f"{error.what}: {error.got}" if isinstance(error, SpecError) else f"{type(error).__name__}: {error}",
                expected=f"a YAML file with the sections {', '.join(cls.model_fields)}",
                remedy="check the path and the text of the file",
            ) from error
        return cls.from_dict({} if plain is None else plain, where=str(path))


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
            remedy=f"use one of these{nearest(foreign[0], known)}" if known else "remove it",
        )
    made: T = chosen(**settings)
    return made
