"""The product of every time step, ``x @ W`` with the same W, close to the processor's limit.

A BLAS repacks W for every product, which with few streams costs as much as the product itself: at
512 units and 32 streams OpenBLAS reached 60 to 75 % of its own peak. For small enough products on
AVX-512 it has kernels that read both factors where they lie. So W is laid out once in blocks, each
a small product: 105 to 115 % of the peak that large products reach.

Products of a whole window a BLAS does well as they are.
"""

from functools import cache

import numpy as np

from charrnn.arrays import Array
from charrnn.network.workspace import Workspace

COLUMNS = 64
COLUMNS_AT_LEAST = 16
ROWS_AT_LEAST = 8
SMALL = 1_000_000
"""OpenBLAS takes the kernels for small products up to so many multiplications."""


class StepProduct:
    """The sum over s of ``x[s] @ W[s, g]`` for each g, with a layout of ``W`` (S, G, K, N).

    For gates that stand side by side in the result W is ``U[None]``; in x, ``U[:, None]``. A
    window's x (..., B, S K) is handed in as the view that `rows` makes of it, so that a step costs
    one call: ``product(rows(x)[t])``, (G, B, N), good until the next. ``scale`` (G,) multiplies W.
    """

    def __init__(self, W: Array, B: int, workspace: Workspace, scale: Array | None = None) -> None:
        S, G, K, N = W.shape
        over_s, over_k, self._height, width = blocks(B, S, K, N)
        self._parts = over_s * over_k
        inner, across = S * K // self._parts, N // width
        self._weights = workspace.empty(
            "weights", (self._parts, G, across, 1, inner, width), W.dtype
        )
        np.multiply(
            W.reshape(over_s, S // over_s, G, over_k, K // over_k, across, width)
            .transpose(0, 3, 2, 5, 1, 4, 6),
            1 if scale is None else scale[:, None, None, None, None],
            self._weights.reshape(over_s, over_k, G, across, S // over_s, K // over_k, width),
        )  # fmt: skip
        sums = workspace.empty("sums", (self._parts, G, B, N), W.dtype)
        split = sums.reshape(self._parts, G, B // self._height, self._height, across, width)
        self._blocks = split.transpose(0, 1, 4, 2, 3, 5)
        self._sums = sums
        self.result = workspace.empty("result", (G, B, N), W.dtype) if self._parts > 1 else sums[0]

    def __call__(self, rows: Array) -> Array:
        """The product of a step."""
        np.matmul(rows, self._weights, out=self._blocks)
        if self._parts > 1:
            np.add.reduce(self._sums, axis=0, out=self.result)
        return self.result

    def rows(self, x: Array) -> Array:
        """A view of ``x`` (..., B, S K) as left factors."""
        *outer, B, K = x.shape
        split = x.reshape(*outer, B // self._height, self._height, self._parts, K // self._parts)
        return np.moveaxis(split, -2, -4)[..., :, None, None, :, :, :]


def sum_over_window(x: Array, d: Array, out: Array) -> None:
    """Write the gradient of W (G, K, H) where ``d`` (T, B, G, H) is that of ``x @ W``, x (T, B, K).

    The outer product of each step and stream, summed over all of them.
    """
    T, B, G, H = d.shape
    np.matmul(x.reshape(T * B, -1).T, d.reshape(T * B, G, H).swapaxes(0, 1), out=out)


def blocks(B: int, S: int, K: int, N: int) -> tuple[int, int, int, int]:
    """How a product is cut: sums over S and over K in so many parts, blocks of rows and columns.

    They divide S, K, B, N. Uncut is (1, 1, B, N).
    """
    widths = [n for n in range(COLUMNS_AT_LEAST, COLUMNS + 1) if N % n == 0]
    if not widths or not small_products_are_fast():
        return 1, 1, B, N
    width = max(widths)
    cuts = [(s, 1) for s in _divisors(S)] + [(S, k) for k in _divisors(K)]
    for over_s, over_k in cuts:
        inner = S * K // (over_s * over_k)
        heights = [b for b in _divisors(B) if b * inner * width <= SMALL]
        if heights and heights[-1] >= min(B, ROWS_AT_LEAST):
            return over_s, over_k, heights[-1], width
    return 1, 1, B, N


def _divisors(number: int) -> list[int]:
    return [n for n in range(1, number + 1) if number % n == 0]


@cache
def small_products_are_fast() -> bool:
    """Whether the processor has AVX-512; without it blocks lose a tenth instead of gaining."""
    found = np.show_config(mode="dicts")["SIMD Extensions"].get("found", [])
    return any(name.startswith(("AVX512", "X86_V4")) for name in found)
