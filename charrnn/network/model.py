"""The network: characters pick rows, cells are stacked, a softmax predicts the next character.

Not here: what the cells compute (rnn.py, gru.py, lstm.py), the loss (softmax.py), and how weights
change (training).
"""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

import numpy as np

from charrnn.arrays import Array, Ids
from charrnn.network.cell import State
from charrnn.network.inputs import gather_inputs, project_inputs
from charrnn.network.parameters import Parameters, Shape
from charrnn.network.softmax import cross_entropy_and_gradients, log_probabilities
from charrnn.network.workspace import Workspace

States: TypeAlias = Sequence[State]
Masks: TypeAlias = Sequence[Array]
NO_MASKS: Masks = ()


class Backward(Protocol):
    """From the gradient of a window's outputs to that of everything before them."""

    def __call__(self, dh: Array, gradients: Parameters, dafter: States | None = None, /) -> States:
        """Writes the layers' gradients; gives that of the states before the window.

        ``dh`` (T, B, H) is **overwritten** · ``dafter`` is the gradient of the states after the
        window, zeros where it is None.
        """


class Network:
    """A shape and its parameters. Nothing is remembered between calls; states are handed in."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.shape: Shape = parameters.shape

    def initial_states(self, streams: int) -> States:
        """Zeros for every layer: before the first character nothing is known."""
        H, dtype = self.shape.hidden, self.parameters.vector.dtype
        arrays = len(self.shape.cell_record.states)
        return [
            tuple(np.zeros((streams, H), dtype) for _ in range(arrays))
            for _ in range(self.shape.layers)
        ]

    def forward(
        self,
        ids: Ids,
        states: States,
        masks: Masks = NO_MASKS,
        workspace: Workspace | None = None,
    ) -> tuple[Array, States, Backward]:
        """The top layer's outputs over a window, (T, B, H), and the states after it.

        ``ids`` (T, B) · ``masks`` one (B, H) a layer, multiplied on its output (dropout, the same
        mask for the whole window), or none. Outputs and backward are good until the next window is
        run in the same ``workspace``; without one, for ever.
        """
        workspace = workspace or Workspace()
        undo: list[Callable[[Array, Parameters, State], tuple[Array | None, State]]] = []
        after: list[State] = []
        x: Array | None = None
        for layer, state in enumerate(states):
            x, state, backward = self._layer(layer, ids, x, state, workspace.inner(layer))
            if masks:
                kept = workspace.inner(layer).empty("kept", x.shape, x.dtype)
                x = np.multiply(x, masks[layer], out=kept)
            after.append(state)
            undo.append(backward)
        assert x is not None

        def backward_all(dh: Array, gradients: Parameters, dafter: States | None = None) -> States:
            dafter = dafter or [tuple(map(np.zeros_like, state)) for state in states]
            dx: Array | None = dh
            dbefore: list[State] = []
            for layer in reversed(range(len(undo))):
                assert dx is not None
                if masks:
                    dx *= masks[layer]
                dx, dstate = undo[layer](dx, gradients, dafter[layer])
                dbefore.insert(0, dstate)
            return dbefore

        return x, after, backward_all

    def _layer(
        self, layer: int, ids: Ids, below: Array | None, state: State, workspace: Workspace
    ) -> tuple[Array, State, Callable[[Array, Parameters, State], tuple[Array | None, State]]]:
        """One layer over a window, on the layer ``below`` or, if that is None, on ``ids``.

        The backward gives the gradients of the layer below and of the state before.
        """
        W, U, b, r = (self.parameters[f"{name}{layer}"] for name in "WUbr")
        cell = self.shape.cell_record
        scale = cell.gate_scale(W.dtype)
        embedded = below is None and self.shape.tied
        if below is None:
            E = self.parameters["E"] if embedded else None
            write_inputs, undo_input = gather_inputs(ids, W, b, scale, E)
        else:
            write_inputs, undo_input = project_inputs(below, W, b, scale, workspace)
        h, after, undo_cell = cell.forward(len(ids), write_inputs, state, U, r, workspace)

        def backward(dh: Array, gradients: Parameters, dafter: State) -> tuple[Array | None, State]:
            dW, dU, db, dr = (gradients[f"{name}{layer}"] for name in "WUbr")
            da, dbefore = undo_cell(dh, dafter, dU, dr)
            return undo_input(da, dW, db, *([gradients["E"]] if embedded else [])), dbefore

        return h, after, backward

    def loss_and_gradients(
        self,
        ids: Ids,
        targets: Ids,
        states: States,
        gradients: Parameters,
        masks: Masks = NO_MASKS,
        workspace: Workspace | None = None,
        characters: int | None = None,
    ) -> tuple[float, States]:
        """Mean nats a character over a window, and the states after it.

        ``ids`` and ``targets`` (T, B). ``gradients`` is overwritten with those of the mean, which
        is over so many ``characters``: more than these where others add theirs.
        """
        workspace = workspace or Workspace()
        h, after, backward = self.forward(ids, states, masks, workspace)
        flat, into = h.reshape(-1, self.shape.hidden), (gradients["out.W"], gradients["out.b"])
        loss, dh = cross_entropy_and_gradients(
            flat, targets.ravel(), *self.output_weights, *into, workspace, characters
        )
        backward(dh.reshape(h.shape), gradients)  # and no further: truncated
        return loss, after

    def predict(self, ids: Ids, states: States) -> tuple[Array, States]:
        """Log-probabilities of the character that follows each of ``ids`` (T, B), as (T, B, V)."""
        h, after, _ = self.forward(ids, states)
        logs = log_probabilities(h.reshape(-1, self.shape.hidden), *self.output_weights)
        return logs.reshape(*ids.shape, self.shape.V), after

    @property
    def output_weights(self) -> tuple[Array, Array]:
        """W (H, V) and b (V,) of the softmax."""
        return self.parameters["out.W"], self.parameters["out.b"]
