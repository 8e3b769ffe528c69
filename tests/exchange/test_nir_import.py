"""NIR graphs of other programs: the network that is made of one does what the equations say, by a plain NumPy reading; or it is refused."""

import nir
import numpy as np
import pytest

from hetsyn_sim.discrete import simulate_reference
from hetsyn_sim.errors import CheckpointError, ConfigError, UnknownNameError
from hetsyn_sim.exchange import from_nir, import_nir
from hetsyn_sim.exchange.nir import READINGS, export_nir, to_nir

from ..refusal import refused
from .nir_oracle import Oracle

DT = 0.01
RNG = np.random.default_rng(3)


def lif(n=4, kind=nir.LIF, **changes):
    ones = np.ones(n)
    arrays = {"tau": 0.03 * ones + 0.01 * np.arange(n), "r": 3 * ones, "v_leak": 0.1 * ones, "v_threshold": ones, "v_reset": 0.2 * ones}
    return kind(**{**arrays, **changes})


def cuba(n=4, **changes):
    ones = np.ones(n)
    arrays = {"tau_syn": 0.02 * ones, "tau_mem": 0.03 * ones + 0.01 * np.arange(n), "r": 2 * ones, "v_leak": 0.1 * ones}
    return nir.CubaLIF(**{**arrays, "v_threshold": ones, "v_reset": 0.2 * ones, "w_in": 2 * ones, **changes})


def li(n=3):
    return nir.LI(tau=0.05 * np.ones(n), r=np.full(n, 2.0), v_leak=np.full(n, -0.1))


def weights(post, pre, bias=None, scale=1.5):
    w = scale * np.random.default_rng(post * 100 + pre).normal(0.3, 1.0, (post, pre))
    return nir.Linear(w) if bias is None else nir.Affine(w, bias)


def chain(neuron, recurrent=True, readout=True, bias=None, **more):
    """Input -> weights -> neuron (with itself) -> weights -> LI -> Output."""
    nodes = {"input": nir.Input(np.array([6])), "fc": weights(4, 6, bias), "cell": neuron}
    edges = [("input", "fc"), ("fc", "cell")]
    if recurrent:
        nodes["rec"] = weights(4, 4, scale=-1.5)
        edges += [("cell", "rec"), ("rec", "cell")]
    if readout:
        nodes |= {"out": weights(3, 4), "li": li()}
        edges += [("cell", "out"), ("out", "li")]
    nodes["output"] = nir.Output(np.array([3 if readout else 4]))
    return nir.NIRGraph({**nodes, **more}, [*edges, ("li" if readout else "cell", "output")], type_check=False)


def scaled(graph, kind):
    """Impulses of area 1 move v by R w/tau, values of 1 for a step by R w dt/tau: weights for about as many spikes."""
    for node in graph.nodes.values():
        if isinstance(node, nir.Linear | nir.Affine) and kind == "impulse":
            node.weight = node.weight * DT
    return graph


def delayed(graph):
    """The same graph with a Delay of a step in its loop."""
    nodes = {**graph.nodes, "wait": nir.Delay(np.full(4, DT))}
    edges = [edge for edge in graph.edges if edge != ("cell", "rec")]
    return nir.NIRGraph(nodes, [*edges, ("cell", "wait"), ("wait", "rec")], type_check=False)


GRAPHS = {
    "LIF": lambda: chain(lif()),
    "LIF without recurrence": lambda: chain(lif(), recurrent=False),
    "LIF with a bias": lambda: chain(lif(), bias=np.linspace(0, 0.2, 4)),
    "LIF without readout": lambda: chain(lif(), readout=False),
    "IF": lambda: chain(nir.IF(r=np.full(4, 20.0), v_threshold=np.ones(4), v_reset=np.zeros(4))),
    "CubaLIF": lambda: chain(cuba()),
    "CubaLIF with one time constant": lambda: chain(cuba(tau_mem=np.full(4, 0.02))),
}


@pytest.mark.parametrize("reading", ["ode", "euler", "norse", "held"])
@pytest.mark.parametrize("case", GRAPHS)
def test_the_network_does_what_the_graph_says(case, reading, tmp_path):
    how, x = READINGS[reading], np.random.default_rng(0).random((30, 1, 6)) < 0.3
    graph = scaled(GRAPHS[case](), how.kind)
    if how.kind == "impulse" and "rec" in graph.nodes:
        graph = delayed(graph)
    nir.write(str(tmp_path / "foreign.nir"), graph)
    found = import_nir(tmp_path / "foreign.nir", dt="10 ms", reading=reading)
    done = simulate_reference(found.spec, found.values, x)
    if reading == "norse" and isinstance(graph.nodes["cell"], nir.LIF):  # Norse leaves R of an LIF aside
        graph.nodes["cell"].r = np.ones(4)
    out = Oracle(graph, how.kind, DT).run(x[:, 0])
    assert 3 <= out["cell"].sum() < 100
    np.testing.assert_array_equal(done.rasters["layer_1"][:, 0], out["cell"])
    if "li" in graph.nodes:
        # tau is made of 1 - dt/tau and a step made of tau again: a few roundings in each of the steps that v remembers
        atol = np.finfo(float).eps * len(x) ** 2 * max(np.abs(out["output"]).max(), 1.0)
        np.testing.assert_allclose(done.traces["readout.v"][:, 0], out["output"], rtol=0, atol=atol)
    assert found.data["name"] == "imported from NIR"


def test_a_subgraph_is_opened():
    """As snnTorch writes recurrent layers: a graph in the graph, with its own Input and Output."""
    flat = chain(lif())
    inner = nir.NIRGraph(
        {"input": nir.Input(np.array([4])), "lif": flat.nodes["cell"], "w_rec": flat.nodes["rec"], "output": nir.Output(np.array([4]))},
        [("input", "lif"), ("lif", "w_rec"), ("w_rec", "lif"), ("lif", "output")],
    )
    nodes = {**{k: v for k, v in flat.nodes.items() if k not in ("cell", "rec")}, "rnn": inner}
    edges = [("input", "fc"), ("fc", "rnn"), ("rnn", "out"), ("out", "li"), ("li", "output")]
    nested = from_nir(nir.NIRGraph(nodes, edges, type_check=False), dt="10 ms")
    assert nested.to_bytes() == from_nir(flat, dt="10 ms").to_bytes()


def test_weights_from_one_source_add_up():
    graph = chain(lif())
    w = graph.nodes["fc"].weight
    put("more", nir.Linear(w / 4), ("input", "more"), ("more", "cell"))(graph)
    graph.nodes["fc"] = nir.Linear(3 * w / 4)
    one, two = (from_nir(g, dt="10 ms").values["layer_1.feedforward.w"] for g in (chain(lif()), graph))
    np.testing.assert_allclose(two, one, rtol=1e-15)


def agrees(graph, n_input=6, reading="euler"):
    """Whether the network of a graph has the spikes of the graph, layer by layer; how many there are."""
    x = np.random.default_rng(0).random((40, 1, n_input)) < 0.3
    found = from_nir(graph, dt="10 ms", reading=reading)
    done = simulate_reference(found.spec, found.values, x)
    out = Oracle(graph, READINGS[reading].kind, DT).run(x[:, 0])
    fires = [name for name, node in graph.nodes.items() if isinstance(node, nir.LIF | nir.IF | nir.CubaLIF | nir.Threshold)]
    for k, name in enumerate(fires, start=1):
        np.testing.assert_array_equal(done.rasters[f"layer_{k}"][:, 0], out[name], err_msg=name)
    return [int(out[name].sum()) for name in fires]


def test_biases_of_several_weights_add_up():
    graph = chain(lif(), bias=np.linspace(0, 0.2, 4), readout=False)
    put("more", weights(4, 6, np.linspace(0.3, 0.1, 4)), ("input", "more"), ("more", "cell"))(graph)
    graph.nodes["rec"] = weights(4, 4, np.full(4, -0.1), scale=-1.5)
    assert 5 < agrees(graph)[0] < 150


def test_filters_with_a_reset_behind_neurons_that_are_reset_at_once():
    """The network then resets before it decays, so that a jump has decayed once when it is felt, and a graph's loop has not."""
    graph = filters(np.ones(4), -np.eye(4), np.random.default_rng(1).normal(0, 1, (4, 4)))
    nodes = {"input": nir.Input(np.array([6])), "first": weights(6, 6), "cell": lif(6, kind=nir.LIF), **graph.nodes}
    nodes = {name: nodes[name] for name in ("input", "first", "cell", *(n for n in graph.nodes if n != "input"))}
    edges = [("input", "first"), ("first", "cell"), ("cell", "fc"), *(edge for edge in graph.edges if tuple(edge) != ("input", "fc"))]
    counts = agrees(nir.NIRGraph(nodes, edges, type_check=False))
    assert min(counts) > 5


def test_a_step_that_is_built_into_the_reader():
    """snnTorch reckons with 0.1 ms whatever the data are: decays are 1 - 0.1 ms/tau, and steps are as long as the recordings' are."""
    tau = np.full(4, 1e-3)
    found = from_nir(chain(lif(tau=tau, r=tau / 1e-4)), dt="4 ms", reading="snntorch")
    rho = np.exp(-0.004 / found.values["layer_1.neuron.tau_mem"])
    np.testing.assert_allclose(rho, 0.9, rtol=1e-13)
    np.testing.assert_allclose(found.values["layer_1.feedforward.w"], weights(4, 6).weight, rtol=1e-13)


def test_our_graphs_by_their_nodes_alone(toy_checkpoint, toy_data):
    x = toy_data.rasters()
    wanted = simulate_reference(toy_checkpoint.spec, toy_checkpoint.values, x)
    for reading in READINGS:
        graph, _ = to_nir(toy_checkpoint, reading=reading)
        found = from_nir(graph, ours=False)
        assert found.spec.layers[0].model.name == "NIR_Threshold"
        done = simulate_reference(found.spec, found.values, x)
        np.testing.assert_array_equal(done.rasters["layer_1"], wanted.rasters["layer_1"])


def without(*names):
    def change(graph):
        graph.nodes = {k: v for k, v in graph.nodes.items() if k not in names}
        graph.edges = [edge for edge in graph.edges if not set(edge) & set(names)]

    return change


def put(name, node, *edges):
    def change(graph):
        graph.nodes[name] = node
        graph.edges = [*graph.edges, *edges]

    return change


CONV = nir.Conv2d(None, np.ones((1, 1, 2, 2)), 1, 0, 1, 1, np.ones(1))
BAD = {
    "convolution": (put("conv", CONV, ("input", "conv")), r"node 'conv'.*Conv2d.*write the convolution out"),
    "scale": (put("scale", nir.Scale(np.ones(4))), r"node 'scale'.*Scale.*multiply the scale"),
    "two inputs": (put("more", nir.Input(np.array([6]))), r"2 Input nodes"),
    "no output": (without("output"), r"0 Output nodes"),
    "images": (put("input", nir.Input(np.array([2, 3]))), r"node 'input'.*shape \(2, 3\).*flatten"),
    "no weights": (put("fc", lif()), r"node 'fc'.*Input 'input' before it.*put a Linear"),
    "two matrices": (put("fc2", weights(4, 6), ("fc", "fc2"), ("fc2", "cell")), r"node 'fc2'.*Linear 'fc' before it.*multiply matrices"),
    "two sources": (put("x", lif(), ("x", "fc")), r"node 'fc'.*2 sources"),
    "a skip": (put("skip", weights(3, 6), ("input", "skip"), ("skip", "li")), r"node 'input'.*'cell', 'li' behind it.*one population"),
    "feedback": (put("fb", weights(4, 4), ("rec", "fb"), ("fb", "cell")), r"node 'fb'.*Linear 'rec' before it"),
    "a tensor": (put("fc", nir.Linear(np.ones((2, 4, 6)))), r"node 'fc'.*shape \(2, 4, 6\)"),
    "columns": (put("fc", weights(4, 5)), r"node 'cell'.*\(4, 5\).*\(4, 6\)"),
    "rows": (put("fc", weights(7, 6)), r"node 'cell'"),
    "a long bias": (put("fc", nir.Affine(np.ones((4, 6)), np.ones(5))), r"node 'fc'.*a bias of shape \(5,\)"),
    "tau of 0": (put("cell", lif(tau=np.zeros(4))), r"node 'cell'.*time constant of 0 s"),
    "nothing after the neuron": (without("li", "output", "out"), r"0 Output nodes"),
    "weights for an output": (without("li"), r"node 'output'.*nothing before it"),
    "only a readout": (without("cell", "rec"), r"node 'out'.*0 sources"),
    "an unused LI": (put("x", li(), ("out", "x")), r"node 'x'.*leads to no threshold"),
    "a bias for an integrator": (
        lambda g: (put("fc", weights(4, 6, np.ones(4)))(g), put("cell", nir.IF(r=np.ones(4), v_threshold=np.ones(4)))(g)),
        r"node 'cell'.*a bias before an IF",
    ),
    "a bias for a current": (
        lambda g: (put("fc", weights(4, 6, np.ones(4)))(g), put("cell", cuba())(g)),
        r"node 'cell'.*a bias before a CubaLIF.*v_leak",
    ),
    "a threshold without filter": (put("cell", nir.Threshold(np.ones(4))), r"node 'cell'.*Linear 'fc' before it.*LI nodes"),
}


@pytest.mark.parametrize("case", BAD)
def test_graphs_that_are_none_of_our_networks(case):
    change, message = BAD[case]
    graph = chain(lif())
    change(graph)
    with pytest.raises(CheckpointError, match=f"(?s)can't be one of our networks.*{message}"):
        from_nir(graph, dt="10 ms")


def filters(theta, *loops):
    """LI nodes at a Threshold, with loops: (weights, LI)."""
    one = {"r": np.full(4, 5.0), "v_leak": np.zeros(4)}
    nodes = {"input": nir.Input(np.array([6])), "fc": weights(4, 6), "f": nir.LI(tau=np.full(4, 0.05), **one), "z": nir.Threshold(theta)}
    edges = [("input", "fc"), ("fc", "f"), ("f", "z"), ("z", "output")]
    for k, weight in enumerate(loops):
        nodes |= {f"w{k}": nir.Linear(weight), f"f{k}": nir.LI(tau=np.full(4, 0.02 + 0.01 * k), **one)}
        edges += [("z", f"w{k}"), (f"w{k}", f"f{k}"), (f"f{k}", "z")]
    return nir.NIRGraph({**nodes, "output": nir.Output(np.array([4]))}, edges, type_check=False)


def test_filters_at_a_threshold():
    """The diagonal loop is the reset, other loops are recurrent synapses; without a reset nothing is taken away."""
    x = np.random.default_rng(0).random((30, 1, 6)) < 0.2
    full = np.random.default_rng(1).normal(0, 1, (4, 4))
    for loops in ((), (-np.eye(4),), (-np.eye(4), full), (full,)):
        graph = filters(np.ones(4), *loops)
        found = from_nir(graph, dt="10 ms")
        done = simulate_reference(found.spec, found.values, x)
        out = Oracle(graph, "euler", DT).run(x[:, 0])
        assert out["z"].sum() > 5
        np.testing.assert_array_equal(done.rasters["layer_1"][:, 0], out["z"])
    with pytest.raises(CheckpointError, match=r"(?s)node 'z'.*two filters for the synapse from 0 onto 0"):
        from_nir(filters(np.ones(4), -np.eye(4), full, np.ones((4, 4))), dt="10 ms")
    leaking = filters(np.ones(4))
    leaking.nodes["f"].v_leak = np.full(4, 0.1)
    with pytest.raises(CheckpointError, match=r"(?s)node 'z'.*v_leak other than 0 at 'f'"):
        from_nir(leaking, dt="10 ms")


@pytest.mark.parametrize(
    ("graph", "facts", "error", "message"),
    [
        (chain(lif()), {}, ConfigError, 'has no time step.*--dt "1 ms"'),
        (chain(lif()), {"dt": "0 ms"}, ConfigError, "dt must be above 0"),
        (chain(lif()), {"dt": "50 ms"}, ConfigError, "shorter than a forward Euler step.*--reading ode"),
        (chain(lif()), {"dt": "10 ms", "reading": "spice"}, UnknownNameError, "unknown reading"),
        (chain(lif()), {"dt": "10 ms", "reading": "ode"}, CheckpointError, "node 'cell'.*a loop without a Delay.*--reading euler"),
        (
            delayed(chain(lif())),
            {"dt": "10 ms", "reading": "euler"},
            CheckpointError,
            "node 'cell'.*a Delay of 0.01 to 0.01 s in.*no Delay",
        ),
        (delayed(chain(lif())), {"dt": "5 ms", "reading": "ode"}, CheckpointError, "a Delay of 0.01 to 0.01 s in a loop.*dt = 0.005 s"),
    ],
)
def test_dt_readings_loops_and_delays_have_to_make_sense(graph, facts, error, message):
    with pytest.raises(error, match=f"(?s){message}"):
        from_nir(graph, **facts)


def test_a_graph_of_ours_says_its_dt_itself(toy_checkpoint, tmp_path):
    own = export_nir(toy_checkpoint, tmp_path / "own.nir").path
    with pytest.raises(ConfigError, match=r"(?s)says itself.*dt = 4 ms.*dt = 0.01 s, reading ode.*--as-foreign"):
        import_nir(own, dt="4 ms")


def test_a_path_is_read_and_what_is_no_graph_is_refused(tmp_path):
    with refused(CheckpointError, "", str(tmp_path / "none.nir")):
        from_nir(tmp_path / "none.nir")
    with refused(CheckpointError, "this is not a graph", "NIRGraph", "dict", remedy="nir.read"):
        from_nir({"nodes": {}})
