"""The time ``t`` in the equations of a script, as a spec has it: one state more, which counts steps."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from .brian2_objects import fail

_TIME = re.compile(r"\bt\b|\bt_in_timesteps\b")


@dataclass
class Clock:
    """A state that is 1 more after every step, from ``begin`` on, so that ``state*dt`` is Brian2's ``t`` to the last digit.

    A step from t to t + dt sees t in Brian2. Here nothing moves in the first step of a recording, so the first one that moves is that
    from dt on: the count begins at 1. A threshold would see the next step's, and is refused.
    """

    state: str = ""
    begin: float = 1.0

    def taken_out(self, text: str, free: Callable[[str], str]) -> str:
        """The text with a count of steps in place of the time; ``free`` gives a name that is not taken."""
        if not _TIME.search(text):
            return text
        self.state = self.state or free("step_count")
        return _TIME.sub(lambda found: f"({self.state}*dt)" if found[0] == "t" else self.state, text)

    @property
    def line(self) -> str:
        """Its equation; nothing if no equation knows the time."""
        return f"d{self.state}/dt = 1/dt : 1" if self.state else ""

    def check(self, where: str, subexpressions: Mapping[str, str], looked_at: Collection[str]) -> None:
        """Raise a SpecError if what a threshold, a reset or synapses look at depends on the time, directly or through subexpressions."""
        seen, left = set(), set(looked_at)
        while left:
            seen |= left
            left = set(re.findall(r"[A-Za-z_]\w*", " ".join(subexpressions.get(name, "") for name in left))) - seen
        if self.state and self.state in seen:
            act = "let it act in a differential equation, dv/dt = (int(t > 20*ms)*I - v)/tau : 1, and let the threshold look at v"
            fail("the time outside of differential equations", where, "t in what a threshold, a reset or synapses look at", act)

    def refuse_rk4(self, where: str, equations: str) -> None:
        """Refuse a condition: this method adds up parts of a step, which make no whole number, and it would change too early."""
        if self.state and re.search(rf"[<>][^\n]*\b{self.state}\b|\b{self.state}\b[^\n]*[<>]", equations):
            fail(
                "a condition on the time, stepped by rk4",
                where,
                "rk4 with int(t > ...)",
                'write method="rk2", or give the group a TimedArray',
            )
