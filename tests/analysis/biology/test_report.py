"""The page and the command: what they say follows from the numbers, and is complete."""

import json
import re

import pytest
from typer.testing import CliRunner

from analysis.biology import plots
from analysis.biology.analyse import analyse
from analysis.biology.loaders import from_csv, reference
from analysis.biology.report import write_report
from analysis.biology.summary import summary
from analysis.biology.wording import answer_line, caveats
from hetsyn_sim.cli.app import app

from .networks import run_of, save


def noisy(key, tau, rng):
    return tau * rng.lognormal(0.0, 0.4, tau.shape)


@pytest.fixture(scope="module")
def found():
    return analyse([run_of(noisy, seed=seed, n_input=20) for seed in range(3)], limits=(1e-3, 1.0), n_resamples=10)


@pytest.fixture(scope="module")
def page(found, tmp_path_factory):
    return write_report(tmp_path_factory.mktemp("report"), found)


def test_the_page_is_one_file_with_every_figure_and_section(found, page):
    html = page.read_text(encoding="utf-8")
    assert len(re.findall(r'src="data:image/png;base64,', html)) == len(plots.__all__)
    assert not re.search(r'(src|href)="(?!data:)', html)
    first, *others = re.findall(r"<h2>(.*?)</h2>", html)
    assert first == "Answer"
    assert {"What was learned", "Before and after", "Beside the paper", "Families of distributions", "Methods"} <= set(others)
    assert {"Does the answer hang on a choice?", "Caveats", "Data"} <= set(others)
    for told in ("Moradi et al. 2022", "Campagnola et al. 2022", "Deng et al. 2025", "GPL-3.0", "no membrane filter", "PSC"):
        assert told in html
    assert not re.search(r"\bnan\b", html)
    assert {f.suffix for f in page.parent.iterdir()} == {".html", ".md", ".png", ".json", ".csv"}


def test_the_answer_is_the_verdicts(found):
    line = answer_line(found)
    assert f"than every null: {found.verdicts['all'].answer}." in line
    assert found.verdicts["all"].because[1:] in line


def test_json_has_no_nan_and_csv_comes_back(found, page):
    data = json.loads((page.parent / "analysis.json").read_text(encoding="utf-8"), parse_constant=lambda name: pytest.fail(name))
    assert data["verdicts"]["all"]["answer"] == found.verdicts["all"].answer
    assert data == json.loads(json.dumps(summary(found)))
    again = from_csv(page.parent / "time_constants.csv")
    assert again.tau == pytest.approx(found.learned.tau)
    assert again.column("w") == pytest.approx(found.learned.column("w"))


def test_caveats_name_the_membrane_and_what_was_measured(found):
    assert any("no membrane filter" in text and "PSC, voltage clamp" in text for text in caveats(found))
    potentials = analyse([run_of(noisy)], "hippocampome-psp", limits=(1e-3, 1.0), n_resamples=5)
    told = " ".join(caveats(potentials))
    assert "PSP, current clamp" in told
    assert "Only 1 network" in told
    assert potentials.verdicts["all"].answer == "undecided"


def test_a_network_alone_and_time_constants_of_neurons_have_a_page_too(tmp_path):
    run = run_of(noisy)
    alone = analyse([type(run)("alone", run.trained, None)], limits=(1e-3, 1.0), n_resamples=5)
    assert alone.verdicts["all"].because == "1 network can't speak for others of the kind; train 3 or more"
    assert "There is no null" in write_report(tmp_path / "alone", alone).read_text(encoding="utf-8")
    neurons = [run_of(model="HetNeuLIF", readout=False, seed=seed, hidden=30) for seed in range(3)]
    html = write_report(tmp_path / "neurons", analyse(neurons, limits=(1e-3, 1.0), n_resamples=5)).read_text(encoding="utf-8")
    assert not re.search(r"\bnan\b", html)


def test_a_file_of_ones_own_is_compared_with_the_hippocampome_too(tmp_path):
    path = tmp_path / "mine.csv"
    tau = reference("hippocampome").tau[:200]
    path.write_text("tau_ms\n" + "\n".join(f"{1e3 * t:.6f}" for t in tau) + "\n", encoding="utf-8")
    found = analyse([run_of(noisy, seed=seed) for seed in range(3)], str(path), limits=(1e-3, 1.0), n_resamples=5)
    assert found.against == "mine.csv"
    assert "measured: to hippocampome" in found.distances["all"]
    assert any("look up whether that is currents" in text for text in caveats(found))


def test_the_command_prints_the_answer_and_writes_what_it_is_told_to(tmp_path, toy_data, monkeypatch):

    for seed in range(3):
        save(run_of(noisy, seed=seed, n_input=6, dt="10 ms"), tmp_path / "runs" / f"seed{seed}")
    toy_data.save(tmp_path / "toy.h5")
    monkeypatch.chdir(tmp_path)
    files = ["--json", "a.json", "--report", "r", "--data", "toy.h5"]
    done = CliRunner().invoke(app, ["study", "biology", "runs", "--limits", "1 ms, 1 s", *files, "--resamples", "5"])
    assert done.exit_code == 0, done.output
    assert "than every null:" in done.output
    assert (tmp_path / "r" / "report.html").is_file()
    written = json.loads((tmp_path / "a.json").read_text(encoding="utf-8"))
    assert written["networks"] == ["seed0", "seed1", "seed2"]
    assert written["median_by_use_s"] > 0.0
