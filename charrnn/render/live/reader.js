// A model that reads a text: what it knows after each character.

const INFLUENCE_AT_MOST = 100; // characters before the one that is asked about
const PIECE = 12; // milliseconds of work, after which the page may draw

const nextTask = () => new Promise((resolve) => setTimeout(resolve));

class Alphabet {
  constructor({ characters, unknown, newline, normalize }) {
    this.characters = characters.map((hex) => String.fromCodePoint(parseInt(hex, 16)));
    this.ids = new Map(this.characters.map((character, id) => [character, id]));
    this.unknown = unknown ? this.characters.length : null;
    this.size = this.characters.length + (unknown ? 1 : 0);
    this.newline = newline;
    this.form = normalize === "none" ? null : normalize.toUpperCase();
  }

  // The code points of a text as the model reads them.
  split(text) {
    if (this.newline === "lf") text = text.replace(/\r\n?/g, "\n");
    return [...(this.form ? text.normalize(this.form) : text)];
  }

  // The id of a code point; null for one that the model passes over.
  idOf(character) {
    return this.ids.get(character) ?? this.unknown;
  }
}

const argMax = (values) => values.reduce((best, value, at) => (value > values[best] ? at : best), 0);

// Reads ids, from a zero state. `erased` are the numbers of characters after which the state is set
// to zero, `clamps` those of `Network.step`.
class Reader {
  constructor(model) {
    this.network = new Network(model);
    this.alphabet = new Alphabet(model);
    this.start = model.start;
    this.clear();
  }

  clear(clamps = {}) {
    this.clamps = { ...clamps };
    this.erased = new Set();
    this.ids = [];
    this.states = [this.network.zeroState()];
    this.logs = [];
  }

  // Read `ids` in place of those before; what both begin with is not read again.
  read(ids, erased = new Set(), clamps = {}) {
    if (JSON.stringify(clamps) !== JSON.stringify(this.clamps)) this.clear(clamps);
    let same = 0;
    while (
      same < ids.length && ids[same] === this.ids[same] &&
      erased.has(same) === this.erased.has(same)
    ) same++;
    const known = erased.has(same) === this.erased.has(same) ? same + 1 : same;
    this.ids = ids.slice();
    this.erased = new Set(erased);
    this.states.length = Math.min(this.states.length, same + 1);
    this.logs.length = Math.min(this.logs.length, known);
    while (this.states.length <= ids.length) {
      const read = this.states.length - 1;
      this.states.push(this.#step(this.stateAfter(read), ids[read]));
    }
  }

  #step(state, id) {
    return id === null ? state : this.network.step(state, id, this.clamps);
  }

  // The state after a number of characters, zeros where it is erased.
  stateAfter(count) {
    return this.erased.has(count) ? this.network.zeroState() : this.states[count];
  }

  // Log-probabilities of what follows a number of characters.
  predictAfter(count) {
    this.logs[count] ??= this.#predict(this.stateAfter(count), this.ids.slice(0, count));
    return this.logs[count];
  }

  #predict(state, read) {
    return read.some((id) => id !== null) || this.erased.size
      ? this.network.predict(state)
      : this.#predictStart();
  }

  // What a text begins with: as after a newline, or by frequency where there is none.
  #predictStart() {
    const newline = this.alphabet.ids.get("\n");
    if (newline === undefined) return Float64Array.from(this.start, Math.log);
    return this.network.predict(this.#step(this.network.zeroState(), newline));
  }

  // How much each of the first `count` characters decides what is expected after them: the
  // log-probability of `target` (an id; by default the likeliest) minus that without the character.
  // Exact: each is left out in turn and the rest is read again. `stopped()` ends it early.
  async influence(count, target = argMax(this.predictAfter(count)), stopped = () => false) {
    const whole = this.predictAfter(count)[target];
    const influences = new Array(count).fill(0);
    let pause = performance.now() + PIECE;
    for (let out = count - 1; out >= Math.max(0, count - INFLUENCE_AT_MOST); out--) {
      if (this.ids[out] === null) continue;
      let state = this.stateAfter(out);
      for (let at = out + 1; at < count; at++) {
        if (this.erased.has(at)) state = this.network.zeroState();
        state = this.#step(state, this.ids[at]);
        if (performance.now() > pause) {
          await nextTask();
          if (stopped()) return null;
          pause = performance.now() + PIECE;
        }
      }
      if (this.erased.has(count)) state = this.network.zeroState();
      const read = this.ids.slice(0, count).filter((_, at) => at !== out);
      influences[out] = whole - this.#predict(state, read)[target];
    }
    return influences;
  }
}

// A number from 0 to 1 that follows from a seed and the number of a draw (mulberry32).
const uniform = (seed, draw) => {
  let x = (seed + Math.imul(draw + 1, 0x6d2b79f5)) | 0;
  x = Math.imul(x ^ (x >>> 15), x | 1);
  x ^= x + Math.imul(x ^ (x >>> 7), x | 61);
  return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
};

// Draw an id: at temperature 0 the likeliest; `topP` keeps the likeliest that make up this share.
const drawId = (logs, unknown, { temperature, topP, number }) => {
  const allowed = [...logs.keys()].filter((id) => id !== unknown);
  allowed.sort((one, other) => logs[other] - logs[one]);
  if (temperature === 0) return allowed[0];
  const highest = logs[allowed[0]];
  const weights = allowed.map((id) => Math.exp((logs[id] - highest) / temperature));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let kept = 0;
  for (let sum = 0; kept < weights.length && sum < topP * total; kept++) sum += weights[kept];
  const chosen = weights.slice(0, Math.max(1, kept));
  let left = number * chosen.reduce((sum, weight) => sum + weight, 0);
  return allowed[chosen.findIndex((weight) => (left -= weight) < 0)] ?? allowed[0];
};
