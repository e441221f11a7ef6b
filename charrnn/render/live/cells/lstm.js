// Long short-term memory, as in charrnn/network/lstm.py: gates i, f, o, g.
//
//   i, f, o = sigmoid(a + U h[t-1])
//   g       = tanh(a_g + U_g h[t-1])
//   c[t]    = f c[t-1] + i g
//   h[t]    = o tanh(c[t])
cells.lstm = {
  states: ["h", "c"],
  gates: ["input", "forget", "output", "cell"],
  clampable: ["input", "forget", "output"],
  loops: true,
  step({ a, hU, before, after, gates, clamp }) {
    const { input: i, forget: f, output: o, cell: g } = gates;
    const H = i.length;
    for (let k = 0; k < H; k++) {
      i[k] = sigmoid(a[k] + hU[k]);
      f[k] = sigmoid(a[H + k] + hU[H + k]);
      o[k] = sigmoid(a[2 * H + k] + hU[2 * H + k]);
      g[k] = Math.tanh(a[3 * H + k] + hU[3 * H + k]);
    }
    clamp(gates);
    for (let k = 0; k < H; k++) {
      after.c[k] = f[k] * before.c[k] + i[k] * g[k];
      after.h[k] = o[k] * Math.tanh(after.c[k]);
    }
  },
};
