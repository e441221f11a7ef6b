// Grids of units, bars and elements. Nothing here knows how a network computes.

const element = (tag, attributes = {}, ...children) => {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name in made && name !== "list") made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
};

const darkness = matchMedia("(prefers-color-scheme: dark)");
let palette = null;
darkness.addEventListener("change", () => (palette = null));

// The colors of the style sheet as red, green and blue.
const colors = () => {
  if (palette) return palette;
  const style = getComputedStyle(document.documentElement);
  const numbers = (name) => style.getPropertyValue(name).trim().split(/\s+/).map(Number);
  const hex = style.getPropertyValue("--idle").trim();
  palette = {
    positive: numbers("--positive"),
    negative: numbers("--negative"),
    idle: [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)),
    ink: style.getPropertyValue("--ink").trim(),
  };
  return palette;
};

const gridColumns = (units) => Math.ceil(Math.sqrt(units));

// Draw one square for each of `values`, from -1 to 1, of at most `pixels` in all; mark one of them.
const drawGrid = (canvas, values, pixels, marked = null) => {
  const columns = gridColumns(values.length);
  const rows = Math.ceil(values.length / columns);
  const size = Math.max(2, Math.floor(pixels / columns));
  if (canvas.width !== columns * size || canvas.height !== rows * size) {
    canvas.width = columns * size;
    canvas.height = rows * size;
  }
  const { positive, negative, idle, ink } = colors();
  const context = canvas.getContext("2d");
  context.clearRect(0, 0, canvas.width, canvas.height);
  const inner = size > 4 ? size - 1 : size;
  for (let k = 0; k < values.length; k++) {
    const share = Math.min(1, Math.abs(values[k]));
    const full = values[k] < 0 ? negative : positive;
    const mixed = idle.map((low, at) => Math.round(low + share * (full[at] - low)));
    context.fillStyle = `rgb(${mixed})`;
    context.fillRect((k % columns) * size, Math.floor(k / columns) * size, inner, inner);
  }
  if (marked !== null) {
    context.strokeStyle = ink;
    context.lineWidth = 2;
    const [x, y] = [(marked % columns) * size, Math.floor(marked / columns) * size];
    context.strokeRect(x, y, Math.max(4, inner), Math.max(4, inner));
  }
};

// The number of the unit at a place of a canvas; null beside all squares.
const unitAt = (canvas, event, units) => {
  const box = canvas.getBoundingClientRect();
  const columns = gridColumns(units);
  const rows = Math.ceil(units / columns);
  const column = Math.floor(((event.clientX - box.left) / box.width) * columns);
  const row = Math.floor(((event.clientY - box.top) / box.height) * rows);
  const unit = row * columns + column;
  return column < columns && unit < units && unit >= 0 ? unit : null;
};

// Draw processors as rows of squares, one for each step; only those that are `busy` do something.
const drawLanes = (canvas, processors, busy, steps, most) => {
  const size = 9;
  Object.assign(canvas, { width: most * size, height: processors * size }); // which clears it
  const { positive, idle } = colors();
  const context = canvas.getContext("2d");
  for (let processor = 0; processor < processors; processor++) {
    for (let step = 0; step < most; step++) {
      context.fillStyle = `rgb(${step < steps && processor < busy ? positive : idle})`;
      context.fillRect(step * size, processor * size, size - 2, size - 2);
    }
  }
};

// The arrow from the hidden layer back to itself.
const loopArrow = () => {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const parts = {
    viewBox: "0 0 44 60", width: 44, height: 60, class: "loop", role: "img", "aria-label": "U",
  };
  Object.entries(parts).forEach(([name, value]) => svg.setAttribute(name, value));
  const draw = (tag, attributes, text = "") => {
    const part = document.createElementNS(space, tag);
    Object.entries(attributes).forEach(([name, value]) => part.setAttribute(name, value));
    part.textContent = text;
    svg.append(part);
  };
  const line = { fill: "none", stroke: "currentColor", "stroke-width": 2 };
  draw("path", { ...line, d: "M2 44 H22 A17 17 0 0 0 22 10 H8" });
  draw("path", { d: "M10 4 L1 10 L10 16 Z", fill: "currentColor" });
  draw("text", { x: 20, y: 33, fill: "currentColor", "font-size": 14 }, "U");
  return svg;
};
