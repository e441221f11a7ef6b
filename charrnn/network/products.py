"""The product of every time step, ``x @ W`` with the same W, close to the processor's limit.

A BLAS repacks W for every product, which with few streams costs as much as the product itself: at
512 units and 32 streams OpenBLAS reached 60 to 75 % of its own peak. For small enough products on
AVX-512 it has kernels that read both factors where they lie. So W is laid out once in blocks of
columns, each a small product: 105 to 115 % of the peak that large products reach.

Not here: products of a whole window, which a BLAS does well as they are.
"""

from functools import cache

import numpy as np

from charrnn.network.workspace import Array, Workspace

COLUMNS = 32
COLUMNS_AT_MOST = 64
ROWS_AT_LEAST = 8
SMALL = 1_000_000
"""OpenBLAS takes the kernels for small products up to so many multiplications."""


class StepProduct:
    """``x @ W`` for x (B, K) or (G, B, K), gate by gate, with a layout of ``W`` (G, K, N).

    The operands are handed in as views that `rows` and `columns` make of whole windows, so that a
    step costs one call: ``product(rows(x)[t], columns(out)[t])``.
    """

    def __init__(self, W: Array, B: int, room: Workspace) -> None:
        G, K, N = W.shape
        self.piece, self.width = pieces(B, K, N)
        blocks = W.reshape(G, K, 1, N // self.width, self.width).transpose(0, 3, 2, 1, 4)
        self.weights = room.empty("weights", blocks.shape, W.dtype)
        self.weights[...] = blocks

    def __call__(self, rows: Array, columns: Array) -> None:
        """Write the product of a step to ``columns``."""
        np.matmul(rows, self.weights, out=columns)

    def rows(self, x: Array) -> Array:
        """A view of ``x`` (..., B, K) as left factors; with gates, (..., G, 1, B, K) is wanted."""
        return x.reshape(*x.shape[:-2], -1, self.piece, x.shape[-1])

    def columns(self, out: Array) -> Array:
        """A view of ``out`` (..., G, B, N) as a result."""
        *outer, B, N = out.shape
        blocks = out.reshape(*outer, B // self.piece, self.piece, N // self.width, self.width)
        return np.moveaxis(blocks, -2, -4)


def pieces(B: int, K: int, N: int) -> tuple[int, int]:
    """How many rows and columns one small product has: they divide B and N."""
    if B < ROWS_AT_LEAST or not small_products_are_fast():
        return B, N
    fitting = [n for n in range(COLUMNS // 2, COLUMNS_AT_MOST + 1) if N % n == 0]
    if not fitting:
        return B, N
    width = min(fitting, key=lambda n: (abs(n - COLUMNS), n))
    rows = [b for b in range(1, B + 1) if B % b == 0 and b * K * width <= SMALL]
    return (max(rows), width) if rows else (B, N)


@cache
def small_products_are_fast() -> bool:
    """Whether the processor has AVX-512; without it blocks lose a tenth instead of gaining."""
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    return any(name.startswith(("AVX512", "X86_V4")) for name in found)
