// The text as a model reads it: a place in it can be chosen, and its characters are colored.

const SURPRISE_AT_MOST = 8; // nats
const LEAST_SHARE = 0.05; // from which on a color can be seen
const LEAST_OUTPUT = 1e-6; // of a unit, below which it is called 0
const LINE = 10; // characters that the up and down keys move

// So that a nat is seen beside ten.
const halfAtOne = (nats) => nats / (1 + nats);

// KL(P‖Q) in nats, of log-probabilities.
const divergence = (logs, others) =>
  logs.reduce((sum, log, id) => sum + (log > -700 ? Math.exp(log) * (log - others[id]) : 0), 0);

// A character in a text: white space stays as it is, so that lines can break there.
const inText = (character) => {
  if (character === "\n") return "↵\n";
  if (character === " " || character === "\u3000") return character;
  return INVISIBLE.test(character) ? shown(character) : character;
};

class TextView {
  constructor(reading) {
    this.reading = reading;
    this.spans = [];
    this.mark = element("span", { className: "erased" }); // of an erased state at the end
    this.text = element("div", {
      className: "text",
      tabIndex: 0,
      onkeydown: (event) => this.moveByKey(event),
      onclick: (event) => this.choose(this.spans.indexOf(event.target.closest("span"))),
    });
    this.text.setAttribute("role", "group");
    this.scale = element("p", { className: "scale" });
    this.element = element("div", {}, this.text, this.scale);
    this.asked = 0;
  }

  speak() {
    this.text.setAttribute("aria-label", word("textLabel", { model: this.reading.name }));
  }

  choose(place) {
    if (place < 0) return;
    const { session } = this.reading;
    session.at = place === session.text.length ? null : place;
    this.reading.changed();
  }

  moveByKey(event) {
    const { session } = this.reading;
    const last = session.text.length;
    const here = session.at ?? last;
    const places = {
      ArrowLeft: here - 1, ArrowRight: here + 1,
      ArrowUp: here - LINE, ArrowDown: here + LINE,
      Home: 0, End: last,
    };
    if (!(event.key in places)) return;
    event.preventDefault();
    this.choose(Math.max(0, Math.min(last, places[event.key])));
  }

  draw(at) {
    const { text, erased, changedTo, changedAt } = this.reading.session;
    while (this.spans.length > text.length) this.spans.pop().remove();
    while (this.spans.length < text.length) {
      this.spans.push(element("span"));
      this.text.append(this.spans.at(-1));
    }
    this.spans.forEach((span, k) => {
      const content = inText(text[k]);
      if (span.textContent !== content) span.textContent = content;
      const name = this.classOf(k);
      if (span.dataset.kind !== name) span.className = span.dataset.kind = name;
      if (k === changedAt) span.dataset.changed = shown(changedTo);
    });
    if (erased.has(text.length)) this.text.append(this.mark);
    else this.mark.remove();
    const chosen = this.spans[Math.min(at, text.length - 1)];
    if (chosen) {
      const place = chosen.offsetTop - this.text.offsetTop;
      this.text.scrollTop = Math.max(0, place - this.text.clientHeight / 2);
    }
    this.shade(at);
  }

  classOf(k) {
    const { prime, at, erased, changedAt } = this.reading.session;
    const kinds = { prime: k < prime, at: k === at, erased: erased.has(k), changed: k === changedAt };
    return Object.keys(kinds).filter((kind) => kinds[kind]).join(" ");
  }

  // Color the text by `values`, one for each character; `toShare` makes a share from 0 to 1 of each.
  color(values, toShare, explanation) {
    this.spans.forEach((span, k) => {
      const value = values[k] ?? 0;
      const share = value ? toShare(Math.abs(value)) : 0;
      span.style.setProperty("--v", share.toFixed(3));
      span.classList.toggle("negative", value < 0 && share > LEAST_SHARE);
      span.title = value ? value.toPrecision(2) : "";
    });
    this.scale.textContent = explanation;
  }

  shade(at) {
    this.asked++;
    const { session, plain, unit } = this.reading;
    if (session.shade === "unit" && unit) this.shadeUnit(...unit);
    else if (session.shade === "surprise") this.shadeSurprise();
    else if (session.shade === "changed" && plain) this.shadeChanges();
    else if (session.shade === "none" || session.playing) this.color([], halfAtOne, "");
    else this.shadeInfluence(at);
  }

  shadeUnit(layer, unit) {
    const { reader, session } = this.reading;
    const values = session.text.map((_, k) => reader.stateAfter(k + 1)[layer].h[unit]);
    const most = Math.max(1e-9, ...values.map(Math.abs));
    const [low, high] = [-most, most].map((value) => (most < LEAST_OUTPUT ? "0" : value.toPrecision(2)));
    const explanation = word("scaleUnit", { unit: this.reading.unitName(layer, unit), low, high });
    this.color(values, (value) => value / most, explanation);
  }

  shadeSurprise() {
    const { reader } = this.reading;
    const values = reader.ids.map((id, k) => (id === null ? 0 : -reader.predictAfter(k)[id]));
    this.color(values, (nats) => Math.min(1, nats / SURPRISE_AT_MOST), word("scaleSurprise"));
  }

  shadeChanges() {
    const { reader, plain, session } = this.reading;
    const values = session.text.map((_, k) =>
      divergence(plain.predictAfter(k + 1), reader.predictAfter(k + 1)));
    this.color(values, halfAtOne, word("scaleChange"));
  }

  // Color the earlier characters when their influence is known, unless something else is asked.
  async shadeInfluence(at) {
    const asked = this.asked;
    const stopped = () => asked !== this.asked;
    const { reader } = this.reading;
    this.color([], halfAtOne, word("working"));
    await nextTask();
    if (stopped()) return;
    const target = this.reading.idAt(at) ?? argMax(reader.predictAfter(at));
    const influences = await reader.influence(at, target, stopped);
    if (influences === null || stopped()) return;
    this.color(influences, halfAtOne, word("scaleInfluence", { target: this.reading.characterOf(target) }));
  }
}
