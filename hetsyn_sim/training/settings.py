"""The sections of a recipe: every setting of a network and of its training, with its range, default and meaning.

The meaning is the field's ``description``: the JSON schema (``Recipe.model_json_schema()``) and the table in the documentation are made
from it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, NonNegativeFloat, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from ..data.files import check_readable
from ..errors import ConfigError, SpecError
from ..models import get_model
from ..spec import NeuronModel
from ..spec.grammar.text import MAX_YAML
from .bijections import TimeConstants
from .losses import LOSSES
from .optimisers import Optimiser
from .schedules import SCHEDULES, Constant, StepDecay, WarmupCosine
from .sections import Section, built
from .surrogates import SURROGATES

Probability = Annotated[float, Field(ge=0.0, lt=1.0)]


class ParameterFacts(Section):
    """Facts about one parameter of a model that differ from the model's own."""

    axes: Literal["post pre", "post", "layer"] | None = Field(default=None, description="one value per synapse, neuron or layer")
    initial: str | float | None = Field(default=None, description="values at the start, such as 20 ms or uniform(20 ms, 80 ms)")
    bounds: tuple[str | float, str | float] | None = Field(default=None, description="lowest and highest value")
    trainable: bool | None = Field(default=None, description="whether training changes it")


class NetworkSettings(Section):
    """A stack of equal layers and a readout. For anything else, build a NetworkSpec."""

    model: str = Field(default="HetSynLIF", description="neurons of the hidden layers: a shipped model, or a file (`mine.yaml`)")
    hidden: list[PositiveInt] = Field(default=[128], min_length=1, description="neurons in each hidden layer")
    recurrent: bool = Field(default=True, description="whether neurons of a layer are connected with each other")
    self_connections: bool = Field(default=True, description="whether these include connections of a neuron with itself")
    readout: str | None = Field(default="LeakyReadout", description="model of the output units; null: the last layer is the output")
    parameters: dict[str, dict[str, ParameterFacts]] = Field(
        default={}, description="changed facts of these models: `{HetSynLIF: {tau_syn: {initial: 'uniform(20 ms, 80 ms)'}}}`"
    )

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
    def _original_model(name: str) -> NeuronModel:
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
        """The model called ``name``, with the facts of this recipe."""
        model = self._original_model(name)
        for parameter, given in self.parameters.get(name, {}).items():
            try:
                model = model.with_parameters(**{parameter: given.model_dump(exclude_none=True)})
            except SpecError as error:
                place = f"parameters.{name}.{parameter}"
                raise SpecError(error.what, where=place, got=error.got, expected=error.expected, remedy=error.remedy) from error
        return model


class _Choice(BaseModel):
    """A choice by name, with that choice's own settings beside it."""

    model_config = ConfigDict(extra="allow", frozen=True)
    name: str

    #: What can be chosen.
    table: ClassVar[Mapping[str, type[Any]]]
    kind: ClassVar[str]

    @model_validator(mode="before")
    @classmethod
    def _in_short(cls, given: Any) -> Any:
        """A name alone, or an object of one of these classes, as plain data."""
        if isinstance(given, str):
            return {"name": given}
        return next(({"name": name, **asdict(given)} for name, each in cls.table.items() if type(given) is each), given)

    @model_validator(mode="after")
    def _exists(self) -> Self:
        self.make()
        return self

    def settings(self) -> dict[str, Any]:
        """The settings of the choice, without its name."""
        return dict(self.__pydantic_extra__ or {})

    def make(self) -> Any:
        """The object that was chosen."""
        return built(self.table, self.kind, self.name, self.settings())


class SurrogateChoice(_Choice):
    """``{name: multi_gaussian, gamma: 0.5}``."""

    name: str = Field(
        default="multi_gaussian",
        description="derivative of a spike in the backward pass; its own settings beside it",
        json_schema_extra={"enum": [*SURROGATES]},
    )
    __pydantic_extra__: dict[str, float] = Field(init=False)
    table, kind = SURROGATES, "surrogate"


class LossChoice(_Choice):
    """``{name: sum_of_softmax, burn_in: 10}``."""

    name: str = Field(
        default="sum_of_softmax",
        description="what is minimised, and how a prediction is read off; its own settings beside it",
        json_schema_extra={"enum": [*LOSSES]},
    )
    __pydantic_extra__: dict[str, int] = Field(init=False)
    table, kind = LOSSES, "loss"


class RateTarget(Section):
    """Keeps hidden neurons near a rate; see :class:`~hetsyn_sim.training.losses.RateRegulariser`."""

    target_hz: PositiveFloat = Field(default=10.0, description="firing rate, in Hz")
    strength: NonNegativeFloat = Field(default=0.01, description="weight against the loss")


class Augmentation(Section):
    """See :func:`~hetsyn_sim.training.augment.augment`; shifts are in steps and in channels."""

    time_shift: NonNegativeInt = Field(default=0, description="largest random shift in time, in steps")
    channel_shift: NonNegativeInt = Field(default=0, description="largest random shift over channels")
    spike_dropout: Probability = Field(default=0.0, description="probability that an input spike is lost")


class Training(Section):
    """The training of a network."""

    tagged: ClassVar[Mapping[str, type[Section]]] = SCHEDULES

    loss: LossChoice = Field(default=LossChoice(), description="what is minimised, and how a prediction is read off")
    surrogate: SurrogateChoice = Field(default=SurrogateChoice(), description="derivative of a spike in the backward pass")
    time_constants: TimeConstants = Field(
        default="log_tau",
        description="trained as places between their bounds, as clamped decays, or as tau in seconds",
    )
    rate_regulariser: RateTarget | None = Field(default=None, description="keeps hidden neurons near a firing rate; null: off")
    optimiser: Optimiser = Field(
        default=Optimiser(), description="how parameters are moved, with a learning rate of its own for time constants"
    )
    schedule: Annotated[Constant | WarmupCosine | StepDecay, Field(discriminator="name")] = Field(
        default=WarmupCosine(), description="learning rate over the training"
    )
    epochs: PositiveInt = Field(default=30, description="passes over all training recordings")
    batch_size: PositiveInt = Field(default=64, description="recordings per step, of all processes together")
    dropout: Probability = Field(default=0.1, description="probability that a spike is lost on its way to the next layer")
    noise: NonNegativeFloat = Field(default=0.0, description="standard deviation of noise on v (5 ms long) in training (filter models)")
    reset_gradient: bool = Field(default=True, description="whether gradients go through the choice of who is reset (stepped models)")
    augmentation: Augmentation = Field(default=Augmentation(), description="random changes of a recording before each use")
    window: PositiveInt | None = Field(default=None, description="steps to which recordings are cut or filled up; null: the longest")
    seed: NonNegativeInt = Field(default=0, description="seed of everything random")
    validation: Literal["split", "speakers", "test", "none"] = Field(
        default="split",
        description="looked at after each epoch: part of the training split, a fifth of its speakers, the test split, or nothing",
    )
    patience: PositiveInt | None = Field(default=None, description="stop after so many epochs without a better validation accuracy")
    keep: Literal["last", "best"] = Field(default="last", description="parameters of the last epoch, or of the best in validation")
    precision: Literal["float32", "float64"] = Field(default="float32", description="precision of all computation")
    num_threads: PositiveInt | None = Field(default=None, description="threads of torch; null: torch's own choice")

    @model_validator(mode="before")
    @classmethod
    def _in_full(cls, given: Any) -> Any:
        """``optimizer`` is ``optimiser``, and a name alone is a choice with its defaults."""
        if not isinstance(given, Mapping):
            return given
        plain = dict(given)
        if "optimizer" in plain:
            if "optimiser" in plain:
                raise ConfigError(
                    "the optimiser is described twice",
                    where="optimizer",
                    got="optimizer and optimiser",
                    expected="one of the two spellings",
                    remedy="remove one of them",
                )
            plain["optimiser"] = plain.pop("optimizer")
        return plain | {name: {"name": plain[name]} for name in ("optimiser", "schedule") if isinstance(plain.get(name), str)}

    @model_validator(mode="after")
    def _has_validation_if_needed(self) -> Self:
        if self.validation == "none" and (self.patience is not None or self.keep == "best"):
            raise ConfigError(
                "there are no validation recordings to decide by",
                where="validation",
                got="validation: none with " + ("patience" if self.patience is not None else "keep: best"),
                expected="validation: split",
                remedy="hold out recordings, or train all epochs and keep the last",
            )
        return self
