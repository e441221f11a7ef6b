// The equations of the cells, each in a file of its own beside this one.
//
// A cell has the names of its `states`, the output h first; of its `gates`, in the order in which
// their weights are stacked; of those that are `clampable`, whose values are from 0 to 1; and
// whether the state depends on the state before, `loops`. Its `step` gets the arrays
//
//   a      W x + b, the inputs of all gates, one gate after another: H numbers for each
//   hU     U h[t-1], likewise; empty for a cell without recurrent weights
//   before the states before the step, by name
//
// and writes the states `after` the step and the values of the `gates`, each H numbers, by name.
// It calls `clamp(gates)` when the gates are known: this sets those that a reader holds fixed.
const cells = {};

const sigmoid = (x) => 1 / (1 + Math.exp(-x));
