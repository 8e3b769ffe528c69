"""A loss, a surrogate or an optimiser given as an object: those that a recipe can name go into the recipe, others are used beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import ConfigError, visible
from ..kernels import SurrogateDerivative
from .losses import LOSSES, Loss, OwnLoss
from .optimisers import OPTIMISERS, Optimiser, parameter_groups
from .settings import LossChoice, SurrogateChoice, Training
from .surrogates import SURROGATES

#: A loss is called with the output, (time, batch, unit), and the target, and returns the mean over the batch.
LossFunction = Callable[[Tensor, Tensor], Tensor]
#: An optimiser's class, or a function, that gets parameter groups with their learning rates.
MakeOptimiser = Callable[[list[dict[str, Any]]], torch.optim.Optimizer]


@dataclass(frozen=True)
class Own:
    """What is used instead of the recipe's choice; None: the recipe's own."""

    loss: LossFunction | None = None
    surrogate: SurrogateDerivative | None = None
    optimiser: MakeOptimiser | None = None

    def make_loss(self, settings: Training) -> Loss:
        """The loss of a training. One without a decoder is read off as the recipe's loss would be."""
        named: Loss = settings.loss.make()
        return named if self.loss is None else OwnLoss(self.loss, named.decoder)

    def make_surrogate(self, settings: Training) -> SurrogateDerivative:
        """The surrogate of a training."""
        made: SurrogateDerivative = settings.surrogate.make() if self.surrogate is None else self.surrogate
        return made

    def make_optimiser(self, network: Any, settings: Training) -> torch.optim.Optimizer:
        """The optimiser of a training, over the network's parameters.

        Raises
        ------
        ConfigError
            If the user's own function returns something else.
        """
        groups = parameter_groups(network, settings.optimiser)
        if self.optimiser is None:
            return settings.optimiser.make(groups)
        made = self.optimiser(groups)
        if not isinstance(made, torch.optim.Optimizer):
            raise ConfigError(
                "this is no optimiser of torch",
                where="fit: optimiser",
                got=type(made).__name__,
                expected="a torch.optim.Optimizer over the groups that the function gets",
                remedy="optimiser=lambda groups: torch.optim.SGD(groups, momentum=0.9)",
            )
        return made

    def names(self) -> dict[str, str]:
        """What is the user's own, for the checkpoint, and to tell one run from another: ``{"loss": "mine.focal"}``."""
        return {name: _name(value) for name, value in vars(self).items() if value is not None}


def chosen(training: Training, loss: Any, surrogate: Any, optimiser: Any, optimizer: Any) -> tuple[dict[str, Any], Own]:
    """Changes of the settings, and what they have no name for, from the arguments of ``fit``; None: as in the settings.

    Raises
    ------
    ConfigError
        If one of them is something else than a name, settings, or an object that can be used.
    """
    if optimiser is not None and optimizer is not None:
        raise ConfigError(
            "the optimiser is given twice",
            where="fit",
            got="optimiser= and optimizer=",
            expected="one of the two spellings",
            remedy="leave one of them out",
        )
    optimiser = optimizer if optimiser is None else optimiser
    changes: dict[str, Any] = {}
    own: dict[str, Any] = {}
    named = {"loss": (loss, (*LOSSES.values(), LossChoice)), "surrogate": (surrogate, (*SURROGATES.values(), SurrogateChoice))}
    for name, (given, kinds) in named.items():
        if isinstance(given, str | Mapping) or type(given) in kinds:
            changes[name] = given
        elif given is not None:
            own[name] = _checked(name, given)
    if isinstance(optimiser, str):
        changes["optimiser"] = training.optimiser.model_dump() | {"name": optimiser, "settings": {}}
    elif isinstance(optimiser, Mapping):
        changes["optimiser"] = training.optimiser.model_dump() | dict(optimiser)
    elif isinstance(optimiser, Optimiser):
        changes["optimiser"] = optimiser.model_dump()
    elif optimiser is not None:
        own["optimiser"] = _checked("optimiser", optimiser)
    return changes, Own(**own)


_EXPECTED = {
    "loss": (
        f"a name ({', '.join(LOSSES)}), or a function of out and target",
        "loss=lambda out, target: torch.nn.functional.cross_entropy(out.mean(dim=0), target)",
    ),
    "surrogate": (
        f"a name ({', '.join(SURROGATES)}), or an object with a method derivative(distance, theta)",
        "give the object; its class or a function alone is none",
    ),
    "optimiser": (
        f"a name ({', '.join(OPTIMISERS)}), settings such as {{'lr': 0.01}}, a class of torch, or a function of the parameter groups",
        "optimiser=lambda groups: torch.optim.SGD(groups, momentum=0.9)",
    ),
}


def _checked(name: str, given: Any) -> Any:
    """The object itself, or an error that says what it should be."""
    what = f"this can't be the {name} of a training"
    expected, remedy = _EXPECTED[name]
    if name == "surrogate":
        fits = callable(getattr(given, "derivative", None)) and not isinstance(given, type)
    else:
        fits = callable(given) and (name == "optimiser" or not isinstance(given, type))
    if isinstance(given, nn.Module) and any(parameter.requires_grad for parameter in given.parameters()):
        fits, what, expected = False, "a loss with parameters of its own is not trained", "a loss without parameters"
        remedy = "hold them fixed: loss.requires_grad_(False); or write your own loop"
    if not fits:
        raise ConfigError(what, where=f"fit: {name}", got=visible(repr(given))[:200], expected=expected, remedy=remedy)
    return given


def _name(value: Any) -> str:
    if hasattr(value, "__qualname__"):
        return f"{value.__module__}.{value.__qualname__}"
    shown = visible(repr(value))
    return shown[:200] if " at 0x" not in shown else f"{type(value).__module__}.{type(value).__qualname__}"
