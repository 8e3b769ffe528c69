"""Spike trains that are proved: for each cell, whether v of the network of real numbers is above or below its threshold.

Two simulators that agree may both be wrong about a spike, if rounding decides about it. Here the spikes of one of them are taken as a
hypothesis. v is a sum of events (:mod:`.paths`), one for every spike before, so it follows from the hypothesis alone; if v - theta lies
on the side that the spike train says, beyond every error, the cell is proved, provided that all cells before it are. By induction over
time and layers, the spike trains are those of the network of real numbers whose parameters are exactly the stored floating-point ones.

float64 with a proved bound of its error (:mod:`.voltages`) decides nearly every cell at once. What it leaves open is computed again with
balls of Arb (:mod:`.balls`), with twice the bits each time, and whether v is exactly theta is decided with symbols (:mod:`.ties`).
"""

from .proof import Cell, Proof
from .proving import prove, prove_recording

__all__ = ["Cell", "Proof", "prove", "prove_recording"]
