"""What is seen of a training that runs: the time left before the first epoch ends, on a terminal, in a file and in a notebook."""

import io
import itertools
import re
import sys
from types import SimpleNamespace

import pytest

from hetsyn_sim.training import console, fit, progress
from hetsyn_sim.training.console import Status, duration, say


def a_second_each(times):
    """A clock that shows the next of these times whenever somebody looks."""
    return SimpleNamespace(monotonic=lambda: float(next(times)))


def test_the_time_left_is_that_of_all_epochs(data, recipe, monkeypatch):
    """Every step takes one second by this clock."""
    shown = []
    monkeypatch.setattr(progress, "time", a_second_each(itertools.count()))
    monkeypatch.setattr(Status, "show", lambda self, text: shown.append(text))
    fit(recipe.changed(epochs=2), data)
    # three steps an epoch; the first is not counted, and after the last nothing is left
    assert shown == [
        "epoch 1/2: step 2 of 3, about 4 s left in all",
        "epoch 1/2: step 3 of 3, about 3 s left in all",
        "epoch 2/2: step 1 of 3, about 2 s left in all",
        "epoch 2/2: step 2 of 3, about 1 s left in all",
    ]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_on_a_terminal_the_line_is_replaced(monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    status = Status()
    status.show("one")
    status.show("two")
    status.clear()
    status.end()  # nothing is left to take away
    assert re.sub(r"\r|\x1b\[K", "|", sys.stderr.getvalue()) == "|one||two|||"


def test_in_a_file_it_is_a_line_a_minute(monkeypatch, capsys):
    monkeypatch.setattr(console, "time", a_second_each(iter([0, 1, 5, 5, 6, 64, 65, 65])))
    status = Status()
    for text in ("after 1 s", "after 5 s", "after 6 s", "after 64 s", "after 65 s"):
        status.show(text)
    status.clear()
    assert capsys.readouterr().err.splitlines() == ["after 5 s", "after 65 s"]


@pytest.fixture
def notebook(monkeypatch):
    """A kernel of Jupyter, as far as it is looked at: what is displayed, in order."""
    displayed = []

    def display(content, *, raw, display_id):
        displayed.append(content["text/plain"])
        return SimpleNamespace(update=lambda content, raw: displayed.append(content["text/plain"]))

    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell, display=SimpleNamespace(display=display)))
    return displayed


def test_in_a_notebook_nothing_is_red(notebook, data, recipe, capsys, monkeypatch):
    monkeypatch.setattr(progress, "time", a_second_each(itertools.count()))
    fit(recipe.changed(epochs=1), data)
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith("epoch 1/1")
    assert notebook == ["epoch 1/1: step 2 of 3, about 1 s left in all", ""]
    say("one more")
    assert capsys.readouterr() == ("one more\n", "")


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0 s"), (99, "99 s"), (150, "2 min"), (5940, "99 min"), (9000, "2.5 h")])
def test_a_time_to_wait(seconds, text):
    assert duration(seconds) == text
