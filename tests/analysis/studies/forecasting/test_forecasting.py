"""Forecasters: trained without a surrogate where spikes are graded, and compared with forecasts whose error is known."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from analysis.studies.forecasting import NEURONS, Budget, forecast, network_of, train_forecaster
from analysis.studies.forecasting.baselines import persistence, ridge
from analysis.studies.forecasting.study import AS_MANY_PARAMETERS, HORIZONS, N_NEURONS, run, task_for, tune
from analysis.studies.forecasting.tables import LYAPUNOV_TIME
from hetsyn_sim.discrete.cost import count_parameters
from hetsyn_sim.errors import ConfigError
from hetsyn_sim.tasks.delay_equation import PUBLISHED
from hetsyn_sim.tasks.lyapunov import largest_exponent
from hetsyn_sim.training.network import Network

SMALL = {"n_series": 2, "window": 40.0, "n_neurons": 8, "budget": Budget(iterations=2, batch_size=4, warm_up=20.0)}


@pytest.fixture(scope="module")
def task():
    return task_for(17.0, 0, n_series=2, window=40.0)


class NoSurrogate:
    """A graded spike needs none: whoever asks for it is found out."""

    def derivative(self, distance, theta):
        raise AssertionError("a surrogate derivative was used")


def test_plain_backpropagation_through_graded_spikes_lowers_the_loss(task):
    network = Network(network_of("MTC", 12, task.dt), seed=0, surrogate=NoSurrogate())
    before = {name: raw.detach().clone() for name, raw in network.named_parameters()}
    losses = train_forecaster(network, task.train, 2e-2, 0, Budget(iterations=12, batch_size=16, warm_up=20.0))
    assert np.mean(losses[-3:]) < 0.85 * np.mean(losses[:3])
    assert all(not torch.equal(raw, before[name]) for name, raw in network.named_parameters())  # every parameter has a gradient


@pytest.mark.parametrize("name", NEURONS)
def test_every_forecaster_runs_trains_and_is_measured(name):
    row = run({"model": name, "horizon": 17.0}, 0, **SMALL)
    assert np.isfinite(row["mse"])
    assert 0.0 < row["rate"] <= row["duty"] < 1.0
    assert (row["mismatches"], row["spikes"] > 0) == (0, True)
    assert row["largest"] < 1e-11  # of values near 1, over 80 steps in which a difference may grow
    assert len(row["example"]["output"]) == len(row["example"]["target"]) == 40
    if not NEURONS[name].model.output:
        assert row["rate"] == row["duty"]  # a spike is on for one step


def test_larger_layers_have_as_many_parameters_as_the_conductance_neurons():
    wanted = count_parameters(network_of("MTC", N_NEURONS, 5e-4))
    for name, n in AS_MANY_PARAMETERS.items():
        assert abs(count_parameters(network_of(name, n, 5e-4)) - wanted) <= 5


def test_the_same_seed_gives_the_same_row():
    rows = [run({"model": "MTC", "horizon": 17.0}, 1, **SMALL) for _ in range(2)]
    assert rows[0] == rows[1]
    assert "example" not in rows[0]


@pytest.mark.parametrize("name", NEURONS)
def test_neurons_are_independent(name, task):
    """Silencing one neuron's weight leaves all others as they were."""
    spec = network_of(name, 4, task.dt)
    values = spec.initial_values(0)
    changed = {**values, "layer_1.feedforward.w": values["layer_1.feedforward.w"] * np.array([[0.0], [1.0], [1.0], [1.0]])}
    spikes = [forecast(Network(spec, values=v, trainable=False), task[:3])[1] for v in (values, changed)]
    assert not np.array_equal(spikes[0][..., 0], spikes[1][..., 0])
    np.testing.assert_array_equal(spikes[0][..., 1:], spikes[1][..., 1:])


def test_a_linear_map_forecasts_what_is_linear(task):
    """Targets that are a linear map of the lags it sees: nothing is left but the penalty."""
    x = task.inputs
    linear = replace(task, targets=0.7 * x - 0.2 * np.roll(x, 8, axis=0) + 0.1)  # 8 steps are 4 time units
    made = ridge(linear.train, linear.validation, linear.test, 20.0)
    assert np.isnan(made[:40]).all()
    np.testing.assert_allclose(made[40:], linear.test.targets[40:, :, 0], atol=1e-3)


def test_persistence_is_the_input_again(task):
    np.testing.assert_array_equal(persistence(task), task.inputs[:, :, 0])
    assert run({"model": "persistence", "horizon": 17.0}, 0, **SMALL)["mse"] > 1.0  # the series turns around in a delay


def test_a_window_must_outlast_the_warm_up(task):
    with pytest.raises(ConfigError, match="nothing of a window is counted") as excinfo:
        Budget(warm_up=40.0).counted(task)
    assert "40 time units of a window of 40" in excinfo.value.got


def test_a_training_that_diverges_is_stopped(task):
    network = Network(network_of("LIF", 2, task.dt), seed=0)
    with torch.no_grad():
        network.layers["readout"].raw("readout.feedforward.w").fill_(1e38)
    with pytest.raises(ConfigError, match="diverged"):
        train_forecaster(network, task.train, 1e-2, 0, Budget(iterations=1, batch_size=4, warm_up=20.0))


def test_tuning_looks_at_validation_only(monkeypatch):
    import hetsyn_sim.tasks.forecast as module

    monkeypatch.setattr(module.Forecast, "test", property(lambda self: pytest.fail("the test split was looked at")))
    assert np.isfinite(tune({"model": "LIF", "lr": 1e-2}, 0, **SMALL)["mse"])


def test_the_lyapunov_time_of_the_table_is_the_measured_one():
    exponent = largest_exponent(PUBLISHED, duration=2000.0, n_series=32)
    assert pytest.approx(exponent.time, abs=4 * exponent.time**2 * exponent.error) == LYAPUNOV_TIME
    assert max(HORIZONS) == LYAPUNOV_TIME
