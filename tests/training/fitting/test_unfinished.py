"""A search that was interrupted anywhere goes on to the result that it would have had."""

import numpy as np
import pytest
from brian2 import ms, mV, pA

import hetsyn_sim as hs
from hetsyn_sim.errors import CheckpointError
from hetsyn_sim.kernels import use_backend
from hetsyn_sim.training.fitting.unfinished import Unfinished

from ...membrane import PASSIVE
from ...refusal import refused

CURRENT = np.repeat([0.0, 50.0, -50.0, 100.0], 8)
V = np.full(32, -65.0)
for t in range(31):
    V[t + 1] = V[t] + (1 - np.exp(-0.1)) * (-65.0 - V[t] + 0.1 * CURRENT[t])
V += 0.1 * np.random.default_rng(0).standard_normal(32)


def fit(**changes):
    asked = {"parameters": {"R": None, "tau": (2 * ms, 100 * ms)}, "restarts": 3, "progress": False} | changes
    with use_backend("plain"):
        return hs.fit_recordings(PASSIVE, {"I": CURRENT * pA}, v=V * mV, spikes=[], dt=1 * ms, **asked)


@pytest.fixture
def stopped(monkeypatch, tmp_path):
    """Fit until so many iterations are done, and stop as Ctrl-C or as a kill does."""

    def stop(after, error):
        keep, count = Unfinished.keep, []

        def counted(self, state):
            keep(self, state)
            self._written = -np.inf  # whatever the clock says
            count.append(state)
            if len(count) == after:
                raise error

        with monkeypatch.context() as patch:
            patch.setattr(Unfinished, "keep", counted)
            if error is not KeyboardInterrupt:
                with pytest.raises(error):
                    fit(resume=tmp_path / "search")
                return None
            return fit(resume=tmp_path / "search")

    return stop


def the_same(one, other):
    np.testing.assert_array_equal(one.ends, other.ends)
    np.testing.assert_array_equal(one.costs, other.costs)
    assert (one.fitted, one.errors, one.runs, one.agreeing) == (other.fitted, other.errors, other.runs, other.agreeing)


@pytest.fixture(scope="module")
def whole():
    return fit()


@pytest.mark.parametrize(("after", "error"), [(2, KeyboardInterrupt), (20, SystemError)])
def test_it_goes_on_to_the_same_end(stopped, tmp_path, whole, after, error):
    begun = stopped(after, error)
    assert (begun is None) == (error is SystemError)
    assert begun is None or begun.interrupted
    assert (tmp_path / "search").is_file()
    resumed = fit(resume=tmp_path / "search")
    assert not resumed.interrupted
    assert not (tmp_path / "search").exists()
    the_same(resumed, whole)


def test_a_search_may_be_stopped_again(stopped, tmp_path, whole):
    for after in (3, 4):
        stopped(after, KeyboardInterrupt)
    the_same(fit(resume=tmp_path / "search"), whole)


def test_the_file_of_another_fit_is_refused(stopped, tmp_path):
    stopped(3, KeyboardInterrupt)
    for changes in ({"seed": 1}, {"restarts": 4}, {"iterations": 4}, {"parameters": ["R"]}, {"values": {"V_T": -40 * mV}}):
        with refused(CheckpointError, "of another fit", str(tmp_path / "search"), remedy="begin anew"):
            fit(resume=tmp_path / "search", **changes)
    content = (tmp_path / "search").read_bytes()
    (tmp_path / "search").write_bytes(content[:-9])
    with refused(CheckpointError, "can't be read", remedy="begin anew"):
        fit(resume=tmp_path / "search")
