"""Dropout, weight dropout, and random resets of the state.

All members of a team draw the same random numbers, for the whole batch, and use their shard. So the
result does not depend on the number of members.
"""

import math

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Array
from charrnn.config import Settings
from charrnn.network.model import Masks, Network, States
from charrnn.network.parameters import Parameters

RESET_PROBABILITY = 0.01  # of the state of a stream, before each window


class Regularization:
    """The random changes that an update makes to states, outputs and weights.

    ``shard`` selects this member's streams of the batch.
    """

    def __init__(
        self, config: Settings, weights: Parameters, shard: slice, rng: np.random.Generator
    ) -> None:
        self.config = config
        self.weights = weights
        self.shard = shard
        self.rng = rng
        self._weight_masks: dict[str, Array] = {}
        # The same arrays as ``weights``, except for recurrent weights, where they are dropped.
        self._dropped_weights = Parameters(weights.shape, vector=weights.vector)
        if config.recurrent_dropout:
            for name in (f"U{layer}" for layer in range(config.layers)):
                self._weight_masks[name], self._dropped_weights.views[name] = np.empty(
                    (2, *weights[name].shape), weights.vector.dtype
                )

    def reset_states(self, states: States) -> States:
        """The states of this member's streams, some of them at random reset to zero.

        A prime begins with a zero state, which a network would otherwise not meet in training
        (Melis, Dyer and Blunsom, "On the state of the art of evaluation in neural language models",
        2018).
        """
        carried = self._draw_kept((self.config.batch, 1), RESET_PROBABILITY)[self.shard]
        return [tuple(array * carried for array in state) for state in states]

    def draw_masks(self) -> Masks:
        """Dropout masks (B, H) of every layer's output, or none.

        Each is used for all steps of a window (Gal and Ghahramani 2016).
        """
        if not self.config.dropout:
            return ()
        size = (self.config.layers, self.config.batch, self.config.hidden)
        kept = self._draw_kept(size, self.config.dropout)[:, self.shard]
        return list(self._scale_mask(kept, self.config.dropout))

    def drop_weights(self) -> Network:
        """The network without some of its recurrent weights, the same for all streams.

        Valid until the next call. DropConnect (Wan et al. 2013), as Merity, Keskar and Socher
        (2018) use it for language models.
        """
        probability = self.config.recurrent_dropout
        for name, mask in self._weight_masks.items():
            mask[:] = self._scale_mask(self._draw_kept(mask.shape, probability), probability)
            np.multiply(self.weights[name], mask, out=self._dropped_weights[name])
        return Network(self._dropped_weights)

    def mask_gradients(self, gradients: Parameters) -> None:
        """Backward of `drop_weights`, in place: each mask multiplies its weights' gradient."""
        for name, mask in self._weight_masks.items():
            gradients[name][:] *= mask

    def _draw_kept(self, shape: tuple[int, ...], probability: float) -> npt.NDArray[np.bool_]:
        """A random array that is False with ``probability``."""
        # Two random bytes for each decision are faster to draw than a float, and exact enough.
        numbers = np.frombuffer(self.rng.bytes(2 * math.prod(shape)), "<u2")
        return numbers.reshape(shape) >= round(probability * 0x10000)

    def _scale_mask(self, kept: npt.NDArray[np.bool_], probability: float) -> Array:
        """The mask as factors, scaled so that multiplying by it keeps the mean."""
        return kept * self.weights.vector.dtype.type(1 / (1 - probability))
