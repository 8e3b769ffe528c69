"""One parameter of a neuron model: what it is a value per, its unit, where it starts, and how far training may move it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from ..errors import SpecError, one_of
from .grammar.guard import shown
from .initial import Constant, Initial, OverFanIn, Samples, Uniform, as_initial
from .quantities import QuantityLike, dimensions_of, format_quantity, to_si, unit_name

#: What a parameter can be one value per: synapse, postsynaptic neuron, or whole layer.
AXES: Final = ("post pre", "post", "layer", "time", "time post")
#: Those of a time course, which is the same in every recording: one for the layer, or one for each neuron.
OF_TIME: Final = ("time", "time post")
#: The bounds of a parameter that training may move anywhere.
UNBOUNDED: Final = (-math.inf, math.inf)


@dataclass(frozen=True)
class Parameter:
    """A parameter, immutable, with every number in SI units after construction.

    Parameters
    ----------
    axes
        ``"post pre"`` (a value per synapse), ``"post"`` (per neuron) or ``"layer"`` (one value). ``"time"`` is a time course that is the
        same in every recording, and ``"time post"`` one for each neuron: a current that a differential equation names. Required.
    unit
        Name of a Brian2 unit, or ``"1"``.
    initial
        A distribution of :mod:`hetsyn_sim.spec.initial`, a value, or text such as ``"uniform(5 ms, 20 ms)"``. Of a time course
        ``"samples(100, 0.1 ms)"``: how many, and how far apart; after the last one it stays.
    bounds
        Lowest and highest value. Required if trainable; :data:`UNBOUNDED` says that anything goes.
    trainable
        Whether training moves it.

    Raises
    ------
    SpecError
        If the axes are missing or unknown, if a value has the wrong unit, if it is trainable without bounds, if the bounds are reversed,
        or if it starts outside of them.
    """

    axes: str | None = None
    unit: Any = "1"
    initial: Any = 0.0
    bounds: tuple[QuantityLike, QuantityLike] | None = None
    trainable: bool = False

    def __post_init__(self) -> None:
        where = "Parameter"
        unit = unit_name(self.unit)
        dimensions_of(unit, where=where)
        object.__setattr__(self, "unit", unit)
        if self.axes is None or self.axes not in AXES:
            raise SpecError(
                "a parameter needs axes",
                where=where,
                got=repr(self.axes),
                expected=" or ".join(repr(a) for a in AXES),
                remedy='say what there is one value per: axes="post pre" for a value per synapse',
            )
        object.__setattr__(self, "initial", as_initial(self.initial, unit, where=f"{where}.initial"))
        if isinstance(self.initial, OverFanIn) and self.axes != "post pre":
            raise SpecError(
                "only a synapse has a fan-in",
                where=f"{where}.initial",
                got=f"{self.initial.to_text(unit)} with axes={self.axes!r}",
                expected='axes="post pre"',
                remedy="use normal(mean, sd)",
            )
        if isinstance(self.initial, Samples) != (self.axes in OF_TIME) or (self.axes in OF_TIME and self.trainable):
            raise SpecError(
                "a time course is said by its axes and its samples, and is not trained",
                where=where,
                got=f"axes={self.axes!r}, {self.initial.to_text(unit)}, trainable={self.trainable}",
                expected='axes="time" or "time post" with initial="samples(100, 0.1 ms)"',
                remedy="give both, or neither; what is trained is a parameter that scales it",
            )
        if self.bounds is None:
            if self.trainable:
                raise SpecError(
                    "a trainable parameter needs bounds",
                    where=where,
                    got="bounds=None",
                    expected="(lowest, highest), each with its unit",
                    remedy="give bounds; UNBOUNDED = (-inf, inf) says that anything goes",
                )
            return
        if not isinstance(self.bounds, tuple | list) or len(self.bounds) != 2:
            raise SpecError(
                "bounds are two values",
                where=where,
                got=shown(self.bounds),
                expected="(lowest, highest), each with its unit",
                remedy="give both; -inf and inf say that there is none",
            )
        low, high = (to_si(b, unit, where=f"{where}.bounds") for b in self.bounds)
        if not low < high:
            raise SpecError(
                "the bounds of a parameter are reversed, equal or not a number",
                where=where,
                got=f"({low}, {high}) in SI units",
                expected="lowest < highest",
                remedy="swap them, or make the parameter constant (trainable=False)",
            )
        object.__setattr__(self, "bounds", (low, high))
        # a Normal may reach beyond the bounds and is cut there; what is written down as a number must keep them
        ends = {Constant: ("value",), Uniform: ("low", "high")}.get(type(self.initial), ())
        if any(not low <= getattr(self.initial, end) <= high for end in ends):
            raise SpecError(
                "a parameter starts outside of its bounds",
                where=where,
                got=self.initial.to_text(unit),
                expected=f"{format_quantity(low, unit)} to {format_quantity(high, unit)}",
                remedy="change the initial value or the bounds",
            )

    @property
    def si_bounds(self) -> tuple[float, float]:
        """Bounds in SI units; :data:`UNBOUNDED` where none are given."""
        if self.bounds is None:
            return UNBOUNDED
        return float(self.bounds[0]), float(self.bounds[1])

    @property
    def distribution(self) -> Initial:
        """The initial distribution, in SI units."""
        resolved: Initial = self.initial
        return resolved

    def shape(self, n_post: int, n_pre: int) -> tuple[int, ...]:
        """The shape of its values: (post, pre), (post,) or (); of a time course (sample,) or (sample, post)."""
        n = int(float(self.initial.n)) if isinstance(self.initial, Samples) else 0
        return {"post pre": (n_post, n_pre), "post": (n_post,), "layer": (), "time": (n,), "time post": (n, n_post)}[self.axes or ""]

    def to_dict(self) -> dict[str, Any]:
        """Plain data that :meth:`from_dict` reads back to an equal parameter."""
        plain: dict[str, Any] = {"axes": self.axes, "unit": self.unit, "initial": self.distribution.to_text(self.unit)}
        if self.bounds is not None:
            plain["bounds"] = [format_quantity(b, self.unit) for b in self.si_bounds]
        if self.trainable:
            plain["trainable"] = True
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any], *, where: str = "Parameter") -> Parameter:
        """The parameter that :meth:`to_dict` described.

        Raises
        ------
        SpecError
            If it is not such a description.
        """
        known = sorted(f.name for f in fields(cls))
        for fact in plain:
            one_of(fact, known, "property of a parameter", where=where, remedy="remove it or correct its name")
        bounds = plain.get("bounds")
        return cls(**{**plain, "bounds": None if bounds is None else tuple(bounds)})
