// The slider of time: how many spikes there are in each moment, which part is shown above, and where we are.

class Timeline {
  constructor(changed, seek) {
    this.surface = new Surface("", changed);
    const canvas = this.surface.canvas;
    for (const [name, value] of Object.entries({ role: "slider", tabindex: "0", "aria-label": "time", "aria-valuemin": "0" })) canvas.setAttribute(name, value);
    canvas.setAttribute("aria-valuemax", number((nSteps - 1) * contents.dt_ms, 6));
    let held = false;
    const to = (event) => {
      const box = canvas.getBoundingClientRect();
      seek(((event.clientX - box.left) / box.width) * nSteps - 0.5);
    };
    canvas.addEventListener("pointerdown", (event) => {
      held = true;
      canvas.setPointerCapture(event.pointerId);
      to(event);
    });
    canvas.addEventListener("pointermove", (event) => { if (held) to(event); });
    canvas.addEventListener("pointerup", () => { held = false; });
  }

  means(activity, columns) {
    const means = new Float32Array(columns);
    for (let k = 0; k < columns; k++) {
      const from = Math.floor((k * nSteps) / columns), to = Math.max(from + 1, Math.floor(((k + 1) * nSteps) / columns));
      for (let t = from; t < to; t++) means[k] += activity[t] / (to - from);
    }
    return means;
  }

  draw(state) {
    const surface = this.surface;
    surface.measure();
    const context = surface.begin(), activity = activityOf(state.recording), { width, height } = surface;
    const columns = Math.max(1, Math.min(nSteps, Math.floor(width / 3))), means = this.means(activity, columns);
    const most = Math.max(1e-9, ...means), x = (step) => (step / nSteps) * width, now = x(state.step + 1);
    context.fillStyle = faded(palette.muted, 0.07);
    context.fillRect(0, 0, width, height);
    context.fillStyle = faded(palette.muted, 0.14);
    if (state.end - state.begin < nSteps) context.fillRect(x(state.begin), 0, x(state.end) - x(state.begin), height);
    for (let k = 0; k < columns; k++) {
      const left = (k * width) / columns, tall = (means[k] / most) * (height - 8);
      context.fillStyle = faded(palette.ink, left < now ? 0.55 : 0.2);
      context.fillRect(left, height - tall, Math.max(1, width / columns - 1), tall);
    }
    const first = contents.recordings[state.recording].first;
    if (first) line(context, x(first[2] + 0.5), 0, x(first[2] + 0.5), height, palette.differs, { width: 2, dash: [5, 4] });
    line(context, Math.min(width - 1, now), 0, Math.min(width - 1, now), height, palette.ink, { width: 2 });
    const ms = number(Math.floor(state.step) * contents.dt_ms, 6);
    surface.canvas.setAttribute("aria-valuenow", ms);
    surface.canvas.setAttribute("aria-valuetext", `${ms} ms`);
  }
}
