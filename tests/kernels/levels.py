"""The kernels of one instruction set, whatever the processor has."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from hetsyn_sim.kernels import library


@contextmanager
def use_level(level: str) -> Iterator[None]:
    """Inside, the kernels built for ``level`` are the best there are."""
    found = library.find_library(level)
    with patch.object(library, "best_library", lambda: found):
        yield
