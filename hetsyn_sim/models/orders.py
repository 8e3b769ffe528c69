"""Step orders that models of the zoo are defined with."""

from ..spec import StepOrder

#: A spike resets its neuron before the next step's decay, so that the decay starts from the reset state: hard resets are published so.
RESET_FIRST = StepOrder(("reset", "decay", "recurrent", "feedforward", "threshold"))
