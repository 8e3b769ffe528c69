"""Values that a file or a call may hold and a network can't: NaN, infinities, wrong units, nothing, too much, another grid."""

from __future__ import annotations

from dataclasses import replace

import brian2
import numpy as np
from brian2 import ms

from hetsyn_sim.agreement.verify import verify
from hetsyn_sim.brian import BrianSimulation
from hetsyn_sim.data.recording import Recording, spikes_to_raster
from hetsyn_sim.errors import CheckpointError, ConfigError, DataError, DtMismatchError, HetSynError, SpecError, UnknownNameError
from hetsyn_sim.models import HetSynLIF
from hetsyn_sim.spec import Layer, NetworkSpec, NeuronModel
from hetsyn_sim.tasks.drawn import draw
from hetsyn_sim.tasks.event_cameras import cifar10_dvs, dvs_gestures
from hetsyn_sim.tasks.mnist import sequential_mnist
from hetsyn_sim.tasks.shd import heidelberg_digits
from hetsyn_sim.training import Training, fit

from . import material as m
from .case import Case
from .damage import edited_tensors, saved


def _call(entry, how, call, error, message):
    return Case(entry, how, lambda folder: call, error, message)


def _checkpoints():
    def in_file(how, name, value, message):
        content = lambda: edited_tensors(m.checkpoint().to_bytes(), tensors={name: value})  # noqa: E731
        return Case("Checkpoint.load", how, saved("n.safetensors", content), CheckpointError, message)

    yield in_file("a time constant of -inf", m.TAU, np.full((3, 4), -np.inf), "negative or not a number")
    yield in_file("a weight of -inf", m.WEIGHT, np.full((3, 4), -np.inf), "not finite")
    values = dict(m.checkpoint().values)
    made = lambda **changes: lambda: replace(m.checkpoint(), **changes)  # noqa: E731
    yield _call("Checkpoint", "no values", made(values={}), CheckpointError, "do not belong")
    yield _call("Checkpoint", "values of text", made(values=values | {m.TAU: np.full((3, 4), "10 ms")}), CheckpointError, "wrong dtype")
    yield _call("Checkpoint", "values of objects", made(values=values | {m.TAU: np.full((3, 4), None)}), CheckpointError, "wrong dtype")
    yield _call("Checkpoint", "a recipe that holds a function", made(recipe={"f": print}), CheckpointError, "plain data")
    yield _call("Checkpoint", "metrics that are an array", made(metrics={"loss": np.zeros(3)}), CheckpointError, "plain data")


def _datasets():
    def made(**changes):
        return lambda: replace(m.data(), **changes)

    def case(how, message, **changes):
        return _call("SpikeDataset", how, made(**changes), DataError, message)

    yield case("a time step of infinity", "dt must be a positive time", dt=float("inf"))
    yield case("no channels", "spike unit is out of range", n_channels=0)
    yield case("labels without recordings", "do not fit together", labels=np.zeros(0, int))
    yield case("no offsets", "do not fit together", offsets=np.zeros(0, int))
    yield case("offsets of two axes", "do not fit together", offsets=np.zeros((2, 13), int))


def _recordings():
    arrays = {"layer_1": np.zeros((5, 2, 3), bool)}
    traces = {"layer_1.v": np.zeros((6, 2, 3))}
    yield _call("Recording", "traces of another length", lambda: Recording(0.01, arrays, traces), DataError, "do not share")
    spikes = lambda: spikes_to_raster(np.array([-np.inf]), np.array([0]), dt=0.01, n_steps=5, n_units=2)  # noqa: E731
    yield _call("Recording", "a spike at -inf", spikes, DataError, "not finite")


def _networks():
    def spec(dt="10 ms", n_input=4, layers=None, **others):
        return lambda: NetworkSpec(dt=dt, n_input=n_input, layers=[Layer(HetSynLIF, 3)] if layers is None else layers, **others)

    for dt in ("ten ms", None, ""):  # a bare number is in seconds
        yield _call("NetworkSpec", f"a time step of {dt!r}", spec(dt), SpecError, ".")
    for n in (-4, float("nan"), "four"):
        yield _call("NetworkSpec", f"{n!r} channels", spec(n_input=n), SpecError, ".")
    yield _call("NetworkSpec", "a layer of half a neuron", spec(layers=[Layer(HetSynLIF, 0.5)]), SpecError, ".")

    def text(how, old, new, message="."):
        content = lambda: m.checkpoint().spec.to_text().replace(old, new, 1).encode()  # noqa: E731
        return Case("NetworkSpec.from_text", how, saved("spec.yaml", content), SpecError, message)

    yield text("a time step in volts", "dt: 10.0 ms", "dt: 10.0 mV")
    yield text("channels as text", "n_input: 4", "n_input: four")
    yield text("an unknown section", "n_input: 4", "n_input: 4\nnoise: 1")
    yield text("no sections", m.checkpoint().spec.to_text(), "")
    yield text("a number", m.checkpoint().spec.to_text(), "4")

    def model(how, old, new, message="."):
        content = lambda: HetSynLIF.to_text().replace(old, new, 1).encode()  # noqa: E731
        return Case("NeuronModel.from_text", how, saved("neuron.yaml", content), SpecError, message)

    yield model("a unit that is wrong", "tau_reset : 1", "tau_reset : volt")
    yield model("a parameter without a value", "tau_syn", "tau_sin")
    yield model("a threshold that is no condition", "v > theta", "v")
    yield model("not a mapping", HetSynLIF.to_text(), "- HetSynLIF")
    yield model("nothing", HetSynLIF.to_text(), "")


def _brian2():
    def group(equations):
        facts = {"method": "euler", "threshold": "v > 1", "reset": "v = 0", "namespace": {"tau": 10 * ms}}
        return lambda: NeuronModel.from_brian2(brian2.NeuronGroup(2, equations, **facts), name="Mine")

    for how, call in (
        ("noise that does not add", group("dv/dt = -v/tau + xi**2 : 1")),
        ("random numbers", group("dv/dt = (rand() - v)/tau : 1")),
        ("no group", lambda: NeuronModel.from_brian2("dv/dt = -v/tau : 1")),
    ):
        yield _call("NeuronModel.from_brian2", how, call, HetSynError, ".")


def _trainings():
    def case(how, recipe, data, error, message, **facts):
        return _call("fit (values)", how, lambda: fit(recipe(), data, progress=False, **facts), error, message)

    def spec():
        return m.checkpoint().spec

    def wider():
        return replace(spec(), n_input=9)

    yield case("0 epochs", m.recipe, m.data(), ConfigError, "a setting is wrong", epochs=0)
    yield case("a seed of -1", m.recipe, m.data(), ConfigError, "a setting is wrong", seed=-1)
    yield case("NaN as learning rate", lambda: m.recipe().changed(optimiser={"lr": np.nan}), m.data(), ConfigError, "a setting")
    yield case("no recordings", m.recipe, m.data()[:0], DataError, ".")
    yield case("no recordings to learn from", m.recipe, m.data().test, DataError, ".")
    yield case("recordings of another time step", spec, replace(m.data(), dt=0.004), DtMismatchError, "time steps differ")
    yield case("recordings of other channels", wider, m.data(), DataError, "channels")
    told = Training(loss={"name": "mean_squared_error"}, validation="none", epochs=1)
    for how, traces in (
        ("NaN", np.full((3, 10, 3), np.nan)),
        ("infinities", np.full((3, 10, 3), np.inf)),
        ("two axes", np.zeros((3, 10))),
    ):
        yield case(f"traces of {how}", spec, m.data(), DataError, ".", training=told, traces=traces)
    yield case("a start of NaN", spec, m.data(), HetSynError, ".", start={m.TAU: np.full((3, 4), np.nan)})
    for how, text in (
        ("an unknown section", "model: HetSynLIF"),
        ("an unknown loss", "training: {loss: {name: hinge}}"),
        ("a batch of 0", "training: {batch_size: 0}"),
        ("a learning rate of infinity", "training: {optimiser: {lr: .inf}}"),
        ("half an epoch", "training: {epochs: 1.5}"),
        ("an unknown model", "network: {model: HetSin}"),
        ("a model's file that is not there", "network: {model: nowhere.yaml}"),
        ("a time constant in volts", "network: {parameters: {HetSynLIF: {tau_syn: {bounds: [1 mV, 2 mV]}}}}"),
        ("no neurons", "network: {hidden: []}"),
    ):
        yield Case("Recipe.from_yaml", how, saved("r.yaml", lambda t=text: t.encode()), HetSynError, ".")
    yield _call("fit (values)", "an unknown task", lambda: draw({"name": "go"}, 0), HetSynError, "unknown task")


def _grids():
    def grid(entry, how, call, error):
        return _call("data sets (values)", f"{entry}, {how}", call, error, ".")

    for dt in (0.0, -1.0, float("nan"), float("inf"), 1e-300):
        yield grid("heidelberg_digits", f"dt = {dt}", lambda d=dt: heidelberg_digits("nowhere", dt=d), DataError)
        yield grid("sequential_mnist", f"dt = {dt}", lambda d=dt: sequential_mnist("nowhere", dt=d), HetSynError)
        yield grid("dvs_gestures", f"dt = {dt}", lambda d=dt: dvs_gestures("nowhere", dt=d), HetSynError)
    yield grid("cifar10_dvs", "a share of 2", lambda: cifar10_dvs("nowhere", test_share=2.0), ConfigError)
    yield grid("heidelberg_digits", "an unknown binning", lambda: heidelberg_digits("nowhere", binning="fine"), UnknownNameError)


def _simulations():
    spec, values = m.checkpoint().spec, dict(m.checkpoint().values)
    for how, data, facts, error, message in (
        ("recordings of another time step", replace(m.data(), dt=0.004), {}, DtMismatchError, "time steps differ"),
        ("no recordings", m.data()[:0], {}, DataError, "."),
        ("an unknown device", m.data(), {"device": "abacus"}, HetSynError, "unknown device"),
        ("an unknown precision", m.data(), {"precision": "float8"}, HetSynError, "."),
    ):
        yield _call("verify", how, lambda d=data, f=facts: verify(m.checkpoint(), d, **f), error, message)
    for how, raster in (
        ("two axes", np.zeros((5, 4), bool)),
        ("other channels", np.zeros((5, 1, 7), bool)),
        ("half spikes", np.full((5, 1, 4), 0.5)),
        ("NaN", np.full((5, 1, 4), np.nan)),
    ):
        yield _call("verify", f"a raster of {how}", lambda x=raster: BrianSimulation(spec, values).run(x), HetSynError, ".")
    for how, given, facts, message in (
        ("weights of NaN", values | {m.WEIGHT: np.full((3, 4), np.nan)}, {}, "."),
        ("no values", {}, {}, "."),
        ("a form that is not known", values, {"form": "slow"}, "form"),
        ("a variable that is not known", values, {"record": "u"}, "."),
    ):
        yield _call("verify", how, lambda g=given, f=facts: BrianSimulation(spec, g, **f), HetSynError, message)


def _tables():
    for how, text in (
        ("time constants of NaN", "tau_ms\nnan\n"),
        ("negative time constants", "tau_ms\n-3\n"),
        ("no unit", "tau\n3\n"),
        ("two units", "tau_ms,unit\n3,ms\n4,s\n"),
        ("no rows", "tau_ms\n"),
        ("a row too long", "tau_ms\n3,4\n"),
        ("a quote that does not end", 'tau_ms\n"3\n'),
        ("a null byte", "tau_ms\n3\0\n"),
    ):
        yield Case("reference", how, saved("tau.csv", lambda t=text: t.encode()), DataError, ".")
    yield Case("reference", "a database that is none", saved("tau.sqlite", lambda: b"SQLite format 3\0" + bytes(500)), DataError, ".")
    yield Case("reference", "a database that is empty", saved("tau.sqlite", lambda: b""), DataError, ".")


KIND = "values: NaN, infinities, units, nothing, too much"
CASES = [
    case
    for table in (_checkpoints, _datasets, _recordings, _networks, _brian2, _trainings, _grids, _simulations, _tables)
    for case in table()
]
