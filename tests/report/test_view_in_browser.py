"""The page of a view in a real browser: it draws, answers keys, stays within the window, and refuses what is not its own."""

import base64
import hashlib
import json
import re
import shutil
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from hetsyn_sim.report.view import view_of

from .test_view import TRIALS, recorded

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "chrome-headless-shell", "microsoft-edge")

LISTEN = """
window.problems = [];
addEventListener("error", (event) => problems.push(event.message));
addEventListener("securitypolicyviolation", (event) => problems.push(`refused: ${event.violatedDirective}`));
"""
PROBE = """
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(done))));
const press = async (key) => { document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true })); await drawn(); };
const painted = () => [...document.querySelectorAll("canvas")].map((canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  const colours = new Set();
  for (let k = 0; k < data.length; k += 4) if (data[k + 3]) colours.add(data[k] << 16 | data[k + 1] << 8 | data[k + 2]);
  return colours.size;
});
const look = () => ({
  neuron: document.querySelector(".neuron h2").textContent,
  time: document.querySelector("[role=slider]").getAttribute("aria-valuetext"),
  verdict: document.querySelector(".verdict").dataset.verdict,
  recording: document.querySelector("select").selectedOptions[0].textContent,
  sides: [...document.querySelectorAll("figure")].map((figure) => figure.getBoundingClientRect().width > 0),
});
(async () => {
  await wait(300);
  await drawn();
  const seen = { beginning: look(), painted: painted(), ink: getComputedStyle(document.body).color };
  for (const key of ["d", "ArrowRight", "ArrowUp", "l", "r", "Home"]) { await press(key); seen[key] = look(); }
  await press(" ");
  for (let k = 0; k < 20; k++) await drawn();
  seen.played = look();
  [...document.querySelectorAll(".group button")][1].click();
  await drawn();
  seen.one = look();
  seen.overflow = document.documentElement.scrollWidth - innerWidth;
  seen.width = innerWidth;
  seen.own = [...problems];
  const foreign = document.createElement("script");
  foreign.textContent = "window.foreign = 1";
  document.body.append(foreign);
  await wait(50);
  seen.foreign = [typeof window.foreign, problems.slice(seen.own.length)];
  await fetch(ADDRESS, { method: "POST", mode: "no-cors", body: JSON.stringify(seen) });
})();
"""


class Answer(BaseHTTPRequestHandler):
    """What the page says, once."""

    def do_POST(self):
        self.server.said = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *arguments):
        pass


def with_probe(text, address):
    """The page with two scripts more, which its policy is told of, as it is of the place to answer to."""
    probe = PROBE.replace("ADDRESS", json.dumps(address))
    allowed = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()}'" for code in (LISTEN, probe))
    text = text.replace("script-src ", f"connect-src {address}; script-src {allowed} ")
    text = text.replace("<title>", f"<script>{LISTEN}</script><title>")
    return text.replace("</body>", f"<script>{probe}</script></body>")


@pytest.mark.parametrize(("width", "dark"), [(1200, False), (520, True)])
def test_the_page_works(width, dark, toy_checkpoint, toy_data, tmp_path, process):
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is installed")
    sides = recorded(toy_checkpoint, toy_data.test[:3].rasters(), **{"layer_1.feedforward.w": 1.2})
    server = HTTPServer(("127.0.0.1", 0), Answer)
    server.said, server.timeout = b"", 1.0
    page = tmp_path / "page.html"
    address = f"http://127.0.0.1:{server.server_port}"
    page.write_text(with_probe(view_of(toy_checkpoint, *sides, TRIALS), address), encoding="utf-8")
    options = ["--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}", f"--window-size={width},900"]
    options += [f"--blink-settings=preferredColorScheme={0 if dark else 1}"]
    program = process.start([browser, *options, page.as_uri()], stdout=process.PIPE, stderr=process.PIPE)
    with server:
        while not server.said and program.poll() is None:
            server.handle_request()
    assert server.said, program.communicate()
    seen = json.loads(server.said)

    assert seen["own"] == []
    assert seen["foreign"] == ["undefined", ["refused: script-src-elem"]]
    assert seen["overflow"] <= 0
    assert (seen["ink"] == "rgb(230, 232, 235)") == dark
    assert len(seen["painted"]) == 5  # two rasters, the slider, the traces, the time constants
    assert min(seen["painted"]) > 3
    first = next(run for run in range(3) if (sides[0].rasters["layer_1"][:, run] != sides[1].rasters["layer_1"][:, run]).any())
    differs = sides[0].rasters["layer_1"][:, first] != sides[1].rasters["layer_1"][:, first]
    step = int(differs.any(axis=1).argmax())
    assert seen["d"]["time"] == f"{10 * step} ms"
    assert seen["d"]["verdict"] == "differs"
    neuron = int(re.fullmatch(r"Neuron (\d) of layer 1", seen["d"]["neuron"])[1])
    assert differs[step, neuron]
    assert seen["ArrowRight"]["time"] == f"{10 * (step + 1)} ms"
    assert seen["ArrowUp"]["neuron"] == f"Neuron {min(4, neuron + 1)} of layer 1"
    assert seen["l"]["neuron"] == "Neuron 0 of readout"
    assert seen["r"]["recording"] == TRIALS[(first + 1) % 3].name
    assert seen["Home"]["time"] == "0 ms"
    assert float(seen["played"]["time"].split()[0]) > 0
    assert seen["beginning"]["sides"] == [True, True]
    assert seen["one"]["sides"] == [True, False]
