// A model and what it reads on the page: the text of the session, with all that was changed there.

class Reading {
  // `changed` is called after the unit or a gate was chosen.
  constructor(model, session, changed) {
    this.model = model;
    this.session = session;
    this.changed = changed;
    this.reader = new Reader(model);
    this.plain = null; // reads the text as it is, where something was erased, held or changed
    this.clamps = {}; // the values of gates that are held, by name
    this.unit = null; // the chosen one, [layer, unit]
  }

  get cell() {
    return this.reader.network.cell;
  }

  get name() {
    return this.model.name;
  }

  ids(text) {
    return text.map((character) => this.reader.alphabet.idOf(character));
  }

  read() {
    const { text, erased, changedAt, changedTo } = this.session;
    const changed = text.map((each, at) => (at === changedAt ? changedTo : each));
    this.reader.read(this.ids(changed), erased, this.clamps);
    const isPlain = changedAt === null && !erased.size && !Object.keys(this.clamps).length;
    this.plain = isPlain ? null : (this.plain ?? new Reader(this.model));
    this.plain?.read(this.ids(text));
  }

  // The reader of the text as it is.
  get asItIs() {
    return this.plain ?? this.reader;
  }

  // What makes the two readers differ, if they do.
  get alteredBy() {
    if (this.session.changedAt !== null) return "changed";
    return Object.keys(this.clamps).length ? "held" : "erased";
  }

  // The id of the character that stands after the first `at`; null at the end.
  idAt(at) {
    const next = this.session.text[at];
    return next === undefined ? null : this.reader.alphabet.idOf(next);
  }

  characterOf(id) {
    const { unknown, characters } = this.reader.alphabet;
    return id === unknown ? "?" : shown(characters[id]);
  }

  unitName(layer, unit) {
    return this.model.layers > 1 ? `${layer + 1}:${unit}` : String(unit);
  }

  // The chosen unit, if it is one of this layer.
  unitOf(layer) {
    return this.unit && this.unit[0] === layer ? this.unit[1] : null;
  }

  chooseUnit(layer, unit) {
    this.unit = [layer, unit];
    this.session.shade = "unit";
    this.changed();
  }

  hold(gate, value) {
    if (value === null) delete this.clamps[gate];
    else this.clamps[gate] = value;
    this.changed();
  }
}

// The ids of the likeliest characters, the likeliest first.
const likeliest = (logs, number) => {
  const best = [];
  logs.forEach((log, id) => {
    if (best.length === number && log <= logs[best.at(-1)]) return;
    const place = best.findIndex((other) => logs[other] < log);
    best.splice(place < 0 ? best.length : place, 0, id);
    if (best.length > number) best.pop();
  });
  return best;
};
