"""Learned time constants against those of real synapses."""
