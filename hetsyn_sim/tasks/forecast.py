"""Windows of an analogue series with what comes later: what a forecasting network is trained on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError
from .delay_equation import PUBLISHED, MackeyGlass
from .lyapunov import LyapunovExponent

#: In the order of time.
SPLITS = ("train", "validation", "test")
_PER_WINDOW = ("series", "starts", "split")


@dataclass(frozen=True, eq=False)
class Forecast:
    """Windows of analogue input, and for every step of them the value a horizon later. Slicing, as in ``task[mask]``, chooses windows.

    Attributes
    ----------
    dt, time_unit
        Time step of the network, and one time unit of the equation, both in seconds.
    horizon
        How far ahead the targets are, in time units.
    inputs, targets
        float64, shape (time, window, 1), scaled: (x - mean) / sd.
    series, starts
        Shape (window,): the solution a window is cut from, and the step of that solution it begins at.
    split
        Shape (window,): one of :data:`SPLITS`.
    mean, sd
        Of x in the training windows, targets included, and of nothing else.
    equation
        What was solved.
    info
        Where it comes from, for reports.

    Raises
    ------
    DataError
        If shapes do not fit each other, or a number is not finite, or a split has another name.
    """

    dt: float
    time_unit: float
    horizon: float
    inputs: NDArray[np.float64]
    targets: NDArray[np.float64]
    series: NDArray[np.int64]
    starts: NDArray[np.int64]
    split: NDArray[np.str_]
    mean: float
    sd: float
    equation: MackeyGlass = PUBLISHED
    info: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("inputs", "targets", *_PER_WINDOW):
            array = np.array(getattr(self, name))
            array.setflags(write=False)
            object.__setattr__(self, name, array)
        n = len(self.split)
        fits = self.inputs.shape == self.targets.shape == (len(self.inputs), n, 1) and all(
            getattr(self, x).shape == (n,) for x in _PER_WINDOW
        )
        numbers = [self.dt, self.time_unit, self.horizon, self.sd]
        finite = np.isfinite(numbers).all() and min(numbers) > 0.0 and np.isfinite(self.mean)
        if not (
            fits and finite and np.isfinite(self.inputs).all() and np.isfinite(self.targets).all() and np.isin(self.split, SPLITS).all()
        ):
            raise DataError(
                "these are no windows of a series",
                where="Forecast",
                got=f"inputs {self.inputs.shape}, targets {self.targets.shape}, splits {sorted(set(self.split.tolist()))}, "
                f"dt = {self.dt!r} s, time_unit = {self.time_unit!r} s, horizon = {self.horizon!r}, mean = {self.mean!r}, sd = {self.sd!r}",
                expected=f"finite inputs and targets of one shape (time, window, 1), splits among {', '.join(SPLITS)}, positive numbers",
                remedy="build it with mackey_glass",
            )

    def __len__(self) -> int:
        return len(self.split)

    def __getitem__(self, index: slice | ArrayLike) -> Forecast:
        """Some of the windows, in the order asked for."""
        chosen = np.atleast_1d(np.arange(len(self))[index if isinstance(index, slice) else np.asarray(index)])
        windows = {name: getattr(self, name)[chosen] for name in _PER_WINDOW}
        return replace(self, inputs=self.inputs[:, chosen], targets=self.targets[:, chosen], **windows)

    @property
    def train(self) -> Forecast:
        """The first windows in time."""
        return self[self.split == "train"]

    @property
    def validation(self) -> Forecast:
        """Later than all of training: for choosing."""
        return self[self.split == "validation"]

    @property
    def test(self) -> Forecast:
        """Later than everything else: for the last look, not for choosing anything."""
        return self[self.split == "test"]

    def unscaled(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Inputs, targets or forecasts as values of x, in any shape."""
        return np.asarray(values * self.sd + self.mean)

    def horizon_in_lyapunov_times(self, exponent: LyapunovExponent) -> float:
        """The horizon over the time in which a small error grows by e; ``exponent`` is that of ``largest_exponent(task.equation)``."""
        return self.horizon * exponent.value
