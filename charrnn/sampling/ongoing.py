"""One sample on its way: what it has so far, what is held back, when it ends.

Not here: where its characters come from (sampler.py, beam.py).
"""

import math
from array import array
from copy import copy
from dataclasses import dataclass
from random import Random

from charrnn.arrays import Array, Ids
from charrnn.config import SampleConfig
from charrnn.sampling.repeats import find_repeating
from charrnn.sampling.stops import Stops
from charrnn.text.corpus_info import CorpusInfo

LENGTH, STOP, NO_REPEAT = "length", "stop", "no-repeat"


@dataclass(frozen=True, eq=False)
class Prompt:
    """What is continued: ``ids`` (N,) to read, for the prime that was ``given``.

    ``prime`` is what of it is read; where that is nothing, ids are a newline's. Where a model has
    no newline there are none, and ``logits`` (V,) of the first character instead.
    """

    given: str
    prime: str
    ids: Ids
    logits: Array | None = None


class SamplingContext:
    """What all samples have in common: when they end, and what may not come."""

    def __init__(self, corpus_info: CorpusInfo, config: SampleConfig) -> None:
        self.vocabulary = corpus_info.vocabulary
        self.config = config
        self.stops = Stops([*map(corpus_info.rules.apply, config.stop)])
        self.follows_text = bool(config.stop or config.no_repeat)

    def barred(self, prime: str, text: str) -> Ids:
        """The ids that would repeat a span of ``prime`` and ``text``, after which they come."""
        again = self.vocabulary.lookup("".join(find_repeating(prime, text, self.config.no_repeat)))
        return again[again >= 0]


class OngoingSample:
    """Sample ``sample`` of a prime, the ``number``-th of all.

    ``stopped`` says why it ended: its `LENGTH`, a `STOP`, or `NO_REPEAT` where every character
    would have made a span that it has already; None while it goes on.
    """

    def __init__(
        self, manner: SamplingContext, opening: Prompt, sample: int, number: int, seed: int
    ) -> None:
        self.opening = opening
        self.sample = sample
        self.number = number
        self.stopped: str | None = None
        # Python's generator: NumPy's would take longer to import than a character takes to come
        self.uniform = Random(f"{seed} {sample} {opening.prime}").random
        self._manner = manner
        self._ids, self._logs = array("i"), array("d")
        self._held = ""
        self._released = 0
        config = manner.config
        self._length = config.length if config.length or not config.stop else math.inf
        self._so_far = ""  # kept where spans may not repeat
        if self._length == 0:
            self.stopped = LENGTH

    @property
    def text(self) -> str:
        """The new characters."""
        return self._written(0, len(self._ids))

    @property
    def logprob(self) -> float:
        """Their total in nats by the model as it is."""
        return math.fsum(self._logs)

    def barred(self) -> Ids:
        """The ids that would repeat a span."""
        return self._manner.barred(self.opening.prime, self._so_far)

    def exhaust(self) -> None:
        """End, as nothing may follow that does not repeat a span."""
        self._held, self.stopped = "", NO_REPEAT

    def take(self, drawn: int, log: float) -> None:
        """Go on by the character with this id; ``log`` is its log-probability, model as it is."""
        self._ids.append(drawn)
        self._logs.append(log)
        if self._manner.follows_text:
            self._follow(self._manner.vocabulary.characters[drawn])
        if len(self._ids) == self._length and self.stopped is None:
            self._held, self.stopped = "", LENGTH

    @property
    def last(self) -> int:
        """The id of its last character."""
        return self._ids[-1]

    def followed_by(self, drawn: int, log: float) -> "OngoingSample":
        """Another text, which is this one and a character more."""
        other = copy(self)
        other._ids, other._logs = self._ids[:], self._logs[:]
        other.take(drawn, log)
        return other

    def released(self) -> str:
        """What is sure to be part of the text and was not released before."""
        start, self._released = self._released, len(self._ids) - len(self._held)
        return self._written(start, self._released)

    def _follow(self, character: str) -> None:
        if self._manner.config.no_repeat:
            self._so_far += character
        if self._manner.stops:
            self._held, found = self._manner.stops.after(self._held, character)
            if found:
                del self._ids[-len(self._held) :], self._logs[-len(self._held) :]
                self._held, self.stopped = "", STOP

    def _written(self, start: int, end: int) -> str:
        return "".join(map(self._manner.vocabulary.characters.__getitem__, self._ids[start:end]))
