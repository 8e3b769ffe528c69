"""Neuron models that nobody has written: valid, linear, every state decaying on its own, with drawn states, names, units and jumps.

This is the family that PyTorch trains. What is drawn: how many synaptic and neuron states there are, and their names; whether ``v`` is a
state or a sum; the unit of v (a pure number, volts, or a current through a resistance); whether a state decays with a time constant or
with a rate, one per synapse, per neuron or per layer; which states a spike moves, by what, and in which direction; which of them the
reset moves.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import strategies as st

from hetsyn_sim.spec import UNBOUNDED, NeuronModel, Parameter

#: For states; the ends of the names of parameters. Among them names that mean something to users of Brian2, sympy or NumPy.
_NAMES = ("I", "R", "g_exc", "x", "z", "K", "u", "N1", "Delta", "pi0", "dtype", "h", "J_a", "s_1", "loop", "y2")
#: For parameters only: Brian2 would misread a state called so, and the spec refuses it.
_KNOWN_TO_SYMPY = ("E", "S", "Q", "O", "beta", "gamma", "zeta", "re", "Symbol", "oo")
#: Unit of v, and of a synaptic state that enters it through a parameter of the third.
_UNITS = (("1", "1", "1"), ("volt", "mV", "1"), ("volt", "nA", "Mohm"))


@dataclass
class _Draft:
    """A model while it is drawn: its lines, its parameters, and the names that are left."""

    draw: st.DrawFn
    names: list[str]
    known: list[str]
    parameters: dict[str, Parameter] = field(default_factory=dict)

    def name(self) -> str:
        return self.names.pop(0)

    def parameter(self, prefix: str, axes: tuple[str, ...], unit: str, initial: str) -> str:
        name = self.draw(st.sampled_from((f"{prefix}_{self.name()}", self.known.pop(0) if self.known else f"{prefix}_{self.name()}")))
        self.parameters[name] = Parameter(axes=self.draw(st.sampled_from(axes)), unit=unit, initial=initial, bounds=UNBOUNDED)
        return name

    def decaying(self, state: str, axes: tuple[str, ...], unit: str) -> str:
        """A line of equations in which a state decays."""
        if self.draw(st.booleans()):
            return f"d{state}/dt = -{state}/{self.parameter('tau', axes, 'ms', 'uniform(2 ms, 50 ms)')} : {unit}"
        return f"d{state}/dt = -{self.parameter('k', axes, 'Hz', 'uniform(20 Hz, 500 Hz)')}*{state} : {unit}"

    def sign(self) -> str:
        return self.draw(st.sampled_from(("+", "-")))


@st.composite
def neuron_models(draw: st.DrawFn, *, spiking: bool = True) -> NeuronModel:
    """Models with up to two states at every synapse and up to two of the neuron; without threshold if not ``spiking``."""
    unit, weight_unit, gain_unit = draw(st.sampled_from(_UNITS))
    # a weight's unit is that of what it is added to
    state_unit = {"1": "1", "mV": "volt", "nA": "amp"}[weight_unit]
    # a readout's synapses must not share names with the neurons before them
    names = [name if spiking else f"{name}_out" for name in draw(st.permutations(_NAMES))]
    draft = _Draft(draw, names, list(draw(st.permutations(_KNOWN_TO_SYMPY[::2] if spiking else _KNOWN_TO_SYMPY[1::2]))))
    n_synaptic, v_is_state = draw(st.integers(0, 2)), draw(st.booleans())
    if gain_unit != "1":
        n_synaptic, v_is_state = max(n_synaptic, 1), False
    synapse: list[str] = []
    neuron: list[str] = []
    jumps: list[str] = []
    terms: list[str] = []
    weight = f"w_{draft.name()}"
    spread = "fan_in_normal(1)" if weight_unit == "1" else f"normal(0 {weight_unit}, 1 {weight_unit})"
    draft.parameters[weight] = Parameter(axes="post pre", unit=weight_unit, initial=spread, bounds=UNBOUNDED, trainable=True)
    if not v_is_state:
        for _ in range(n_synaptic):
            state = draft.name()
            synapse.append(draft.decaying(state, ("post pre", "post", "layer"), state_unit))
            factor = draw(st.sampled_from(("", "0.5*", "2*")))
            jumps.append(f"{state} += {factor}{weight}")
            gain = draft.parameter("g", ("post", "layer"), gain_unit, f"1.5 {gain_unit}".removesuffix(" 1")) if gain_unit != "1" else ""
            terms.append(f"{draw(st.sampled_from(('+', '-'))) if terms else '+'} {gain + '*' if gain else ''}{state}_syn")
    own = ["v"] if v_is_state else [draft.name() for _ in range(draw(st.integers(1, 2)))]
    signs = ["+" if v_is_state else draft.sign() for _ in own]
    for state, sign in zip(own, signs, strict=True):
        neuron.append(draft.decaying(state, ("post", "layer"), unit))
        terms.append(f"{sign} {state}")
    if not jumps:  # the spike acts on the neuron itself
        jumps.append(f"{own[0]}_post {signs[0]}= {weight}")
    if not v_is_state:
        total = " ".join(terms).removeprefix("+ ")
        if draw(st.booleans()):  # by way of another subexpression
            between = draft.name()
            neuron.append(f"{between} = {total} : {unit}")
            total = between
        neuron.append(f"v = {total} : {unit}")
    threshold = reset = ""
    if spiking:
        theta = f"theta_{draft.name()}"
        small = "1" if unit == "1" else "1 mV"
        draft.parameters[theta] = Parameter(axes=draw(st.sampled_from(("post", "layer"))), unit="1" if unit == "1" else "mV", initial=small)
        threshold = draw(st.sampled_from((f"v > {theta}", f"v - {theta} > 0*{theta}", f"{theta} < v")))
        # a spike pulls v down, whatever the sign with which the state enters it
        down = {"+": "-", "-": "+"}
        n_reset = draw(st.sampled_from((1, 2, 0) if v_is_state else (1, 2)))  # without a reset a neuron spikes in every step above
        reset = "; ".join(f"{state} {down[sign]}= {theta}" for state, sign in list(zip(own, signs, strict=True))[:n_reset])
    return NeuronModel(
        name="Generated" if spiking else "GeneratedReadout",
        synapse="\n".join(synapse),
        on_pre="; ".join(jumps),
        neuron="\n".join(neuron),
        threshold=threshold,
        reset=reset,
        parameters=draft.parameters,
        reference="drawn by Hypothesis",
    )


def readout_models() -> st.SearchStrategy[NeuronModel]:
    """Generated models without a threshold."""
    return neuron_models(spiking=False)
