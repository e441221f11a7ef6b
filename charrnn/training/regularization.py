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
    """The random changes to states, outputs and weights in each update.

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
        # Views of ``weights``, except for the recurrent weights, which are masked copies when
        # `recurrent_dropout` is set.
        self._dropped_weights = Parameters(weights.shape, vector=weights.vector)
        if config.recurrent_dropout:
            for name in (f"U{layer}" for layer in range(config.layers)):
                self._weight_masks[name], self._dropped_weights.views[name] = np.empty(
                    (2, *weights[name].shape), weights.vector.dtype
                )

    def reset_states(self, states: States) -> States:
        """Return the states of this member's streams, a random few of them reset to zero.

        A prime begins with a zero state, which a network would otherwise not meet in training
        (Melis, Dyer and Blunsom, "On the state of the art of evaluation in neural language models",
        2018).
        """
        keep_mask = self._draw_keep_mask((self.config.batch, 1), RESET_PROBABILITY)[self.shard]
        return [tuple(array * keep_mask for array in state) for state in states]

    def draw_masks(self) -> Masks:
        """Draw a dropout mask (B, H) for each layer's output; an empty sequence without dropout.

        A mask is used for all steps of a window (Gal and Ghahramani 2016).
        """
        if not self.config.dropout:
            return ()
        size = (self.config.layers, self.config.batch, self.config.hidden)
        keep_mask = self._draw_keep_mask(size, self.config.dropout)[:, self.shard]
        return list(keep_mask * self._mask_factor(self.config.dropout))

    def drop_weights(self) -> Network:
        """Draw which recurrent weights to drop, and return the network without them.

        The same weights are dropped for all streams. The network is valid until the next call. This
        is DropConnect (Wan et al. 2013), as Merity, Keskar and Socher (2018) use it for language
        models.
        """
        probability = self.config.recurrent_dropout
        for name, mask in self._weight_masks.items():
            keep_mask = self._draw_keep_mask(mask.shape, probability)
            np.multiply(keep_mask, self._mask_factor(probability), out=mask)
            np.multiply(self.weights[name], mask, out=self._dropped_weights[name])
        return Network(self._dropped_weights)

    def mask_gradients(self, gradients: Parameters) -> None:
        """Multiply the gradients of recurrent weights by their masks: `drop_weights` backward."""
        for name, mask in self._weight_masks.items():
            gradients[name][:] *= mask

    def _draw_keep_mask(self, shape: tuple[int, ...], probability: float) -> npt.NDArray[np.bool_]:
        """Draw an array that is False with ``probability``, where something is dropped."""
        # Two random bytes for each decision are faster to draw than a float, and exact enough.
        count = math.prod(shape)
        words = self.rng.bit_generator.random_raw(-(-count // 4)).astype("<u8", copy=False)
        return words.view("<u2")[:count].reshape(shape) >= round(probability * 0x10000)

    def _mask_factor(self, probability: float) -> np.floating:
        """Return the factor of what is kept, so that multiplying by a mask keeps the mean."""
        return self.weights.vector.dtype.type(1 / (1 - probability))
