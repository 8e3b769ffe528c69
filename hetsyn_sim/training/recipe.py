"""Recipes: a network and its training as one typed, readable YAML file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import resources
from os import PathLike
from pathlib import Path
from typing import Any, Self

import yaml
from pydantic import Field, ValidationError

from ..data.reading import check_readable
from ..errors import ConfigError, HetSynError, SpecError, UnknownNameError
from ..models import STEP_ORDERS
from ..spec import DEFAULT_STEP_ORDER, Layer, NetworkSpec
from ..spec.grammar.text import MAX_YAML, read_yaml
from ..spec.quantities import QuantityLike
from .registry import Section
from .schedules import SCHEDULES
from .settings import NetworkSettings, Training


class Recipe(Section):
    """A network and its training. What depends on the data (dt, channels, classes) comes with the data.

    Raises
    ------
    ConfigError
        From :meth:`from_yaml` and :meth:`from_dict`, with file, setting, what was met and what was expected.
    """

    name: str = Field(default="unnamed", description="name of the recipe")
    data: str = Field(default="", description="which data to name with `--data`; empty: the shipped spoken digits")
    task: dict[str, str | int | float] | None = Field(default=None, description="a task whose recordings are drawn, with its settings")
    network: NetworkSettings = Field(default=NetworkSettings(), description="layers and readout")
    training: Training = Field(default=Training(), description="everything else")

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any], *, where: str = "recipe") -> Self:
        """The recipe of plain data."""
        try:
            return cls.model_validate(plain)
        except ValidationError as error:
            raise _config_error(error, where) from error

    @classmethod
    def from_yaml(cls, path: str | PathLike[str]) -> Self:
        """Read a file.

        Raises
        ------
        ConfigError
            If it can't be read, or is not a recipe.
        """
        check_readable(path, expected="a recipe", error=ConfigError, most=4 * MAX_YAML)  # UTF-8 takes four bytes at most
        try:
            plain = read_yaml(Path(path).read_text(encoding="utf-8"), where=str(path))
        except (OSError, ValueError) as error:
            said = f"{error.what}: {error.got}" if isinstance(error, SpecError) else f"{type(error).__name__}: {error}"
            raise ConfigError(
                "this recipe can't be read",
                where=str(path),
                got=said,
                expected="a YAML file with the sections name, network, training",
                remedy=f"check the path; recipes that ship: {', '.join(shipped_recipes())}",
            ) from error
        return cls.from_dict({} if plain is None else plain, where=str(path))

    def to_dict(self) -> dict[str, Any]:
        """Plain data with every setting written out, so that it means the same when defaults change."""
        return self.model_dump(mode="json")

    def to_yaml(self) -> str:
        """The same as text, for :meth:`from_yaml`."""
        return yaml.safe_dump(self.to_dict(), sort_keys=False, width=120)

    def changed(self, **training: Any) -> Self:
        """The recipe with some settings of its training changed: ``recipe.changed(epochs=5, seed=1)``."""
        plain = self.to_dict()
        return type(self).from_dict({**plain, "training": {**plain["training"], **training}}, where=self.name)

    def spec(self, dt: QuantityLike, n_input: int, n_classes: int) -> NetworkSpec:
        """The network for data with the time step ``dt``, ``n_input`` channels and ``n_classes`` classes.

        Raises
        ------
        ConfigError
            If there is no readout and the last layer does not have one neuron per class.
        """
        net = self.network
        if net.readout is None and net.hidden[-1] != n_classes:
            raise ConfigError(
                "without a readout, the last layer must have one neuron per class",
                where=f"{self.name}: network.hidden",
                got=f"{net.hidden[-1]} neurons",
                expected=f"{n_classes}",
                remedy="name a readout, or make the last layer as large as the number of classes",
            )
        model = net.changed_model(net.model)
        layers = [Layer(model, size, net.recurrent, net.self_connections) for size in net.hidden]
        readout = None if net.readout is None else Layer(net.changed_model(net.readout), n_classes)
        order = STEP_ORDERS.get(model.name, DEFAULT_STEP_ORDER)
        return NetworkSpec(dt=dt, n_input=n_input, layers=layers, readout=readout, step_order=order)


def shipped_recipes() -> list[str]:
    """The names of the recipes that come with the package."""
    folder = resources.files("hetsyn_sim") / "training" / "recipes"
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))


def load_recipe(name_or_path: str | PathLike[str]) -> Recipe:
    """A recipe: ``name_or_path`` is the name of one that ships, or a file.

    Raises
    ------
    UnknownNameError
        If it is neither.
    ConfigError
        If the file is not a recipe.
    """
    if str(name_or_path) in shipped_recipes():
        with resources.as_file(resources.files("hetsyn_sim") / "training" / "recipes" / f"{name_or_path}.yaml") as path:
            return Recipe.from_yaml(path)
    if not os.path.isfile(name_or_path):
        raise UnknownNameError(
            "unknown recipe",
            where="load_recipe",
            got=repr(str(name_or_path)),
            expected=f"{', '.join(shipped_recipes())}, or the path of a YAML file",
            remedy="use one of these names, or check the path",
        )
    return Recipe.from_yaml(name_or_path)


def _config_error(error: ValidationError, where: str) -> ConfigError:
    """What pydantic found, said our way: the first problem in full, the places of the others."""
    problems = error.errors()
    first = problems[0]
    place = _place(first["loc"])
    cause = first.get("ctx", {}).get("error")
    shown = first["input"]
    got: object = repr(shown) if not isinstance(shown, dict | Section) else f"the section {place or 'as a whole'}"
    expected = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    what, remedy = "a setting is wrong", "correct it"
    if isinstance(cause, HetSynError):
        what, got = cause.what, cause.got
        expected, remedy = str(cause.expected), cause.remedy
        place = ".".join(filter(None, (place, cause.where)))
    elif first["type"] == "extra_forbidden":
        what, got = "unknown setting", repr(first["loc"][-1])
        expected = ", ".join(_known(first["loc"][:-1])) or "nothing here"
        remedy = "correct its name, or remove it"
    others = sorted({_place(p["loc"]) for p in problems[1:]} - {place})
    if others:
        remedy += "; also wrong: " + ", ".join(others)
    return ConfigError(what, where=f"{where}: {place}" if place else where, got=got, expected=expected, remedy=remedy)


def _place(loc: tuple[int | str, ...]) -> str:
    # pydantic puts the name of the chosen schedule into the path, where the file has none
    return ".".join(str(part) for part in loc if part not in SCHEDULES)


def _known(loc: tuple[int | str, ...]) -> list[str]:
    """The names that a section may hold, found by walking down the recipe's own defaults."""
    section: Any = Recipe()
    for part in loc:
        section = SCHEDULES[str(part)]() if part in SCHEDULES else getattr(section, str(part), None)
    return list(type(section).model_fields) if isinstance(section, Section) else []
