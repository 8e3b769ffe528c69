"""The kernels of plain torch and of each instruction set, whatever the processor has; and runs with several numbers of threads."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from unittest.mock import patch

import torch

from hetsyn_sim.kernels import library, use_backend


def built_levels() -> list[str]:
    """The instruction sets that were built and that this processor has, the least demanding first."""
    best = library.library()
    levels = library.LEVELS[: library.LEVELS.index(best.level) + 1] if best else ()
    return [level for level in levels if (library.FOLDER / f"_{level}.so").is_file()]


#: All exact kernels that run here; the last ones are those in use.
KERNELS = ["plain", *built_levels()]
BEST = KERNELS[-1]


@contextmanager
def use_level(level: str) -> Iterator[None]:
    """Inside, the kernels built for ``level`` are the best there are."""
    found = library.find_library(level)
    with patch.object(library, "best_library", lambda: found):
        yield


@contextmanager
def use_kernels(name: str) -> Iterator[None]:
    """Inside, the kernels called so in ``KERNELS`` are used."""
    with use_backend("plain") if name == "plain" else use_level(name):
        yield


def same_for_any_threads(run: Callable[[], Sequence[torch.Tensor]], numbers: Sequence[int] = (1, 2, 3, 5)) -> None:
    """Assert that the results are equal in every bit."""
    before, results = torch.get_num_threads(), []
    try:
        for n in numbers:
            torch.set_num_threads(n)
            results.append(run())
    finally:
        torch.set_num_threads(before)
    for other in results[1:]:
        assert all(torch.equal(one, two) for one, two in zip(results[0], other, strict=True))
