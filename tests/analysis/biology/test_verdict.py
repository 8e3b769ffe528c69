"""Nulls in closed form, and the answer where the truth is planted."""

import numpy as np
import pytest
import torch

from analysis.biology.analyse import analyse
from analysis.biology.extraction import extract_all
from analysis.biology.loaders import reference
from analysis.biology.nulls import decay_product, initial_values, sign_flipped, trained_on_shuffled_labels, weight_decay_drift
from analysis.biology.verdict import compare
from hetsyn_sim.errors import DataError
from hetsyn_sim.training import Recipe, fit, load_recipe

from .networks import run_of


def nulls_of(table):
    found = {"before training": initial_values(table)}
    return found | {of: sign_flipped(table, of=of) for of in ("rho", "log_tau")}


def networks(change, n=4):
    runs = [run_of(change, seed=seed, n_input=20, hidden=10, dt="0.5 ms") for seed in range(n)]
    return extract_all(runs, longest=2.0)


def test_the_published_schedule_alone_makes_time_constants_shorter():
    """3.9, 6.1 and 7.4 nominal ms at 5, 50 and 95 % from U(5, 20): weight decay without any gradient (100 epochs of 255 steps)."""
    factor = decay_product(load_recipe("shd-hetsyn-as-published").training, 25_500)
    assert factor == pytest.approx(0.920, abs=5e-4)
    tau = -1.0 / np.log(factor * np.exp(-1.0 / np.linspace(5.0, 20.0, 100_001)))
    assert np.quantile(tau, [0.05, 0.5, 0.95]).round(1).tolist() == [3.9, 6.1, 7.4]


def test_the_closed_form_is_what_adamw_does_without_gradients():
    training = load_recipe("shd-hetsyn-as-published").training
    p = torch.nn.Parameter(torch.tensor([0.5, 0.9], dtype=torch.float64))
    settings = training.optimiser
    lr = settings.lr * settings.lr_factor_time_constants
    optimiser = torch.optim.AdamW([p], lr=lr, weight_decay=settings.weight_decay_time_constants)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, training.schedule.make(200, training.epochs))
    for _ in range(200):
        p.grad = torch.zeros_like(p)
        optimiser.step()
        schedule.step()
    assert p.detach().numpy() == pytest.approx(decay_product(training, 200) * np.array([0.5, 0.9]), rel=1e-12)


def test_the_drift_of_a_run_is_its_own_schedules():
    recipe = load_recipe("shd-hetsyn-as-published").to_dict()
    run = run_of(recipe=recipe, metrics={"steps": 25_500, "epochs": 100, "epoch": 100}, dt="4 ms")
    learned = extract_all([run], longest=2.0)
    drift = weight_decay_drift([run], learned)
    assert np.exp(-4e-3 / drift.tau) == pytest.approx(np.maximum(0.920 * learned.column("rho_initial"), np.exp(-1.0)), rel=1e-3)
    with pytest.raises(DataError, match="how many steps"):
        weight_decay_drift([run_of(recipe=recipe)], extract_all([run_of(recipe=recipe)]))
    still = run_of(recipe=load_recipe("fsdd-demo").to_dict())
    assert weight_decay_drift([still], extract_all([still])).tau == pytest.approx(initial_values(extract_all([still])).tau)


def test_flipped_signs_keep_the_size_of_every_change():
    def shifted(key, tau, rng):
        return tau * np.exp(rng.normal(0.1, 0.2, tau.shape))

    table = networks(shifted, 1)
    flipped = sign_flipped(table, of="log_tau", seed=3)
    change, other = (np.log(t / table.column("initial")) for t in (table.tau, flipped.tau))
    assert np.abs(other) == pytest.approx(np.abs(change))
    assert np.mean(np.sign(other) == np.sign(change)) == pytest.approx(0.5, abs=0.12)
    rho = sign_flipped(table, of="rho", seed=3)
    size = np.abs(np.exp(-5e-4 / rho.tau) - table.column("rho_initial"))
    free = (rho.tau > table.low) & (rho.tau < table.high)
    assert size[free] == pytest.approx(np.abs(table.column("rho") - table.column("rho_initial"))[free])


def test_initial_values_must_be_known():
    run = run_of()
    table = extract_all([type(run)("alone", run.trained, None)])
    with pytest.raises(DataError, match="before training are not known"):
        initial_values(table)


@pytest.mark.parametrize("aspect", ["all", "spread", "shape"])
def test_no_change_is_never_called_closer(aspect):
    """Nothing, noise of three sizes on log tau, and noise on rho: 30 sets of four networks each, and no yes."""
    biology = reference("hippocampome")
    answers = []
    for k in range(30):

        def noise(key, tau, rng, k=k):
            if k % 5 == 0:
                return tau
            if k % 5 == 4:
                rho = np.clip(np.exp(-5e-4 / tau) + rng.normal(0, 0.004, tau.shape), 0.01, 0.9999)
                return -5e-4 / np.log(rho)
            return tau * np.exp(rng.normal(0, (0.1, 0.3, 0.8)[k % 5 - 1], tau.shape))

        runs = [run_of(noise, seed=100 * k + seed, n_input=10, hidden=8, dt="0.5 ms") for seed in range(4)]
        table = extract_all(runs, longest=2.0)
        answers.append(compare(table, biology, nulls_of(table), aspect=aspect).answer)
    assert "yes" not in answers


def test_what_has_become_biology_is_called_closer_and_what_has_gone_away_is_not():
    biology = reference("hippocampome")

    def like_biology(key, tau, rng):
        return np.clip(rng.choice(biology.tau, tau.shape), 6e-4, 1.0)

    table = networks(like_biology)
    verdict = compare(table, biology, nulls_of(table))
    assert verdict.answer == "yes"
    assert "closer than each of" in verdict.because
    assert all(gain.low > 0 for gain in verdict.gains.values())
    away = networks(lambda key, tau, rng: 3.0 * tau)
    assert compare(away, biology, nulls_of(away)).answer == "no"


def test_few_networks_coarse_steps_and_no_nulls_leave_it_undecided():
    biology = reference("hippocampome")
    plain = networks(lambda key, tau, rng: tau / 5.0)
    few, coarse = plain.where(seed=(0, 1)), plain.with_limits(0.02, 2.0)
    assert "can't speak for others" in compare(few, biology, nulls_of(few)).because
    assert "can't tell them apart" in compare(coarse, biology, nulls_of(coarse)).because
    assert compare(plain, biology, {}).answer == "undecided"


def test_a_training_on_shuffled_labels_keeps_recordings_and_test_labels(toy_data):
    training = {"epochs": 1, "batch_size": 4, "validation": "none", "num_threads": 1}
    recipe = Recipe.from_dict({"network": {"hidden": [5]}, "training": training})
    result = fit(recipe, toy_data, progress=False)
    run = run_of().__class__("toy", result.checkpoint, result.initial)
    shuffled = trained_on_shuffled_labels(run, toy_data, seed=1)
    assert shuffled.trained.data["fingerprint"] != result.checkpoint.data["fingerprint"]
    assert all(np.array_equal(shuffled.initial.values[key], values) for key, values in result.initial.values.items())
    found = analyse([run], data=[toy_data], shuffled_labels=True, n_resamples=5)
    assert "shuffled labels" in found.nulls
    assert len(found.lesions) == 1
