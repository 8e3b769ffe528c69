// Elements, numbers, colours and canvases that know how large they are.

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") made.textContent = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

const number = (x, digits = 3) => (Number.isFinite(x) ? String(Number(x.toPrecision(digits))).replace("-", "−") : "–");
const clamp = (x, low, high) => Math.min(high, Math.max(low, x));
const thousands = (n) => String(n).replace(/\B(?=(\d{3})+$)/g, ",");

// Round numbers between low and high, about as many as asked for.
function ticks(low, high, wanted) {
  const rough = (high - low) / Math.max(1, wanted);
  if (!(rough > 0)) return [];
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough);
  const found = [];
  for (let x = Math.ceil(low / step) * step; x <= high + 1e-9 * step; x += step) found.push(Math.abs(x) < 1e-9 * step ? 0 : x);
  return found;
}

let palette = {};
function readPalette() {
  const style = getComputedStyle(document.documentElement);
  const names = ["first", "second", "differs", "before", "after", "input", "ink", "muted", "line", "panel"];
  palette = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
}

const channels = (hex) => [1, 3, 5].map((k) => parseInt(hex.slice(k, k + 2), 16));
function faded(hex, alpha) {
  const [r, g, b] = channels(hex);
  return `rgba(${r}, ${g}, ${b}, ${alpha})`;
}
// One pixel of an ImageData as a 32-bit number, whose lowest byte is red.
function pixel(hex, alpha) {
  const [r, g, b] = channels(hex);
  return ((Math.round(255 * alpha) << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

// A canvas of its element's size in the pixels of the screen; drawn to in units of CSS.
class Surface {
  constructor(label, changed) {
    this.canvas = element("canvas", { role: "img", "aria-label": label });
    this.context = this.canvas.getContext("2d");
    new ResizeObserver(() => { if (this.measure()) changed(); }).observe(this.canvas);
  }

  measure() {
    const { width, height } = this.canvas.getBoundingClientRect();
    const ratio = Math.min(3, window.devicePixelRatio || 1);
    if (width === this.width && height === this.height && ratio === this.ratio) return false;
    Object.assign(this, { width, height, ratio, known: "" });  // a canvas of another size is empty
    this.canvas.width = Math.max(1, Math.round(width * ratio));
    this.canvas.height = Math.max(1, Math.round(height * ratio));
    return true;
  }

  // Whether anything is new since this was last called; what is not need not be drawn again.
  isNew(...key) {
    this.measure();
    const now = [...key, this.width, this.height, this.ratio, palette.panel].join("|");
    if (now === this.known) return false;
    this.known = now;
    return true;
  }

  begin() {
    const context = this.context;
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    context.font = "12px system-ui, sans-serif";
    context.lineWidth = 1;
    context.textBaseline = "middle";
    return context;
  }
}

function line(context, x1, y1, x2, y2, colour, { width = 1, dash = [] } = {}) {
  context.save();
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.setLineDash(dash);
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
  context.restore();
}

function label(context, text, x, y, colour, align = "left", limit = undefined) {
  context.fillStyle = colour;
  context.textAlign = align;
  context.fillText(text, x, y, limit);
}

// The axis of time below a plot.
function timeAxis(context, left, right, y, begin, end) {
  line(context, left, y, right, y, palette.line);
  const unit = contents.dt_ms;
  for (const t of ticks(begin * unit, end * unit, (right - left) / 90)) {
    const x = left + ((t / unit - begin) / (end - begin)) * (right - left);
    line(context, x, y, x, y + 4, palette.muted);
    label(context, number(t, 6), x, y + 12, palette.muted, x > right - 20 ? "right" : x < left + 10 ? "left" : "center");
  }
  label(context, "time (ms)", (left + right) / 2, y + 28, palette.muted, "center");
}
