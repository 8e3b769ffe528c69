// The contents of the page: plain data, and typed arrays that it names by [kind, offset, length].

const contents = JSON.parse(document.getElementById("contents").textContent);

const bytes = (() => {
  const text = atob(document.getElementById("arrays").textContent);
  const made = new Uint8Array(text.length);
  for (let k = 0; k < text.length; k++) made[k] = text.charCodeAt(k);
  return made;
})();

function unpack([kind, offset, length]) {
  const kinds = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, f4: Float32Array };
  if (kind !== "b2") return new kinds[kind](bytes.buffer, offset, length);
  const halves = new Uint16Array(bytes.buffer, offset, length);  // the upper halves of float32
  return new Float32Array(Uint32Array.from(halves, (half) => half << 16).buffer);
}

// A function of a text that remembers its results.
function remembering(compute) {
  const known = new Map();
  return (...keys) => {
    const key = keys.join("|");
    if (!known.has(key)) known.set(key, compute(...keys));
    return known.get(key);
  };
}

const populations = contents.populations;
const nSteps = contents.n_steps;

function rows(counts) {
  const begins = new Uint32Array(counts.length + 1);
  for (let k = 0; k < counts.length; k++) begins[k + 1] = begins[k] + counts[k];
  return begins;
}

// Spikes of a population in one simulator: those of step t are units[begins[t]] to units[begins[t + 1]].
const spikesOf = remembering((recording, population, side) => {
  const packed = contents.recordings[recording].spikes[population];
  const begins = rows(unpack(packed.counts)), units = unpack(packed.units);
  if (side === 0 || !packed.differing) return { begins, units };
  const differs = differencesOf(recording, population);
  const counts = new Uint32Array(nSteps), all = [];
  for (let t = 0; t < nSteps; t++) {
    const here = new Set(units.subarray(begins[t], begins[t + 1]));
    for (let k = differs.begins[t]; k < differs.begins[t + 1]; k++) {
      const unit = differs.units[k];
      if (!here.delete(unit)) here.add(unit);
    }
    counts[t] = here.size;
    all.push(...here);
  }
  return { begins: rows(counts), units: Uint32Array.from(all) };
});

// The cells in which one simulator spikes and the other does not.
const differencesOf = remembering((recording, population) => {
  const packed = contents.recordings[recording].spikes[population];
  if (!packed || !packed.differing) return { begins: new Uint32Array(nSteps + 1), units: new Uint32Array(0) };
  return { begins: rows(unpack(packed.differing)), units: unpack(packed.differing_units) };
});

// The place of a neuron among those whose traces are in the file, or -1.
const keptPlace = remembering((population, neuron) =>
  population === "input" ? Number(neuron) : (contents.kept[population] || []).indexOf(Number(neuron)));

function levels(packed, row) {
  const all = unpack(packed.levels).subarray(row * nSteps, (row + 1) * nSteps);
  const low = unpack(packed.low)[row], span = unpack(packed.high)[row] - low;
  return Float32Array.from(all, (level) => (level === 0xffff ? NaN : low + (span * level) / 0xfffe));
}

// One variable of one neuron over time in one simulator, in its unit; null if it is not in the file.
const traceOf = remembering((recording, population, variable, neuron, side) => {
  const packed = contents.recordings[recording].traces[`${population}.${variable}`];
  const row = keptPlace(population, neuron);
  if (!packed || row < 0) return null;
  const trace = levels(packed, row);
  if (side === 1 && packed.difference) {
    const difference = differenceOf(recording, population, variable, neuron);
    for (let t = 0; t < nSteps; t++) trace[t] += difference[t];
  }
  return trace;
});

// What the second simulator adds to the first.
const differenceOf = remembering((recording, population, variable, neuron) => {
  const packed = contents.recordings[recording].traces[`${population}.${variable}`];
  const row = keptPlace(population, neuron);
  if (!packed || row < 0) return null;
  return packed.difference ? unpack(packed.difference).subarray(row * nSteps, (row + 1) * nSteps) : new Float32Array(nSteps);
});

// The threshold of a neuron over time; null if it has none.
const thresholdOf = remembering((recording, population, neuron) => {
  const packed = contents.recordings[recording].traces[`${population}.theta`];
  const row = keptPlace(population, neuron);
  if (!packed || row < 0) return null;
  return packed.still ? new Float32Array(nSteps).fill(unpack(packed.still)[row]) : levels(packed, row);
});

// Spikes of all layers per step, for the overview.
const activityOf = remembering((recording) => {
  const sum = new Uint32Array(nSteps);
  for (const { name, spikes } of populations) {
    if (!spikes || (name === "input" && populations.some((p) => p.spikes && p.name !== "input"))) continue;
    const counts = unpack(contents.recordings[recording].spikes[name].counts);
    for (let t = 0; t < nSteps; t++) sum[t] += counts[t];
  }
  return sum;
});
