"""The same lstm in JAX: samples for some seconds, prints characters per second.

    python jax_side.py sample MODEL WINDOW SECONDS THREADS LENGTH

One call of a compiled function draws LENGTH characters of each sample: a scan, whose step has the
layers, the output and the draw. The speed is that after compilation. WINDOW is ignored.
"""

import os
import sys
from functools import partial

import jax
import jax.numpy as jnp
from side import TEMPERATURE, ModelFile, measure_speed, read_model

State = list[tuple[jax.Array, jax.Array]]
Weights = dict[str, jax.Array]


def make_weights(file: ModelFile) -> Weights:
    """Return the weights as factors on the right, and the two biases of each gate added."""
    arrays = {name: jnp.asarray(array) for name, array in file.weights.items()}
    weights = {"out.W": arrays["out.weight"].T, "out.b": arrays["out.bias"]}
    for layer in range(file.layers):
        weights[f"W{layer}"] = arrays[f"rnn.weight_ih_l{layer}"].T
        weights[f"U{layer}"] = arrays[f"rnn.weight_hh_l{layer}"].T
        weights[f"b{layer}"] = arrays[f"rnn.bias_ih_l{layer}"] + arrays[f"rnn.bias_hh_l{layer}"]
    return weights


def zero_state(file: ModelFile) -> State:
    """Return h and c (B, H) of each layer before the first character."""
    zeros = jnp.zeros((file.streams, file.H))
    return [(zeros, zeros)] * file.layers


def make_step(weights: Weights, ids: jax.Array, state: State) -> tuple[jax.Array, State]:
    """Return the logits (B, V) of what follows ids (B,), and the state after them."""
    after = []
    x = weights["W0"][ids]  # the product with one-hot vectors
    for layer, (h, c) in enumerate(state):
        if layer:
            x = x @ weights[f"W{layer}"]
        i, f, g, o = jnp.split(x + h @ weights[f"U{layer}"] + weights[f"b{layer}"], 4, axis=1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        x = jax.nn.sigmoid(o) * jnp.tanh(c)
        after.append((x, c))
    return x @ weights["out.W"] + weights["out.b"], after


@jax.jit
def compute_logits(weights: Weights, ids: jax.Array, state: State) -> jax.Array:
    """Return the logits (T, B, V) of ids (T, B)."""

    def step(state: State, row: jax.Array) -> tuple[State, jax.Array]:
        logits, state = make_step(weights, row, state)
        return state, logits

    return jax.lax.scan(step, state, ids)[1]


@partial(jax.jit, static_argnames="length")
def draw_characters(
    weights: Weights, ids: jax.Array, state: State, key: jax.Array, length: int
) -> tuple[jax.Array, State, jax.Array]:
    """Draw ids (length, B) after ids (B,); return the last of them, the state and all of them.

    The largest of logits with added Gumbel noise is a draw from their softmax. Noise for a whole
    call costs less than noise for one step at a time.
    """
    noise = jax.random.gumbel(key, (length, len(ids), len(weights["out.b"])))

    def step(
        carry: tuple[jax.Array, State], noise: jax.Array
    ) -> tuple[tuple[jax.Array, State], jax.Array]:
        logits, state = make_step(weights, *carry)
        ids = jnp.argmax(logits / TEMPERATURE + noise, axis=1)
        return (ids, state), ids

    (ids, state), drawn = jax.lax.scan(step, (ids, state), noise)
    return ids, state, drawn


def measure_sampling(weights: Weights, file: ModelFile, length: int, seconds: float) -> float:
    """Return characters per second of B samples."""
    ids, state, key = jnp.zeros(file.streams, int), zero_state(file), jax.random.key(0)

    def step() -> None:
        nonlocal ids, state, key
        key, own_key = jax.random.split(key)
        ids, state, drawn = draw_characters(weights, ids, state, own_key, length)
        drawn.block_until_ready()

    step()  # compiles
    return measure_speed(length * file.streams, step, seconds)


def main() -> None:
    """Measure as the command line says."""
    what, path, _, seconds, threads, length = sys.argv[1:]
    assert what == "sample"
    # XLA starts a thread for each processor that the process may use at its first computation.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: int(threads)])
    file = read_model(path)
    weights = make_weights(file)
    file.check_logits(compute_logits(weights, jnp.asarray(file.ids), zero_state(file)))
    print(measure_sampling(weights, file, int(length), float(seconds)))


if __name__ == "__main__":
    main()
