"""``hetsyn doctor``, also where torch and Brian2 are missing or crash: a diagnosis, never a traceback."""

import json
import os
import sys

from typer.testing import CliRunner

from hetsyn_sim.cli.app import app
from hetsyn_sim.cli.doctor import show_findings
from hetsyn_sim.cli.doctor_checks import Finding


def run(process, folder, **packages):
    """``hetsyn doctor --quick`` in a process that finds these modules before the installed ones."""
    for name, code in packages.items():
        (folder / f"{name}.py").write_text(code)
    command = [sys.executable, "-P", "-m", "hetsyn_sim.cli.app", "doctor", "--quick", "--json", str(folder / "found.json")]
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    done = process(command, env={"PYTHONPATH": path}, cwd=folder, check=False)
    assert "Traceback" not in done.stdout + done.stderr
    return done, json.loads((folder / "found.json").read_text())


def test_what_works_here(tmp_path):
    result = CliRunner().invoke(app, ["doctor", "--quick", "--json", str(tmp_path / "found.json")])
    assert result.exit_code == 0, result.output
    assert result.stdout.endswith("the essential works\n")
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["works"] is True
    states = {(f["group"], f["name"]): f["state"] for f in found["findings"]}
    assert states["training", "torch"] == states["Brian2", "numpy"] == "ok"
    assert ("Brian2", "cpp_standalone") not in states  # --quick


def test_torch_missing_and_brian2_crashing(tmp_path, process):
    done, found = run(process, tmp_path, torch="raise ImportError('no torch today')", brian2="import os; os.abort()")
    assert done.returncode == 2
    assert done.stdout.endswith("something essential does not work: see what is needed above\n")
    broken = {f["name"]: f for f in found["findings"] if f["group"] in ("training", "Brian2")}
    assert broken["torch"]["value"] == "ImportError: no torch today"
    assert broken["numpy"]["value"].startswith("killed by signal 6")
    assert found["works"] is False
    assert '  needed  torch: pip install "torch>=2.6"' in done.stdout
    assert '  needed  numpy: pip install --upgrade "brian2>=2.9"' in done.stdout


def test_lightning_that_can_not_be_imported(tmp_path, process):
    done, found = run(process, tmp_path, lightning="raise RuntimeError('operator torchvision::nms does not exist')")
    assert (done.returncode, found["works"]) == (2, False)
    finding = next(f for f in found["findings"] if (f["group"], f["name"]) == ("training", "Lightning"))
    assert (finding["state"], finding["value"]) == ("broken", "RuntimeError: operator torchvision::nms does not exist")
    assert "  needed  Lightning: pip uninstall torchvision" in done.stdout
    train = [sys.executable, "-P", "-m", "hetsyn_sim.cli.app", "train", "fsdd-demo", "--epochs", "1", "--out", str(tmp_path / "run")]
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    tried = process(train, env={"PYTHONPATH": path}, cwd=tmp_path, check=False)
    assert tried.returncode == 2
    assert "error: Lightning, which trains, can't be imported" in tried.stderr
    assert "Traceback" not in tried.stderr


def test_advice_is_given_once_and_the_needed_first(capsys):
    some = [Finding("x", name, "absent", "not there", "get it") for name in "ab"]
    assert not show_findings([*some, Finding("x", "c", "broken", "bent", "bend it back", essential=True), Finding("y", "d", "ok", "1.0")])
    assert [line.rstrip() for line in capsys.readouterr().out.splitlines()] == [
        *("x", "  absent  a  not there", "  absent  b  not there", "  BROKEN  c  bent", "", "y", "  ok      d  1.0", ""),
        *("what helps", "  needed  c: bend it back", "  maybe   a, b: get it", ""),
        "something essential does not work: see what is needed above",
    ]
