// The minimal gated recurrent unit, as in charrnn/network/mingru.py: gates z, g.
//
//   z    = sigmoid(a_z)
//   g    = a_g + 1/2 where a_g >= 0, sigmoid(max(a_g, -16)) elsewhere
//   h[t] = (1 - z) h[t-1] + z g
cells.mingru = {
  states: ["h"],
  gates: ["update", "candidate"],
  clampable: ["update"],
  loops: true,
  step({ a, before, after, gates, clamp }) {
    const { update: z, candidate: g } = gates;
    const H = z.length;
    for (let k = 0; k < H; k++) {
      z[k] = sigmoid(a[k]);
      g[k] = a[H + k] >= 0 ? a[H + k] + 0.5 : sigmoid(Math.max(a[H + k], -16));
    }
    clamp(gates);
    for (let k = 0; k < H; k++) after.h[k] = (1 - z[k]) * before.h[k] + z[k] * g[k];
  },
};
