"""STL-SNN: spiking networks that learn a threshold for every neuron beside their weights (Sun et al. 2023).

Import from the submodules: what runs in Brian2 (:mod:`~analysis.studies.stl.brian`) does without torch.
"""
