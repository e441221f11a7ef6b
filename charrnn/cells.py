"""The table of cells: each name, and the module that holds the cell's record ``CELL``.

A new cell is one module and one line here; see "How to add a cell" in docs/design.md. The records
are read with `charrnn.network.cell.get_cell`.

Not here: anything that imports NumPy, because the command line needs the names for its help.
"""

CELLS = {
    "feedforward": "charrnn.network.feedforward",
    "rnn": "charrnn.network.rnn",
    "gru": "charrnn.network.gru",
    "lstm": "charrnn.network.lstm",
    "mingru": "charrnn.network.mingru",
}
