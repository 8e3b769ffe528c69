"""Versions against what the package asks for, with metadata that are made up; and its own, which must be readable."""

from importlib.metadata import PackageNotFoundError

import pytest

from hetsyn_sim.cli.doctor.versions import find_packages

REQUIRES = [
    "numpy>=1.26",
    "brian2>=2.9",
    "pytorch-lightning>=2.6",
    'nir; extra == "nir"',
    'sphinx; extra == "docs"',
    "old; python_version < '3'",
]
GOOD = {"hetsyn-sim": "0.1.0", "numpy": "2.3.5", "brian2": "2.9.0", "pytorch-lightning": "2.6.6"}


def packages(**changes):
    installed = {**GOOD, **{name.replace("_", "-"): version for name, version in changes.items()}}

    def version(name):
        if installed.get(name) is None:
            raise PackageNotFoundError(name)
        return installed[name]

    return {f.name: f for f in find_packages(version, lambda name: REQUIRES)}


def test_what_is_as_it_should_be():
    found = packages()
    assert [f.name for f in found.values() if f.state != "ok"] == ["nir"]
    assert "old" not in found  # for another Python
    assert "sphinx" not in found  # for developers
    assert not found["nir"].essential
    assert found["nir"].remedy == 'only for what needs it: pip install "hetsyn-sim[nir]"'


@pytest.mark.parametrize(
    ("changes", "name", "value", "remedy"),
    [
        ({"numpy": None}, "numpy", "not installed", 'pip install "numpy>=1.26"'),
        ({"numpy": "1.25.2"}, "numpy", "1.25.2, not >=1.26", 'pip install "numpy>=1.26"'),
        ({"hetsyn_sim": None}, "hetsyn-sim", "not installed", "pip install hetsyn-sim, or in its folder: pip install -e ."),
        (
            {"numpy": "2.4.0"},
            "brian2 2.9.0 with numpy 2.4.0",
            "Brian2 before 2.10 can't be imported on NumPy 2.4",
            'pip install "numpy<2.4"',
        ),
        (
            {"pytorch_lightning": "2.6.3"},
            "pytorch-lightning 2.6.3",
            "2.6.2 and 2.6.3 were malicious uploads",
            'pip install "pytorch-lightning>=2.6.4", and change the passwords and tokens that this user had here',
        ),
    ],
)
def test_what_is_not(changes, name, value, remedy):
    found = packages(**changes)[name]
    assert (found.state, found.essential, found.value, found.remedy) == ("broken", True, value, remedy)


@pytest.mark.parametrize("changes", [{"numpy": "2.4.0", "brian2": "2.10.1"}, {"pytorch_lightning": "2.6.4"}, {"brian2": "2.9.0"}])
def test_pairs_that_go_together(changes):
    assert all(finding.state == "ok" for finding in packages(**changes).values() if finding.essential)


def test_the_metadata_of_this_installation_can_be_read():
    names = {finding.name: finding for finding in find_packages()}
    assert {"Python", "hetsyn-sim", "numpy", "torch", "brian2", "pytorch-lightning", "brian2cuda"} <= set(names)
    assert names["hetsyn-sim"].state == "ok"
