// The page: the session that all models share, the controls, and what scripts can ask.

const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);
const EXAMPLE_LENGTH = 60, LINE_AT_MOST = 300;
const LANES = 8, LANE_STEPS = 24; // processors, and steps, that are drawn
const SHADES = { // what a text can be colored by, and the word for it
  none: "shadeNothing", influence: "shadeInfluence", surprise: "shadeSurprise", unit: "shadeUnit",
  changed: "shadeChange",
};
const MOVEMENT = { input: 160, hidden: 420, output: 160 }; // milliseconds that a layer is marked

const session = {
  text: [], // code points
  prime: 0, // how many of them were typed
  at: null, // the character that is expected at the chosen place; null at the end
  shade: "influence",
  erased: new Set(),
  changedAt: null,
  changedTo: "",
  playing: false,
  drawn: "", // what the last step drew, in words
};
const readings = data.models.map((model) => new Reading(model, session, () => page.update()));
const cards = readings.map((reading) => new Card(reading));
byId("cards").append(...cards.map(({ element }) => element));

const page = {
  readings,
  prime: data.prime,
  pair: data.pair,
  alteration: data.change, // a character of the first text of the pair, and one for it
  timer: null,

  split: (text) => readings[0].reader.alphabet.split(text),

  update() {
    for (const reading of readings) reading.read();
    for (const card of cards) {
      card.draw();
      card.speak();
    }
    this.speak();
  },

  // Fill in the words, and say where the reader is.
  speak() {
    document.documentElement.lang = language;
    fillInWords(document.querySelectorAll("main > section [data-word], main > .note"));
    byId("play").textContent = word(session.playing ? "pause" : "play");
    byId("languages").setAttribute("aria-label", word("languages"));
    for (const button of byId("languages").children) {
      button.setAttribute("aria-pressed", String(button.dataset.language === language));
    }
    byId("shade").replaceChildren(...Object.entries(SHADES).map(([value, name]) =>
      element("option", { value, selected: value === session.shade }, word(name))));
    const at = session.at ?? session.text.length;
    byId("erase").setAttribute("aria-pressed", String(session.erased.has(at)));
    byId("back").disabled = !session.text.length;
    byId("what-if").disabled = session.at === null && session.changedAt === null;
    byId("what-if").title = session.at === null ? word("choose") : "";
    byId("what-if").placeholder = session.at === null ? "" : shown(session.text[session.at]);
    byId("speed-value").textContent = byId("speed").value;
    byId("status").setAttribute("aria-live", session.playing ? "off" : "polite");
    byId("status").textContent = this.describe(at);
    sayScene();
    session.drawn = "";
  },

  // What was drawn, where the reader is, what is expected there, and what was not read.
  describe(at) {
    const expected = listed(readings.map((reading) => {
      const logs = reading.reader.predictAfter(at);
      const [id] = likeliest(logs, 1);
      const name = readings.length > 1 ? `${reading.name} ` : "";
      return `${name}${reading.characterOf(id)} ${percent(logs[id])}`;
    }));
    const last = at ? shown(session.text[at - 1]) : "";
    const name = ["expectedFirst", "expectedSecond"][at] ?? "expected";
    const status = word(name, { count: at, last, expected });
    const isStrange = (character) =>
      readings.some(({ reader }) => !reader.alphabet.ids.has(character));
    const strange = [...new Set([...session.text, ...session.changedTo])].filter(isStrange);
    const unread = strange.length ? word("unread", { characters: strange.map(shown).join(" ") }) : "";
    const chosen = session.at === null ? "" : word("chosen", { character: shown(session.text[session.at]) });
    return [session.drawn, status, chosen, unread].filter(Boolean).join(" ");
  },

  isErased: () => session.erased.size > 0,
  isHeld: () => readings.some(({ clamps }) => Object.keys(clamps).length),

  // Start with a text that was typed.
  begin(text) {
    this.stop();
    const split = typeof text === "string" ? this.split(text) : text;
    const unchanged = { at: null, erased: new Set(), changedAt: null, changedTo: "" };
    Object.assign(session, { text: split, prime: split.length, ...unchanged });
    byId("prime").value = split.join("");
    for (const reading of readings) reading.clamps = {};
    this.update();
  },

  // Read a text of a scene, to its end.
  read(text, { erase = null, forget = false } = {}) {
    this.begin(text);
    session.shade = "influence";
    if (erase !== null) session.erased.add(erase);
    if (forget) this.hold(true);
    else this.update();
  },

  // A text to look at: that of a pair which ends alike, or one that a model writes.
  example() {
    if (this.pair) return this.split(this.pair[0]);
    const reader = new Reader(readings.at(-1).model);
    const text = this.split(this.prime);
    for (let number = 0; number < EXAMPLE_LENGTH; number++) {
      reader.read(text.map((character) => reader.alphabet.idOf(character)));
      const logs = reader.predictAfter(text.length);
      const settings = { temperature: 0.5, topP: 1, number: uniform(1, number) };
      text.push(reader.alphabet.characters[drawId(logs, reader.alphabet.unknown, settings)]);
    }
    return text;
  },

  // Read the first text of the pair with another character, beside the text as it is.
  readAltered() {
    const [character, other] = this.alteration;
    this.read(this.example());
    session.changedAt = session.text.indexOf(character);
    this.change(other);
  },

  erasePlace(place, isErased) {
    if (isErased) session.erased.add(place);
    else session.erased.delete(place);
    this.update();
  },

  // Hold the gates so that nothing is kept, or free them.
  hold(isHeld) {
    for (const reading of readings) {
      reading.clamps = isHeld ? { ...FORGETTING[reading.model.cell] } : {};
    }
    this.update();
  },

  otherExample() {
    const [one, other] = this.pair.map((text) => this.split(text));
    return session.text.join("") === one.join("") ? other : one;
  },

  // The number of characters after which the example's pair no longer differs, or half of it.
  differing() {
    const [one, other] = (this.pair ?? ["", ""]).map((text) => this.split(text));
    let same = 0;
    while (same < one.length && one.at(-1 - same) === other.at(-1 - same)) same++;
    return this.pair ? one.length - same : Math.floor(this.example().length / 2);
  },

  // The settings of a draw. A value outside of its range becomes the nearest one in it.
  settings() {
    const read = (id, otherwise) => {
      const input = byId(id);
      const typed = input.value === "" || Number.isNaN(input.valueAsNumber) ? otherwise : input.valueAsNumber;
      const value = Math.min(Number(input.max), Math.max(Number(input.min), typed));
      return id === "seed" ? Math.floor(value) : value;
    };
    return { temperature: read("temperature", 0.8), topP: read("top-p", 1), seed: read("seed", 1) };
  },

  // Let a model write one character at the end.
  step() {
    session.at = null;
    session.changedAt = null;
    if (session.shade === "changed") session.shade = "influence";
    const { reader } = readings[Number(byId("writer").value) || 0];
    const { temperature, topP, seed } = this.settings();
    const length = session.text.length;
    const settings = { temperature, topP, number: uniform(seed, length) };
    const id = drawId(reader.predictAfter(length), reader.alphabet.unknown, settings);
    const probability = percent(reader.predictAfter(length)[id]);
    session.text.push(reader.alphabet.characters[id]);
    session.drawn = word("drawn", { character: shown(session.text.at(-1)), probability });
    this.update();
    return session.text.at(-1);
  },

  // Make a step, and show where it is computed.
  stepSlowly() {
    this.stop();
    this.step();
    this.showMovement();
  },

  // Show in turn where the computation is: input, hidden layer, output.
  async showMovement() {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    const layers = [...document.querySelectorAll(".card .layer")];
    for (const [part, duration] of Object.entries(MOVEMENT)) {
      for (const layer of layers) layer.classList.toggle("now", layer.classList.contains(part));
      await new Promise((resolve) => setTimeout(resolve, duration));
    }
    for (const layer of layers) layer.classList.remove("now");
  },

  back() {
    this.stop();
    session.text.pop();
    if (session.prime > session.text.length) {
      session.prime = session.text.length;
      byId("prime").value = session.text.join("");
    }
    session.at = null;
    session.erased.delete(session.text.length + 1);
    if (session.changedAt >= session.text.length) session.changedAt = null;
    this.update();
  },

  play() {
    session.playing = true;
    const next = () => {
      if (!session.playing) return;
      const began = performance.now();
      this.step();
      const wait = 1000 / Number(byId("speed").value) - (performance.now() - began);
      this.timer = setTimeout(next, Math.max(0, wait));
    };
    next();
  },

  stop() {
    session.playing = false;
    clearTimeout(this.timer);
  },

  writeLine() {
    this.stop();
    session.playing = true; // so that nothing but the text is computed meanwhile
    for (let number = 0; number < LINE_AT_MOST && this.step() !== "\n"; number++);
    session.playing = false;
    this.update();
  },

  erase() {
    const at = session.at ?? session.text.length;
    if (session.erased.has(at)) session.erased.delete(at);
    else session.erased.add(at);
    this.update();
  },

  change(text) {
    const [character] = this.split(text);
    session.changedAt = character === undefined ? null : session.at ?? session.changedAt;
    session.changedTo = character ?? "";
    session.shade = character === undefined ? "influence" : "changed";
    session.at = null;
    this.update();
  },
};

byId("controls").addEventListener("submit", (event) => {
  event.preventDefault();
  page.begin(byId("prime").value);
});
byId("step").addEventListener("click", () => page.stepSlowly());
byId("play").addEventListener("click", () => {
  if (!session.playing) return page.play();
  page.stop();
  page.update();
});
byId("line").addEventListener("click", () => page.writeLine());
byId("back").addEventListener("click", () => page.back());
byId("erase").addEventListener("click", () => page.erase());
byId("end").addEventListener("click", () => {
  session.at = null;
  page.update();
});
byId("what-if").addEventListener("change", (event) => {
  page.change(event.target.value);
  event.target.value = "";
});
byId("shade").addEventListener("change", (event) => {
  session.shade = event.target.value;
  page.update();
});
// A button for each language, which says its own name.
const tags = Object.keys(words);
byId("languages").hidden = tags.length < 2;
byId("languages").append(...tags.map((tag) =>
  element("button", { type: "button", lang: tag, "data-language": tag, onclick: () => {
    language = tag;
    showScenes();
    page.update();
  } }, words[tag].thisLanguage)));
darkness.addEventListener("change", () => page.update());

const possibleScenes = scenes.filter(({ possible }) => possible(page));
let scene = null;
const openScene = (chosen) => {
  scene = chosen;
  if (scene.inside) for (const part of document.querySelectorAll(".card > details")) part.open = true;
  scene.show(page);
  showScenes();
};
byId("switch").addEventListener("click", () => scene.switch.set(page, !scene.switch.isOn(page)));

// Say what to look at, with what the reader has changed in the scene.
const sayScene = () => {
  const isOn = Boolean(scene?.switch?.isOn(page));
  const said = scene ? scene.say(page, isOn) : word("intro");
  if (byId("scene").textContent !== said) byId("scene").textContent = said;
  byId("switch").hidden = !scene?.switch;
  if (scene?.switch) byId("switch").textContent = word(scene.switch.labels[isOn ? 0 : 1]);
  byId("lanes").hidden = !scene?.lanes;
  if (!scene?.lanes) return;
  const steps = session.text.length - session.prime;
  const drawn = steps ? ((steps - 1) % LANE_STEPS) + 1 : 0;
  drawLanes(byId("one-lane"), LANES, 1, drawn, LANE_STEPS);
  drawLanes(byId("many-lanes"), LANES, LANES, drawn, LANE_STEPS);
  byId("one-lane-name").textContent = word("oneLane", { processors: LANES, idle: LANES - 1, steps, characters: steps });
  byId("many-lanes-name").textContent = word("manyLanes", { texts: LANES, steps, characters: LANES * steps });
};
for (const id of ["temperature", "top-p", "seed"]) {
  byId(id).addEventListener("change", (event) => {
    const { temperature, topP, seed } = page.settings();
    event.target.value = { temperature, "top-p": topP, seed }[id];
  });
}
byId("speed").addEventListener("input", () => (byId("speed-value").textContent = byId("speed").value));
const showScenes = () => {
  byId("scenes").replaceChildren(...possibleScenes.map((each, at) =>
    element("button", { type: "button", className: each === scene ? "chosen" : "", onclick: () => {
      openScene(each);
      byId("scenes").children[at].focus();
    } }, `${at + 1}. ${word(each.title)}`)));
  sayScene();
};

byId("writer").append(...data.models.map(({ name }, number) => element("option", { value: number }, name)));
byId("writers").hidden = data.models.length < 2;
// An address that ends in #3-ja opens the third scene, in Japanese.
const [, sceneNumber, chosenTag] = /^#(\d*)-?(.*)$/.exec(location.hash) ?? [];
if (tags.includes(chosenTag)) language = chosenTag;
showScenes();
page.begin(data.prime);
if (possibleScenes[sceneNumber - 1]) openScene(possibleScenes[sceneNumber - 1]);

// For scripts. Each answer is that of a model which reads `text` from a zero state.
const readAlone = (number, text) => {
  const reader = new Reader(data.models[number]);
  const characters = reader.alphabet.split(text);
  reader.read(characters.map((character) => reader.alphabet.idOf(character)));
  return { reader, length: characters.length };
};

window.charrnn = {
  models: readings.map(({ model, reader }) => ({
    name: model.name,
    cell: model.cell,
    hidden: model.hidden,
    layers: model.layers,
    vocabulary: [...reader.alphabet.characters, ...(model.unknown ? [null] : [])],
  })),
  probabilities(number, text) {
    const { reader, length } = readAlone(number, text);
    return Array.from(reader.predictAfter(length), Math.exp);
  },
  influence(number, text) {
    const { reader, length } = readAlone(number, text);
    return reader.influence(length);
  },
};
