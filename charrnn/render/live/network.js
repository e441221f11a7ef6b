// The network of a model: its weights, and one step after another.
//
// A state is a list with an object for each layer: the arrays of its cell's `states`, and `gates`,
// the values of the gates in the step that led to it.

const bytesOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

const halfToNumber = (half) => {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
};

const littleEndian = (bytes, read, size) => {
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length / size }, (_, at) => read(view, at * size));
};
const floats = (bytes) => littleEndian(bytes, (view, at) => view.getFloat32(at, true), 4);

// A matrix of the page, as numbers in row after row.
const unpack = ({ shape: [rows, columns], bits, data, scale }) => {
  const bytes = bytesOf(data);
  if (bits === 32) return { rows, columns, values: floats(bytes) };
  if (bits === 16) {
    const table = Float32Array.from({ length: 1 << 16 }, (_, half) => halfToNumber(half));
    const values = Float32Array.from(
      { length: bytes.length / 2 }, (_, at) => table[bytes[2 * at] + 256 * bytes[2 * at + 1]],
    );
    return { rows, columns, values };
  }
  const scales = floats(bytesOf(scale));
  const values = Float32Array.from(
    bytes, (byte, at) => (byte < 128 ? byte : byte - 256) * scales[Math.floor(at / columns)],
  );
  return { rows, columns, values };
};

// The product of a matrix and x, added to `sums`. Four sums at a time, which do not wait for each
// other, take half the time of one.
const addProduct = ({ rows, columns, values }, x, sums) => {
  const even = columns - (columns % 4);
  for (let row = 0, at = 0; row < rows; row++) {
    let [p, q, r, s] = [0, 0, 0, 0];
    let k = 0;
    for (; k < even; k += 4, at += 4) {
      p += values[at] * x[k];
      q += values[at + 1] * x[k + 1];
      r += values[at + 2] * x[k + 2];
      s += values[at + 3] * x[k + 3];
    }
    for (; k < columns; k++, at++) p += values[at] * x[k];
    sums[row] += p + q + r + s;
  }
};

const rowOf = ({ columns, values }, row) => values.subarray(row * columns, (row + 1) * columns);

class Network {
  constructor({ cell, hidden, layers, tied, arrays }) {
    this.cell = cells[cell];
    this.hidden = hidden;
    this.tied = tied;
    this.arrays = Object.fromEntries(
      Object.entries(arrays).map(([name, packed]) => [name, unpack(packed)]),
    );
    this.output = this.arrays[tied ? "E" : "out.W"];
    this.layers = Array.from({ length: layers }, (_, layer) => ({
      W: this.arrays[`W${layer}`],
      U: this.arrays[`U${layer}`],
      b: this.arrays[`b${layer}`].values,
      recurrentBias: this.arrays[`r${layer}`].values,
      a: new Float64Array(this.cell.gates.length * hidden),
      hU: new Float64Array(this.cell.gates.length * hidden),
    }));
  }

  // The state before the first character: zeros.
  zeroState() {
    return this.layers.map(() => this.#emptyLayer());
  }

  #emptyLayer() {
    const zeros = () => new Float64Array(this.hidden);
    const named = (names) => Object.fromEntries(names.map((name) => [name, zeros()]));
    return { ...named(this.cell.states), gates: named(this.cell.gates) };
  }

  // The state after a character, given the state before. `clamps` has values of gates, by name,
  // that are held fixed in all units of all layers.
  step(state, id, clamps = {}) {
    const clamp = (gates) => {
      for (const [name, value] of Object.entries(clamps)) gates[name]?.fill(value);
    };
    let x = this.tied ? rowOf(this.arrays.E, id) : null;
    return this.layers.map(({ W, U, b, recurrentBias, a, hU }, layer) => {
      a.set(b);
      if (x) addProduct(W, x, a);
      else rowOf(W, id).forEach((value, k) => (a[k] += value));
      hU.fill(0);
      hU.set(recurrentBias, hU.length - recurrentBias.length);
      if (U.rows) addProduct(U, state[layer].h, hU);
      const after = this.#emptyLayer();
      this.cell.step({ a, hU, before: state[layer], after, gates: after.gates, clamp });
      x = after.h;
      return after;
    });
  }

  // The log-probabilities of all characters after a state.
  predict(state) {
    const logits = Float64Array.from(this.arrays["out.b"].values);
    addProduct(this.output, state.at(-1).h, logits);
    const highest = logits.reduce((most, logit) => Math.max(most, logit));
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit - highest), 0);
    const shift = highest + Math.log(total);
    return logits.map((logit) => logit - shift);
  }
}
