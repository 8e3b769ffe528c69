// Learned time constants: from epoch to epoch as a map, and at one epoch as a histogram beside it, on one axis of time constants.

class Constants {
  constructor(changed, choose) {
    this.surface = new Surface("Histograms of the learned time constants", changed);
    this.surface.canvas.addEventListener("pointerdown", (event) => {
      const box = this.surface.canvas.getBoundingClientRect();
      const share = (event.clientX - box.left - LEFT) / (this.split(box.width) - LEFT);
      const constant = contents.constants[this.shown];
      if (share >= 0 && share <= 1 && constant.epochs.length > 2) choose(Math.floor(share * constant.epochs.length));
    });
    this.shown = 0;
  }

  split(width) {
    return contents.constants[this.shown].epochs.length > 2 ? LEFT + (width - LEFT) * 0.52 : LEFT;
  }

  draw(state) {
    const surface = this.surface;
    this.shown = state.constant;
    if (!surface.isNew(state.constant, state.epoch, state.population, state.neuron)) return;
    const constant = contents.constants[state.constant], edges = unpack(constant.edges_ms), counts = unpack(constant.counts);
    const context = surface.begin(), bins = edges.length - 1, split = this.split(surface.width);
    const box = { top: 22, bottom: surface.height - AXIS };
    const low = Math.log(edges[0]), high = Math.log(edges[bins]);
    const y = (value) => box.bottom - ((Math.log(value) - low) / (high - low)) * (box.bottom - box.top);
    const powers = [];
    for (let power = Math.floor(low / Math.LN10); power <= high / Math.LN10; power++) {
      for (const factor of high - low < 5 ? [1, 2, 5] : [1]) powers.push(factor * 10 ** power);
    }
    for (const value of powers) {
      if (value < edges[0] || value > edges[bins]) continue;
      line(context, LEFT - 4, y(value), LEFT, y(value), palette.muted);
      label(context, number(value), LEFT - 7, y(value), palette.muted, "right");
    }
    label(context, `${constant.name} (ms)`, 0, 9, palette.ink, "left");
    if (split > LEFT) this.map(context, state, constant, edges, counts, { ...box, left: LEFT, right: split - 12 }, y);
    this.histogram(context, state, constant, edges, counts, { ...box, left: split, right: surface.width - 6 }, y);
  }

  map(context, state, constant, edges, counts, box, y) {
    const n = constant.epochs.length, bins = edges.length - 1, width = (box.right - box.left) / n;
    context.fillStyle = faded(palette.muted, 0.07);
    context.fillRect(box.left, box.top, box.right - box.left, box.bottom - box.top);
    for (let row = 0; row < n; row++) {
      const part = counts.subarray(row * bins, (row + 1) * bins), most = Math.max(1, ...part);
      for (let bin = 0; bin < bins; bin++) {
        if (!part[bin]) continue;
        context.fillStyle = faded(palette.after, 0.08 + (0.82 * part[bin]) / most);
        const [left, right, top, bottom] = [box.left + row * width, box.left + (row + 1) * width, y(edges[bin + 1]), y(edges[bin])].map(Math.round);
        context.fillRect(left, top, right - left, bottom - top);  // whole pixels, or seams would show
      }
    }
    const x = (row) => box.left + (row + 0.5) * width;
    context.strokeStyle = palette.ink;
    context.lineWidth = 1.5;
    context.beginPath();
    constant.median_ms.forEach((median, row) => { if (median > 0) context.lineTo(x(row), y(median)); });
    context.stroke();
    line(context, x(state.epoch), box.top, x(state.epoch), box.bottom, palette.ink);
    label(context, "median", box.left + 6, y(constant.median_ms[0]) - 10, palette.ink, "left");
    for (const row of ticks(0, n - 1, (box.right - box.left) / 60)) {
      if (!Number.isInteger(row)) continue;
      line(context, x(row), box.bottom, x(row), box.bottom + 4, palette.muted);
      label(context, String(constant.epochs[row]), x(row), box.bottom + 12, palette.muted, "center");
    }
    label(context, "epoch (0: before)", (box.left + box.right) / 2, box.bottom + 28, palette.muted, "center");
  }

  histogram(context, state, constant, edges, counts, box, y) {
    const bins = edges.length - 1, rows = constant.epochs.length;
    const of = (row) => counts.subarray(row * bins, (row + 1) * bins);
    const start = constant.epochs[0] === 0 && rows > 1 ? of(0) : null, now = of(Math.min(rows - 1, state.epoch));
    const most = Math.max(1, ...now, ...(start || [0]));
    const x = (count) => box.left + (count / most) * (box.right - box.left);
    context.fillStyle = faded(palette.muted, 0.07);
    context.fillRect(box.left, box.top, box.right - box.left, box.bottom - box.top);
    const bar = (bin, count, colour) => {
      context.fillStyle = colour;
      context.fillRect(box.left, y(edges[bin + 1]) + 0.5, x(count) - box.left, Math.max(1, y(edges[bin]) - y(edges[bin + 1]) - 1));
    };
    if (start) for (let bin = 0; bin < bins; bin++) bar(bin, start[bin], faded(palette.before, 0.55));
    context.strokeStyle = palette.after;
    context.lineWidth = 2;
    context.beginPath();
    context.moveTo(box.left, y(edges[0]));
    for (let bin = 0; bin < bins; bin++) {
      context.lineTo(x(now[bin]), y(edges[bin]));
      context.lineTo(x(now[bin]), y(edges[bin + 1]));
    }
    context.lineTo(box.left, y(edges[bins]));
    context.stroke();
    this.own(context, state, constant, bins, edges, box, y);
    for (const count of ticks(0, most, (box.right - box.left) / 70)) {
      line(context, x(count), box.bottom, x(count), box.bottom + 4, palette.muted);
      label(context, thousands(Math.round(count)), x(count), box.bottom + 12, palette.muted, !count ? "left" : x(count) > box.right - 16 ? "right" : "center");
    }
    label(context, "number of values", (box.left + box.right) / 2, box.bottom + 28, palette.muted, "center");
  }

  // Those of the chosen neuron alone.
  own(context, state, constant, bins, edges, box, y) {
    if (constant.population !== state.population) return;
    context.fillStyle = palette.ink;
    if (constant.own_ms) {
      const value = unpack(constant.own_ms)[state.neuron];
      if (value > 0) line(context, box.left, y(value), box.right, y(value), palette.ink, { dash: [2, 3] });
    } else if (constant.own) {
      const part = unpack(constant.own).subarray(state.neuron * bins, (state.neuron + 1) * bins), most = Math.max(1, ...part);
      for (let bin = 0; bin < bins; bin++) {
        if (!part[bin]) continue;
        const height = Math.max(1, y(edges[bin]) - y(edges[bin + 1]) - 1), width = 4 + (10 * part[bin]) / most;
        context.fillRect(box.right - width, y(edges[bin + 1]) + 0.5, width, height);
      }
    }
  }
}
