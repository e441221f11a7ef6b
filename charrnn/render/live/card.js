// All views of a model on the page.

const WIDE = "(min-width: 37.5rem)"; // of a screen that has room for all of a network

class Card {
  constructor(reading) {
    this.reading = reading;
    const text = new TextView(reading), prediction = new PredictionView(reading);
    const inside = [LayersView, UnrolledView, GatesView, UnitsView].map((View) => new View(reading));
    this.views = [text, prediction, ...inside];
    const { name, cell } = reading.model;
    this.element = element("article", { className: "card" },
      element("h3", {}, name === cell ? name : `${name} (${cell})`), text.element, prediction.element,
      element("details", { className: "part", open: matchMedia(WIDE).matches },
        element("summary", { "data-word": "inside" }), ...inside.map((view) => view.element)));
  }

  draw() {
    const { session } = this.reading;
    for (const view of this.views) view.draw(session.at ?? session.text.length);
  }

  // Fill in what depends on the language.
  speak() {
    for (const view of this.views) view.speak();
    fillInWords(this.element.querySelectorAll("[data-word]"));
  }
}
