"""Rung 5: synapses and the reset open conductances towards reversal potentials, with the same spikes as the currents had."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
from brian2 import mV, nS
from numpy.typing import NDArray

from ..errors import TransferError
from ..spec import NeuronModel, Parameter
from .membranes import Membrane, with_capacitance
from .rung import Setting, refuse

#: How far below rest inhibition and the potassium of the reset reverse, in parts of how far above it excitation does.
_BELOW = 0.25
#: The distance of excitation's reversal from rest, in mV, that the rung with a capacitance is run at: near that of AMPA receptors.
AMPA_MV = 70.0


def with_conductances(setting: Setting, reversal_mv: float, rng: np.random.Generator) -> Setting:
    """Synapses open conductances, and so does the reset, an afterhyperpolarisation. The readout, a decoder, keeps its currents.

    Excitation reverses ``reversal_mv`` above rest, inhibition and the reset's potassium a quarter of that below; millivolts are counted
    with a threshold at 15 mV above rest. For conductances g >= 0, in units of the leak's,

        v = sum(g E) / (1 + sum(g)) > theta    <=>    sum(g (E - theta)) > theta

    so that g = w/(E - theta), and theta/(theta - E_K) for the reset, give the spikes that the currents gave: whatever the reversal
    potentials are, as long as excitation's lies above the threshold and the others below. Only v between spikes is another.

    Where the membrane has a capacitance there is no such theorem: C dv/dt is the sum of the same currents, which are those of the network
    before at the threshold alone. Its reset, v = V - R with R += theta, is the same as a jump of v by -theta and a current
    -R (1 - tau_mem/tau_reset) after it, which becomes the conductance.
    """
    excitation = reversal_mv / 15.0
    if excitation <= 1.0:
        raise TransferError(
            "excitation can't reach the threshold",
            where="the rung 'conductances'",
            got=f"a reversal potential {reversal_mv:g} mV above rest",
            expected="more than 15 mV, which is where the threshold lies",
            remedy="use 70 mV, which is near that of AMPA receptors",
        )

    def value(key: str, before: NDArray[np.float64] | None) -> Any:
        if before is not None:
            return before
        owner, name = key.rsplit(".", 1)
        theta = setting.theta(owner.split(".")[0])  # (post,)
        if name == "E_K":
            return -_BELOW * excitation * theta
        w, level = setting.values[f"{owner}.w"], theta[:, None]  # (post, pre), (post, 1)
        reversal = np.where(w > 0.0, excitation, -_BELOW * excitation) * level
        return reversal if name == "E_rev" else w / (reversal - level)

    changed = setting.rewritten(_opened, value, readout=False)
    _check_after_spike(changed)
    return changed


def with_both(setting: Setting, tau_mem_ms: float, rng: np.random.Generator) -> Setting:
    """A membrane of ``tau_mem_ms`` milliseconds with conductances, whose excitation reverses 70 mV above rest."""
    return with_conductances(with_capacitance(setting, tau_mem_ms, rng), AMPA_MV, rng)


def _opened(model: NeuronModel) -> NeuronModel:
    membrane = Membrane.of(model, "conductances")
    jumps = {jump.target: jump for jump in model.reset_jumps}
    if model.threshold != "v > theta" or set(jumps) != set(membrane.resets) or any(jump.operator != "+=" for jump in jumps.values()):
        raise refuse("conductances", model, "the threshold v > theta, and a reset that adds to what v subtracts")
    R_m, volt, amp, siemens = ("R_m*", "volt", "amp", "siemens") if membrane.has_units else ("", "1", "1", "1")
    total = " + ".join(("g_syn", *(f"g_{name}" for name in membrane.resets)))
    current = " + ".join(("h_syn", *(f"g_{name}*E_K" for name in membrane.resets)))
    lines, reset = [], []
    for name in membrane.resets:
        jump, tau = jumps[name].expression, _decay_of(model, name)
        lines.append(f"dg_{name}/dt = -g_{name}/{tau} : {siemens}")
        size = f"({jump})/(theta - E_K)" + ("/R_m" if membrane.has_units else "")
        if membrane.has_capacitance:
            reset.append(f"v -= {jump}")
            size = f"(1 - tau_mem/{tau})*{size}"
        reset.append(f"g_{name} += {size}")
    if membrane.has_capacitance:
        lines.append(f"dv/dt = ({R_m}({current}) - v*(1 + {R_m}({total})))/tau_mem : {volt}")
    else:
        lines.append(f"v = {R_m}({current})/(1 + {R_m}({total})) : {volt}")
    level: dict[str, Any] = {"unit": "mV", "initial": 1 * mV} if membrane.has_units else {"initial": 1.0}
    opening: dict[str, Any] = {"unit": "nS", "initial": 1 * nS} if membrane.has_units else {"initial": 1.0}
    facts = {name: fact for name, fact in model.parameters.items() if name != "w"}
    facts["g_max"] = Parameter(axes="post pre", bounds=(0.0, np.inf), trainable=model.parameters["w"].trainable, **opening)
    facts |= {"E_rev": Parameter(axes="post pre", **level), "E_K": Parameter(axes="post", **level)}
    return replace(
        model,
        name=f"{model.name}WithConductances",
        synapse=f"dg/dt = -g/tau_syn : {siemens}\ndh/dt = -h/tau_syn : {amp}",
        on_pre="g += g_max; h += g_max*E_rev",
        neuron="\n".join(lines),
        reset="; ".join(reset),
        # linear in v while conductances are held over a step, so that the step is exact but for that
        scheme="exponential_euler" if membrane.has_capacitance else "exact",
        parameters=facts,
    )


def _decay_of(model: NeuronModel, state: str) -> str:
    """The name of the time constant that a state of the reset decays with."""
    found = re.search(rf"^d{state}/dt = -{state}/(\w+) :", model.neuron, re.M)
    if found is None:
        raise refuse("conductances", model, "a reset that decays, dR/dt = -R/tau_reset")
    return found[1]


def _check_after_spike(setting: Setting) -> None:
    for population in setting.spec.populations:
        model, values = population.model, setting.values
        if not (model.spiking and "tau_mem" in model.parameters):
            continue
        membrane = float(np.max(values[f"{population.name}.neuron.tau_mem"]))
        for tau in re.findall(r"1 - tau_mem/(\w+)", model.reset):
            shortest = float(np.min(values[f"{population.name}.neuron.{tau}"]))
            if membrane > shortest:
                raise TransferError(
                    "the current after a spike would need a conductance below 0",
                    where=f"{population.name}: {model.name}",
                    got=f"tau_mem = {1e3 * membrane:g} ms, {tau} = {1e3 * shortest:g} ms",
                    expected=f"a membrane that is no slower than {tau}",
                    remedy="use a faster membrane",
                )
