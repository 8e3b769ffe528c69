"""The operators as torch sees them: opcheck, gradcheck, torch.compile, autocast, data-parallel training, memory."""

import faulthandler
import os
import sys
import textwrap
from datetime import timedelta

import pytest
import torch
from torch.nn.parallel import DistributedDataParallel

from hetsyn_sim.kernels import DecayPath, exponential_filter, spiking_scan
from hetsyn_sim.kernels.library import library
from hetsyn_sim.training.surrogates import MultiGaussian

pytestmark = pytest.mark.skipif(library() is None, reason="the kernels were not built")
T, B, I, J = 12, 3, 4, 5
MULTI_GAUSSIAN = [0.5, 0.5, 0.15, 6.0]
PATIENCE = 240  # seconds for two processes that import torch on a busy machine, which has taken 60


def make(dtype=torch.float64):
    """x, w, rho; w_rec, rho_rec; theta; amplitude and rho of the reset."""
    g = torch.Generator().manual_seed(0)
    shapes = [(T, B, I), (J, I), (J, I), (J, J), (J, J), (J,), (J,), (J,)]
    tensors = [torch.rand(shape, generator=g, dtype=torch.float64) * 0.7 + 0.1 for shape in shapes]
    tensors[6] = -tensors[6]
    return [t.to(dtype).requires_grad_() for t in tensors]


def network(x, w, rho, w_rec, rho_rec, theta, a, rho_reset):
    v = exponential_filter(x, w, rho)
    z, v = spiking_scan(v, [DecayPath(w_rec, rho_rec)], [DecayPath(a, rho_reset)], theta, MultiGaussian())
    return z, v


def gradients(function, leaves, scale=1.0):
    z, v = function(*leaves)
    return torch.autograd.grad((z.sum() + v.square().sum()) * scale, leaves)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_opcheck(dtype):
    x, w, rho, w_rec, rho_rec, theta, a, rho_reset = make(dtype)
    ops = torch.ops.hetsyn
    torch.library.opcheck(ops.filter.default, (x, w, rho))
    torch.library.opcheck(ops.leaky_scan.default, (x, rho_reset.detach()[:I].clone().requires_grad_(), False))
    v_in = torch.rand(T, B, J, dtype=dtype, requires_grad=True)
    paths = ([w_rec, w_rec, a], [rho_rec, rho_reset, rho_reset])
    torch.library.opcheck(ops.spiking_scan.default, (v_in, *paths, theta, "multi_gaussian", MULTI_GAUSSIAN))


@pytest.mark.parametrize("reverse", [False, True])
def test_gradcheck(reverse):
    x, w, rho, *_ = make()
    assert torch.autograd.gradcheck(torch.ops.hetsyn.filter, (x, w, rho))
    assert torch.autograd.gradcheck(
        lambda drive, decay: torch.ops.hetsyn.leaky_scan(drive, decay, reverse), (x, rho.detach()[0].requires_grad_())
    )


@pytest.mark.parametrize("backend", ["aot_eager", pytest.param("inductor", marks=pytest.mark.compiled)])
def test_compiled_as_one_graph(backend):
    leaves = make()
    expected = gradients(network, leaves)
    torch._dynamo.reset()
    found = gradients(torch.compile(network, fullgraph=True, backend=backend), leaves)
    for one, other in zip(found, expected, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)


def test_autocast_keeps_to_single_precision():
    leaves = make(torch.float32)
    expected = network(*leaves)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = network(*leaves)
        z, v = torch.ops.hetsyn.spiking_scan(leaves[0].bfloat16(), [], [], torch.ones(I), "arctan", [2.0])
        tied = exponential_filter(leaves[0], leaves[1], leaves[2][:, :1])
    assert z.dtype == v.dtype == tied.dtype == torch.float32
    assert all(torch.equal(one, other) for one, other in zip(found, expected, strict=True))
    for one, other in zip(gradients(network, leaves), gradients(lambda *_: found, leaves), strict=True):
        torch.testing.assert_close(one, other)


class Module(torch.nn.Module):
    """The same network with its parameters inside."""

    def __init__(self):
        super().__init__()
        self.numbers = torch.nn.ParameterList([torch.nn.Parameter(t.detach()) for t in make()[1:]])

    def forward(self, x):
        return network(x, *self.numbers)


def train_half(rank, port, folder):
    """One of two processes: gradients of its half of the batch, averaged by DDP."""
    faulthandler.dump_traceback_later(PATIENCE - 20, exit=True)  # where it waits, if it does
    os.environ["GLOO_SOCKET_IFNAME"] = "lo"  # or else gloo asks for the address of the machine's name
    store = torch.distributed.TCPStore("127.0.0.1", port, is_master=False, timeout=timedelta(seconds=PATIENCE))
    torch.distributed.init_process_group("gloo", store=store, rank=rank, world_size=2)
    module = DistributedDataParallel(Module())
    x = make()[0].detach().repeat(1, 2, 1)[:, 3 * rank : 3 * rank + 3] * (1.0 + rank)
    z, v = module(x)
    (z.sum() + v.square().sum()).backward()
    if rank == 0:
        torch.save([p.grad for p in module.parameters()], f"{folder}/gradients.pt")
    torch.distributed.barrier()  # neither leaves while the other is still in the sum
    torch.distributed.destroy_process_group()


def test_two_processes_with_half_a_batch_each(process, tmp_path):
    # The meeting point outlives both: it is this process's, at a port that the system chose.
    store = torch.distributed.TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    program = f"import runpy; runpy.run_path({__file__!r})['train_half']({{}}, {store.port}, {str(tmp_path)!r})"
    runs = [process.start([sys.executable, "-c", program.format(rank)]) for rank in range(2)]
    assert [run.wait(timeout=PATIENCE) for run in runs] == [0, 0]
    found = torch.load(tmp_path / "gradients.pt")
    x, *parameters = make()
    halves = [gradients(lambda *p, k=k: network(x.detach() * (1.0 + k), *p), parameters, 0.5) for k in range(2)]
    for one, first, second in zip(found, *halves, strict=True):
        torch.testing.assert_close(one, first + second, rtol=1e-12, atol=1e-12)


def test_memory_grows_with_the_steps_by_inputs_and_outputs_alone(process):
    """In a process of its own: the peak of 100,000 steps forwards and backwards, in units of what goes in and comes out."""
    program = """
        import resource, torch
        from hetsyn_sim.kernels import DecayPath, exponential_filter, spiking_scan
        from hetsyn_sim.training.surrogates import MultiGaussian
        def peak(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        def step(T):
            x = (torch.rand(T, 1, 30) < 0.05).float().requires_grad_()
            w, rho = torch.randn(20, 30, requires_grad=True), torch.rand(20, 30).requires_grad_()
            rec = DecayPath((0.1 * torch.randn(20, 20)).requires_grad_(), torch.rand(20, 20).requires_grad_())
            reset = DecayPath(-torch.ones(()), torch.tensor(0.5))
            z, v = spiking_scan(exponential_filter(x, w, rho), [rec], [reset], torch.ones(()), MultiGaussian())
            z.sum().backward()
        step(100)
        before = peak()
        step(100_000)
        # x twice (its random numbers), dx, v_in, z, v, dz, d
        print((peak() - before) / (100_000 * (3 * 30 + 6 * 20) * 4))
    """
    out = process([sys.executable, "-c", textwrap.dedent(program)])
    assert float(out.stdout) < 1.1
