// Elman's recurrent network, as in charrnn/network/rnn.py.
//
//   h[t] = tanh(a[t] + U h[t-1])
cells.rnn = {
  states: ["h"],
  gates: ["hidden"],
  clampable: [],
  loops: true,
  step({ a, hU, after, gates }) {
    for (let k = 0; k < after.h.length; k++) {
      after.h[k] = gates.hidden[k] = Math.tanh(a[k] + hU[k]);
    }
  },
};
