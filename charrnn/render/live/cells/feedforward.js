// A network without a loop, as in charrnn/network/feedforward.py.
//
//   h[t] = tanh(a[t])
cells.feedforward = {
  states: ["h"],
  gates: ["hidden"],
  clampable: [],
  loops: false,
  step({ a, after, gates }) {
    for (let k = 0; k < after.h.length; k++) after.h[k] = gates.hidden[k] = Math.tanh(a[k]);
  },
};
