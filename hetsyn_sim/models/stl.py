"""The neuron of STL-SNN: a leak per step, a hard reset, and a threshold of its own that training learns."""

from dataclasses import replace

from ..spec import RESET_FIRST, UNBOUNDED, FanInUniform, NeuronModel, Normal, Parameter

# u[t] = leak u[t-1] (1 - s[t-1]) + x[t]: the leak belongs to the step, whatever dt is, and log(leak)/dt makes the exact step this factor.
# Published with >=, here with >: they differ where v is exactly theta.
STLLIF = NeuronModel(
    name="STLLIF",
    on_pre="v_post += w",
    neuron="dv/dt = v*log(leak)/dt : 1",
    threshold="v > theta",
    reset="v = 0",
    parameters={
        "w": Parameter(axes="post pre", initial=FanInUniform(1.0), bounds=UNBOUNDED, trainable=True),
        "theta": Parameter(axes="post", initial=Normal(2.0, 1e-4), bounds=UNBOUNDED, trainable=True),
        "leak": Parameter(axes="layer", initial=0.5),
    },
    reference="Sun et al. 2023 (STL-SNN, IEEE TCDS), as in its published code. SL is theta with "
    "trainable=False, TL is w with trainable=False",
    step_order=RESET_FIRST,
)

STLLIFSoft = replace(STLLIF, name="STLLIFSoft", reset="v -= theta", reference="STLLIF with a soft reset: ours")
