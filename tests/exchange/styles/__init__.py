"""Scripts in the style of Brian2's documentation.

Each is a function that makes the objects: sources, group, synapses, the script's variables, and what is to be trained of them.
"""

from .delays import DELAYS
from .networks import NETWORKS
from .neurons import NEURONS
from .stimuli import NOISE, STIMULI
from .synapses import SYNAPSES
from .tutorials import TUTORIALS

SCRIPTS = {**NEURONS, **NETWORKS, **DELAYS, **SYNAPSES, **STIMULI, **NOISE, **TUTORIALS}
