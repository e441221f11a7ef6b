"""The network: characters pick rows, cells are stacked, a softmax predicts the next character.

Not here: what the cells compute (rnn.py, lstm.py and others), the loss (softmax.py), and how
weights change (training).
"""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeAlias

import numpy as np

from charrnn.arrays import Array, Ids
from charrnn.network.cell import State
from charrnn.network.inputs import gather_inputs, project_inputs, project_window
from charrnn.network.parameters import Parameters, Shape
from charrnn.network.softmax import cross_entropy_and_gradients, log_probabilities
from charrnn.network.workspace import Workspace

States: TypeAlias = Sequence[State]
"""The state of each layer."""
Masks: TypeAlias = Sequence[Array]
"""The dropout mask of each layer's output, (B, H)."""
NO_MASKS: Masks = ()

LayerBackward: TypeAlias = Callable[[Array, Parameters, State], tuple[Array | None, State]]
"""``dx, dstate = backward(dh, gradients, dafter)``; dx is None for the first layer."""


class NetworkBackward(Protocol):
    """The backward of a window, from the gradient of its outputs to those of all weights."""

    def __call__(self, dh: Array, gradients: Parameters, dafter: States | None = None, /) -> States:
        """Write the layers' gradients, and return the gradient of the states before the window.

        ``dh`` (T, B, H) is **overwritten**. ``gradients`` receives the gradients of the layers. The
        gradient of an embedding is added to the value already there. The gradients of an untied
        output are not touched.
        ``dafter`` is the gradient of the states after the window; None means zeros.
        """


class Network:
    """A shape and its parameters. It keeps nothing between calls: states are arguments."""

    def __init__(self, parameters: Parameters) -> None:
        self.parameters = parameters
        self.shape: Shape = parameters.shape

    def initial_states(self, streams: int) -> States:
        """Return zeros for every layer: the states before the first character."""
        H, dtype = self.shape.hidden, self.parameters.vector.dtype
        return [
            tuple(np.zeros((streams, H), dtype) for _ in self.shape.cell_record.states)
            for _ in range(self.shape.layers)
        ]

    def forward(
        self,
        ids: Ids,
        states: States,
        masks: Masks = NO_MASKS,
        workspace: Workspace | None = None,
    ) -> tuple[Array, States, NetworkBackward]:
        """Return the top layer's outputs (T, B, H), the states after the window, and the backward.

        ``ids`` (T, B) are the characters. ``states`` are the states before the window. ``masks``
        multiply the output of each layer: they are dropout, with the same mask at every step, and
        empty without dropout. The outputs and the backward are valid until the next window is
        computed in the same ``workspace``.
        """
        workspace = workspace or Workspace()
        backwards: list[LayerBackward] = []
        after: list[State] = []
        x: Array | None = None
        for layer, state in enumerate(states):
            layer_workspace = workspace.child(layer)
            x, state, backward = self._forward_layer(layer, ids, x, state, layer_workspace)
            if masks:
                masked = layer_workspace.empty("masked", x.shape, x.dtype)
                x = np.multiply(x, masks[layer], out=masked)
            after.append(state)
            backwards.append(backward)
        assert x is not None

        def network_backward(
            dh: Array, gradients: Parameters, dafter: States | None = None
        ) -> States:
            dafter = dafter or [tuple(map(np.zeros_like, state)) for state in states]
            dx: Array | None = dh
            dbefore: list[State] = []
            for layer in reversed(range(len(backwards))):
                assert dx is not None
                if masks:
                    dx *= masks[layer]
                dx, dstate = backwards[layer](dx, gradients, dafter[layer])
                dbefore.insert(0, dstate)
            return dbefore

        return x, after, network_backward

    def _forward_layer(
        self, layer: int, ids: Ids, below: Array | None, state: State, workspace: Workspace
    ) -> tuple[Array, State, LayerBackward]:
        """Compute one layer over a window, on the output of the layer ``below``.

        ``below`` is None for the first layer, whose input is ``ids``.
        """
        W, U, b, r = (self.parameters[f"{name}{layer}"] for name in "WUbr")
        cell = self.shape.cell_record
        scale = cell.gate_scale(W.dtype)
        embedded = below is None and self.shape.tied
        if below is None:
            E = self.parameters["E"] if embedded else None
            write_inputs, input_backward = gather_inputs(ids, W, b, scale, E)
        else:
            project = project_inputs if cell.recurrent_weights else project_window
            write_inputs, input_backward = project(below, W, b, scale, workspace)
        h, after, cell_backward = cell.forward(len(ids), write_inputs, state, U, r, workspace)

        def backward(dh: Array, gradients: Parameters, dafter: State) -> tuple[Array | None, State]:
            dW, dU, db, dr = (gradients[f"{name}{layer}"] for name in "WUbr")
            da, dbefore = cell_backward(dh, dafter, dU, dr)
            return input_backward(da, dW, db, *([gradients["E"]] if embedded else [])), dbefore

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
        temporal_regularization: float = 0.0,
    ) -> tuple[float, States]:
        """Return the mean cross-entropy of a window in nats, and the states after it.

        ``ids`` and ``targets`` (T, B). **Writes** the gradients of the mean to ``gradients``. The
        mean is over ``characters``, by default those of the window: a member of a team passes the
        number of all members' characters, so that their losses and gradients add up.

        The gradients, but not the loss, include ``temporal_regularization`` times the mean square
        of the change of each output of the network from one step to the next (temporal activation
        regularization: Merity, McCann and Socher 2017, "Revisiting activation regularization for
        language RNNs").
        """
        workspace, characters = workspace or Workspace(), characters or ids.size
        h, after, backward = self.forward(ids, states, masks, workspace)
        loss, dh = cross_entropy_and_gradients(
            h.reshape(-1, self.shape.hidden), targets.ravel(), *self.output_weights,
            gradients["out.W"], gradients["out.b"], workspace, characters,
        )  # fmt: skip
        dh = dh.reshape(h.shape)
        if temporal_regularization:
            # The derivative of a change's square is twice the change at the later of the two steps,
            # and its opposite at the earlier one.
            change = np.subtract(h[1:], h[:-1], workspace.empty("change", h[1:].shape, h.dtype))
            change *= 2 * temporal_regularization / (characters * self.shape.hidden)
            dh[1:] += change
            dh[:-1] -= change
        # Truncated backpropagation: no gradient comes from the next window, and that of the states
        # before this one goes no further. This runs after the softmax, which writes E's gradient
        # when weights are tied; backward adds to it.
        backward(dh, gradients)
        return loss, after

    def predict(self, ids: Ids, states: States) -> tuple[Array, States]:
        """Return the log-probabilities (T, B, V) of the next character, and the states after.

        ``ids`` is (T, B); position [t, b] predicts what follows ``ids[t, b]``.
        """
        h, after, _ = self.forward(ids, states)
        logs = log_probabilities(h.reshape(-1, self.shape.hidden), *self.output_weights)
        return logs.reshape(*ids.shape, self.shape.V), after

    @property
    def output_weights(self) -> tuple[Array, Array]:
        """W (H, V) and b (V,) of the output."""
        return self.parameters["out.W"], self.parameters["out.b"]
