"""Optimisers: torch's by name, over weights, time constants and delays with a learning rate each."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self

import torch
from pydantic import Field, NonNegativeFloat, PositiveFloat, model_validator

from ..errors import ConfigError, nearest, one_of
from .sections import Section

if TYPE_CHECKING:
    from .network import Network

#: Every optimiser by the name that a recipe calls it: those of torch that have a learning rate and a weight decay for each group.
OPTIMISERS: Mapping[str, type[torch.optim.Optimizer]] = MappingProxyType(
    {
        name.lower(): getattr(torch.optim, name)
        for name in ("AdamW", "Adam", "NAdam", "RAdam", "Adamax", "Adagrad", "Adadelta", "RMSprop", "SGD")
    }
)
#: What every group has by itself.
_OF_GROUPS = ("params", "lr", "weight_decay")


class Optimiser(Section):
    """An optimiser of torch, with a group of its own for time constants."""

    name: str = Field(default="adamw", description="one of torch.optim, in small letters", json_schema_extra={"enum": [*OPTIMISERS]})
    lr: PositiveFloat = Field(default=2e-3, description="learning rate of all that is no time constant")
    lr_factor_time_constants: NonNegativeFloat = Field(default=2.0, description="learning rate of time constants, as a multiple of `lr`")
    weight_decay: NonNegativeFloat = Field(default=4e-3, description="weight decay of all that is no time constant")
    weight_decay_time_constants: NonNegativeFloat = Field(
        default=0.0, description="that of time constants: pulls to the middle of their bounds (`log_tau`) or to 0 (`rho_clamped`, `tau`)"
    )
    clip_norm: PositiveFloat | None = Field(default=None, description="largest norm of all gradients together; null: not clipped")
    settings: dict[str, bool | float | list[float]] = Field(
        default={}, description="further arguments of this optimiser: `{momentum: 0.9}` or `{betas: [0.9, 0.99]}`"
    )

    @model_validator(mode="after")
    def _can_be_made(self) -> Self:
        kind = one_of(self.name, OPTIMISERS, "optimiser", where="name", error=ConfigError)
        known = [name for name in inspect.signature(kind).parameters if name not in _OF_GROUPS]
        for name in self.settings:
            if name not in known:
                raise ConfigError(
                    f"unknown argument of {kind.__name__}",
                    where=f"settings.{name}",
                    got=repr(name),
                    expected=", ".join(known),
                    remedy=f"use one of these{nearest(name, known)}",
                )
        try:
            self.make([{"params": [torch.zeros(1, requires_grad=True)]}])
        except (TypeError, ValueError, RuntimeError) as error:
            raise ConfigError(
                f"{kind.__name__} does not take these settings",
                where="settings",
                got=f"{self.settings}: {error}",
                expected="values that torch accepts",
                remedy="correct them; torch's page on this optimiser says what they are",
            ) from error
        return self

    def make(self, groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
        """The optimiser itself, over parameter groups as :func:`parameter_groups` gives them."""
        settings: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in self.settings.items()}
        return OPTIMISERS[self.name](groups, **{"lr": self.lr, **settings})


def parameter_groups(network: Network, settings: Optimiser) -> list[dict[str, Any]]:
    """Weights, time constants and delays, each with its name, learning rate and weight decay; empty groups left out."""
    groups: list[dict[str, Any]] = [
        {"name": "weights", "params": network.weight_parameters(), "lr": settings.lr, "weight_decay": settings.weight_decay},
        {
            "name": "time constants",
            "params": network.time_constant_parameters(),
            "lr": settings.lr * settings.lr_factor_time_constants,
            "weight_decay": settings.weight_decay_time_constants,
        },
        {"name": "delays", "params": network.delay_parameters(), "lr": settings.lr, "weight_decay": 0.0},
    ]
    return [group for group in groups if group["params"]]
