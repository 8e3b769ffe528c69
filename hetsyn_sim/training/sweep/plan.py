"""What a sweep varies, as a small typed YAML file."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, ValidationError, model_validator

from ...errors import ConfigError
from ...spec.grammar.text import read_yaml
from ..recipe import Recipe, load_recipe


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Range(_Part):
    """Numbers from ``low`` to ``high``, for a search: whole numbers if both are. ``log``: evenly spread over their logarithm."""

    low: int | float
    high: int | float
    log: bool = False

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if not self.low < self.high or (self.log and self.low <= 0):
            raise ValueError("low below high, and above 0 where log is true")
        return self


class SweepPlan(_Part):
    """One recipe, and which of its settings vary.

    Parameters
    ----------
    recipe
        The name of a recipe that ships, or the path of a file.
    vary
        By the place in the recipe (``training.optimiser.lr``): a list of values, or, for a search, a :class:`Range`.
    fixed
        Settings of the recipe that are changed for all runs.
    seeds
        Every combination is trained with each of these. A search goes by the mean.
    metric
        What a combination is judged by. Both are of the recordings held out for validation, never of the test split.

    Raises
    ------
    ConfigError
        From :meth:`from_yaml`, if it is no such file.
    """

    recipe: str
    vary: Annotated[dict[str, Annotated[list[Any], Field(min_length=1)] | Range], Field(min_length=1)]
    fixed: dict[str, Any] = {}
    seeds: Annotated[list[NonNegativeInt], Field(min_length=1)] = [0]
    metric: Literal["validation_accuracy", "validation_loss"] = "validation_accuracy"

    @classmethod
    def from_yaml(cls, path: str | PathLike[str]) -> Self:
        """Read a file.

        Raises
        ------
        ConfigError
            If it can't be read, or is no plan.
        """
        try:
            plain = read_yaml(Path(path).read_text(encoding="utf-8"), where=str(path))
            return cls.model_validate({} if plain is None else plain)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            raise ConfigError(
                "this is no plan of a sweep",
                where=f"{path}: {place}",
                got="nothing" if first["type"] == "missing" else repr(first["input"])[:200],
                expected=first["msg"].removeprefix("Value error, "),
                remedy=f"sections: {', '.join(cls.model_fields)}; see the page on scaling out",
            ) from error
        except (OSError, ValueError) as error:
            raise ConfigError(
                "the plan of the sweep can't be read",
                where=str(path),
                got=f"{type(error).__name__}: {str(error).splitlines()[0]}",
                expected=f"a YAML file with the sections {', '.join(cls.model_fields)}",
                remedy="check the path",
            ) from error

    def base(self) -> Recipe:
        """The recipe before anything varies.

        Raises
        ------
        ConfigError
            If a setting of ``fixed`` is none of the recipe, or if there are no recordings to judge by but those of the test split.
        UnknownNameError
            If there is no such recipe.
        """
        recipe = changed(load_recipe(self.recipe), self.fixed)
        if named := sorted({"training.seed"} & {*self.vary, *self.fixed}):
            raise ConfigError(
                "seeds are no setting to vary",
                where=named[0],
                got=named[0],
                expected="the section seeds",
                remedy="write `seeds: [0, 1, 2]`",
            )
        judged = recipe.training.validation in ("split", "speakers")
        if "training.validation" in self.vary or not judged:
            raise ConfigError(
                "a sweep is judged by recordings that are held out from the training split",
                where=f"{recipe.name}: training.validation",
                got="one of the settings that vary" if judged else recipe.training.validation,
                expected="split or speakers, for all runs",
                remedy="write `fixed: {training.validation: split}`",
            )
        return recipe

    def combinations(self) -> list[dict[str, Any]]:
        """All combinations of the lists, the last setting changing fastest.

        Raises
        ------
        ConfigError
            If one of them is a range.
        """
        for name, choice in self.vary.items():
            if isinstance(choice, Range):
                raise ConfigError(
                    "a range has no list of values",
                    where=f"vary: {name}",
                    got=f"{choice.low} to {choice.high}",
                    expected="a list, since every combination is to be trained",
                    remedy="write a list, or search with `--trials N`",
                )
        return [dict(zip(self.vary, values, strict=True)) for values in itertools.product(*self.vary.values())]

    def check(self) -> None:
        """Build the recipe with each value, and each end of a range, so that a wrong one is met before any training.

        Raises
        ------
        ConfigError
            The recipe's own, with the setting.
        """
        recipe = self.base()
        for name, choice in self.vary.items():
            for value in (choice.low, choice.high) if isinstance(choice, Range) else choice:
                changed(recipe, {name: value})


def changed(recipe: Recipe, settings: Mapping[str, Any]) -> Recipe:
    """The recipe with settings by their place in it, through its own validation."""
    plain = recipe.to_dict()
    for place, value in settings.items():
        *sections, name = place.split(".")
        section = plain
        for part in sections:
            inner = section.get(part)
            section[part] = section = dict(inner) if isinstance(inner, Mapping) else {}
        section[name] = value
    return Recipe.from_dict(plain, where=", ".join(settings) or recipe.name)
