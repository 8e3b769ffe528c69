"""What a reader's Python does, in a process that ``documents.py`` has made: ``python ARGUMENTS`` in a folder, its output in a file."""

import os
import runpy
import sys
from pathlib import Path

given = globals()
arguments: list[str] = given["arguments"]
folder: Path = given["folder"]

os.chdir(folder)
os.environ |= {"MPLBACKEND": "Agg", "COLUMNS": "120"}
output = os.open(given["printed"], os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
for stream in (1, 2):
    os.dup2(output, stream)
if arguments[0] == "-m":
    sys.argv, sys.path[0] = arguments[1:], ""
    runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
else:
    sys.argv, sys.path[0] = arguments, str(folder)
    runpy.run_path(arguments[0], run_name="__main__")
