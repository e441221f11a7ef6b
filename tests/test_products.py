"""The product of a step is the same however it is cut into blocks."""

import numpy as np
import pytest

from charrnn.network import products
from charrnn.network.products import (
    StepProduct,
    choose_blocks,
    small_products_are_fast,
    write_weight_gradient,
)
from charrnn.network.workspace import Workspace

# (B, S, G, K, N): the blocks where small products are fast
CUTS: dict[tuple[int, ...], tuple[int, ...]] = {
    (25, 1, 4, 128, 128): (1, 1, 25, 64),
    (32, 1, 3, 96, 80): (1, 1, 32, 40),
    (32, 4, 1, 256, 256): (1, 1, 8, 64),
    (16, 1, 4, 288, 288): (1, 1, 16, 32),  # not 48 columns
    (32, 4, 1, 512, 512): (2, 1, 8, 64),
    (31, 4, 1, 512, 64): (4, 2, 31, 64),
    (8, 1, 2, 4000, 32): (1, 2, 8, 32),
    (64, 1, 1, 700, 34): (1, 1, 32, 34),
    (1, 1, 1, 5, 7): (1, 1, 1, 7),  # too few columns for a block
}


@pytest.mark.parametrize("fast", [True, False])
@pytest.mark.parametrize("size", CUTS)
def test_product_is_the_same_in_blocks_and_without(
    size: tuple[int, ...], fast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(products, "small_products_are_fast", lambda: fast)
    B, S, G, K, N = size
    rng = np.random.default_rng(0)
    W, x, scale = rng.normal(size=(S, G, K, N)), rng.normal(size=(3, B, S, K)), rng.normal(size=G)
    product = StepProduct(W, B, Workspace(), scale)
    expected = np.einsum("tbsk,sgkn,g->tgbn", x, W, scale)
    for operand, wanted in zip(
        product.left_operands(x.reshape(3, B, S * K)), expected, strict=True
    ):
        np.testing.assert_allclose(product(operand), wanted, atol=1e-10)


@pytest.mark.parametrize("size", CUTS)
def test_cut_products_are_small_enough_for_the_fast_kernels(
    size: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(products, "small_products_are_fast", lambda: True)
    B, S, _, K, N = size
    s_parts, k_parts, rows, columns = cut = choose_blocks(B, S, K, N)
    assert cut == CUTS[size]
    assert rows * (S * K // s_parts // k_parts) * columns <= products.MAX_SMALL_PRODUCT


def test_weight_gradient_is_the_sum_of_the_outer_products() -> None:
    rng = np.random.default_rng(1)
    x, d, out = rng.normal(size=(4, 3, 5)), rng.normal(size=(4, 3, 2, 6)), np.empty((2, 5, 6))
    write_weight_gradient(x, d, out)
    np.testing.assert_allclose(out, np.einsum("tbk,tbgh->gkh", x, d))


@pytest.mark.parametrize(
    ("library", "fast"),
    [
        ({"internal_api": "openblas", "architecture": "SkylakeX"}, True),
        ({"internal_api": "openblas", "architecture": "SapphireRapids"}, True),
        ({"internal_api": "openblas", "architecture": "Haswell"}, False),
        ({"internal_api": "openblas", "architecture": "Zen"}, False),
        ({"internal_api": "mkl", "threading_layer": "intel"}, False),
        ({"internal_api": "openmp"}, False),
    ],
)
def test_blocks_are_used_where_the_loaded_blas_has_fast_kernels_for_them(
    library: dict[str, str], fast: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("threadpoolctl.threadpool_info", lambda: [library])
    assert small_products_are_fast.__wrapped__() is fast
