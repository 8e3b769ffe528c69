"""Words of a command line that make no sense. More of them stand in tests/cli/test_bad_input.py."""

from __future__ import annotations

import shlex

from hetsyn_sim.errors import HetSynError

from . import material as m
from .case import Case, refused_by_command


class _Refused(HetSynError):
    """So that a command line is a case like any other: what it says on stderr, and that it ended with 2."""


def _run(*words):
    """What the command says, as an error."""

    def spoil(folder):
        (folder / "n.safetensors").write_bytes(m.checkpoint().to_bytes())
        (folder / "s.h5").write_bytes(m.spikes_h5())
        (folder / "m.pth").write_bytes(m.pth())
        (folder / "toy.yaml").write_text(m.RECIPE)
        (folder / "file").write_text("")

        def call():
            said = " ".join(refused_by_command(words).split())

            raise _Refused(said, where="stderr", got=said, expected="other words", remedy="see --help")

        return call

    return spoil


#: One a line, in a folder with a network, its recordings, a state dict, a recipe and an empty file.
_LINES = """
fly
--fly
train
train toy.yaml --epochs 0
train toy.yaml --epochs many
train toy.yaml --seed -1
train toy.yaml --data nowhere.h5
train toy.yaml --data s.h5 --out file
train toy.yaml --data s.h5 --out file/run
train toy.yaml --data s.h5 --json /dev/null
train smnist-hetsyn
simulate n.safetensors --data s.h5 --recordings 0
simulate n.safetensors --data s.h5 --out spikes.csv
simulate n.safetensors --data s.h5 --out /proc/none.npz
simulate n.safetensors --data s.h5 --json /dev/null
verify n.safetensors --data s.h5 --certificate file
verify n.safetensors --data s.h5 --report file/report
verify n.safetensors --data s.h5 --json .
encode s.h5
encode s.h5 out.h5
encode toy.yaml out.h5
encode m.pth out.h5
encode s.h5 file/out.h5
encode nowhere out.h5 --dt '0 ms'
import m.pth o.safetensors
import m.pth o.safetensors --dt 4
import m.pth o.safetensors --dt '-4 ms'
import m.pth o.safetensors --dt 'nan ms'
import m.pth o.safetensors --dt '4 ms' --theta nan
import m.pth o.safetensors --dt '4 ms' --layout mine
import m.pth /dev/null --dt '4 ms'
import n.safetensors o.safetensors --dt '4 ms'
study biology
study biology s.h5
study biology n.safetensors --limits '1 ms'
study biology n.safetensors --limits '1, 2'
study biology n.safetensors --long 700
study biology n.safetensors --data s.h5 --against martians
study biology n.safetensors --resamples 1
export n.safetensors file --data s.h5
transfer n.safetensors --data s.h5 --ladder --rungs 99
transfer n.safetensors --data s.h5 --ladder --jobs 0
transfer n.safetensors --data s.h5 --ladder --seeds 0
reproduce everything
study dms --budget long
study dms --budget -1h
study smnist
study dms --out file
info s.h5
info n.safetensors --json /dev/null/x
"""

KIND = "command lines"
CASES = [Case("hetsyn", " ".join(words), _run(*words), _Refused, ".") for words in map(shlex.split, _LINES.strip().splitlines())]
