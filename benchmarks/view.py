"""The page of ``hetsyn view`` in a headless browser: the moving picture on top of the README, and what a frame of it costs.

    python -m benchmarks.view --docs docs                          # the picture, of the demo's network, which is trained first
    python -m benchmarks.view --docs docs --run hetsyn-demo/run    # the picture of another run
    python -m benchmarks.view --frames benchmarks/results/view.json

Needs Chromium or Chrome, and ``pip install playwright``, whose own browsers are not needed.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from PIL import Image

from hetsyn_sim.data.checkpoint import Checkpoint
from hetsyn_sim.models import HetSynLIF, LeakyReadout
from hetsyn_sim.report import write_view
from hetsyn_sim.report.view import view_of
from hetsyn_sim.report.view.contents import Trial, recorded_variables
from hetsyn_sim.spec import Layer, NetworkSpec
from hetsyn_sim.tasks import spoken_digits
from hetsyn_sim.training.fit import fit
from hetsyn_sim.training.network import Network
from hetsyn_sim.training.recipe import load_recipe

from .rows import cpu_model

NAME = "view.webp"
#: Which of the test recordings: a seven, which spreads over many neurons and ends before its window does.
RECORDING = 215
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_WIDTH, _FRAME_MS, _LAST_MS = 900, 80, 1500
#: Width of the window in CSS pixels, pixels of the screen to one of them, and whether a part is zoomed in on.
VARIANTS = ((1200, 1, False), (1200, 1, True), (1200, 2, False), (420, 2, False))
_SECONDS = 5
_COUNT_FRAMES = """(() => { const ask = window.requestAnimationFrame.bind(window); window.frames_drawn = 0; window.milliseconds = [];
  window.requestAnimationFrame = (draw) => ask((now) => { const begin = performance.now(); draw(now);
    milliseconds.push(performance.now() - begin); frames_drawn++; }); })();"""


@contextmanager
def browser() -> Iterator[Any]:
    """A browser without a window and without a graphics card."""
    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    with import_module("playwright.sync_api").sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        try:
            yield started
        finally:
            started.close()


def pictures(page: Path, n_steps: int) -> Iterator[Image.Image]:
    """The upper part of a view, from its heading to the slider of time, after every step."""
    with browser() as started:
        tab = started.new_page(viewport={"width": _WIDTH, "height": 1400}, color_scheme="light")
        tab.goto(page.absolute().as_uri())
        tab.wait_for_timeout(500)
        tab.keyboard.press("Home")
        height = tab.evaluate("document.querySelector('.time-bar').getBoundingClientRect().bottom + 12")
        for _ in range(n_steps):
            tab.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
            shot = tab.screenshot(clip={"x": 0, "y": 0, "width": _WIDTH, "height": height})
            yield Image.open(io.BytesIO(shot)).convert("RGB")
            tab.keyboard.press("ArrowRight")


def many_spikes() -> tuple[str, int]:
    """A view with 100,000 spikes in each simulator, and how many they are: a random network, in PyTorch, on a random input."""
    spec = NetworkSpec(dt="1 ms", n_input=100, layers=[Layer(HetSynLIF, 800), Layer(HetSynLIF, 200)], readout=Layer(LeakyReadout, 10))
    values = {key: (3.0 if key.endswith(".w") and "layer" in key else 1.0) * value for key, value in spec.initial_values(0).items()}
    checkpoint = Checkpoint(spec, values, recipe={"name": "100,000 spikes"})
    rate = 0.05 * (1 + np.sin(np.arange(1700) / 90))  # per step, in waves
    raster = np.random.default_rng(0).random((1700, 1, 100)) < rate[:, None, None]
    first = Network.from_checkpoint(checkpoint).record(raster, recorded_variables(spec))
    n_spikes = sum(int(one.sum()) for one in first.rasters.values())
    return view_of(checkpoint, first, replace(first, simulator="a copy of it"), [Trial("random")]), n_spikes


def measured_frames(page: Path) -> list[dict[str, Any]]:
    """For each of the variants, while the page plays: frames per second, and milliseconds of processor time per frame."""
    rows = []
    with browser() as started:
        for width, ratio, zoomed in VARIANTS:
            context = started.new_context(viewport={"width": width, "height": 900}, device_scale_factor=ratio)
            context.add_init_script(_COUNT_FRAMES)
            tab = context.new_page()
            tab.goto(page.absolute().as_uri())
            tab.wait_for_timeout(1500)
            for key in ("Home", *(("+", "+") if zoomed else ()), " "):
                tab.keyboard.press(key)
            tab.wait_for_timeout(300)
            before, spent = tab.evaluate("milliseconds.length = 0, frames_drawn"), _processor_ms()
            tab.wait_for_timeout(1000 * _SECONDS)
            n = tab.evaluate("frames_drawn") - before
            after = _processor_ms()
            script = tab.evaluate("milliseconds.sort((a, b) => a - b)[milliseconds.length >> 1]")
            per_frame = {f"{kind}_ms": round((after[kind] - spent.get(kind, 0.0)) / n, 1) for kind in ("renderer", "gpu-process")}
            rows.append(
                {
                    "width": width,
                    "ratio": ratio,
                    "zoomed": zoomed,
                    "fps": round(n / _SECONDS, 1),
                    "script_ms": round(script, 1),
                    **per_frame,
                }
            )
            context.close()
    return rows


def _processor_ms() -> dict[str, float]:
    """What the browser's processes have used, by their kind. Processor time, so that other work on the machine does not count."""
    spent: dict[str, float] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (folder / "cmdline").read_bytes().decode(errors="replace")
            ticks = [int(number) for number in (folder / "stat").read_text().rsplit(")", 1)[1].split()[11:13]]
            for kind in ("renderer", "gpu-process"):
                if f"--type={kind}" in command:
                    spent[kind] = spent.get(kind, 0.0) + 1000 * sum(ticks) / os.sysconf("SC_CLK_TCK")
    return spent


def draw_picture(docs: Path, run: Path | None) -> Path:
    """Write the moving picture into ``docs/_static``."""
    data = spoken_digits()
    with TemporaryDirectory() as folder:
        if run is None:
            run = Path(folder) / "run"
            fit(load_recipe("fsdd-demo"), data, out=run, data_name="spoken digits (FSDD)")
        page = write_view(Path(folder) / "view.html", run, data.test[[RECORDING]])
        first, *others = pictures(page, int(data.test[[RECORDING]].n_steps[0]) + 4)
    durations = [_FRAME_MS] * len(others) + [_LAST_MS]
    target = docs / "_static" / NAME
    first.save(target, save_all=True, append_images=others, duration=durations, loop=0, quality=70, method=6)
    return target


def main(arguments: Sequence[str] | None = None) -> int:
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(prog="python -m benchmarks.view", description=__doc__, formatter_class=plain)
    parser.add_argument("--docs", type=Path, help="folder docs/: draw the picture there")
    parser.add_argument("--run", type=Path, help="the run to show; by default the demo's network is trained")
    parser.add_argument("--frames", type=Path, help="measure frames, and write what they cost into this file")
    options = parser.parse_args(arguments)
    if options.docs is not None:
        target = draw_picture(options.docs, options.run)
        print(f"{target}: {target.stat().st_size / 1e3:.0f} kB")
    if options.frames is not None:
        with TemporaryDirectory() as folder:
            text, n_spikes = many_spikes()
            page = Path(folder) / "view.html"
            page.write_text(text, encoding="utf-8")
            rows = measured_frames(page)
        content = {
            "processor": cpu_model(),
            "cores": os.cpu_count(),
            "load": os.getloadavg()[0],
            "n_spikes": n_spikes,
            "bytes": len(text.encode()),
            "rows": rows,
        }
        options.frames.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        print(json.dumps(content, indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
