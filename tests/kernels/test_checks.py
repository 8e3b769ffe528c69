"""What the kernels refuse, with the message that it gives; called as functions, as users do, and as bare operators."""

import pytest
import torch

from hetsyn_sim.errors import DataError
from hetsyn_sim.kernels import DecayPath, exponential_filter, spiking_scan, use_backend
from hetsyn_sim.kernels.library import library
from hetsyn_sim.training.surrogates import MultiGaussian

T, B, I, J = 4, 2, 3, 5
needs_library = pytest.mark.skipif(library() is None, reason="the kernels were not built")
NAN, INF = float("nan"), float("inf")


def make():
    return torch.rand(T, B, I), torch.rand(J, I), torch.rand(J, I)


def scan(v_in=None, theta=None, w=None, rho=None, a=None, rho_reset=None):
    default = {"v_in": torch.rand(T, B, J), "theta": torch.ones(J), "w": torch.rand(J, J), "rho": torch.rand(J, J)}
    given = {"v_in": v_in, "theta": theta, "w": w, "rho": rho}
    v_in, theta, w, rho = (default[k] if t is None else t for k, t in given.items())
    reset = DecayPath(-torch.ones(J) if a is None else a, torch.rand(J) if rho_reset is None else rho_reset)
    return spiking_scan(v_in, [DecayPath(w, rho)], [reset], theta, MultiGaussian())


@pytest.fixture(params=["plain", pytest.param("fused", marks=needs_library)])
def _backend(request):
    with use_backend(request.param):
        yield


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
@pytest.mark.usefixtures("_backend")
def test_shapes_of_a_filter(x, w, rho):
    with pytest.raises(DataError, match="shapes do not fit") as excinfo:
        exponential_filter(torch.rand(x), torch.rand(w), torch.rand(rho))
    assert excinfo.value.where == "exponential_filter"
    assert excinfo.value.got == f"x {x}, w {w}, rho {rho}"
    assert "x (time, batch, pre), w (post, pre)" in excinfo.value.expected
    assert "time comes first" in excinfo.value.remedy


@pytest.mark.parametrize("shape", [(0, B, I), (T, 0, I), (T, B, 0)])
@pytest.mark.usefixtures("_backend")
def test_nothing_to_run(shape):
    with pytest.raises(DataError, match="shapes do not fit") as excinfo:
        exponential_filter(torch.rand(shape), torch.rand(J, shape[2]), torch.rand(J, shape[2]))
    assert "at least one step" in excinfo.value.expected


@pytest.mark.usefixtures("_backend")
def test_types_and_devices():
    x, w, rho = make()
    for tensors in ((x.double(), w, rho), (x.int(), w, rho), (x.bool(), w, rho), (x, w, rho.to("meta"))):
        with pytest.raises(DataError, match="different types or devices") as excinfo:
            exponential_filter(*tensors)
        assert "x.to(w)" in excinfo.value.remedy
    with pytest.raises(DataError, match="different types or devices") as excinfo:
        scan(theta=torch.ones(J, dtype=torch.float64))
    assert "theta: float64 on cpu" in excinfo.value.got


@pytest.mark.parametrize(
    "wrong",
    [
        {"v_in": torch.rand(T, J)},
        {"theta": torch.ones(J + 1)},
        {"theta": torch.ones(J, 1)},
        {"w": torch.rand(J, J + 1)},
        {"rho": torch.rand(J, 2)},
        {"a": torch.rand(J, 1)},
        {"rho_reset": torch.rand(J - 1)},
    ],
)
@pytest.mark.usefixtures("_backend")
def test_shapes_of_a_scan(wrong):
    with pytest.raises(DataError, match="shapes do not fit") as excinfo:
        scan(**wrong)
    assert excinfo.value.where == "spiking_scan"


@needs_library
@pytest.mark.parametrize("bad", [NAN, INF, -INF])
@pytest.mark.parametrize("n_zeros", [0, 500])
def test_input_that_is_not_finite(bad, n_zeros):
    """In the sparse and in the busy input, in the last channel of the last step."""
    x, w, rho = make()
    x = torch.cat([torch.zeros(n_zeros, B, I), x])
    x[-1, -1, -1] = bad
    with pytest.raises(DataError, match="not finite") as excinfo:
        exponential_filter(x, w, rho)
    assert excinfo.value.got == "NaN or infinity in x"


@needs_library
def test_parameters_that_are_not_finite():
    x, w, rho = make()
    w[1, 2] = NAN
    with pytest.raises(DataError, match="a parameter is not finite") as excinfo:
        exponential_filter(x, w, rho)
    assert (excinfo.value.where, excinfo.value.got) == ("w", "1 of 15 values are NaN or infinite")
    assert "lower the learning rate" in excinfo.value.remedy
    for wrong in ({"w": torch.full((J, J), NAN)}, {"a": torch.full((J,), INF)}, {"theta": torch.full((J,), NAN)}):
        with pytest.raises(DataError, match="a parameter is not finite"):
            scan(**wrong)
    with pytest.raises(DataError, match="the input is not finite") as excinfo:
        scan(v_in=torch.full((T, B, J), NAN))
    assert excinfo.value.got == "NaN in v_in"


@needs_library
@pytest.mark.parametrize("bad", [-1e-6, 1.0001, NAN])
def test_decays_outside_of_their_interval(bad):
    x, w, rho = make()
    rho[0, 0] = bad
    with pytest.raises(DataError, match=r"outside of \[0, 1\]"):
        exponential_filter(x, w, rho)
    with pytest.raises(DataError, match=r"outside of \[0, 1\]"):
        exponential_filter(x, w, rho[:, :1])
    with pytest.raises(DataError, match=r"outside of \[0, 1\]"):
        scan(rho_reset=torch.full((J,), bad))


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
            ops.spiking_scan(v_in, *paths, theta, "arctan", [2.0])


@needs_library
def test_an_unknown_surrogate_or_too_few_settings_of_an_operator():
    v_in, one = torch.rand(T, B, J), torch.ones(J)
    for name, settings in (("relu", [1.0]), ("multi_gaussian", [0.5])):
        with pytest.raises(DataError, match="surrogate") as excinfo:
            torch.ops.hetsyn.spiking_scan(v_in, [], [], one, name, settings)
        assert excinfo.value.where == "hetsyn::spiking_scan"
