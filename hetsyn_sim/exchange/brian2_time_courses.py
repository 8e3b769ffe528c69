"""``TimedArray`` functions in the equations of a script, as time courses of a spec."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from brian2.input.timedarray import TimedArray
from brian2.units.fundamentalunits import Dimension
from numpy.typing import NDArray

from .brian2_groups import Groups
from .brian2_objects import fail

#: A call with the time, or with the time and the neuron.
_CALL: Final = re.compile(r"\b([A-Za-z_]\w*)\s*\(\s*t\s*(?:,\s*i\s*)?\)")


@dataclass
class TimeCourses:
    """The arrays that equations read, by their names in the spec."""

    arrays: dict[str, TimedArray] = field(default_factory=dict)

    def taken_out(self, text: str, namespace: Mapping[str, Any], free: Callable[[str], str]) -> str:
        """The text with the names of time courses in place of calls; ``free`` gives a name that is not taken."""

        def name_of(call: re.Match[str]) -> str:
            array = namespace.get(call[1])
            if not isinstance(array, TimedArray):
                return call[0]
            known = next((name for name, other in self.arrays.items() if other is array), None)
            name = known or free(call[1].rstrip("_"))
            self.arrays[name] = array
            return name

        return _CALL.sub(name_of, text)

    def facts(self, name: str, group: Groups) -> tuple[str, Dimension, NDArray[np.float64], float]:
        """Axes, dimensions, values in SI units, and the seconds between samples."""
        array = self.arrays[name]
        values = np.asarray(array.values, dtype=np.float64)
        if values.ndim == 1:
            return "time", array.dim, values, float(array.dt)
        chosen = group.indices.astype(np.int64)
        if chosen.max() >= values.shape[1]:
            columns = "give it a column for each neuron"
            fail("a TimedArray with too few columns", f"{group.name}: {name}", f"{values.shape[1]} for {len(group)} neurons", columns)
        return "time post", array.dim, values[:, chosen], float(array.dt)

    def refuse_rk4(self, where: str) -> None:
        """Brian2 looks at a TimedArray within a step by this method, and at its end; here it is held."""
        if self.arrays:
            held = 'write method="rk2", "exponential_euler" or "euler", which look at it where a step begins'
            fail("a TimedArray that is read within a step", where, f"rk4 with {', '.join(self.arrays)}", held)
