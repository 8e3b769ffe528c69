// The raster of one simulator: input at the bottom, layers above it, the readout on top as a map of its voltages.

const GUTTER = 62, AXIS = 38, GAP = 8;

class Raster {
  constructor(side, changed, choose) {
    this.side = side;
    this.surface = new Surface(`Raster of ${contents.sides[side]}`, changed);
    this.bright = document.createElement("canvas");
    this.dim = document.createElement("canvas");
    this.drawn = "";
    const canvas = this.surface.canvas;
    const point = (event) => {
      const box = canvas.getBoundingClientRect();
      return this.at(event.clientX - box.left, event.clientY - box.top);
    };
    let held = false;
    canvas.addEventListener("pointerdown", (event) => {
      held = true;
      canvas.setPointerCapture(event.pointerId);
      choose(point(event), true);
    });
    canvas.addEventListener("pointermove", (event) => choose(point(event), false, held));
    canvas.addEventListener("pointerup", () => { held = false; });
    canvas.addEventListener("pointercancel", () => { held = false; });
    canvas.addEventListener("pointerleave", () => choose(null, false));
    this.colour = () => (side === 0 ? palette.first : palette.second);
  }

  // Where each population is: more neurons get more room, but not in proportion, so that ten beside a thousand can be seen.
  bands() {
    const room = this.surface.height - AXIS - GAP * (populations.length - 1) - 4;
    const fixed = populations.map((p) => (p.spikes ? 0 : Math.min(11 * p.size, 0.28 * room)));  // a readout's rows have names
    const weights = populations.map((p) => (p.spikes ? Math.max(3, p.size) ** 0.6 : 0));
    const total = weights.reduce((a, b) => a + b), shared = room - fixed.reduce((a, b) => a + b);
    let bottom = this.surface.height - AXIS;
    return populations.map((p, k) => {
      const height = p.spikes ? (shared * weights[k]) / total : fixed[k];
      const band = { ...p, top: bottom - height, bottom, height, row: height / p.size };
      bottom -= height + GAP;
      return band;
    });
  }

  x(step, state) {
    return GUTTER + ((step - state.begin) / (state.end - state.begin)) * (this.surface.width - GUTTER - 4);
  }

  at(x, y) {
    const band = this.bands().find((b) => y >= b.top - GAP / 2 && y < b.bottom + GAP / 2);
    if (!band) return null;
    const neuron = Math.min(band.size - 1, Math.max(0, Math.floor((band.bottom - y) / band.row)));
    return { share: (x - GUTTER) / (this.surface.width - GUTTER - 4), population: band.name, neuron, x, y };
  }

  draw(state) {
    const surface = this.surface;
    surface.measure();
    if (surface.width < GUTTER + 20) return;
    const bands = this.bands(), right = surface.width - 4;
    const key = [state.recording, state.begin, state.end, surface.width, surface.height, surface.ratio, palette.panel].join();
    if (key !== this.drawn) this.render(state, bands, key);
    const context = surface.begin(), now = Math.min(right, Math.max(GUTTER, this.x(state.step + 1, state)));
    for (const band of bands) this.ground(context, band, right, state);
    for (const [layer, from, to] of [[this.bright, GUTTER, now], [this.dim, now, right]]) {
      const begin = Math.round((from - GUTTER) * surface.ratio), width = Math.round((to - from) * surface.ratio);
      if (width > 0) context.drawImage(layer, begin, 0, width, layer.height, from, 0, width / surface.ratio, layer.height / surface.ratio);
    }
    this.recent(context, state, bands);
    this.differences(context, state, bands, right);
    timeAxis(context, GUTTER, right, surface.height - AXIS, state.begin, state.end);
    const chosen = bands.find((b) => b.name === state.population);
    if (chosen) {
      const y = chosen.bottom - (state.neuron + 0.5) * chosen.row;
      context.fillStyle = faded(palette.ink, 0.09);
      context.fillRect(GUTTER, y - Math.max(2, chosen.row / 2), right - GUTTER, Math.max(4, chosen.row));
      context.fillStyle = palette.ink;
      context.beginPath();
      context.moveTo(GUTTER - 7, y - 4);
      context.lineTo(GUTTER - 1, y);
      context.lineTo(GUTTER - 7, y + 4);
      context.fill();
    }
    if (now > GUTTER && now < right) line(context, now, 0, now, surface.height - AXIS, palette.ink);
  }

  ground(context, band, right, state) {
    context.fillStyle = faded(palette.muted, 0.07);
    context.fillRect(GUTTER, band.top, right - GUTTER, band.height);
    const middle = (band.top + band.bottom) / 2;
    if (!band.spikes && band.name !== "input" && band.row >= 9) {  // the rows of a readout are classes
      const truth = contents.recordings[state.recording].label;
      for (let k = 0; k < band.size; k++) {
        const y = band.bottom - (k + 0.5) * band.row, right = String(k) === truth;
        context.font = `${right ? "bold " : ""}9px system-ui, sans-serif`;
        label(context, right ? `${k} ◂` : String(k), GUTTER - 18, y, right ? palette.ink : palette.muted, "left", 16);
      }
      context.font = "12px system-ui, sans-serif";
      context.save();
      context.translate(10, middle);
      context.rotate(-Math.PI / 2);
      label(context, band.label, 0, 0, palette.ink, "center", band.height);
      context.restore();
      return;
    }
    label(context, band.label, 0, middle - (band.height > 30 ? 7 : 0), palette.ink, "left", GUTTER - 10);
    if (band.height > 30) label(context, thousands(band.size), 0, middle + 8, palette.muted, "left", GUTTER - 10);
  }

  // All spikes between begin and end as pixels, once as bright as what has been and once as dim as what is to come.
  render(state, bands, key) {
    this.drawn = key;
    const ratio = this.surface.ratio;
    const width = Math.max(1, Math.round((this.surface.width - GUTTER - 4) * ratio)), height = Math.max(1, Math.round(this.surface.height * ratio));
    const images = [new ImageData(width, height), new ImageData(width, height)];
    const colours = images.map((image) => new Uint32Array(image.data.buffer));
    const column = width / (state.end - state.begin);
    const density = new Uint8Array(width * height);
    const from = Math.max(0, Math.floor(state.begin)), to = Math.min(nSteps, Math.ceil(state.end));
    for (const band of bands) {
      const top = Math.max(0, Math.floor(band.top * ratio)), bottom = Math.min(height, Math.ceil(band.bottom * ratio));
      const ink = band.name === "input" ? palette.input : this.colour();
      if (!band.spikes) {
        this.renderMap(state, band, ink, colours, { width, top, bottom, column, ratio });
        continue;
      }
      const { begins, units } = spikesOf(state.recording, band.name, this.side);
      // A mark can be seen, but does not cover its neighbours: large where there is room, a pixel where there is none.
      const w = Math.max(1, Math.round(clamp(column * 0.5, ratio, 3 * ratio)));
      const h = Math.max(1, Math.round(clamp(band.row * ratio * 0.85, 1.7 * ratio, 7 * ratio)));
      for (let t = from; t < to; t++) {
        const x = Math.round((t + 0.5 - state.begin) * column - w / 2);
        if (x < 0 || x + w > width) continue;
        for (let k = begins[t]; k < begins[t + 1]; k++) {
          const y = Math.round((band.bottom - (units[k] + 0.5) * band.row) * ratio - h / 2);
          for (let row = Math.max(top, y); row < Math.min(bottom, y + h); row++) {
            for (let at = row * width + x, stop = at + w; at < stop; at++) if (density[at] < 255) density[at]++;
          }
        }
      }
      // Where pixels hold several spikes, one is pale and many are full.
      const crowd = (begins[to] - begins[from]) * w * h / (width * Math.max(1, bottom - top));
      const full = Math.max(1, 4 * crowd);
      const tables = [1, 0.4].map((share) => Uint32Array.from({ length: 256 }, (_, n) =>
        n ? pixel(ink, share * Math.min(1, (crowd < 0.3 ? 1 : 0.25 + (0.75 * n) / full))) : 0));
      for (let at = top * width; at < bottom * width; at++) {
        const n = density[at];
        if (n) { colours[0][at] = tables[0][n]; colours[1][at] = tables[1][n]; }
      }
    }
    [this.bright, this.dim].forEach((canvas, k) => {
      canvas.width = width;
      canvas.height = height;
      canvas.getContext("2d").putImageData(images[k], 0, 0);
    });
  }

  // A population without spikes: each neuron's voltage, from the lowest of all (clear) to the highest (full).
  renderMap(state, band, ink, colours, { width, top, bottom, column, ratio }) {
    const variable = band.name === "input" ? "x" : band.variables[0].name;
    const traces = Array.from({ length: band.size }, (_, k) => traceOf(state.recording, band.name, variable, k, this.side));
    let low = Infinity, high = -Infinity;
    for (const trace of traces) for (const v of trace || []) { if (v < low) low = v; if (v > high) high = v; }
    const shades = [1, 0.4].map((share) => Uint32Array.from({ length: 256 }, (_, n) => pixel(ink, share * (n / 255) ** 2.5)));
    for (let y = top; y < bottom; y++) {
      const trace = traces[Math.min(band.size - 1, Math.max(0, Math.floor((band.bottom - (y + 0.5) / ratio) / band.row)))];
      if (!trace) continue;
      for (let x = 0; x < width; x++) {
        const t = Math.floor(state.begin + x / column);
        if (t < 0 || t >= nSteps) continue;
        const shade = Math.round((255 * (trace[t] - low)) / (high - low || 1));
        colours[0][y * width + x] = shades[0][shade];
        colours[1][y * width + x] = shades[1][shade];
      }
    }
  }

  // The spikes of just now, large and fading. Where there are very many, only the last of them.
  recent(context, state, bands) {
    const tail = Math.max(1, (state.end - state.begin) / 40), last = Math.floor(state.step);
    if (last >= nSteps - 1 && !state.playing) return;
    for (const band of bands) {
      if (!band.spikes) continue;
      const { begins, units } = spikesOf(state.recording, band.name, this.side);
      context.fillStyle = band.name === "input" ? palette.input : this.colour();
      let left = 150;
      for (let t = last; t >= Math.max(0, last - tail, state.begin) && left > 0; t--) {
        const age = (state.step - t) / tail;
        context.globalAlpha = clamp(0.9 * (1 - age), 0, 1);
        const radius = Math.min(5, 1.2 + band.row / 2) * (1 - 0.5 * age), x = this.x(t + 0.5, state);
        for (let k = begins[t]; k < begins[t + 1] && left > 0; k++, left--) {
          context.beginPath();
          context.arc(x, band.bottom - (units[k] + 0.5) * band.row, Math.max(0.5, radius), 0, 7);
          context.fill();
        }
      }
    }
    context.globalAlpha = 1;
  }

  // A ring around every cell in which only one of the two spikes, and a line where the first is.
  differences(context, state, bands, right) {
    const first = contents.recordings[state.recording].first;
    context.strokeStyle = palette.differs;
    context.lineWidth = 1.6;
    let rings = 0;
    for (const band of bands) {
      const { begins, units } = differencesOf(state.recording, band.name);
      const radius = clamp(1 + 1.6 * band.row, 2.5, 5);
      const from = Math.max(0, Math.floor(state.begin)), to = Math.min(nSteps, Math.ceil(state.end));
      for (let t = from; t < to && rings < 1500; t++) {
        for (let k = begins[t]; k < begins[t + 1] && rings < 1500; k++, rings++) {
          context.beginPath();
          context.arc(this.x(t + 0.5, state), band.bottom - (units[k] + 0.5) * band.row, radius, 0, 7);
          context.stroke();
        }
      }
    }
    context.lineWidth = 1;
    if (!first) return;
    const x = this.x(first[2] + 0.5, state);
    if (x < GUTTER || x > right) return;
    line(context, x, 0, x, this.surface.height - AXIS, palette.differs, { width: 1.5, dash: [5, 4] });
  }
}
