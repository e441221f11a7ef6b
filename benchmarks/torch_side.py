"""The same model in PyTorch: trains or samples for some seconds, prints characters per second.

    python torch_side.py train|sample CELL HIDDEN LAYERS STREAMS WINDOW V INPUT THREADS KERNELS

INPUT is one-hot or embedding, KERNELS is onednn or plain; `sample` ignores WINDOW.
"""

import statistics
import sys
import time
from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional

SECONDS = 2.0


class CharacterModel(nn.Module):
    """One-hot or embedded characters, a stack of cells, a linear output."""

    def __init__(self, cell: str, H: int, layers: int, V: int, embedded: bool) -> None:
        super().__init__()
        recurrent_layer = getattr(nn, cell.upper())
        self.V = V
        self.embedding = nn.Embedding(V, H) if embedded else None
        self.rnn = recurrent_layer(H if embedded else V, H, layers)
        self.out = nn.Linear(H, V)

    def forward(self, ids: torch.Tensor, state: object = None) -> tuple[torch.Tensor, object]:
        """Return the logits (T, B, V) and the state after ids (T, B)."""
        x = self.embedding(ids) if self.embedding else functional.one_hot(ids, self.V).float()
        h, state = self.rnn(x, state)
        return self.out(h), state


def detach(state: object) -> object:
    """Detach the state from the graph of its window: backpropagation is truncated there."""
    return tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()  # type: ignore[attr-defined]


def measure_speed(characters: int, step: Callable[[], None]) -> float:
    """Return characters per second by the median step of SECONDS, after three warm-up steps."""
    for _ in range(3):
        step()
    times, end = [], time.perf_counter() + SECONDS
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return characters / statistics.median(times)


def measure_training(model: CharacterModel, B: int, T: int) -> float:
    """Return characters per second of training: AdamW with clipping; the state is carried."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    ids = torch.randint(model.V, (T + 1, B))
    state: object = None

    def step() -> None:
        nonlocal state
        logits, after = model(ids[:-1], state)
        loss = functional.cross_entropy(logits.reshape(-1, model.V), ids[1:].reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        state = detach(after)

    return measure_speed(B * T, step)


@torch.inference_mode()
def measure_sampling(model: CharacterModel, B: int) -> float:
    """Return characters per second of B samples at temperature 0.8."""
    ids = torch.zeros((1, B), dtype=torch.long)
    state: object = None

    def step() -> None:
        nonlocal ids, state
        for _ in range(20):
            logits, state = model(ids, state)
            ids = torch.multinomial(torch.softmax(logits[0] / 0.8, dim=1), 1).T

    return measure_speed(20 * B, step)


def main() -> None:
    """Measure as the command line says."""
    what, cell, hidden, layers, streams, window, V, input_kind, threads, kernels = sys.argv[1:]
    torch.manual_seed(0)
    torch.set_num_threads(int(threads))
    torch.backends.mkldnn.enabled = kernels == "onednn"
    model = CharacterModel(cell, int(hidden), int(layers), int(V), input_kind == "embedding")
    if what == "train":
        print(measure_training(model, int(streams), int(window)))
    else:
        print(measure_sampling(model.eval(), int(streams)))


if __name__ == "__main__":
    main()
