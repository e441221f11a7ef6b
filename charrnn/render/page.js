"use strict";
// Show details of the character under the pointer or selected with the arrow keys.
for (const figure of document.querySelectorAll(".shades")) {
  const text = figure.querySelector(".text");
  const output = figure.querySelector("output");
  const spans = [...text.querySelectorAll("span")];
  let at = -1;
  const select = (place) => {
    if (place < 0 || place >= spans.length) return;
    if (at >= 0) spans[at].classList.remove("at");
    at = place;
    spans[at].classList.add("at");
    output.textContent = spans[at].dataset.d;
  };
  text.addEventListener("mouseover", (event) => {
    const span = event.target.closest("span");
    if (span) select(spans.indexOf(span));
  });
  text.addEventListener("click", (event) => {
    const span = event.target.closest("span");
    if (span) select(spans.indexOf(span));
  });
  const line = (direction) => {
    const here = spans[Math.max(at, 0)].getBoundingClientRect();
    for (let place = at + direction; place >= 0 && place < spans.length; place += direction) {
      const there = spans[place].getBoundingClientRect();
      if ((there.top - here.top) * direction > 2 && (there.left - here.left) * direction >= 0) return place;
    }
    return direction > 0 ? spans.length - 1 : 0;
  };
  text.addEventListener("keydown", (event) => {
    const moves = {
      ArrowRight: () => at + 1, ArrowLeft: () => Math.max(at - 1, 0),
      ArrowDown: () => line(1), ArrowUp: () => line(-1),
      Home: () => 0, End: () => spans.length - 1,
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    select(moves[event.key]());
    spans[at].scrollIntoView({ block: "nearest" });
  });
}
