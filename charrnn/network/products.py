"""The matrix product of every time step, ``x @ W`` with the same W, close to the processor's limit.

A BLAS repacks W for every product, which with few streams costs as much as the product itself: at
512 units and 32 streams OpenBLAS reached 60 to 75 % of its own peak. Its kernels for AVX-512 read
both operands of a small product in place. So W is rearranged once per window into blocks, each of
which makes a small product: 105 to 115 % of the peak that large products reach.

Not here: products over a whole window, which a BLAS computes well without help.
"""

from functools import cache
from typing import NamedTuple

import numpy as np

from charrnn.arrays import Array
from charrnn.network.workspace import Workspace

MAX_BLOCK_COLUMNS = 64
MIN_BLOCK_COLUMNS = 16
FAST_COLUMNS = 32
"""The columns of a fast block are a multiple of this: two AVX-512 registers."""
MIN_BLOCK_ROWS = 8
MAX_SMALL_PRODUCT = 1_000_000
"""The largest number of multiplications for which OpenBLAS uses its kernels for small products."""
SMALL_PRODUCT_KERNELS = frozenset({"SkylakeX", "Cooperlake", "SapphireRapids"})
"""OpenBLAS's names of its kernels for AVX-512, on processors of Intel and of AMD.

They multiply small products without packing. With other kernels, blocks are a tenth slower than the
plain product.
"""


class Blocks(NamedTuple):
    """The number of parts of S and of K, and a block's rows and columns.

    The numbers of parts divide S and K without remainder; rows and columns divide B and N.
    """

    s_parts: int
    k_parts: int
    rows: int
    columns: int


class StepProduct:
    """The sum over s of ``x[s] @ W[s, g]`` for each g, with W (S, G, K, N) copied into blocks.

    A forward pass has W = ``U[None]``: there is nothing to sum over, and each gate of the result is
    contiguous. A backward pass has W = ``U.transpose(0, 2, 1)[:, None]``: the gates of x lie side
    by side, and the product sums over them. ``scale`` (G,) multiplies W.

    The x of a window, (..., B, S K), is passed as the view that `left_operands` returns, so that a
    step costs one call: ``product(operands[t])`` returns (G, B, N), valid until the next call.
    """

    def __init__(self, W: Array, B: int, workspace: Workspace, scale: Array | None = None) -> None:
        S, G, K, N = W.shape
        s_parts, k_parts, rows, columns = choose_blocks(B, S, K, N)
        self._parts = s_parts * k_parts
        self._rows = rows
        part_length, blocks_across = S * K // self._parts, N // columns
        # The 1 is broadcast over the blocks of rows, which all are multiplied by the same weights.
        self._weights = workspace.empty(
            "weights", (self._parts, G, blocks_across, 1, part_length, columns), W.dtype
        )
        # From (S, G, K, N) to contiguous blocks: the axes of parts come first, then the gates and
        # the blocks of columns; within a block, the rest of S and K are the rows.
        np.multiply(
            W.reshape(
                s_parts, S // s_parts, G, k_parts, K // k_parts, blocks_across, columns
            ).transpose(0, 3, 2, 5, 1, 4, 6),
            1 if scale is None else scale[:, None, None, None, None],
            self._weights.reshape(
                s_parts, k_parts, G, blocks_across, S // s_parts, K // k_parts, columns
            ),
        )
        # Two views of each part's sums: the products are written by blocks, and read as (G, B, N).
        self._sums = workspace.empty("sums", (self._parts, G, B, N), W.dtype)
        by_block = self._sums.reshape(self._parts, G, B // rows, rows, blocks_across, columns)
        self._blocks = by_block.transpose(0, 1, 4, 2, 3, 5)
        self.result = (
            workspace.empty("result", (G, B, N), W.dtype) if self._parts > 1 else self._sums[0]
        )

    def __call__(self, operand: Array) -> Array:
        """Return the product of a step, (G, B, N), in ``result``."""
        np.matmul(operand, self._weights, out=self._blocks)
        if self._parts > 1:
            np.add.reduce(self._sums, axis=0, out=self.result)
        return self.result

    def left_operands(self, x: Array) -> Array:
        """Return a view of ``x`` (..., B, S K) whose element [t] can be passed to a call."""
        *outer, B, K = x.shape
        by_part = x.reshape(*outer, B // self._rows, self._rows, self._parts, K // self._parts)
        # The parts come first, as in the weights; gates and blocks of columns are broadcast.
        return np.moveaxis(by_part, -2, -4)[..., :, None, None, :, :, :]


def write_weight_gradient(x: Array, d: Array, dW: Array) -> None:
    """Write to ``dW`` (G, K, H) the gradient of W, where ``d`` (T, B, G, H) is that of ``x @ W``.

    It is the outer product of x (T, B, K) and d, summed over all steps and streams.
    """
    T, B, G, H = d.shape
    np.matmul(x.reshape(T * B, -1).T, d.reshape(T * B, G, H).swapaxes(0, 1), out=dW)


def choose_blocks(B: int, S: int, K: int, N: int) -> Blocks:
    """Return the fewest parts whose blocks are small products, or one block for everything."""
    whole = Blocks(1, 1, B, N)
    columns = _choose_columns(N)
    if not columns or not small_products_are_fast():
        return whole
    # S is divided first, then K.
    divisions = [(parts, 1) for parts in _divisors(S)] + [(S, parts) for parts in _divisors(K)]
    for s_parts, k_parts in divisions:
        part_length = S * K // (s_parts * k_parts)
        heights = [n for n in _divisors(B) if n * part_length * columns <= MAX_SMALL_PRODUCT]
        if heights and heights[-1] >= min(B, MIN_BLOCK_ROWS):
            return Blocks(s_parts, k_parts, heights[-1], columns)
    return whole


def _choose_columns(N: int) -> int:
    """Return the columns of a block, a divisor of N; 0 if none is suitable."""
    widths = [n for n in range(MIN_BLOCK_COLUMNS, MAX_BLOCK_COLUMNS + 1) if N % n == 0]
    return max([n for n in widths if n % FAST_COLUMNS == 0] or widths, default=0)


def _divisors(number: int) -> list[int]:
    return [n for n in range(1, number + 1) if number % n == 0]


@cache
def small_products_are_fast() -> bool:
    """Whether the BLAS that NumPy has loaded runs a kernel of `SMALL_PRODUCT_KERNELS`.

    The kernel decides and not the processor: OPENBLAS_CORETYPE can choose another one.
    """
    from threadpoolctl import threadpool_info  # not before it is needed: a sample needs no blocks

    return any(
        library["internal_api"] == "openblas" and library["architecture"] in SMALL_PRODUCT_KERNELS
        for library in threadpool_info()
    )
