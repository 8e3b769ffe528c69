"""``PoissonInput`` objects of a script as random events of a spec."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from brian2.input.poissoninput import PoissonInput

from ..spec import PoissonDrive
from .brian2_groups import Neurons
from .brian2_names import Constants
from .brian2_objects import fail, whole


def drive_of(given: PoissonInput, neurons: Neurons, constants: Constants, rewrite: Callable[[str, str], str]) -> PoissonDrive:
    """What a ``PoissonInput`` does to the group.

    Raises
    ------
    SpecError
        If it acts on other neurons, on a part of them, or on what is no state.
    """
    where, group, target = given.name, neurons.group, given.target_var
    onto = whole(given._group)
    if onto not in group.members:
        fail("random input of other neurons", where, f"onto {onto.name}", f"pass the input of {group.name}")
    if len(given._group) < len(group):
        each = "give each neuron a weight, w_ext : volt (constant), 0 where there is no input, and write weight='w_ext' for all of them"
        fail("random input of a part of the neurons", where, f"{len(given._group)} of {len(group)}", each)
    if target not in neurons.states:
        state = "let it act on a state, which goes back by itself: dI/dt = -I/tau : amp"
        fail("random input that acts on what is no state", where, target, state, "a variable with a differential equation")
    if isinstance(given.weight, str):
        weight = rewrite(given.weight, f"{where}: weight")
        _check_fixed(where, given.weight, {*neurons.states, *neurons.subexpressions})
    else:
        weight = constants.name_for(f"w_{target}", given.weight)
    return PoissonDrive(neurons.spelled[target], weight, int(given.N), f"{float(given.rate)!r} Hz")


def _check_fixed(where: str, weight: str, moving: Collection[str]) -> None:
    if found := sorted(set(re.findall(r"[A-Za-z_]\w*", weight)) & set(moving)):
        fixed = "use a parameter, and let the neuron's equations do what depends on its states"
        fail("random input whose weight changes", where, f"{weight}, with {', '.join(found)}", fixed)
