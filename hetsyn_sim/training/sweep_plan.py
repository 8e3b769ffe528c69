"""The plan of a sweep, a small typed YAML file: a recipe, and which of its settings vary."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, NonNegativeInt, model_validator

from ..data.files import json_text, write_atomically
from ..errors import ConfigError, one_of
from .recipe import Recipe, load_recipe
from .sections import Section, SectionFile

_SAME_FOR_ALL = {"training.seed": "write `seeds: [0, 1, 2]`", "training.validation": "write `fixed: {training.validation: split}`"}


class Range(Section):
    """A range to search: whole numbers if both ends are."""

    low: int | float = Field(description="smallest value")
    high: int | float = Field(description="largest value")
    log: bool = Field(default=False, description="whether it is searched evenly over the logarithm")

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if not self.low < self.high or (self.log and self.low <= 0):
            raise ValueError("low below high, and above 0 where log is true")
        return self


class SweepPlan(SectionFile):
    """One recipe, and which of its settings vary."""

    kind: ClassVar[str] = "plan of a sweep"

    recipe: str = Field(description="name of a recipe that ships, or path of a file")
    vary: dict[str, Annotated[list[Any], Field(min_length=1)] | Range] = Field(
        min_length=1, description="place in the recipe (`training.optimiser.lr`) to a list of values or, for a search, a range"
    )
    fixed: dict[str, Any] = Field(default={}, description="settings of the recipe that are changed for all runs")
    seeds: list[NonNegativeInt] = Field(default=[0], min_length=1, description="every combination is trained with each of these")
    metric: Literal["validation_accuracy", "validation_loss"] = Field(
        default="validation_accuracy", description="what is compared, of recordings held out for validation"
    )

    def base(self) -> Recipe:
        """The recipe before anything varies.

        Raises
        ------
        ConfigError
            If a setting of ``fixed`` is none of the recipe, or if there are no recordings to judge by but those of the test split.
        UnknownNameError
            If there is no such recipe.
        """
        recipe = load_recipe(self.recipe).with_settings(self.fixed)
        changed = {*self.vary} | ({*self.fixed} & {"training.seed"})
        for name, remedy in _SAME_FOR_ALL.items():
            if name in changed:
                raise ConfigError(
                    "this is no setting to vary",
                    where=name,
                    got=f"{name} in the plan",
                    expected="the section seeds, and one way to hold recordings out for all runs",
                    remedy=remedy,
                )
        where, held_out = f"{recipe.name}: training.validation", "way to hold out recordings, by which a sweep is judged"
        remedy = _SAME_FOR_ALL["training.validation"]
        one_of(recipe.training.validation, ("split", "speakers"), held_out, where=where, remedy=remedy, error=ConfigError)
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
                recipe.with_settings({name: value})

    def keep_in(self, folder: Path, kind: Literal["grid", "search"]) -> None:
        """Write the plan into the folder of its sweep.

        Raises
        ------
        ConfigError
            If the folder holds another search: that learns from its own trials, which have to be of the same question.
        """
        path, content = folder / "plan.json", {"kind": kind, **self.model_dump(mode="json")}
        try:
            before = json.loads(path.read_text(encoding="utf-8")) if path.exists() and kind == "search" else content
        except ValueError as error:
            before = {"kind": f"a file that can't be read: {error}"}
        for name in content:
            if before.get(name) != content[name]:
                raise ConfigError(
                    "this folder holds another sweep",
                    where=f"{path}: {name}",
                    got=repr(content[name])[:200],
                    expected=repr(before.get(name))[:200],
                    remedy="choose another folder, or the plan that began it; the number of trials may change",
                )
        write_atomically(path, json_text(content))
