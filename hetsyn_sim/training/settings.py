"""The sections of a recipe: what can be set about a network and about its training, with ranges. Read by pydantic."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from ..data.reading import check_readable
from ..errors import ConfigError, SpecError
from ..kernels import SurrogateDerivative
from ..models import get_model
from ..spec import NeuronModel
from ..spec.grammar.text import MAX_YAML
from .losses import Loss, get_loss
from .population import TimeConstants
from .schedules import Schedule, constant, step_decay, warmup_cosine
from .surrogates import get_surrogate

Probability = Annotated[float, Field(ge=0.0, lt=1.0)]
Share = Annotated[float, Field(gt=0.0, le=1.0)]


class Section(BaseModel):
    """Part of a recipe: immutable, and every name in it must be known."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class ParameterFacts(Section):
    """Facts about one parameter of a model that differ from the model's own."""

    axes: Literal["post pre", "post", "layer"] | None = None
    initial: str | float | None = None
    bounds: tuple[str | float, str | float] | None = None
    trainable: bool | None = None


class NetworkSettings(Section):
    """A stack of equal layers and a readout. For anything else, build a NetworkSpec.

    ``model`` and ``readout`` are names of models that ship, or paths of files with the text of your own (``my_neuron.yaml``).
    ``parameters`` changes facts of these models: ``{"HetSynLIF": {"tau_syn": {"initial": "uniform(20 ms, 80 ms)"}}}``.
    """

    model: str = "HetSynLIF"
    hidden: Annotated[list[PositiveInt], Field(min_length=1)] = [128]
    recurrent: bool = True
    self_connections: bool = True
    readout: str | None = "LeakyReadout"
    parameters: dict[str, dict[str, ParameterFacts]] = {}

    @model_validator(mode="after")
    def _models_exist(self) -> Self:
        used = {self.model, *(() if self.readout is None else (self.readout,))}
        for name in used:
            self.changed_model(name)
        if unused := sorted(set(self.parameters) - used):
            raise ConfigError(
                "parameters of a model that this network does not use",
                where="parameters",
                got=", ".join(unused),
                expected=" or ".join(sorted(used)),
                remedy="remove them, or correct the model's name",
            )
        return self

    @staticmethod
    def _found_model(name: str) -> NeuronModel:
        """A model that ships, or one of the user's own: the path of a file with its text (``.yaml``)."""
        if not name.endswith((".yaml", ".yml")):
            return get_model(name)
        check_readable(name, expected="the text of a neuron model", error=ConfigError, most=4 * MAX_YAML)
        try:
            return NeuronModel.from_text(Path(name).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                "the file of a neuron model can't be read",
                where=f"network.model: {name}",
                got=f"{type(error).__name__}: {error}",
                expected="a file that NeuronModel.to_text wrote",
                remedy="check the path, which is taken from the current folder",
            ) from error

    def changed_model(self, name: str) -> NeuronModel:
        """The shipped model with the facts of this recipe."""
        model = self._found_model(name)
        for parameter, given in self.parameters.get(name, {}).items():
            try:
                model = model.with_parameters(**{parameter: given.model_dump(exclude_none=True)})
            except SpecError as error:
                place = f"parameters.{name}.{parameter}"
                raise SpecError(error.what, where=place, got=error.got, expected=error.expected, remedy=error.remedy) from error
        return model


class _Named(BaseModel):
    """A choice by name, with that choice's own settings beside it."""

    model_config = ConfigDict(extra="allow", frozen=True)
    name: str

    def settings(self) -> dict[str, Any]:
        return dict(self.__pydantic_extra__ or {})


class SurrogateChoice(_Named):
    """``{name: multi_gaussian, gamma: 0.5}``."""

    name: str = "multi_gaussian"
    __pydantic_extra__: dict[str, float] = Field(init=False)

    @model_validator(mode="after")
    def _exists(self) -> Self:
        self.make()
        return self

    def make(self) -> SurrogateDerivative:
        """The surrogate itself."""
        return get_surrogate(self.name, **self.settings())


class LossChoice(_Named):
    """``{name: sum_of_softmax, burn_in: 10}``."""

    name: str = "sum_of_softmax"
    __pydantic_extra__: dict[str, int] = Field(init=False)

    @model_validator(mode="after")
    def _exists(self) -> Self:
        self.make()
        return self

    def make(self) -> Loss:
        """The loss itself."""
        return get_loss(self.name, **self.settings())


class RateTarget(Section):
    """Keeps hidden neurons near a rate; see :class:`~hetsyn_sim.training.losses.RateRegulariser`."""

    target_hz: PositiveFloat = 10.0
    strength: NonNegativeFloat = 0.01


class Optimiser(Section):
    """AdamW. Time constants have a rate and a weight decay of their own: decay pulls them to the middle of their bounds (log_tau) or to
    0 (rho_clamped), so it is off unless asked for. ``clip_norm``: gradients, all together, are scaled down to this norm where it is larger,
    which long recordings with recurrent layers may need.
    """

    lr: PositiveFloat = 2e-3
    lr_factor_time_constants: NonNegativeFloat = 2.0
    weight_decay: NonNegativeFloat = 4e-3
    weight_decay_time_constants: NonNegativeFloat = 0.0
    clip_norm: PositiveFloat | None = None


class Constant(Section):
    """The same learning rate all the time."""

    name: Literal["constant"] = "constant"

    def make(self, total_steps: int) -> Schedule:
        """The factor at each step."""
        return constant()


class WarmupCosine(Section):
    """See :func:`~hetsyn_sim.training.schedules.warmup_cosine`."""

    name: Literal["warmup_cosine"] = "warmup_cosine"
    warmup: Probability = 0.05
    span: Share = 1.0
    hold: Share = 1.0

    def make(self, total_steps: int) -> Schedule:
        """The factor at each step."""
        return warmup_cosine(total_steps, self.warmup, self.span, self.hold)


class StepDecay(Section):
    """See :func:`~hetsyn_sim.training.schedules.step_decay`."""

    name: Literal["step_decay"] = "step_decay"
    every: PositiveInt = 100
    factor: PositiveFloat = 0.8

    def make(self, total_steps: int) -> Schedule:
        """The factor at each step."""
        return step_decay(self.every, self.factor)


#: Every schedule by the name that a recipe calls it.
SCHEDULES: Mapping[str, type[Section]] = MappingProxyType({"constant": Constant, "warmup_cosine": WarmupCosine, "step_decay": StepDecay})


class Augmentation(Section):
    """See :func:`~hetsyn_sim.training.augment.augment`; shifts are in steps and in channels."""

    time_shift: NonNegativeInt = 0
    channel_shift: NonNegativeInt = 0
    spike_dropout: Probability = 0.0


class Training(Section):
    """How a network is trained.

    ``loss``, ``surrogate``, ``optimiser`` and ``schedule`` are named, with settings of their own. ``time_constants``: moved as log tau
    within their bounds, or as clamped decays. ``rate_regulariser``: the rate that hidden neurons are kept near, in Hz, and how strongly;
    None: not at all. ``epochs``: how often all recordings are seen, in batches of ``batch_size``. ``dropout``: the probability with which
    a spike is lost on its way to the next layer. ``augmentation``: how recordings are changed before each use. All that is random follows
    from ``seed``. ``precision``: that of everything that is computed.
    ``window``: recordings are cut or filled up to this many steps (None: to the longest). ``validation``: ``split`` holds out part of the
    training split, ``speakers`` a fifth of its speakers, ``none`` trains on all of it; ``test`` looks at the test split after every epoch,
    as published code does, and what is chosen by it says nothing about new recordings. ``patience``: stop after so many epochs without a
    better validation accuracy. ``keep``: the parameters of the ``last`` epoch, or of the ``best`` on the validation recordings.
    ``num_threads``: None leaves torch's own number. ``noise``: standard deviation of fluctuations of v before the threshold, 5 ms long, in
    training, for models whose v is a sum of filtered events. ``reset_gradient``: whether gradients go through the choice of who is reset,
    for all other models.
    """

    loss: LossChoice = LossChoice()
    surrogate: SurrogateChoice = SurrogateChoice()
    time_constants: TimeConstants = "log_tau"
    rate_regulariser: RateTarget | None = None
    optimiser: Optimiser = Optimiser()
    schedule: Annotated[Constant | WarmupCosine | StepDecay, Field(discriminator="name")] = WarmupCosine()
    epochs: PositiveInt = 30
    batch_size: PositiveInt = 64
    dropout: Probability = 0.1
    noise: NonNegativeFloat = 0.0
    reset_gradient: bool = True
    augmentation: Augmentation = Augmentation()
    window: PositiveInt | None = None
    seed: NonNegativeInt = 0
    validation: Literal["split", "speakers", "test", "none"] = "split"
    patience: PositiveInt | None = None
    keep: Literal["last", "best"] = "last"
    precision: Literal["float32", "float64"] = "float32"
    num_threads: PositiveInt | None = None

    @model_validator(mode="after")
    def _validation_is_there_if_needed(self) -> Self:
        if self.validation == "none" and (self.patience is not None or self.keep == "best"):
            raise ConfigError(
                "there are no validation recordings to decide by",
                where="validation",
                got="validation: none with " + ("patience" if self.patience is not None else "keep: best"),
                expected="validation: split",
                remedy="hold out recordings, or train all epochs and keep the last",
            )
        return self
