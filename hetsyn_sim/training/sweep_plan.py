"""The plan of a sweep, a small typed YAML file: a recipe, and which of its settings vary."""

from __future__ import annotations

import itertools
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, NonNegativeInt, model_validator

from ..errors import ConfigError
from .recipe import Recipe, load_recipe
from .sections import Section, SectionFile


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
        if "training.seed" in {*self.vary, *self.fixed}:
            raise ConfigError(
                "seeds are no setting to vary",
                where="training.seed",
                got="training.seed",
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
                recipe.with_settings({name: value})
