"""Spoken digits: 3,000 real recordings of ten words by six speakers, as spikes, shipped with the package.

The recordings are the Free Spoken Digit Dataset (Zohar Jackson, Cesar Souza, Jason Flaks, Yuxin Pan, Hereman Nicolas, Adhish Thite,
doi:10.5281/zenodo.1342401), licensed CC BY-SA 4.0; so are the spikes made from them (``hetsyn_sim/data/shipped/NOTICE.md``).
"""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files

from ..data.events import SpikeDataset

#: Default window in steps: 0.64 s at dt = 10 ms hold 99.4 % of the recordings whole, and 99.9 % of all spikes.
N_STEPS = 64

#: What goes into ``data.info`` of the shipped file.
ATTRIBUTION = {
    "title": "Free Spoken Digit Dataset (FSDD), encoded as spikes",
    "authors": "Zohar Jackson, Cesar Souza, Jason Flaks, Yuxin Pan, Hereman Nicolas, Adhish Thite",
    "source": "https://github.com/Jakobovski/free-spoken-digit-dataset, commit 26eb9aa",
    "doi": "10.5281/zenodo.1342401",
    "licence": "CC BY-SA 4.0, https://creativecommons.org/licenses/by-sa/4.0/",
    # The file was made when hetsyn_sim.tasks.encode was called so.
    "changes": "recordings encoded as spikes by hetsyn_sim.encoding; the sound is not contained",
}


@cache
def spoken_digits() -> SpikeDataset:
    """The spike-encoded Free Spoken Digit Dataset (CC BY-SA 4.0): 70 channels, dt = 10 ms, labels 0-9, 2,700 train and 300 test.

    ``data.train.rasters(N_STEPS)`` is the input of a network, bool, shape (time, recording, channel);
    ``data.validation_split()`` holds recordings 5 to 9 of every digit and speaker out of the training split, so that the test
    split is looked at once, at the end. Loaded once per process; the arrays are read-only.
    """
    with as_file(files("hetsyn_sim.data") / "shipped" / "fsdd.h5") as path:
        return SpikeDataset.load(path)
