"""The same model in PyTorch: trains or samples for some seconds, prints characters per second.

    python torch_side.py train|sample MODEL WINDOW SECONDS THREADS KERNELS PRECISION

MODEL is a file of compare.py; its input is embedded if it has an embedding, else one-hot. KERNELS
is onednn or plain. PRECISION is float32, or bfloat16 for autocast. `sample` ignores WINDOW.
"""

import sys

import torch
from side import TEMPERATURE, TOLERANCE, ModelFile, measure_speed, read_model
from torch import nn
from torch.nn import functional

TOLERANCES = {"float32": TOLERANCE, "bfloat16": 0.05}
SAMPLING_STEPS = 20  # between two looks at the clock


class CharacterModel(nn.Module):
    """One-hot or embedded characters, a stack of cells, a linear output."""

    def __init__(self, file: ModelFile) -> None:
        super().__init__()
        recurrent_layer = getattr(nn, file.cell.upper())
        self.V = file.V
        embedded = "embedding.weight" in file.weights
        self.embedding = nn.Embedding(file.V, file.H) if embedded else None
        self.rnn = recurrent_layer(file.H if embedded else file.V, file.H, file.layers)
        self.out = nn.Linear(file.H, file.V)
        self.load_state_dict({name: torch.tensor(a) for name, a in file.weights.items()})

    def forward(self, ids: torch.Tensor, state: object = None) -> tuple[torch.Tensor, object]:
        """Return the logits (T, B, V) and the state after ids (T, B)."""
        x = self.embedding(ids) if self.embedding else functional.one_hot(ids, self.V).float()
        h, state = self.rnn(x, state)
        return self.out(h), state


def detach(state: object) -> object:
    """Detach the state from the graph of its window: backpropagation is truncated there."""
    return tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()  # type: ignore[attr-defined]


def measure_training(
    model: CharacterModel, B: int, T: int, precision: torch.dtype, seconds: float
) -> float:
    """Return characters per second of training: AdamW with clipping; the state is carried."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    ids = torch.randint(model.V, (T + 1, B))
    state: object = None

    def step() -> None:
        nonlocal state
        with torch.autocast("cpu", precision, enabled=precision != torch.float32):
            logits, after = model(ids[:-1], state)
            loss = functional.cross_entropy(logits.reshape(-1, model.V), ids[1:].reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        state = detach(after)

    return measure_speed(B * T, step, seconds)


@torch.inference_mode()
def measure_sampling(
    model: CharacterModel, B: int, precision: torch.dtype, seconds: float
) -> float:
    """Return characters per second of B samples."""
    ids = torch.zeros((1, B), dtype=torch.long)
    state: object = None

    def step() -> None:
        nonlocal ids, state
        with torch.autocast("cpu", precision, enabled=precision != torch.float32):
            for _ in range(SAMPLING_STEPS):
                logits, state = model(ids, state)
                ids = torch.multinomial(torch.softmax(logits[0] / TEMPERATURE, dim=1), 1).T

    return measure_speed(SAMPLING_STEPS * B, step, seconds)


@torch.inference_mode()
def compute_logits(model: CharacterModel, file: ModelFile, precision: torch.dtype) -> torch.Tensor:
    """Return the logits (T, B, V) of the file's characters."""
    with torch.autocast("cpu", precision, enabled=precision != torch.float32):
        return model(torch.tensor(file.ids))[0].float()


def main() -> None:
    """Measure as the command line says."""
    what, path, window, seconds, threads, kernels, precision_name = sys.argv[1:]
    torch.manual_seed(0)
    torch.set_num_threads(int(threads))
    torch.backends.mkldnn.enabled = kernels == "onednn"
    precision = getattr(torch, precision_name)
    file = read_model(path)
    model = CharacterModel(file)
    file.check_logits(compute_logits(model, file, precision).numpy(), TOLERANCES[precision_name])
    if what == "train":
        print(measure_training(model, file.streams, int(window), precision, float(seconds)))
    else:
        print(measure_sampling(model.eval(), file.streams, precision, float(seconds)))


if __name__ == "__main__":
    main()
