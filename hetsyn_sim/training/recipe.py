"""Recipes: a network and its training as one typed, readable YAML file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib import resources
from os import PathLike
from typing import Any, ClassVar, Self

import yaml
from pydantic import Field

from ..errors import ConfigError, UnknownNameError
from ..spec import Layer, NetworkSpec
from ..spec.quantities import QuantityLike
from .schedules import SCHEDULES
from .sections import Section, SectionFile
from .settings import NetworkSettings, Training


class Recipe(SectionFile):
    """A network and its training. What depends on the data (dt, channels, classes) comes with the data."""

    name: str = Field(default="unnamed", description="name of the recipe")
    data: str = Field(default="", description="which data to name with `--data`; empty: the shipped spoken digits")
    binning: str | None = Field(default=None, description="how spike times in SHD's layout become steps for it: clean or as-published")
    task: dict[str, str | int | float] | None = Field(default=None, description="a task whose recordings are drawn, with its settings")
    network: NetworkSettings = Field(default=NetworkSettings(), description="layers and readout")
    training: Training = Field(default=Training(), description="everything else")

    kind: ClassVar[str] = "recipe"
    tagged: ClassVar[Mapping[str, type[Section]]] = SCHEDULES

    def to_dict(self) -> dict[str, Any]:
        """Plain data with every setting written out, so that it means the same when defaults change."""
        return self.model_dump(mode="json")

    def to_yaml(self) -> str:
        """The same as text, for :meth:`from_yaml`."""
        return yaml.safe_dump(self.to_dict(), sort_keys=False, width=120)

    def changed(self, **training: Any) -> Self:
        """The recipe with some settings of its training changed: ``recipe.changed(epochs=5, seed=1)``."""
        plain = self.to_dict()
        if "optimizer" in training:  # given twice, the training itself refuses it
            del plain["training"]["optimiser"]
        return type(self).from_dict({**plain, "training": {**plain["training"], **training}}, where=self.name)

    def with_settings(self, settings: Mapping[str, Any], *, where: str = "") -> Self:
        """The recipe with settings changed by their place in it: ``{"training.optimiser.lr": 0.01, "network.hidden": [64]}``.

        Another ``name`` of a loss, surrogate, schedule or optimiser begins with that one's own defaults.

        Raises
        ------
        ConfigError
            If there is no such setting, or the value is none of its values.
        """
        plain = self.to_dict()
        for place in sorted(settings, key=lambda place: not place.endswith(".name")):  # the others may be settings of the new choice
            *sections, name = _spelled(place).split(".")
            section = plain
            for part in sections:
                inner = section.get(part)
                section[part] = section = dict(inner) if isinstance(inner, Mapping) else {}
            if name == "name" and sections[-1:] == ["optimiser"]:
                section["settings"] = {}
            elif name == "name" and sections and section.get("name") != settings[place]:
                section.clear()
            section[name] = settings[place]
        return type(self).from_dict(plain, where=where or ", ".join(settings) or self.name)

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
        return NetworkSpec(dt=dt, n_input=n_input, layers=layers, readout=readout)


def _spelled(place: str) -> str:
    return place.replace("training.optimizer", "training.optimiser", 1) if place.startswith("training.optimizer") else place


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
