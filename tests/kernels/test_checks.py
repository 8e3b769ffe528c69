"""What the kernels refuse, with the message that it gives; called as functions, as users do, and as bare operators."""

import pytest
import torch

from hetsyn_sim.errors import DataError
from hetsyn_sim.kernels import DecayPath, exponential_filter, spiking_scan
from hetsyn_sim.kernels.library import library
from hetsyn_sim.training.surrogates import MultiGaussian

from ..refusal import refused

T, B, I, J = 4, 2, 3, 5
needs_library = pytest.mark.skipif(library() is None, reason="the kernels were not built")
NAN, INF = float("nan"), float("inf")


def make():
    return torch.rand(T, B, I), torch.rand(J, I), torch.rand(J, I)


def scan(**given):
    shapes = {"v_in": (T, B, J), "theta": (J,), "w": (J, J), "rho": (J, J), "a": (J,), "rho_reset": (J,)}
    v_in, theta, w, rho, a, rho_reset = ({name: torch.rand(shape) for name, shape in shapes.items()} | given).values()
    return spiking_scan(v_in, [DecayPath(w, rho)], [DecayPath(a, rho_reset)], theta, MultiGaussian())


@pytest.mark.parametrize(
    ("x", "w", "rho"),
    [
        ((B, I), (J, I), (J, I)),
        ((T, B, I), (I, J), (I, J)),
        ((T, B, I), (J, I), (I,)),
        ((T, B, I), (J, I), (1, I)),
        ((T, B, I), (J, I), (2, J, I)),
        ((T, B, I), (I,), ()),
    ],
)
@pytest.mark.usefixtures("backend")
def test_shapes_of_a_filter(x, w, rho):
    said = "exponential_filter", f"x {x}, w {w}, rho {rho}", "x (time, batch, pre), w (post, pre)", "time comes first"
    with refused(DataError, "shapes do not fit", *said):
        exponential_filter(torch.rand(x), torch.rand(w), torch.rand(rho))


@pytest.mark.parametrize("shape", [(0, B, I), (T, 0, I), (T, B, 0)])
@pytest.mark.usefixtures("backend")
def test_nothing_to_run(shape):
    with refused(DataError, "shapes do not fit", expected="at least one step"):
        exponential_filter(torch.rand(shape), torch.rand(J, shape[2]), torch.rand(J, shape[2]))


@pytest.mark.usefixtures("backend")
def test_types_and_devices():
    x, w, rho = make()
    for tensors in ((x.double(), w, rho), (x.int(), w, rho), (x.bool(), w, rho), (x, w, rho.to("meta"))):
        with refused(DataError, "different types or devices", remedy="x.to(w)"):
            exponential_filter(*tensors)
    with refused(DataError, "different types or devices", None, "theta: float64 on cpu"):
        scan(theta=torch.ones(J, dtype=torch.float64))


@pytest.mark.usefixtures("backend")
def test_shapes_of_a_scan():
    wrong = {"v_in": (T, J), "theta": (J + 1,), "w": (J, J + 1), "rho": (J, 2), "a": (J, 1), "rho_reset": (J - 1,)}
    for name, shape in [*wrong.items(), ("theta", (J, 1))]:
        with refused(DataError, "shapes do not fit", "spiking_scan"):
            scan(**{name: torch.rand(shape)})


@needs_library
@pytest.mark.parametrize("bad", [NAN, INF, -INF])
@pytest.mark.parametrize("n_zeros", [0, 500])
def test_input_that_is_not_finite(bad, n_zeros):
    """In the sparse and in the busy input, in the last channel of the last step."""
    x, w, rho = make()
    x = torch.cat([torch.zeros(n_zeros, B, I), x])
    x[-1, -1, -1] = bad
    for n_post in (len(w), 1):
        with refused(DataError, "not finite", None, "NaN or infinity in x"):
            exponential_filter(x, w[:n_post], rho[:n_post])


@needs_library
@pytest.mark.parametrize(
    ("name", "bad", "what"),
    [(name, bad, "a parameter is not finite") for name, bad in (("w", NAN), ("a", INF), ("theta", NAN))]
    + [("v_in", NAN, "the input is not finite")]
    + [("rho_reset", bad, r"outside of \[0, 1\]") for bad in (-1e-6, 1.0001, NAN)],
)
def test_numbers_that_a_scan_can_not_use(name, bad, what):
    with pytest.raises(DataError, match=what):
        scan(**{name: torch.full({"v_in": (T, B, J), "w": (J, J)}.get(name, (J,)), bad)})


@needs_library
def test_a_voltage_that_is_not_a_number_without_recurrence():
    v_in = torch.zeros(T, B, J)
    v_in[-1, -1, -1] = NAN
    with pytest.raises(DataError, match="the input is not finite"):
        spiking_scan(v_in, [], [], torch.ones(J), MultiGaussian())


@needs_library
def test_numbers_that_a_filter_can_not_use():
    x, w, rho = make()
    for bad in (-1e-6, 1.0001, NAN):
        rho[0, 0] = bad
        for decay in (rho, rho[:, :1]):
            with pytest.raises(DataError, match=r"outside of \[0, 1\]"):
                exponential_filter(x, w, decay)
    w[1, 2] = NAN
    said = "w", "1 of 15 values are NaN or infinite", "", "lower the learning rate"
    with refused(DataError, "a parameter is not finite", *said):
        exponential_filter(x, w, torch.rand(J, I))


@needs_library
def test_the_bare_operators_check_too():
    """Nothing may be read beyond its end, whoever calls."""
    ops, (x, w, rho) = torch.ops.hetsyn, make()
    for tensors in ((x, w, rho[:, :1]), (x, w.T, rho), (x[0], w, rho), (x.double(), w, rho)):
        with pytest.raises(DataError):
            ops.filter(*tensors)
    with pytest.raises(DataError):
        ops.leaky_scan(x, torch.rand(I + 1), False)
    v_in, one = torch.rand(T, B, J), torch.ones(J)
    for paths, theta in (
        (([torch.rand(J, J)], [torch.rand(J, 1)]), one),
        (([torch.ones(1)], [one]), one),
        (([one], [torch.rand(())]), one),
        (([], []), torch.ones(())),
    ):
        with pytest.raises(DataError, match="shapes do not fit"):
            ops.spiking_scan(v_in, *paths, theta, "arctan", [2.0], 0.0)


@needs_library
def test_an_unknown_surrogate_or_too_few_settings_of_an_operator():
    v_in, one = torch.rand(T, B, J), torch.ones(J)
    for name, settings in (("relu", [1.0]), ("multi_gaussian", [0.5])):
        with refused(DataError, "surrogate", "hetsyn::spiking_scan"):
            torch.ops.hetsyn.spiking_scan(v_in, [], [], one, name, settings, 0.0)
