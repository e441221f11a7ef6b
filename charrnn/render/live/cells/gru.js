// The gated recurrent unit, as in charrnn/network/gru.py: gates r, z, n.
//
//   r, z = sigmoid(a + U h[t-1])
//   n    = tanh(a_n + r (U_n h[t-1] + b_n))      the bias b_n is in hU
//   h[t] = (1 - z) n + z h[t-1]
cells.gru = {
  states: ["h"],
  gates: ["reset", "update", "new"],
  clampable: ["reset", "update"],
  loops: true,
  step({ a, hU, before, after, gates, clamp }) {
    const { reset: r, update: z, new: n } = gates;
    const H = r.length;
    for (let k = 0; k < H; k++) {
      r[k] = sigmoid(a[k] + hU[k]);
      z[k] = sigmoid(a[H + k] + hU[H + k]);
    }
    clamp(gates);
    for (let k = 0; k < H; k++) {
      n[k] = Math.tanh(a[2 * H + k] + r[k] * hU[2 * H + k]);
      after.h[k] = (1 - z[k]) * n[k] + z[k] * before.h[k];
    }
  },
};
