"""The property-based suite that holds the trained layer and its Brian2 network to be the same neuron."""
