"""Mackey-Glass: against SciPy by the method of steps, against exponents that are known, and who sees which part of the series."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp
from scipy.special import lambertw

from hetsyn_sim.errors import ConfigError, DataError, SpecError
from hetsyn_sim.tasks import Forecast, mackey_glass
from hetsyn_sim.tasks.delay_equation import PUBLISHED, MackeyGlass, trajectory
from hetsyn_sim.tasks.lyapunov import LyapunovExponent, largest_exponent


def by_the_method_of_steps(equation, history, n_delays, times):
    """x at some times: over each delay an ordinary equation, whose delayed term is the dense output of the piece before."""
    before, start, found = (lambda t: history), history, np.empty_like(times)
    for piece in range(n_delays):
        left, right = piece * equation.tau, (piece + 1) * equation.tau

        def rate(t, x, before=before):
            late = before(t - equation.tau)
            return equation.beta * late / (1 + late**equation.n) - equation.gamma * x

        solution = solve_ivp(rate, (left, right), [start], method="DOP853", rtol=1e-12, atol=1e-13, dense_output=True, max_step=0.25)
        inside = (times >= left) & (times <= right)
        found[inside] = solution.sol(times[inside])[0]
        before, start = (lambda t, dense=solution.sol: dense(t)[0]), solution.y[0, -1]
    return found


@pytest.mark.parametrize("equation", [PUBLISHED, MackeyGlass(beta=1.0, gamma=0.4, n=8.5, tau=3.0)])
def test_it_is_the_solution_of_the_delay_equation_and_of_fourth_order(equation):
    """Errors against the tight solution fall by 2^4 when dt is halved, and the last one is as large as the step before it says.

    A method of order 4 has error C dt^4 + O(dt^5), so two errors differ by 15/16 of the larger: the difference of two of *our* solutions
    over 15 estimates the error of the finer one (Richardson), whatever SciPy says. The factor 2 leaves room for the next order.
    """
    n_delays = 6
    solutions, errors = [], []
    for per_delay in (20, 40, 80, 160):
        dt = equation.tau / per_delay
        x = trajectory(equation, 1.2, dt=dt, n_steps=n_delays * per_delay)[:, 0]
        exact = by_the_method_of_steps(equation, 1.2, n_delays, np.arange(x.size) * dt)
        solutions.append(x[:: per_delay // 20])
        errors.append(np.abs(x - exact)[:: per_delay // 20].max())
    orders = np.log2(np.divide(errors[:-1], errors[1:]))
    assert orders[-1] == pytest.approx(4.0, abs=0.3)
    assert (orders > 3.4).all()
    estimate = np.abs(solutions[-1] - solutions[-2]).max() / 15
    assert errors[-1] < 2 * estimate < 1e-4


def test_the_equilibrium_stays_and_solutions_do_not_see_each_other():
    x = trajectory(PUBLISHED, [1.0, 1.2, 0.6], dt=0.5, n_steps=400)
    assert x.shape == (401, 3)
    assert x.dtype == np.float64
    # beta / gamma = 2 and x = 1: production 0.2 / 2 equals decay 0.1
    np.testing.assert_allclose(x[:, 0], 1.0, atol=1e-9)
    np.testing.assert_array_equal(x[:, 2], trajectory(PUBLISHED, 0.6, dt=0.5, n_steps=400)[:, 0])


def test_a_delay_of_one_step():
    """The shortest delay there can be: against the method of steps, at a coarse and a fine step."""
    equation = MackeyGlass(tau=0.5)
    x = trajectory(equation, 0.4, dt=0.5, n_steps=10)[:, 0]
    exact = by_the_method_of_steps(equation, 0.4, 10, np.arange(11) * 0.5)
    finer = trajectory(equation, 0.4, dt=0.25, n_steps=20)[::2, 0]
    assert np.abs(x - exact).max() < 2 * np.abs(x - finer).max() < 1e-5


@pytest.mark.parametrize("equation", [MackeyGlass(tau=0.5), MackeyGlass(beta=0.3, n=2.0, tau=4.0)])
def test_the_exponent_of_a_stable_equilibrium_is_the_root_of_its_characteristic_equation(equation):
    """Around the equilibrium, d' = -gamma d + b d(t - tau); its slowest mode exp(s t) has s = W(b tau exp(gamma tau)) / tau - gamma."""
    x = (equation.beta / equation.gamma - 1) ** (1 / equation.n)
    b = equation.gamma * (1 - equation.n * (equation.beta / equation.gamma - 1) * equation.gamma / equation.beta)
    assert equation.beta * x / (1 + x**equation.n) == pytest.approx(equation.gamma * x)
    root = lambertw(b * equation.tau * np.exp(equation.gamma * equation.tau)) / equation.tau - equation.gamma
    assert root.imag == 0.0  # a real mode grows by the same factor in every delay
    found = largest_exponent(equation, dt=equation.tau / 20, duration=100.0, transient=400.0, n_series=3)
    # RK4 shifts the exponent by about (s dt)^4 |s|, far below; the transient leaves exp((s2 - s1) 400) of the second mode
    assert found.value == pytest.approx(root.real, abs=1e-6)
    assert found.time == np.inf


@pytest.mark.parametrize(("tau", "lyapunov_time"), [(17.0, 197), (30.0, 139)])
def test_the_lyapunov_time_of_the_chaotic_equation_is_the_published_one(tau, lyapunov_time):
    """Published: 197 and 139 time units (NeuroBench, data set card); elsewhere 0.0050 to 0.0075 per time unit at tau = 17 and 30."""
    found = largest_exponent(MackeyGlass(tau=tau), dt=0.5, duration=4000.0, seed=1)
    assert 0.005 - 4 * found.error < found.value < 0.0075 + 4 * found.error
    # theirs is a measurement too, and they do not say how good: as good as ours
    assert abs(found.value - 1 / lyapunov_time) < 4 * np.sqrt(2) * found.error
    assert found.error < 0.04 * found.value


def task(**facts):
    return mackey_glass(
        **({"n_train": 4, "n_validation": 2, "n_test": 3, "time_unit": "5 ms", "horizon": 10.0, "window": 40.0, "gap": 20.0} | facts)
    )


def test_inputs_are_the_solution_and_targets_are_what_it_is_later():
    data = task(n_series=2, transient=100.0, seed=4)
    assert data.inputs.shape == data.targets.shape == (200, 18, 1)
    assert (len(data.train), len(data.validation), len(data.test)) == (8, 4, 6)
    histories = np.random.default_rng(4).uniform(0.5, 1.5, 2)
    x = trajectory(PUBLISHED, histories, dt=0.2, n_steps=5000)
    for k in range(len(data)):
        start = data.starts[k]
        solution = x[:, data.series[k]]
        np.testing.assert_allclose(data.unscaled(data.inputs)[:, k, 0], solution[start : start + 200], rtol=1e-13)
        np.testing.assert_allclose(data.unscaled(data.targets)[:, k, 0], solution[start + 50 : start + 250], rtol=1e-13)
    assert data.starts.min() == 500


def test_time_units_become_seconds_by_one_argument():
    data = task()
    assert (data.dt, data.time_unit, data.horizon) == (pytest.approx(0.001), 0.005, pytest.approx(10.0))
    slow = task(time_unit=0.05)
    assert (slow.dt, slow.horizon) == (pytest.approx(0.01), data.horizon)
    np.testing.assert_array_equal(slow.inputs, data.inputs)
    assert data.horizon_in_lyapunov_times(LyapunovExponent(0.005, 0.0)) == pytest.approx(0.05)
    assert LyapunovExponent(0.005, 0.0).time == pytest.approx(200.0)


def test_no_value_is_seen_by_two_splits_and_the_gap_is_kept():
    data = task(stride=8.0)
    seen = {}
    for part in ("train", "validation", "test"):
        first = data.starts[data.split == part]
        seen[part] = set(np.concatenate([np.arange(s, s + 250) for s in first]).tolist())
    assert min(seen["validation"]) - max(seen["train"]) - 1 == min(seen["test"]) - max(seen["validation"]) - 1 == 100
    assert np.diff(data.starts[data.split == "train"]).tolist() == [40] * 3


def test_only_training_sets_the_scale():
    alone = task(n_validation=0, n_test=0)
    data = task(n_test=7)
    assert (alone.mean, alone.sd) == (data.mean, data.sd)
    np.testing.assert_array_equal(alone.inputs, data.train.inputs)
    x = data.unscaled(np.concatenate([data.train.inputs, data.train.targets]))
    values = np.unique(x.round(12))  # each value of the solution once: windows follow each other, targets repeat the inputs
    assert data.mean == pytest.approx(values.mean(), abs=1e-9)
    assert data.sd == pytest.approx(values.std(), abs=1e-9)


def test_seeds_are_histories_and_the_arrays_are_nobody_s_to_change():
    one, two, other = (task(seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.inputs, two.inputs)
    assert np.abs(one.inputs - other.inputs).max() > 0.5
    with pytest.raises(ValueError, match="read-only"):
        one.inputs[0] = 0.0


def test_substeps_solve_more_finely_on_the_same_grid():
    """One step of 0.5 or five of 0.1, soon after the start, where nothing has grown yet: the difference is that of order 4, not more."""
    coarse, fine = (task(dt=0.5, substeps=k, transient=0.0, horizon=1.0, window=10.0, n_train=1, n_validation=0, n_test=0) for k in (1, 5))
    assert coarse.dt == fine.dt
    difference = np.abs(coarse.unscaled(coarse.inputs) - fine.unscaled(fine.inputs)).max()
    # (gamma dt)^5 / 120 in each of 22 steps
    assert 0 < difference < 22 * 0.05**5 / 120


def start(**facts):
    return trajectory(PUBLISHED, **({"history": 1.2, "dt": 0.5, "n_steps": 5} | facts))


def exponent(**facts):
    return largest_exponent(PUBLISHED, **facts)


WRONG = {
    "can't be drawn": (
        task, {"n_train": 0}, {"n_test": -1}, {"n_series": 0}, {"substeps": 0}, {"gap": -1.0}, {"transient": np.inf}, {"time_unit": 0.0}
    ),
    "horizon is not on the grid": (task, {"horizon": 0.1}, {"horizon": 0.0}),
    "window is not on the grid": (task, {"window": 0.3}, {"window": np.inf}),
    "stride is not on the grid": (task, {"stride": -1.0}),
    "tau is not on the grid": (task, {"dt": 0.3, "window": 3.0, "horizon": 3.0}),
    "dt must be above 0": (task, {"dt": -0.2}),
    r"must be above 0\n  where:    MackeyGlass.{name}": (
        MackeyGlass, {"beta": 0.0}, {"gamma": -0.1}, {"n": np.nan}, {"tau": np.inf}, {"tau": "17"}
    ),
    "no solution can start like this": (start, {"history": 0.0}, {"history": [1.0, np.nan]}, {"history": [[1.0]]}, {"n_steps": 0}),
    "{name} must be above 0": (exponent, {"duration": 0.0}, {"transient": -1.0}),
    "(?s)tau is not on the grid.*tau = 17.0 time units, dt = 0.3 .*56.6666667 steps.*use dt = 0.298245614, or another tau": (
        exponent, {"dt": 0.3}
    ),
    "no spread": (exponent, {"n_series": 1}),
}  # fmt: skip


@pytest.mark.parametrize(("call", "facts", "message"), [(call, facts, text) for text, (call, *rows) in WRONG.items() for facts in rows])
def test_tasks_equations_and_solutions_that_make_no_sense(call, facts, message):
    with pytest.raises(ConfigError, match=message.format(name=next(iter(facts)))):
        call(**facts)


def test_a_time_unit_that_is_no_time():
    with pytest.raises(SpecError, match="wrong kind"):
        task(time_unit="5 mV")


@pytest.mark.parametrize(
    "bad",
    [
        {"targets": np.zeros((3, 1, 1))},
        {"split": ["train", "rest"]},
        {"sd": 0.0},
        {"inputs": np.full((3, 2, 1), np.nan)},
        {"starts": [0]},
    ],
)
def test_windows_that_do_not_fit_each_other(bad):
    good = {"dt": 1.0, "time_unit": 1.0, "horizon": 1.0, "inputs": np.zeros((3, 2, 1)), "targets": np.zeros((3, 2, 1))}
    good |= {"series": [0, 0], "starts": [0, 3], "split": ["train", "test"], "mean": 0.0, "sd": 1.0}
    assert len(Forecast(**good)) == 2
    with pytest.raises(DataError, match="these are no windows of a series"):
        Forecast(**(good | bad))
