"""The transfer report: which Brian2 object holds which part of the network."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class MappedPopulation:
    """A population and its NeuronGroup."""

    #: Of the population, of its NeuronGroup, and its number of neurons.
    name: str
    group: str
    size: int
    #: As Brian2 has them, like ``threshold``, ``reset`` and ``refractory``.
    equations: str
    threshold: str
    reset: str
    refractory: str
    #: The step that ``method`` made of the equations, and why the method is not Brian2's own, if it is not.
    update: str
    method: str
    reason: str
    #: Where states begin that do not begin at 0.
    initial: dict[str, str]
    #: What the population hands on, if that is a value.
    output: str


@dataclass(frozen=True, kw_only=True)
class MappedProjection:
    """A projection and its Synapses object, with equations as Brian2 has them and the step that it made of these."""

    #: Of the projection, of its Synapses, and how many there are.
    name: str
    synapses: str
    n_synapses: int
    #: As Brian2 has them, and the step that it made of them.
    equations: str
    on_pre: str
    update: str


@dataclass(frozen=True, kw_only=True)
class MappedParameter:
    """A parameter slot, its Brian2 variable and its values, without those of synapses that do not exist."""

    #: Of the slot, and ``object.variable`` in Brian2.
    key: str
    variable: str
    #: Of ``minimum``, ``median`` and ``maximum``.
    unit: str
    n_values: int
    minimum: float
    median: float
    maximum: float
    #: How many, if they are time constants, are exactly 0 or infinite.
    n_zero: int
    n_infinite: int


@dataclass(frozen=True, kw_only=True)
class ScheduledObject:
    """A Brian2 object, its slot and place in Brian2's schedule, and what it does there, in words."""

    #: Its name, Brian2's slot and the place in it, and what it does.
    object: str
    when: str
    order: int
    does: str


@dataclass(frozen=True, kw_only=True)
class TransferReport:
    """What was mapped, and how. ``print`` it, or take :meth:`to_dict`."""

    #: The time step with its unit.
    dt: str
    #: What runs it, and how its synapses are written (:mod:`hetsyn_sim.brian.forms`).
    device: str
    form: str
    #: Brian2's names of how the equations are solved, the synapses' first.
    method: str
    #: The phases of a step; for each layer, where they differ.
    step_order: list[str] | dict[str, list[str]]
    populations: tuple[MappedPopulation, ...]
    projections: tuple[MappedProjection, ...]
    parameters: tuple[MappedParameter, ...]
    schedule: tuple[ScheduledObject, ...]

    @property
    def n_tau_zero(self) -> int:
        """How many time constants are exactly 0: states that forget in one step."""
        return sum(p.n_zero for p in self.parameters)

    @property
    def n_tau_infinite(self) -> int:
        """How many time constants are infinite: states that never forget."""
        return sum(p.n_infinite for p in self.parameters)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; infinities become the texts ``"inf"`` and ``"-inf"``."""
        plain: dict[str, Any] = _plain(asdict(self))
        return plain | {"n_tau_zero": self.n_tau_zero, "n_tau_infinite": self.n_tau_infinite}

    def describe(self) -> str:
        """The equations, conditions and jumps of every object, and the step that Brian2 derived from them."""
        return "\n".join(self._objects())

    def __str__(self) -> str:
        orders = self.step_order if isinstance(self.step_order, dict) else {"": self.step_order}
        order = "; ".join(f"{name} {', '.join(phases)}".strip() for name, phases in orders.items())
        head = f"Brian2 on {self.device}, form {self.form}, dt = {self.dt}, method {self.method!r}, step order {order}"
        return "\n".join([head, "", *self._objects(), *self._tables()])

    def _objects(self) -> Iterator[str]:
        for population in self.populations:
            yield f"{population.name}: NeuronGroup {population.group!r} of {population.size}"
            yield from _block(
                population.equations,
                population.update,
                threshold=population.threshold,
                reset=population.reset,
                refractory=population.refractory,
                begins="; ".join(f"{state} = {value}" for state, value in population.initial.items()),
                output=population.output,
                method=f"{population.method}, because {population.reason}" if population.reason else "",
            )
        for projection in self.projections:
            yield f"{projection.name}: Synapses {projection.synapses!r}, {projection.n_synapses} synapses"
            yield from _block(projection.equations, projection.update, on_pre=projection.on_pre)

    def _tables(self) -> Iterator[str]:
        yield "parameters"
        rows: list[tuple[str, ...]] = [("slot", "Brian2 variable", "values", "min", "median", "max", "unit")]
        for p in self.parameters:
            rows.append((p.key, p.variable, str(p.n_values), *(f"{x:.4g}" for x in (p.minimum, p.median, p.maximum)), p.unit))
        yield from _table(rows)
        yield f"  {self.n_tau_zero} time constants are exactly 0, {self.n_tau_infinite} are infinite"
        yield "\none step"
        yield from _table([("when", "order", "object", "does"), *((s.when, str(s.order), s.object, s.does) for s in self.schedule)])


def _block(equations: str, update: str, **statements: str) -> Iterator[str]:
    yield from (f"    {line}" for line in equations.splitlines())
    for name, text in statements.items():
        if text:
            yield f"    {name}: {'; '.join(text.splitlines())}"
    if update:
        yield "    one step: " + "; ".join(update.splitlines())
    yield ""


def _table(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    for row in rows:
        yield "  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value
