// The network at the chosen place: what it expects, its layers, and the last steps, unrolled.

const CANDIDATES = 6, CANDIDATES_AFTER_CHANGE = 3;
const GRID = 160, SMALL_GRID = 84, STEP_GRID = 40, GATE_GRID = 72; // pixels
const STEPS_SHOWN = 6;
const COMPARED = { // the words over two columns, by what makes them differ
  changed: ["asItIs", "changed"], held: ["free", "held"], erased: ["kept", "erased"],
};

// Outputs of most units are far from 1: the root makes them visible.
const visible = (output) => Math.sign(output) * Math.sqrt(Math.abs(output));

const nameLine = (name, note) =>
  element("div", { className: "name" },
    element("span", { "data-word": name }), element("span", { "data-word": note }));

const arrow = (...content) => element("div", { className: "arrow" }, ...content);

const describe = (canvas, label) => {
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
};

// The likeliest characters; two columns where something was changed.
class PredictionView {
  constructor(reading) {
    this.reading = reading;
    this.bars = element("ul", { className: "bars" });
    this.columns = ["as-it-is", "altered"].map((className) => element("span", { className }));
    this.header = element("p", { className: "compared" }, ...this.columns);
    this.element = element("div", { className: "layer output" },
      nameLine("outputLayer", "outputNote"), this.header, this.bars);
  }

  speak() {}

  draw(at) {
    const { asItIs, plain, reader } = this.reading;
    const logs = asItIs.predictAfter(at);
    const altered = plain && reader.predictAfter(at);
    const next = this.reading.idAt(at);
    this.header.hidden = !altered;
    const names = COMPARED[this.reading.alteredBy];
    this.columns.forEach((column, at) => (column.textContent = word(names[at])));
    const ids = likeliest(logs, CANDIDATES);
    if (altered) ids.push(...likeliest(altered, CANDIDATES_AFTER_CHANGE));
    if (next !== null) ids.push(next);
    this.bars.replaceChildren(...[...new Set(ids)].map((id) =>
      element("li", { className: [altered && "two", id === next && "next"].filter(Boolean).join(" ") },
        element("span", {}, this.reading.characterOf(id)),
        ...this.bar(logs[id]), ...(altered ? this.bar(altered[id]) : []))));
  }

  bar(log) {
    const bar = element("i");
    bar.style.setProperty("--v", Math.exp(log));
    return [element("span", {}, percent(log)), bar];
  }
}

// The hidden layers, each with its state before and after, and the input below them.
class LayersView {
  constructor(reading) {
    this.reading = reading;
    const { layers, hidden } = reading.model;
    this.character = element("span", { className: "character" });
    this.layers = Array.from({ length: layers }, (_, layer) => {
      const before = element("canvas");
      const after = element("canvas", { className: "grid", onclick: (event) => {
        const unit = unitAt(after, event, hidden);
        if (unit !== null) reading.chooseUnit(layer, unit);
      } });
      return { name: element("span"), before, after };
    });
    const boxes = this.layers.map((layer) => this.box(layer)).reverse();
    this.element = element("div", { className: "network" },
      ...boxes.flatMap((box, at) => (at ? [arrow("↑"), box] : [box])),
      arrow("↑ W"),
      element("div", { className: "layer input" }, nameLine("inputLayer", "inputNote"), this.character));
  }

  box({ name, before, after }) {
    const figure = (canvas, caption) =>
      element("figure", {}, canvas, element("figcaption", { "data-word": caption }));
    const { loops } = this.reading.cell;
    return element("div", { className: "layer hidden" },
      element("div", { className: "name" }, name),
      element("div", { className: "states" },
        ...(loops ? [figure(before, "before"), arrow("→")] : []),
        figure(after, "after"),
        ...(loops ? [arrow(loopArrow())] : [])));
  }

  speak() {
    const { name: model, hidden: units, layers } = this.reading.model;
    const [name, before, after] = layers > 1
      ? ["hiddenLayer", "beforeLabel", "afterLabel"]
      : ["onlyHiddenLayer", "onlyBeforeLabel", "onlyAfterLabel"];
    this.layers.forEach((each, at) => {
      const values = { model, units, layer: at + 1 };
      each.name.textContent = word(name, values);
      describe(each.before, word(before, values));
      describe(each.after, word(after, values));
    });
  }

  draw(at) {
    const { reader, session, cell } = this.reading;
    const after = reader.stateAfter(at), before = reader.stateAfter(Math.max(0, at - 1));
    this.character.textContent = at ? shown(session.text[at - 1]) : "–";
    this.layers.forEach((layer, number) => {
      const unit = this.reading.unitOf(number);
      drawGrid(layer.after, after[number].h.map(visible), GRID, unit);
      if (cell.loops) drawGrid(layer.before, before[number].h.map(visible), SMALL_GRID, unit);
    });
  }
}

// The last steps side by side, and the next one, which has to wait.
class UnrolledView {
  constructor(reading) {
    this.reading = reading;
    const { loops } = reading.cell;
    this.steps = Array.from({ length: STEPS_SHOWN }, (_, at) => {
      const expected = element("span"), grid = element("canvas"), read = element("strong");
      grid.setAttribute("aria-hidden", "true");
      const between = element("div", { className: "between" }, at && loops ? "U →" : "");
      const box = element("div", {}, expected, element("div", { className: "box" }, grid),
        element("span", { className: "arrow" }, "↑ W"), read);
      return { between, box, expected, grid, read };
    });
    const waiting = [element("div", { className: "between waiting" }, "U →"),
      element("div", { className: "waiting" }, element("span", {}, "?"),
        element("div", { className: "box" }), element("span", { "data-word": "waits" }))];
    this.strip = element("div", { className: "steps", tabIndex: 0 },
      ...this.steps.flatMap(({ between, box }) => [between, box]), ...(loops ? waiting : []));
    this.element = element("div", {},
      element("p", { className: "scale", "data-word": "steps" }), this.strip);
  }

  speak() {
    this.strip.setAttribute("aria-label", word("stepsLabel", { model: this.reading.name }));
  }

  draw(at) {
    const { reader, session, model } = this.reading;
    const first = Math.max(0, at - STEPS_SHOWN) + 1;
    this.steps.forEach(({ between, box, expected, grid, read }, column) => {
      const step = first + column;
      between.hidden = box.hidden = step > at;
      box.className = step === at ? "at" : "";
      if (step > at) return;
      const top = reader.stateAfter(step).at(-1);
      drawGrid(grid, top.h.map(visible), STEP_GRID, this.reading.unitOf(model.layers - 1));
      read.textContent = shown(session.text[step - 1]);
      const [expectedId] = likeliest(reader.predictAfter(step), 1);
      expected.textContent = `${this.reading.characterOf(expectedId)}?`;
    });
    this.strip.scrollLeft = this.strip.scrollWidth;
  }
}

// The gates of the top layer, each of which can be held at 1 or 0, and an lstm's c.
class GatesView {
  constructor(reading) {
    this.reading = reading;
    this.gates = reading.cell.clampable.map((gate) => ({
      gate, grid: element("canvas"), caption: element("figcaption"),
      select: element("select", { onchange: ({ target: { value } }) =>
        reading.hold(gate, value === "" ? null : Number(value)) }),
    }));
    this.cell = reading.cell.states.includes("c")
      ? { grid: element("canvas"), caption: element("figcaption") } : null;
    const figures = [...this.gates, ...(this.cell ? [this.cell] : [])].map(
      ({ grid, caption, select }) => element("figure", {}, grid, caption, ...(select ? [select] : [])));
    this.element = element("details", { className: "part", open: true, hidden: !this.gates.length },
      element("summary", { "data-word": "gates" }), element("div", { className: "gates" }, ...figures));
  }

  speak() {
    const { name: model, clamps } = this.reading;
    for (const { gate, grid, select } of this.gates) {
      const label = word("gateLabel", { model, gate: gateName(gate) });
      describe(grid, label);
      select.setAttribute("aria-label", label);
      const held = String(clamps[gate] ?? "");
      select.replaceChildren(...["", "1", "0"].map((value) =>
        element("option", { value, selected: value === held }, value ? word("always", { value }) : word("free"))));
    }
    if (!this.cell) return;
    describe(this.cell.grid, word("cellStateLabel", { model }));
    this.cell.caption.textContent = word("cellState");
  }

  draw(at) {
    const { reader, model } = this.reading;
    const top = reader.stateAfter(at).at(-1);
    const unit = this.reading.unitOf(model.layers - 1);
    for (const { gate, grid, caption } of this.gates) {
      const values = top.gates[gate];
      drawGrid(grid, values, GATE_GRID, unit);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      caption.textContent = `${gateName(gate)} ${mean.toFixed(2)}`;
    }
    if (this.cell) drawGrid(this.cell.grid, top.c.map(Math.tanh), GATE_GRID, unit);
  }
}

// Buttons from unit to unit, and the units that follow a property of the text.
class UnitsView {
  constructor(reading) {
    this.reading = reading;
    this.found = element("select", { onchange: ({ target: { value } }) => {
      if (value) reading.chooseUnit(...value.split(":").map(Number));
    } });
    const button = (name, by) =>
      element("button", { type: "button", "data-word": name, onclick: () => this.move(by) });
    this.element = element("div", { className: "row" },
      button("previous", -1), button("next", 1),
      element("label", { hidden: !reading.model.units.length },
        element("span", { "data-word": "found" }), " ", this.found));
  }

  move(by) {
    const { hidden, layers } = this.reading.model;
    const [layer, unit] = this.reading.unit ?? [layers - 1, by > 0 ? -1 : hidden];
    this.reading.chooseUnit(layer, (unit + by + hidden) % hidden);
  }

  speak() {
    const chosen = String(this.reading.unit);
    const options = this.reading.model.units.map(({ property, layer, unit, r }) => {
      const name = this.reading.unitName(layer, unit);
      const selected = chosen === `${layer},${unit}`;
      return element("option", { value: `${layer}:${unit}`, selected },
        word("follower", { unit: name, property: word(property), r }));
    });
    this.found.replaceChildren(element("option", { value: "" }, word("noUnit")), ...options);
  }

  draw() {}
}
