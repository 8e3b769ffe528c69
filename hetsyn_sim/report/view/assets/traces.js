// The chosen neuron over time: its voltage, one of its currents or states, and the difference of the two simulators.

const LEFT = 58;

class Traces {
  constructor(changed, seek) {
    this.surface = new Surface("Voltage and current of the chosen neuron", changed);
    this.still = document.createElement("canvas");
    this.boxes = [];
    const canvas = this.surface.canvas;
    let held = false;
    const share = (event) => {
      const box = canvas.getBoundingClientRect();
      return (event.clientX - box.left - LEFT) / (box.width - LEFT - 4);
    };
    canvas.addEventListener("pointerdown", (event) => {
      held = true;
      canvas.setPointerCapture(event.pointerId);
      seek(share(event));
    });
    canvas.addEventListener("pointermove", (event) => { if (held) seek(share(event)); });
    canvas.addEventListener("pointerup", () => { held = false; });
  }

  // What stays while time passes is drawn once, and copied.
  draw(state) {
    const surface = this.surface;
    if (surface.isNew(state.recording, state.population, state.neuron, state.variable, state.sides, state.begin, state.end)) {
      this.boxes = [];
      this.render(state);
      this.still.width = surface.canvas.width;
      this.still.height = surface.canvas.height;
      this.still.getContext("2d").drawImage(surface.canvas, 0, 0);
    }
    const context = surface.begin();
    context.drawImage(this.still, 0, 0, surface.width, surface.height);
    for (const { box, sides } of this.boxes) this.moments(context, state, box, sides);
  }

  render(state) {
    const surface = this.surface, context = surface.begin(), band = populations.find((p) => p.name === state.population);
    const right = surface.width - 4, bottom = surface.height - AXIS;
    const variables = band.variables.length ? [band.variables[0]] : band.spikes ? [] : [{ name: "x", unit: "" }];
    if (state.variable && band.variables.some((v) => v.name === state.variable)) {
      variables.push(band.variables.find((v) => v.name === state.variable));
    }
    if (!variables.length || keptPlace(band.name, state.neuron) < 0) {
      const why = variables.length ? "The traces of this neuron are not in this file; its spikes are." : "A channel of the input has spikes, and no voltage.";
      label(context, why, surface.width / 2, bottom / 2, palette.muted, "center", surface.width - 20);
      return;
    }
    const heights = [...variables.map((_, k) => (k ? 1 : 1.35)), 0.8], room = bottom - 26 * heights.length;
    const total = heights.reduce((a, b) => a + b);
    let top = 0;
    heights.forEach((share, k) => {
      const height = (room * share) / total, box = { left: LEFT, right, top: top + 20, bottom: top + 20 + height };
      if (k < variables.length) this.variable(context, state, band, variables[k], box, k === 0);
      else this.difference(context, state, band, variables[0], box);
      top += height + 26;
    });
    timeAxis(context, LEFT, right, bottom, state.begin, state.end);
  }

  // The moment that is looked at, with its values, and the one in which the simulators part.
  moments(context, state, box, sides) {
    if (sides) {
      const step = clamp(Math.floor(state.step), 0, nSteps - 1), [one, two] = sides.map((side) => number(side[step], 5));
      label(context, one === two ? one : `${one} | ${two}`, box.right, box.top - 11, palette.muted, "right");
    }
    const at = (step) => box.left + ((step + 0.5 - state.begin) / (state.end - state.begin)) * (box.right - box.left);
    const { first } = contents.recordings[state.recording];
    const marks = [[at(state.step), palette.ink, {}], ...(first ? [[at(first[2]), palette.differs, { width: 1.5, dash: [5, 4] }]] : [])];
    for (const [x, colour, style] of marks) if (x >= box.left && x <= box.right) line(context, x, box.top, x, box.bottom, colour, style);
  }

  variable(context, state, band, variable, box, isVoltage) {
    const sides = [0, 1].map((side) => traceOf(state.recording, band.name, variable.name, state.neuron, side));
    const theta = isVoltage ? thresholdOf(state.recording, band.name, state.neuron) : null;
    const [low, high] = limits([...sides, ...(theta ? [theta] : [])], state);
    const y = (value) => box.bottom - ((value - low) / (high - low)) * (box.bottom - box.top);
    this.frame(context, box, ticks(low, high, 3).map((value) => [number(value, 4), y(value)]));
    this.boxes.push({ box, sides });
    const unit = variable.unit || "1";
    const names = { v: isVoltage && band.spikes === false && band.name !== "input" ? "v of the readout" : "membrane potential v", x: "input x" };
    const title = `${names[variable.name] || variable.name} (${unit})`;
    label(context, title, box.left, box.top - 11, palette.ink, "left", (box.right - box.left) * 0.55);
    if (theta) polyline(context, theta, state, box, y, palette.differs, 1.2, [5, 4]);
    if (state.sides !== "second") polyline(context, sides[0], state, box, y, faded(palette.first, state.sides === "both" ? 0.6 : 1), state.sides === "both" ? 5 : 2);
    if (state.sides !== "first") polyline(context, sides[1], state, box, y, palette.second, 1.5);
    if (isVoltage && band.spikes) {
      for (const side of [0, 1]) {
        const { begins, units } = spikesOf(state.recording, band.name, side);
        for (let t = Math.max(0, Math.floor(state.begin)); t < Math.min(nSteps, state.end); t++) {
          if (!units.subarray(begins[t], begins[t + 1]).includes(state.neuron)) continue;
          const x = box.left + ((t + 0.5 - state.begin) / (state.end - state.begin)) * (box.right - box.left);
          if (x >= box.left) line(context, x, box.top + 5 * side, x, box.top + 5 + 5 * side, side ? palette.second : palette.first, { width: 2 });
        }
      }
    }
  }

  // On a logarithmic axis. Steps in which both are bit for bit the same have no point.
  difference(context, state, band, variable, box) {
    this.boxes.push({ box });
    const difference = differenceOf(state.recording, band.name, variable.name, state.neuron);
    let low = Infinity, high = 0, equal = 0;
    for (const d of difference) {
      const size = Math.abs(d);
      if (size > 0) { low = Math.min(low, size); high = Math.max(high, size); } else equal++;
    }
    const largest = high ? `at most ${number(high, 2)}` : "nothing";
    const symbol = `|Δ${variable.name}|`;
    label(context, `${symbol} between the simulators: ${largest}`, box.left, box.top - 11, palette.ink, "left", box.right - box.left);
    if (box.right - box.left > 420) label(context, `bit-equal in ${equal} of ${nSteps} steps`, box.right, box.top - 11, palette.muted, "right", (box.right - box.left) * 0.32);
    if (!high) { this.frame(context, box, []); return; }
    const bottom = Math.floor(Math.log10(low)), top = Math.max(bottom + 1, Math.ceil(Math.log10(high)));
    const y = (value) => box.bottom - ((Math.log10(value) - bottom) / (top - bottom)) * (box.bottom - box.top);
    this.frame(context, box, [bottom, top].map((power) => [`1e${power}`.replace("-", "−"), y(10 ** power)]));
    context.fillStyle = palette.muted;
    for (let t = Math.max(0, Math.floor(state.begin)); t < Math.min(nSteps, state.end); t++) {
      const size = Math.abs(difference[t]);
      const x = box.left + ((t + 0.5 - state.begin) / (state.end - state.begin)) * (box.right - box.left);
      if (size > 0 && x >= box.left) context.fillRect(x - 1.2, y(size) - 1.2, 2.4, 2.4);
    }
  }

  frame(context, box, marks) {
    context.fillStyle = faded(palette.muted, 0.07);
    context.fillRect(box.left, box.top, box.right - box.left, box.bottom - box.top);
    for (const [text, y] of marks) {
      line(context, box.left - 4, y, box.left, y, palette.muted);
      label(context, text, box.left - 7, Math.min(box.bottom - 3, Math.max(box.top + 4, y)), palette.muted, "right", LEFT - 8);
    }
  }
}

function limits(traces, state) {
  let low = Infinity, high = -Infinity;
  const from = Math.max(0, Math.floor(state.begin)), to = Math.min(nSteps, Math.ceil(state.end));
  for (const trace of traces) {
    for (let t = from; t < to; t++) {
      if (trace[t] < low) low = trace[t];
      if (trace[t] > high) high = trace[t];
    }
  }
  if (!(low < high)) [low, high] = Number.isFinite(low) ? [low - 1, low + 1] : [0, 1];
  const margin = 0.06 * (high - low);
  return [low - margin, high + margin];
}

// A trace as a line; where there are more steps than pixels, from the least to the greatest in each column.
function polyline(context, trace, state, box, y, colour, width, dash = []) {
  context.save();
  context.beginPath();
  context.rect(box.left, box.top, box.right - box.left, box.bottom - box.top);
  context.clip();
  Object.assign(context, { strokeStyle: colour, lineWidth: width, lineJoin: "round" });
  context.setLineDash(dash);
  context.beginPath();
  const scale = (box.right - box.left) / (state.end - state.begin);
  const from = Math.max(0, Math.floor(state.begin) - 1), to = Math.min(nSteps, Math.ceil(state.end) + 1);
  const together = Math.max(1, Math.floor(1 / scale / 2));
  for (let t = from; t < to; t += together) {
    const x = box.left + (t + 0.5 - state.begin) * scale;
    let low = trace[t], high = trace[t];
    for (let k = t + 1; k < Math.min(to, t + together); k++) {
      if (trace[k] < low) low = trace[k];
      if (trace[k] > high) high = trace[k];
    }
    context.lineTo(x, y(low));
    if (high !== low) context.lineTo(x, y(high));
  }
  context.stroke();
  context.restore();
}
