"""Negative controls: what is almost right has to fail. For every property at least one planted fault, in the place of what it tests.

The search is the property's own: its strategy draws the cases, its check judges. So this also shows that the strategies draw what finds a
fault. The plain loop that carries the faults passes every property without one.
"""

import numpy as np
import pytest

import equivalence.test_agreement
import equivalence.test_bounds
import equivalence.test_closed_forms
import equivalence.test_continuum
import equivalence.test_delays
import equivalence.test_expansion
import equivalence.test_gradient_invariances
import equivalence.test_gradients
import equivalence.test_ladder
import equivalence.test_layers
import equivalence.test_peers
import equivalence.test_proofs
import equivalence.test_reductions
import equivalence.test_rhythm
import equivalence.test_scaling
import equivalence.test_symmetries
import equivalence.test_time
import equivalence.test_transfer  # noqa: F401 - each registers its properties
from equivalence.comparing import agree, run
from equivalence.corners import corner
from equivalence.faults import FAULTS, LOOP
from equivalence.gradients import GRADIENT_FAULTS
from equivalence.ledger import off_the_record
from equivalence.properties import PROPERTIES, fewer_examples
from equivalence.simulators import Simulator, names
from hetsyn_sim.agreement.compare import compare_recordings

PAIRS = [(name, fault) for name, found in PROPERTIES.items() for fault in found.near_misses]
OF_SIMULATORS = [name for name, found in PROPERTIES.items() if found.subjects == tuple(names())]


@pytest.mark.parametrize(("name", "fault"), PAIRS, ids=[f"{name.removeprefix('test_')} - {fault}" for name, fault in PAIRS])
def test_a_near_miss_is_caught(name, fault):
    found = PROPERTIES[name]
    reason = found.unavailable()
    if reason:
        pytest.skip(reason)
    subject = Simulator(FAULTS[fault].run) if name in OF_SIMULATORS and fault in FAULTS else fault
    assert found.catches(subject), f"{name} does not notice: {fault}"


@pytest.mark.parametrize("name", OF_SIMULATORS)
def test_the_loop_that_carries_the_faults_has_none_of_its_own(name):
    with off_the_record():
        PROPERTIES[name].try_out(LOOP, fewer_examples(0.15))


def test_no_property_is_vacuous_and_no_fault_is_unused():
    assert [name for name, found in PROPERTIES.items() if not found.near_misses] == []
    assert {fault for _, fault in PAIRS} >= {*FAULTS, *GRADIENT_FAULTS}


@pytest.mark.parametrize("fault", ["Euler for exact", "tau_reset off by 1 %", "one weight off by a millionth"])
def test_a_fault_is_caught_by_voltages_before_it_shows_in_spikes(fault):
    """Voltages are compared too: with the reference's own spikes, a faulty voltage is still a thousand bounds away."""
    case = corner("nothing special")
    reference, faulty = case.reference, run(Simulator(FAULTS[fault].run), case)
    traces = dict(reference.traces) | dict(faulty.traces)
    outcome = compare_recordings(case.spec, case.values, reference, type(reference)(faulty.dt, reference.rasters, traces, fault))
    assert outcome.spike_mismatches == 0
    assert outcome.max_dv_over_bound > 1e3


@pytest.mark.parametrize("fault", list(PROPERTIES["test_every_model_runs_as_in_the_reference"].near_misses))
def test_most_faults_are_caught_within_the_bound_of_float32(fault):
    """All but the one that is below its resolution, and the one that only an exact tie shows."""
    found = PROPERTIES["test_every_model_runs_as_in_the_reference"]
    faulty = Simulator(FAULTS[fault].run, dtype="float32")
    assert found.catches(faulty) == (fault != "one weight off by a millionth")


def test_one_voltage_at_its_threshold_is_no_near_tie():
    """Both have to be there. The reference stays silent exactly at its threshold, and twice the weight spikes far beyond it."""
    case = corner("v exactly at theta")
    reference = case.reference
    values = {key: 2 * value if key.endswith(".w") else value for key, value in case.values.items()}
    other = run("reference", type(case)(case.spec, values, case.inputs))
    outcome = compare_recordings(case.spec, case.values, reference, other)
    assert outcome.undecided == ()
    assert not outcome.agrees


def test_the_account_of_a_faulty_run_names_what_differed_first():
    """Of a reset off by 1 %: the reset current, two steps after the first spike."""
    case = corner("nothing special")
    reference = case.reference
    wrong = {**case.values, "layer_1.neuron.tau_reset": 0.5 * case.values["layer_1.neuron.tau_reset"]}
    other = run("reference", type(case)(case.spec, wrong, case.inputs))
    differs = np.abs(reference.traces["layer_1.R"] - other.traces["layer_1.R"])[:, 0].max(axis=1) > 1e-9  # far above any rounding here
    first = int(np.argmax(differs))
    assert differs[first + 1 :].any()  # or the last would be the first
    with off_the_record(), pytest.raises(AssertionError, match=rf"differed first: R of layer_1 neuron \d in step {first}:"):
        agree(case, reference, other, "float64")
