"""Finding the compiled kernels: none, of another version, not loadable, each instruction set; and choosing a back end."""

import hashlib
import math
import re
import shutil
import warnings

import pytest
import torch

from hetsyn_sim.errors import BackendError, BackendWarning, ConfigError, UnknownNameError
from hetsyn_sim.kernels import BACKENDS, DecayPath, available_backends, backends, exponential_filter, library, spiking_scan, use_backend
from hetsyn_sim.kernels.library import ABI, FOLDER, LEVELS, best_library, find_library
from hetsyn_sim.training.surrogates import MultiGaussian

from ..refusal import refused
from .levels import KERNELS, use_kernels

needs_library = pytest.mark.skipif(library.library() is None, reason="the kernels were not built")


@pytest.fixture
def without_library(monkeypatch, tmp_path):
    """As if nothing had been built."""
    monkeypatch.setattr(library, "best_library", lambda: best_library(tmp_path))
    return tmp_path


def run():
    v = exponential_filter(torch.ones(4, 1, 2), torch.ones(3, 2), torch.full((3, 2), 0.5))
    return spiking_scan(v, [], [DecayPath(-torch.ones(()), torch.tensor(0.5))], torch.ones(()), MultiGaussian())


def test_without_a_library_one_warning_and_plain_torch(without_library):
    with pytest.warns(BackendWarning, match=r"_baseline\.so was not built.*plain torch.*Install a C\+\+ compiler") as caught:
        found = run()
    assert len([w for w in caught if w.category is BackendWarning]) == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run()
    with use_backend("plain"):
        assert all(torch.equal(one, other) for one, other in zip(found, run(), strict=True))
    assert "fused" not in available_backends()
    with refused(BackendError, "were not built", expected="plain"):
        use_backend("fused")


def test_a_file_that_is_no_library(without_library):
    (without_library / "_baseline.so").write_bytes(b"not a library")
    with pytest.warns(BackendWarning, match="can't be used"):
        run()


@pytest.mark.compiled
@pytest.mark.skipif(shutil.which("c++") is None, reason="no compiler")
def test_a_library_of_another_version_is_refused(without_library, process):
    source = without_library / "old.cpp"
    source.write_text(f'extern "C" int hetsyn_abi() {{ return {ABI + 1}; }}')
    process(["c++", "-shared", "-fPIC", str(source), "-o", str(without_library / "_baseline.so")])
    with pytest.warns(BackendWarning, match="_baseline.so is of another version of hetsyn-sim"):
        run()


@needs_library
def test_levels_agree_to_rounding_and_the_widest_is_taken_without_a_word():
    results = {}
    for kernels in KERNELS:
        with use_kernels(kernels):
            results[kernels] = run()[1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert torch.equal(run()[1], results[library.library().level])
    able = LEVELS[: find_library("baseline")._functions.hetsyn_processor_level() + 1]
    assert library.library().level == [level for level in able if (FOLDER / f"_{level}.so").is_file()][-1]
    for v in results.values():
        torch.testing.assert_close(v, results["plain"], rtol=1e-6, atol=1e-6)


def test_back_ends_nest_and_are_known_by_name():
    assert {"plain", "expansion"} <= set(available_backends()) <= set(BACKENDS)  # the expansion works everywhere
    x = torch.ones(1)
    default = backends.backend_for(x)
    with use_backend("plain"):
        assert backends.backend_for(x) == "plain"
        with use_backend(None):
            assert backends.backend_for(x) == default
        assert backends.backend_for(x) == "plain"
    assert backends.backend_for(x) == default
    assert backends.backend_for(x.bfloat16()) == backends.backend_for(x.to("meta")) == "plain"
    with refused(UnknownNameError, "unknown back end", expected="plain, fused"):
        use_backend("quick")


def test_the_tolerance_holds_inside_and_is_given_back():
    x = torch.zeros(250, 1, 700)
    assert backends.expansion_tolerance(x) is None
    with use_backend("expansion", tolerance=1e-3):
        assert backends.expansion_tolerance(x) == 1e-3
        with use_backend("plain"):
            assert backends.expansion_tolerance(x) is None
        assert backends.expansion_tolerance(x.double()) == 1e-3
        assert backends.expansion_tolerance(x.bfloat16()) is None
    with use_backend("expansion"):  # a hundredth of u (n + 3 T + 32), and no less than a unit in the last place
        assert backends.expansion_tolerance(x) == pytest.approx(2.0**-24 * (700 + 750 + 32) / 100)
        assert backends.expansion_tolerance(x[:1, :, :2]) == 2.0**-23
    assert backends.expansion_tolerance(x) is None


@pytest.mark.parametrize("tolerance", [0.0, -1e-6, math.nan, 1.0, 1e-13])
def test_a_tolerance_that_no_dtype_holds_is_refused_at_once(tolerance):
    what = "tolerance of the shared-decay expansion is out of range"
    with refused(ConfigError, what, expected="at least 1e-12 and below 1"):
        use_backend("expansion", tolerance=tolerance)
    assert backends.expansion_tolerance(torch.zeros(1, 1, 1)) is None


#: ABI -> the exported functions, as a digest of what api.cpp declares. A change of a signature needs a new number.
SIGNATURES = {5: "88982c8c0236"}


@pytest.mark.skipif(not (FOLDER / "csrc").is_dir(), reason="there are no sources here")
def test_a_change_of_the_interface_raises_its_number():
    """Else a library of another build would be called with other arguments."""
    source = (FOLDER / "csrc" / "api.cpp").read_text().replace("\\\n", " ")
    declared = [" ".join(text.split()) for text in re.findall(r"HETSYN_EXPORT [^{;]*\)", source)]
    assert len(declared) > 10
    digest = hashlib.sha256("\n".join(sorted(declared)).encode()).hexdigest()[:12]
    assert {ABI: digest} == SIGNATURES, "raise ABI in library.py and api.cpp, and note the digest here"
