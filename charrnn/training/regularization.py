"""What a training draws at random for every update, so that a network learns more than its text.

All members of a team draw the same, for the whole batch, and take their share.
"""

import math

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Array
from charrnn.config import Settings
from charrnn.network.model import Masks, Network, States
from charrnn.network.parameters import Parameters

FRESH_START = 0.01  # the probability that a stream's window begins with a zero state


class Regularization:
    """The random part of a training by complete settings; ``mine`` are a member's streams."""

    def __init__(
        self, config: Settings, weights: Parameters, mine: slice, rng: np.random.Generator
    ) -> None:
        self.config = config
        self.weights = weights
        self.mine = mine
        self.rng = rng
        self._kept: dict[str, Array] = {}
        self._thinned = Parameters(weights.shape, vector=weights.vector)
        if config.recurrent_dropout:
            for name in (f"U{layer}" for layer in range(config.layers)):
                self._kept[name], self._thinned.views[name] = np.empty(
                    (2, *weights[name].shape), weights.vector.dtype
                )

    def reset_states(self, states: States) -> States:
        """The carried states, but now and then zeros: to begin, as a prime does, is learned too.

        As in Melis, Dyer and Blunsom, "On the state of the art of evaluation in neural language
        models", 2018.
        """
        carried = self._some((self.config.batch, 1), FRESH_START)[self.mine]
        return [tuple(array * carried for array in state) for state in states]

    def draw_masks(self) -> Masks:
        """Dropout on every layer's output, one mask a stream and window (Gal, Ghahramani 2016)."""
        if not self.config.dropout:
            return ()
        size = (self.config.layers, self.config.batch, self.config.hidden)
        kept = self._some(size, self.config.dropout)[:, self.mine]
        return list(self._scaled(kept, self.config.dropout))

    def drop_weights(self) -> Network:
        """The network less some of its recurrent weights, the same for all streams.

        DropConnect (Wan et al. 2013) as for language models by Merity, Keskar and Socher 2018.
        """
        dropped = self.config.recurrent_dropout
        for name, kept in self._kept.items():
            kept[:] = self._scaled(self._some(kept.shape, dropped), dropped)
            np.multiply(self.weights[name], kept, out=self._thinned[name])
        return Network(self._thinned)

    def mask_gradients(self, gradients: Parameters) -> None:
        """Make of the thinned network's gradients those of the weights that it was made from."""
        for name, kept in self._kept.items():
            gradients[name][:] *= kept

    def _some(self, shape: tuple[int, ...], dropped: float) -> npt.NDArray[np.bool_]:
        """True but for a share that is ``dropped``."""
        numbers = np.frombuffer(self.rng.bytes(2 * math.prod(shape)), "<u2")
        return numbers.reshape(shape) >= round(dropped * 0x10000)

    def _scaled(self, kept: npt.NDArray[np.bool_], dropped: float) -> Array:
        """Factors that keep the mean."""
        return kept * self.weights.vector.dtype.type(1 / (1 - dropped))
