"""Certificates of networks that agree, and of networks that a fault sits in: each check fails for its own reason."""

import json
from dataclasses import replace

import numpy as np
import pytest

from hetsyn_sim.agreement import backends as agreement
from hetsyn_sim.agreement import certify as certification
from hetsyn_sim.agreement import verify as verification
from hetsyn_sim.agreement.certificate import of_comparison
from hetsyn_sim.agreement.certify import CHECKS, certify, check_reductions, check_transfer
from hetsyn_sim.agreement.outcome import Comparison, Divergence
from hetsyn_sim.agreement.proofs import Proof
from hetsyn_sim.agreement.refinement import check_refinement
from hetsyn_sim.agreement.subject import Subject
from hetsyn_sim.brian.transfer import to_brian2
from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.data.files import json_text
from hetsyn_sim.errors import DataError, DtMismatchError, SpecError, UnknownNameError
from hetsyn_sim.kernels import available_backends
from hetsyn_sim.models import HetNeuLIF, HetSynLIF, HomNeuALIF, HomNeuReadout, get_model
from hetsyn_sim.spec import Layer, NetworkSpec

SEEN = []


@pytest.fixture(scope="module")
def certificate(toy_checkpoint, toy_data):
    return certify(toy_checkpoint, toy_data.test, progress=lambda name, fraction: SEEN.append((name, fraction)))


def check(certificate, name):
    return certificate.checks[CHECKS.index(name)]


def failed(*checks):
    return [f"{c.name}: {f.what}" for c in checks for f in c.findings if f.passed is False]


def nothing(fraction):
    """A progress that nobody looks at."""


def test_a_network_that_is_the_same_everywhere_passes(certificate, toy_checkpoint):
    """Every simulator, every reduction in both, every projection cut finer, and every value read back."""
    assert certificate.passed
    assert failed(*certificate.checks) == []
    assert certificate.verdict == "PyTorch and Brian2 run the same network."
    findings = {c.name: c.findings for c in certificate.checks}
    assert tuple(findings) == CHECKS
    assert [f.what for f in findings["agreement"]] == ["torch float64", "torch float32", "reference (NumPy)"]
    assert all(f.numbers["n_spikes"] > 50 for f in findings["agreement"])
    assert all(f.numbers["n_runs"] == 6 for f in findings["probes"])
    forms = ("tied to HetNeuLIF", "tied to HomNeuLIF", "tied to HomNeuALIF")
    assert [f.what for f in findings["reductions"]] == [f"{form}, {side}" for form in forms for side in ("torch float64", "brian2 numpy")]
    assert all(f.numbers["n_spikes"] > 20 for f in findings["reductions"])
    exact, measured = findings["refinement"][:6], findings["refinement"][6:]
    assert [f.what.split(" ")[0] for f in exact[::2]] == ["layer_1.feedforward", "layer_1.recurrent", "readout.feedforward"]
    assert all(0 < f.numbers["max_abs_dv"] < 1e-12 for f in exact)
    assert [(f.numbers["factor"], f.passed) for f in measured] == [(1, None), (2, None), (4, None), (8, None)]
    assert measured[0].numbers["coincidence"] == measured[0].numbers["equal_predictions"] == 1.0
    assert {f.what for f in findings["transfer"]} == {"saved and loaded again", "predictions", *toy_checkpoint.spec.slots}
    assert findings["transfer"][0].numbers["n"] == sum(value.size for value in toy_checkpoint.values.values())


def test_plain_data_holds_the_verification_and_the_checks(certificate, toy_data):
    plain = json.loads(json_text(certificate.to_dict()))
    needed = "agrees spike_mismatches max_abs_dv undecided_fraction accuracy_torch accuracy_brian2 verdict versions rounding_bounds checks"
    assert set(needed.split()) <= set(plain)
    assert (plain["device"], plain["n_recordings"], plain["dt_s"], plain["n_steps"]) == ("numpy", 9, 0.01, 12)
    facts = {"n_recordings": 9, "n_channels": 6, "n_steps": 12, "n_spikes": len(toy_data.test.steps)}
    assert plain["input"] == {"fingerprint": toy_data.test.fingerprint(), "source": "", **facts}
    assert plain["network"]["n_synapses"] == 6 * 5 + 5 * 5 + 5 * 3
    assert len(plain["closest_margins"]) == 9
    assert 0 < plain["rounding_bounds"]["float64"] < 1e-12 < plain["rounding_bounds"]["float32"] < 1e-3


def test_the_verdict_says_how_much_is_proved(certificate):
    proof = Proof("by hand", 9, 12, 540, {"float64": 539, "exact tie": 1}, (), (), 0, 1e-13, 1e-3, "Arb", 0.0)
    assert replace(certificate, proof=proof).verdict == "PyTorch and Brian2 run the same network, and its spike trains are proved."
    partly = replace(certificate, proof=replace(proof, decided={"float64": 500}, n_blocked=39))
    assert partly.verdict == "PyTorch and Brian2 run the same network. Its spike trains are proved in 500 of 540 cells."
    assert partly.to_dict()["proof"]["complete"] is False


def test_proofs_of_a_network_that_is_stepped_are_refused_before_anything_runs(toy_data):
    spec = NetworkSpec(toy_data.dt, toy_data.n_channels, [Layer(get_model("AdEx"), 3)])
    seen = []
    with pytest.raises(SpecError, match="can't be proved"):
        certify(Checkpoint(spec, spec.initial_values(0)), toy_data.test, proofs=True, progress=lambda *told: seen.append(told))
    assert seen == []


def test_progress_names_the_check(certificate):
    assert list(dict.fromkeys(name for name, _ in SEEN)) == list(CHECKS)
    for name in CHECKS:
        fractions = [fraction for which, fraction in SEEN if which == name]
        assert fractions == sorted(fractions)
        assert 0.0 <= fractions[0] <= fractions[-1] <= 1.0


def test_another_weight_in_brian2_fails_agreement_and_transfer(toy_checkpoint, toy_data, monkeypatch):
    key = "layer_1.feedforward.w"
    other = replace(toy_checkpoint, values={**toy_checkpoint.values, key: 1.05 * toy_checkpoint.values[key]})

    def mapped_as(checkpoint):
        network = to_brian2(other)
        network.checkpoint = checkpoint
        return network

    monkeypatch.setattr(verification, "to_brian2", lambda checkpoint, device: to_brian2(other, device=device))
    monkeypatch.setattr(certification, "to_brian2", mapped_as)
    bad = certify(toy_checkpoint, toy_data.test)
    assert not bad.passed
    assert bad.verdict.startswith("NOT certified: agreement, probes, transfer")
    assert "transfer: layer_1.feedforward.w" in failed(*bad.checks)
    assert "transfer: layer_1.recurrent.w" not in failed(*bad.checks)
    differences = check(bad, "agreement").findings[0].differences
    assert differences[0].startswith("run 0, step")
    assert "layer_1 neuron" in differences[0]


def test_a_reset_that_decays_otherwise_fails_the_reductions(toy_checkpoint, toy_data, monkeypatch):
    real = Subject.by_brian2

    def faulty(self, spec, values, raster):
        return real(self, spec, {k: 1.01 * v if k.endswith("tau_reset") else v for k, v in values.items()}, raster)

    monkeypatch.setattr(Subject, "by_brian2", faulty)
    bad = failed(check_reductions(Subject(toy_checkpoint, toy_data.test), nothing))
    assert [line.split(", ")[1] for line in bad] == ["brian2 numpy"] * 3
    assert bad[0].startswith("reductions: tied to HetNeuLIF")


def test_euler_fails_the_refinement(toy_checkpoint, toy_data, monkeypatch):
    real = Subject.by_torch

    def euler(self, spec, values, raster):
        changed = {k: -spec.dt_s / np.log1p(-spec.dt_s / v) if k.endswith("tau_syn") else v for k, v in values.items()}
        return real(self, spec, changed, raster)

    values = {k: np.maximum(v, 0.02) if "tau" in k else v for k, v in toy_checkpoint.values.items()}
    monkeypatch.setattr(Subject, "by_torch", euler)
    bad = failed(check_refinement(Subject(replace(toy_checkpoint, values=values), toy_data.test), nothing))
    assert "refinement: layer_1.feedforward in open loop, torch float64" in bad
    assert not [line for line in bad if "brian2" in line]


def test_a_lossy_file_fails_the_transfer(certificate, toy_checkpoint, toy_data, monkeypatch):
    real = Checkpoint.load.__func__

    def half(cls, path):
        read = real(cls, path)
        return replace(read, values={k: v.astype(np.float16).astype(v.dtype) for k, v in read.values.items()})

    monkeypatch.setattr(Checkpoint, "load", classmethod(half))
    transferred = check_transfer(Subject(toy_checkpoint, toy_data.test), certificate.verification, nothing)
    assert failed(transferred) == ["transfer: saved and loaded again"]


def test_textbook_networks_are_rewritten_and_others_left_alone(toy_data):
    recurrent = Layer(HomNeuALIF, 3, recurrent=True, self_connections=False)
    spec = NetworkSpec("10 ms", 6, [Layer(HetNeuLIF, 4), recurrent], Layer(HomNeuReadout, 3))
    values = spec.initial_values(1)
    for key in ("layer_1.feedforward.w", "layer_2.feedforward.w"):
        values[key] = np.abs(values[key]) * 2
    textbook = certify(Checkpoint(spec, values), toy_data.test)
    assert textbook.passed, failed(*textbook.checks)
    assert [f.what for f in check(textbook, "reductions").findings] == [f"in HetSyn form, {s}" for s in ("torch float64", "brian2 numpy")]
    own = replace(HetSynLIF, name="Own", reset="R += 2*theta")
    spec = NetworkSpec("10 ms", 6, [Layer(own, 4)])
    none = check_reductions(Subject(Checkpoint(spec, spec.initial_values(0)), toy_data.test), nothing)
    assert none.passed
    assert none.findings == ()
    assert "nothing was checked" in none.claim


def test_thorough_asks_every_back_end_and_device(toy_checkpoint, toy_data, monkeypatch):
    monkeypatch.setattr(agreement, "_is_here", lambda device: False)  # the compiled devices take a minute each
    thorough = certify(toy_checkpoint, toy_data.test, thorough=True)
    assert thorough.passed, failed(*thorough.checks)
    names = [f.what for f in check(thorough, "agreement").findings]
    assert [f"torch {b} {p}" for b in available_backends() for p in ("float64", "float32")] == names[2:-1]
    assert [f.numbers.get("factor") for f in check(thorough, "refinement").findings][-5:] == [1, 2, 4, 8, 16]


def test_bad_input_is_refused_before_anything_runs(toy_checkpoint, toy_data):
    with pytest.raises(UnknownNameError, match="unknown device"):
        certify(toy_checkpoint, toy_data.test, device="gpu")
    with pytest.raises(DataError, match="no recordings to run"):
        certify(toy_checkpoint, toy_data[:0])
    with pytest.raises(DtMismatchError):
        certify(toy_checkpoint, replace(toy_data, dt=0.001))


def compared(precision, n_runs, n_undecided, mismatches=0):
    tie = Divergence(0, 3, 0.03, "layer_1", 0, 1.0 - 1e-6, 1.0 + 1e-6, 1.0, 1e-5)
    return Comparison("one", "other", n_runs, 10, 100, mismatches, 1e-7, 0.5, 1e-6, (tie,) * n_undecided, (), precision)


@pytest.mark.parametrize(
    ("precision", "typical", "n_runs", "n_undecided", "passed"),
    [
        ("float64", True, 200, 2, True),
        ("float64", True, 200, 3, False),
        ("float64", False, 6, 1, False),
        ("float32", True, 200, 10, True),
        ("float32", True, 200, 11, False),
        ("float32", True, 3, 1, True),  # one of three is no share
        ("float32", True, 3, 2, False),
        ("float32", False, 6, 3, True),  # made to be hard: counted, not judged
    ],
)
def test_how_many_near_ties_a_finding_may_have(precision, typical, n_runs, n_undecided, passed):
    finding = of_comparison("x", compared(precision, n_runs, n_undecided), typical=typical)
    assert finding.passed is passed
    assert finding.numbers["undecided_fraction"] == n_undecided / n_runs


def test_a_mismatch_is_a_mismatch_on_hard_inputs_too():
    assert of_comparison("x", compared("float32", 6, 1, mismatches=1), typical=False).passed is False
