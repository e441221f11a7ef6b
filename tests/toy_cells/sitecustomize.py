"""Adds the toy cell to the table in every Python process that has this folder in PYTHONPATH."""

from charrnn.cells import CELLS

CELLS["leaky"] = "tests.toy_cells.leaky"
