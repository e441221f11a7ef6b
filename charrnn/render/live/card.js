// A model on the page: its text, its network at the chosen place, its gates and its units.

const WIDE = "(min-width: 37.5rem)";
const WAITING_SHOWN = 1;
const STEPS_SHOWN = 6, CANDIDATES = 6, GRID = 160, SMALL_GRID = 84, STEP_GRID = 40, GATE_GRID = 72;
const SURPRISE_AT_MOST = 8; // nats

const LEAST_SHARE = 0.05; // from which on a color can be seen

// So that a nat is seen beside ten.
const halfAtOne = (nats) => nats / (1 + nats);

// Outputs of most units are far from 1: the root makes them visible.
const visible = (output) => Math.sign(output) * Math.sqrt(Math.abs(output));

const divergence = (logs, others) =>
  logs.reduce((sum, log, id) => sum + (log > -700 ? Math.exp(log) * (log - others[id]) : 0), 0);

class Card {
  constructor(model, session, changed) {
    this.model = model;
    this.session = session;
    this.reader = new Reader(model); // reads what the page shows
    this.plain = null; // reads the text as it is, where something was erased, held or changed
    this.unit = null;
    this.clamps = {};
    this.changed = changed; // called when the reader of the page changes something here
    this.cell = this.reader.network.cell;
    this.spans = [];
    this.build();
  }

  get name() {
    const { name, cell } = this.model;
    return name === cell ? name : `${name} (${cell})`;
  }

  build() {
    const { layers, hidden } = this.model;
    this.text = element("div", { className: "text", tabIndex: 0, onkeydown: (event) => this.moveByKey(event),
      onclick: (event) => this.select(event.target.closest("span")) });
    this.text.setAttribute("role", "group");
    this.scale = element("p", { className: "scale" });
    this.bars = element("ul", { className: "bars" });
    this.header = element("p", { className: "compared" },
      element("span", { className: "as-it-is", "data-word": "asItIs" }), element("span", { className: "altered", "data-word": "changed" }));
    this.mark = element("span", { className: "erased" }); // of an erased state at the end
    this.grids = Array.from({ length: layers }, (_, layer) =>
      element("canvas", { className: "grid", onclick: (event) => this.chooseUnit(layer, unitAt(event.target, event, hidden)) }));
    this.before = this.grids.map(() => element("canvas"));
    this.character = element("span", { className: "character" });
    this.layerNames = this.grids.map(() => element("span"));
    const hiddenLayers = this.grids.map((grid, layer) =>
      element("div", { className: "layer hidden" },
        element("div", { className: "name" }, this.layerNames[layer]),
        element("div", { className: "states" },
          ...(this.cell.loops ? [this.labelled(this.before[layer], "before"), element("span", { className: "arrow" }, "→")] : []),
          this.labelled(grid, "after"),
          ...(this.cell.loops ? [element("span", { className: "arrow" }, loopArrow())] : []))));
    const arrow = (text) => element("div", { className: "arrow" }, text);
    const inside = element("div", { className: "network" },
      ...hiddenLayers.reverse().flatMap((layer, at) => (at ? [arrow("↑"), layer] : [layer])),
      arrow("↑ W"),
      element("div", { className: "layer input" }, this.nameLine("input", "inputNote"), this.character));
    this.steps = element("div", { className: "steps", tabIndex: 0 });
    this.stepBoxes = Array.from({ length: STEPS_SHOWN }, () => ({
      expected: element("span"), grid: element("canvas"), read: element("strong"),
    }));
    this.stepBoxes.forEach(({ expected, grid, read }, at) => {
      if (at && this.cell.loops) this.steps.append(element("div", { className: "between" }, "U →"));
      this.steps.append(element("div", {}, expected, element("div", { className: "box" }, grid),
        element("span", { className: "arrow" }, "↑ W"), read));
      grid.setAttribute("aria-hidden", "true");
    });
    for (let waiting = 0; waiting < WAITING_SHOWN && this.cell.loops; waiting++) {
      this.steps.append(element("div", { className: "between waiting" }, "U →"), element("div", { className: "waiting" },
        element("span", {}, "?"), element("div", { className: "box" }), element("span", { "data-word": "waits" })));
    }
    this.network = element("div", { className: "moves" },
      element("div", { className: "layer output" }, this.nameLine("output", "outputNote"), this.header, this.bars),
      element("details", { className: "part", open: matchMedia(WIDE).matches },
        element("summary", { "data-word": "inside" }), inside,
        element("p", { className: "scale" }, element("span", { "data-word": "steps" })), this.steps,
        this.buildGates(), this.buildUnits()));
    this.element = element("article", { className: "card" },
      this.title = element("h3"), this.text, this.scale, this.network);
  }

  labelled(canvas, name) {
    return element("figure", {}, canvas, element("figcaption", { "data-word": name }));
  }

  nameLine(name, note) {
    return element("div", { className: "name" }, element("span", { "data-word": name }), element("span", { "data-word": note }));
  }

  buildGates() {
    this.gates = this.cell.clampable.map((gate) => ({ gate, grid: element("canvas"), caption: element("span"),
      select: element("select", { onchange: (event) => this.clamp(gate, event.target.value) }) }));
    this.cells = this.cell.states.includes("c") ? element("canvas") : null;
    if (!this.gates.length) return "";
    const figures = this.gates.map(({ grid, caption, select }) =>
      element("figure", {}, grid, element("figcaption", {}, caption), select));
    if (this.cells) figures.push(element("figure", {}, this.cells, this.cellsCaption = element("figcaption")));
    return element("details", { className: "part", open: true },
      element("summary", { "data-word": "gates" }), element("div", { className: "gates" }, ...figures));
  }

  buildUnits() {
    const move = (by) => {
      const { hidden, layers } = this.model;
      const [layer, unit] = this.unit ?? [layers - 1, by > 0 ? -1 : hidden];
      this.chooseUnit(layer, (unit + by + hidden) % hidden);
    };
    this.found = element("select", { onchange: (event) => {
      const [layer, unit] = event.target.value.split(":").map(Number);
      if (event.target.value) this.chooseUnit(layer, unit);
    } });
    this.foundLabel = element("label", {}, element("span", { "data-word": "found" }), " ", this.found);
    return element("div", { className: "row" },
      element("button", { type: "button", "data-word": "previous", onclick: () => move(-1) }),
      element("button", { type: "button", "data-word": "next", onclick: () => move(1) }),
      ...(this.model.units.length ? [this.foundLabel] : []));
  }

  // Fill in what depends on the language.
  speak() {
    this.title.textContent = this.name;
    this.text.setAttribute("aria-label", word("textLabel", this.model.name));
    this.steps.setAttribute("aria-label", `${this.model.name}: ${word("steps")}`);
    this.layerNames.forEach((name, layer) => {
      const number = this.model.layers > 1 ? ` ${layer + 1}` : "";
      name.textContent = `${word("hidden")}${number}: ${this.model.hidden}`;
    });
    for (const [layer, grid] of this.grids.entries()) {
      const number = this.model.layers > 1 ? ` ${layer + 1}` : "";
      for (const [canvas, what] of [[grid, "after"], [this.before[layer], "before"]]) {
        canvas.setAttribute("role", "img");
        canvas.setAttribute("aria-label", word("gridLabel", this.model.name, `${word(what)}${number}`));
      }
    }
    for (const { gate, grid, select } of this.gates) {
      grid.setAttribute("role", "img");
      grid.setAttribute("aria-label", word("gateLabel", this.model.name, gateName(gate)));
      select.setAttribute("aria-label", word("gateLabel", this.model.name, gateName(gate)));
      const chosen = this.clamps[gate] ?? "";
      select.replaceChildren(...["", 1, 0].map((value) =>
        element("option", { value: String(value), selected: String(value) === String(chosen) }, value === "" ? word("free") : word("always", value))));
    }
    if (this.cells) {
      this.cells.setAttribute("role", "img");
      this.cells.setAttribute("aria-label", word("gridLabel", this.model.name, gateName("c")));
      this.cellsCaption.textContent = gateName("c");
    }
    this.found.replaceChildren(element("option", { value: "" }, word("noUnit")), ...this.model.units.map(({ property, layer, unit, r }) =>
      element("option", { value: `${layer}:${unit}`, selected: String(this.unit) === String([layer, unit]) },
        `${this.unitName(layer, unit)}: ${words[language].properties[property] ?? property} (r ${r})`)));
    for (const part of this.element.querySelectorAll("[data-word]")) part.textContent = word(part.dataset.word);
  }

  unitName(layer, unit) {
    return this.model.layers > 1 ? `${layer + 1}:${unit}` : String(unit);
  }

  clamp(gate, value) {
    if (value === "") delete this.clamps[gate];
    else this.clamps[gate] = Number(value);
    this.changed();
  }

  chooseUnit(layer, unit) {
    if (unit === null) return;
    this.unit = [layer, unit];
    this.session.shade = "unit";
    this.changed();
  }

  select(span) {
    if (!span) return;
    this.session.at = this.spans.indexOf(span);
    this.changed();
  }

  moveByKey(event) {
    const { session } = this;
    const last = session.text.length;
    const here = session.at ?? last;
    const places = { ArrowLeft: here - 1, ArrowRight: here + 1, ArrowUp: here - 10, ArrowDown: here + 10, Home: 0, End: last };
    if (!(event.key in places)) return;
    event.preventDefault();
    const place = Math.max(0, Math.min(last, places[event.key]));
    session.at = place === last ? null : place;
    this.changed();
  }

  ids(text) {
    return text.map((character) => this.reader.alphabet.idOf(character));
  }

  // Read the text of the session, with what was changed in it, and as it is.
  read() {
    const { text, erased, changedAt, changedTo } = this.session;
    const changed = text.map((each, at) => (at === changedAt ? changedTo : each));
    this.reader.read(this.ids(changed), erased, this.clamps);
    const isPlain = changedAt === null && !erased.size && !Object.keys(this.clamps).length;
    this.plain = isPlain ? null : this.plain ?? new Reader(this.model);
    this.plain?.read(this.ids(text));
  }

  // The reader of the text as it is.
  get asItIs() {
    return this.plain ?? this.reader;
  }

  draw() {
    const { text, erased, prime, changedAt, changedTo } = this.session;
    const at = this.session.at ?? text.length;
    while (this.spans.length > text.length) this.spans.pop().remove();
    while (this.spans.length < text.length) {
      this.spans.push(element("span"));
      this.text.append(this.spans.at(-1));
    }
    this.spans.forEach((span, k) => {
      const content = text[k] === "\n" ? "↵\n" : INVISIBLE.test(text[k]) && text[k] !== " " && text[k] !== "\u3000" ? shown(text[k]) : text[k];
      if (span.textContent !== content) span.textContent = content;
      const name = [k < prime && "prime", k === this.session.at && "at", erased.has(k) && "erased", k === changedAt && "changed"].filter(Boolean).join(" ");
      if (span.className.replace(" negative", "").replace("negative", "") !== name) span.className = name;
      if (k === changedAt) span.dataset.changed = shown(changedTo);
    });
    if (erased.has(text.length)) this.text.append(this.mark);
    else this.mark.remove();
    const chosen = this.spans[this.session.at ?? text.length - 1];
    if (chosen) this.text.scrollTop = Math.max(0, chosen.offsetTop - this.text.offsetTop - this.text.clientHeight / 2);
    this.drawNetwork(at);
    this.drawSteps(at);
    this.drawGates(at);
    this.shade(at);
  }

  marked(layer) {
    return this.unit && this.unit[0] === layer ? this.unit[1] : null;
  }

  drawNetwork(at) {
    const state = this.reader.stateAfter(at);
    const before = this.reader.stateAfter(Math.max(0, at - 1));
    this.character.textContent = at ? shown(this.session.text[at - 1]) : "–";
    state.forEach(({ h }, layer) => {
      drawGrid(this.grids[layer], h.map(visible), GRID, this.marked(layer));
      if (this.cell.loops) drawGrid(this.before[layer], before[layer].h.map(visible), SMALL_GRID, this.marked(layer));
    });
    const logs = this.asItIs.predictAfter(at);
    const others = this.plain && this.reader.predictAfter(at);
    this.header.hidden = !others;
    const next = this.session.text[at];
    const nextId = next === undefined ? null : this.reader.alphabet.idOf(next);
    const likeliest = this.likeliest(logs, CANDIDATES);
    if (others) likeliest.push(...this.likeliest(others, 3));
    if (nextId !== null) likeliest.push(nextId);
    this.bars.replaceChildren(...[...new Set(likeliest)].map((id) => {
      const bar = (log) => {
        const made = element("i");
        made.style.setProperty("--v", Math.exp(log));
        return made;
      };
      const cells = [element("span", {}, this.characterOf(id)), element("span", {}, percent(logs[id])), bar(logs[id])];
      if (others) cells.push(element("span", {}, percent(others[id])), bar(others[id]));
      return element("li", { className: [others && "two", id === nextId && "next"].filter(Boolean).join(" ") }, ...cells);
    }));
  }

  characterOf(id) {
    return id === this.reader.alphabet.unknown ? "?" : shown(this.reader.alphabet.characters[id]);
  }

  likeliest(logs, number) {
    const best = [];
    logs.forEach((log, id) => {
      if (best.length === number && log <= logs[best.at(-1)]) return;
      const place = best.findIndex((other) => logs[other] < log);
      best.splice(place < 0 ? best.length : place, 0, id);
      if (best.length > number) best.pop();
    });
    return best;
  }

  drawSteps(at) {
    const first = Math.max(0, at - STEPS_SHOWN);
    this.stepBoxes.forEach(({ expected, grid, read }, column) => {
      const step = first + column + 1;
      const box = grid.parentElement.parentElement;
      box.hidden = step > at;
      if (box.previousElementSibling) box.previousElementSibling.hidden = step > at;
      box.className = step === at ? "at" : "";
      if (step > at) return;
      drawGrid(grid, this.reader.stateAfter(step).at(-1).h.map(visible), STEP_GRID, this.marked(this.model.layers - 1));
      read.textContent = shown(this.session.text[step - 1]);
      const [likeliest] = this.likeliest(this.reader.predictAfter(step), 1);
      expected.textContent = `${this.characterOf(likeliest)}?`;
      this.steps.scrollLeft = Math.max(0, box.offsetLeft + 2 * box.offsetWidth - this.steps.offsetLeft - this.steps.clientWidth);
    });
  }

  drawGates(at) {
    const top = this.reader.stateAfter(at).at(-1);
    const marked = this.marked(this.model.layers - 1);
    for (const { gate, grid, caption } of this.gates) {
      const values = top.gates[gate];
      drawGrid(grid, values, GATE_GRID, marked);
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      caption.textContent = `${gateName(gate)} ${mean.toFixed(2)}`;
    }
    if (this.cells) drawGrid(this.cells, top.c.map(Math.tanh), GATE_GRID, marked);
  }

  // Color the text by `values`, one for each character; `toShare` makes a share from 0 to 1 of each.
  color(values, toShare) {
    this.spans.forEach((span, k) => {
      const value = values[k] ?? 0;
      const share = value ? toShare(Math.abs(value)) : 0;
      span.style.setProperty("--v", share.toFixed(3));
      span.classList.toggle("negative", value < 0 && share > LEAST_SHARE);
      span.title = value ? value.toPrecision(2) : "";
    });
  }

  shade(at) {
    const { text, shade } = this.session;
    this.asked = (this.asked ?? 0) + 1;
    if (shade === "unit" && this.unit) {
      const [layer, unit] = this.unit;
      const values = text.map((_, k) => this.reader.stateAfter(k + 1)[layer].h[unit]);
      const most = Math.max(1e-9, ...values.map(Math.abs));
      this.color(values, (value) => value / most);
      this.scale.textContent = word("scaleUnit", this.unitName(layer, unit), (-most).toPrecision(2), most.toPrecision(2));
    } else if (shade === "surprise") {
      this.color(this.ids(text).map((id, k) => (id === null ? 0 : -this.reader.predictAfter(k)[id])),
        (value) => Math.min(1, value / SURPRISE_AT_MOST));
      this.scale.textContent = word("scaleSurprise");
    } else if (shade === "changed" && this.plain) {
      this.color(text.map((_, k) => divergence(this.plain.predictAfter(k + 1), this.reader.predictAfter(k + 1))), halfAtOne);
      this.scale.textContent = word("scaleChanged");
    } else if (shade === "influence") {
      this.shadeInfluence(at);
    } else {
      this.color([], halfAtOne);
      this.scale.textContent = "";
    }
  }

  async shadeInfluence(at) {
    const asked = this.asked;
    const stopped = () => asked !== this.asked;
    this.color([], halfAtOne);
    this.scale.textContent = word("working");
    await nextTask();
    if (stopped() || this.session.playing) return;
    const next = this.session.text[at];
    const target = (next === undefined ? null : this.reader.alphabet.idOf(next)) ?? argMax(this.reader.predictAfter(at));
    const influences = await this.reader.influence(at, target, stopped);
    if (influences === null || stopped()) return;
    this.influences = influences;
    this.color(influences, halfAtOne);
    this.scale.textContent = word("scaleInfluence", this.characterOf(target));
  }
}
