// The page itself: its parts, what is chosen, the keys, and the clock.

const RATES = [[1, "real time"], [0.5, "1/2"], [0.2, "1/5"], [0.1, "1/10"], [0.05, "1/20"], [0.02, "1/50"], [0.01, "1/100"], [0.002, "1/500"]];
const SECONDS = 8;  // about as long as a recording takes to play
const KEYS = [["Space", "play, pause"], ["← →", "a step; with Shift ten"], ["↑ ↓", "the next neuron"], ["L", "the next layer"], ["+ −", "zoom in time"],
  ["0", "all of it"], ["D", "the first difference"], ["R", "the next recording"], ["E", "the next epoch"]];

const state = { recording: 0, population: "", neuron: 0, step: nSteps - 1, begin: 0, end: nSteps, sides: "both", variable: "", constant: 0, epoch: 0, playing: false, rate: 1 };
const layers = populations.filter((p) => p.spikes && p.name !== "input");
let dirty = true, last = 0;

const redraw = () => { dirty = true; };
const here = () => contents.recordings[state.recording];
const population = () => populations.find((p) => p.name === state.population);
const button = (text, title, act) => {
  const made = element("button", { type: "button", title, "aria-label": title, text });
  made.addEventListener("click", act);
  return made;
};
const choice = (title, options, act) => {
  const made = element("select", { title, "aria-label": title }, ...options.map(([value, text]) => element("option", { value, text })));
  made.addEventListener("change", () => act(made.value));
  return made;
};

const rasters = [0, 1].map((side) => new Raster(side, redraw, point));
const traces = new Traces(redraw, (share) => seek(state.begin + share * (state.end - state.begin) - 0.5));
const timeline = new Timeline(redraw, seek);
const constants = contents.constants.length ? new Constants(redraw, (epoch) => set({ epoch })) : null;
const tip = element("div", { class: "tip", hidden: "" });
const shown = {
  verdict: element("p", { class: "verdict" }),
  classes: element("span", { class: "classes" }),
  neuron: element("h2"),
  time: element("output", { class: "time" }),
  play: button("▶", "Play (space)", () => play(!state.playing)),
  recording: choice("Recording", contents.recordings.map((r, k) => [k, r.name]), (k) => choose(Number(k))),
  variable: choice("Second trace", [], (name) => set({ variable: name })),
  rate: choice("Speed", RATES, (rate) => set({ rate: Number(rate) })),
  difference: button("first difference", "Go to the first difference (D)", toDifference),
  epoch: element("output", { class: "time" }),
  epochs: element("input", { type: "range", min: "0", max: "0", step: "1", "aria-label": "epoch" }),
};

function set(changes) {
  Object.assign(state, changes);
  redraw();
}

// Where the time leaves the part that is shown, the next part is turned to, as a page: a part that scrolled would be drawn anew every time.
function seek(step) {
  const at = clamp(step, 0, nSteps - 1), span = state.end - state.begin;
  let begin = state.begin;
  if (at + 1 > state.begin + span) begin = at + 1 - 0.1 * span;
  if (at < begin) begin = at - 0.9 * span;
  begin = clamp(begin, 0, nSteps - span);
  set({ step: at, begin, end: begin + span });
}

function zoom(factor) {
  const span = clamp((state.end - state.begin) / factor, Math.min(nSteps, 10), nSteps);
  const begin = clamp(state.step - span / 2, 0, nSteps - span);
  set({ begin, end: begin + span });
}

function play(on) {
  if (on && state.step >= nSteps - 1) seek(0);
  set({ playing: on });
  shown.play.textContent = on ? "❚❚" : "▶";
}

function choose(recording) {
  set({ recording: (recording + contents.recordings.length) % contents.recordings.length });
  shown.recording.value = String(state.recording);
  const { first } = here();
  if (first) pick(first[0], first[1]);
  set({ begin: 0, end: nSteps, step: first ? first[2] : nSteps - 1 });
}

function pick(name, neuron) {
  const chosen = populations.find((p) => p.name === name), behind = chosen.variables.slice(1);
  const variable = behind.some((v) => v.name === state.variable) ? state.variable : behind.length ? behind[0].name : "";
  set({ population: name, neuron: clamp(neuron, 0, chosen.size - 1), variable });
  shown.variable.replaceChildren(...behind.map((v) => element("option", { value: v.name, text: v.name })));
  shown.variable.value = variable;
  shown.variable.hidden = behind.length < 2;
}

function toDifference() {
  const { first } = here();
  if (!first) return;
  pick(first[0], first[1]);
  const span = Math.min(nSteps, 40), begin = clamp(first[2] - span / 2, 0, nSteps - span);
  set({ begin, end: begin + span, step: first[2] });
}

// The pointer over a raster: pressed it chooses, held it moves the time, and else it says what is there.
function point(place, pressed, held) {
  tip.hidden = !place || held;
  if (!place) return;
  const step = clamp(Math.floor(state.begin + place.share * (state.end - state.begin)), 0, nSteps - 1);
  if (pressed) pick(place.population, place.neuron);
  if (pressed || held) { play(false); seek(step); }
  const { label } = populations.find((p) => p.name === place.population);
  tip.textContent = `${label} ${place.neuron}, ${number(step * contents.dt_ms, 6)} ms`;
  tip.style.transform = `translate(${place.x + 14}px, ${place.y - 30}px)`;
}

function nextEpoch() {
  const n = contents.constants.length ? contents.constants[state.constant].epochs.length : 0;
  if (n) set({ epoch: (state.epoch + 1) % n });
}

function key(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("select, input")) return;
  if (event.key === " " && event.target.closest("button, summary")) return;  // it presses that
  const by = event.shiftKey ? 10 : 1, at = Math.floor(state.step);
  const acts = {
    " ": () => play(!state.playing),
    ArrowLeft: () => seek(at - by),
    ArrowRight: () => seek(at + by),
    ArrowUp: () => pick(state.population, state.neuron + 1),
    ArrowDown: () => pick(state.population, state.neuron - 1),
    Home: () => seek(0),
    End: () => seek(nSteps - 1),
    "+": () => zoom(2),
    "=": () => zoom(2),
    "-": () => zoom(0.5),
    0: () => set({ begin: 0, end: nSteps }),
    l: () => pick(populations[(populations.findIndex((p) => p.name === state.population) + 1) % populations.length].name, 0),
    d: toDifference,
    r: () => choose(state.recording + 1),
    e: nextEpoch,
  };
  const act = acts[event.key.length === 1 ? event.key.toLowerCase() : event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

function describe() {
  const now = here(), differ = now.n_differing, sides = contents.sides.join(" and ");
  const same = `The same network: ${thousands(now.n_spikes)} spikes of ${sides}, not one differs; v by ${number(now.max_dv, 2)} at most.`;
  const other = `${thousands(differ)} cells of ${thousands(now.n_spikes)} spikes differ between ${sides}. First: ${now.explanation}`;
  const tie = `Rounding decides a spike here: from then on ${sides} go their own ways. First: ${now.explanation}`;
  const undiffered = now.verdict === "differs" && !now.first ? `The same spikes in ${sides}, but v differs by ${number(now.max_dv, 2)}: more than rounding can do.` : other;
  shown.verdict.textContent = { same, differs: undiffered, undecided: tie }[now.verdict];
  shown.verdict.dataset.verdict = now.verdict;
  const [one, two] = now.predictions;
  shown.classes.textContent = now.label === "" ? "" : `class ${now.label}, read out as ${one === two ? one : `${one} and ${two}`}`;
  shown.difference.hidden = !now.first;
  const chosen = population();
  shown.neuron.textContent = `${chosen.name === "input" ? "Channel" : "Neuron"} ${state.neuron} of ${chosen.label}`;
  shown.time.textContent = `${number(Math.floor(state.step) * contents.dt_ms, 6)} of ${number(nSteps * contents.dt_ms, 6)} ms`;
  if (constants) {
    const constant = contents.constants[state.constant], n = constant.epochs.length, at = Math.min(n - 1, state.epoch);
    const kept = constant.epochs[at] === constant.kept ? ", which was kept" : "";
    shown.epochs.max = String(n - 1);
    shown.epochs.value = String(at);
    shown.epochs.hidden = n < 2;
    const when = { 0: "before training", null: "as they are" }[constant.epochs[at]] || `epoch ${constant.epochs[at]}${kept}`;
    shown.epoch.textContent = `${when}: median ${constant.exact[at] ? "" : "about "}${number(constant.median_ms[at])} ms of ${thousands(constant.n_values)} values`;
  }
}

function frame(now) {
  const passed = Math.min(100, now - last);
  last = now;
  if (state.playing) {
    const step = state.step + (passed * state.rate) / contents.dt_ms;
    seek(step);
    if (step >= nSteps - 1) play(false);
  }
  if (dirty) {
    dirty = false;
    describe();
    rasters.forEach((raster, side) => { if (state.sides !== ["second", "first"][side]) raster.draw(state); });
    timeline.draw(state);
    traces.draw(state);
    if (constants) constants.draw(state);
  }
  requestAnimationFrame(frame);
}

function sides() {
  const buttons = [["both", "both"], ["first", contents.sides[0]], ["second", contents.sides[1]]].map(([value, text]) => {
    const made = button(text.split(" ")[0], `Show ${text}`, () => {
      set({ sides: value });
      figures.dataset.sides = value;
      buttons.forEach((b) => b.setAttribute("aria-pressed", String(b === made)));
    });
    made.setAttribute("aria-pressed", String(value === "both"));
    return made;
  });
  return element("div", { class: "group", role: "group", "aria-label": "Simulators" }, ...buttons);
}

const figures = element("div", { class: "rasters", "data-sides": "both" }, ...rasters.map((raster, side) =>
  element("figure", { class: `side ${side ? "second" : "first"}` }, element("figcaption", { text: contents.sides[side] }), raster.surface.canvas)));

function build() {
  const many = contents.recordings.length > 1;
  const legend = element("ul", { class: "legend" }, ...[["first", contents.sides[0]], ["second", contents.sides[1]], ["threshold", "threshold"]].map(
    ([name, text]) => element("li", { class: name, text })));
  const neuron = element("section", { class: "neuron" }, element("header", {}, shown.neuron, shown.variable, legend), traces.surface.canvas);
  const parts = [neuron];
  if (constants) {
    const names = contents.constants.map((c, k) => [k, `${c.name} of ${c.owner.replaceAll("_", " ").replace(".", ", ")}`]);
    const select = choice("Time constants", names, (k) => set({ constant: Number(k) }));
    shown.epochs.addEventListener("input", () => set({ epoch: Number(shown.epochs.value) }));
    const key = element("ul", { class: "legend" }, ...[["before", "before training"], ["after", "at this epoch"], ["own", "of the chosen neuron"]].map(
      ([name, text]) => element("li", { class: name, text })));
    const top = element("header", {}, element("h2", { text: "Learned time constants" }), select, key);
    parts.push(element("section", { class: "constants" }, top, constants.surface.canvas, element("div", { class: "epochs" }, shown.epochs, shown.epoch)));
  }
  const transport = element("div", { class: "transport" }, shown.play, shown.time, shown.rate,
    button("−", "Zoom out (−)", () => zoom(0.5)), button("all", "All of it (0)", () => set({ begin: 0, end: nSteps })), button("+", "Zoom in (+)", () => zoom(2)), shown.difference);
  const facts = element("dl", {}, ...contents.facts.flatMap(([name, value]) => [element("dt", { text: name }), element("dd", { text: value })]));
  const keys = element("dl", { class: "keys" }, ...KEYS.flatMap(([name, value]) => [element("dt", { text: name }), element("dd", { text: value })]));
  const top = element("header", { class: "top" }, element("div", {}, element("h1", { text: contents.title }), element("p", { class: "summary", text: contents.summary })),
    element("div", { class: "choices" }, ...(many ? [shown.recording] : []), shown.classes, sides()));
  figures.append(tip);
  document.getElementById("view").append(top, shown.verdict, figures, element("div", { class: "time-bar" }, timeline.surface.canvas, transport),
    element("div", { class: "panels" }, ...parts), element("footer", {}, facts, element("details", {}, element("summary", { text: "Keys" }), keys)));
  document.title = contents.title;
  const length = nSteps * contents.dt_ms / 1000;
  state.rate = RATES.map(([rate]) => rate).reduce((best, rate) => (Math.abs(Math.log(length / rate / SECONDS)) < Math.abs(Math.log(length / best / SECONDS)) ? rate : best));
  shown.rate.value = String(state.rate);
  const busiest = (name) => {
    const { units } = spikesOf(0, name, 0), kept = contents.kept[name], counts = new Map(kept.map((k) => [k, 0]));
    for (const unit of units) if (counts.has(unit)) counts.set(unit, counts.get(unit) + 1);
    return kept.reduce((best, k) => (counts.get(k) > counts.get(best) ? k : best), kept[0] ?? 0);
  };
  const first = layers[0] || populations[populations.length - 1];
  pick(first.name, first.spikes ? busiest(first.name) : 0);
  const differs = contents.recordings.findIndex((r) => r.verdict !== "same");
  if (constants) state.epoch = Math.max(0, contents.constants[0].epochs.indexOf(contents.constants[0].kept));
  readPalette();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { readPalette(); redraw(); });
  document.addEventListener("keydown", key);
  if (differs >= 0) choose(differs);
  requestAnimationFrame(frame);
}

build();
