"""One sample while it is generated: its text so far, which part is held back, when it ends.

Not here: where its characters come from (sampler.py, beam.py).
"""

import math
from array import array
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from random import Random

from charrnn.arrays import Array, Ids
from charrnn.config import SampleConfig
from charrnn.sampling.filters import limit_temperature
from charrnn.sampling.repeats import find_repeating
from charrnn.sampling.stops import Stops
from charrnn.text.corpus_info import CorpusInfo

LENGTH, STOP, NO_REPEAT = "length", "stop", "no-repeat"
LONG = 10_000
"""Characters after which a sample that has no limit is reported."""


@dataclass(frozen=True, eq=False)
class Prompt:
    """A text to continue.

    ``prime`` is the text as it was given. ``text`` is what the network reads of it: normalized,
    with unknown characters skipped or replaced; ``ids`` (N,) are its ids. Where ``text`` is empty,
    ``ids`` is a newline, so that a sample begins a line. A model that knows no newline reads
    nothing: then ``logits`` (V,) are those of the first character.
    """

    prime: str
    text: str
    ids: Ids
    logits: Array | None = None


@dataclass(frozen=True, eq=False)
class Request:
    """The samples of a prompt that are to be drawn, by their numbers.

    ``attempt`` counts from 0 how often they were drawn before. Each time, the random numbers of a
    sample are others.
    """

    prompt: Prompt
    samples: Sequence[int]
    attempt: int = 0


class SamplingContext:
    """What all samples of a call share: the vocabulary, the settings, and the stops.

    ``forbids`` is whether characters are ever forbidden, ``is_unfiltered`` whether a draw has
    neither filters nor the temperature 0; ``temperature`` is that of `limit_temperature`.

    ``on_long`` is called once, with the number of characters, when a sample that has no limit is
    `LONG` and no stop has come.
    """

    def __init__(
        self,
        corpus_info: CorpusInfo,
        config: SampleConfig,
        on_long: Callable[[int], None] | None = None,
    ) -> None:
        self.vocabulary = corpus_info.vocabulary
        self.config = config
        self.stops = Stops([*map(corpus_info.normalization.apply, config.stop)])
        self.forbids = self.vocabulary.unknown is not None or bool(config.no_repeat)
        self.temperature = limit_temperature(config.temperature)
        filtered = config.temperature == 0 or config.top_k or config.top_p < 1 or config.min_p
        self.is_unfiltered = not filtered
        self._on_long = on_long

    def report_long(self) -> None:
        """Report that a sample is long, unless another one has been reported."""
        on_long, self._on_long = self._on_long, None
        if on_long:
            on_long(LONG)

    def find_repeating_ids(self, prime: str, text: str) -> Ids:
        """Return the ids of the characters that would repeat a span of ``prime`` and ``text``."""
        characters = find_repeating(prime, text, self.config.no_repeat)
        ids = self.vocabulary.lookup_ids("".join(characters))
        return ids[ids >= 0]


class OngoingSample:
    """One sample of a prompt: the ``sample``-th of this prompt, the ``index``-th of the call.

    ``stopped`` is None while it goes on, and then the reason why it ended: it has its `LENGTH`, a
    `STOP` was found, or every character would have repeated a span (`NO_REPEAT`).
    """

    def __init__(
        self,
        context: SamplingContext,
        prompt: Prompt,
        sample: int,
        index: int,
        seed: int,
        attempt: int = 0,
    ) -> None:
        self.prompt = prompt
        self.sample = sample
        self.index = index
        self.stopped: str | None = None
        # Python's own generator, because importing NumPy's takes longer than generating a character
        # does. Each sample has one, so that its text depends on no other sample.
        number = f"{sample}.{attempt}" if attempt else sample
        self.uniform = Random(f"{seed} {number} {prompt.text}").random
        self._context = context
        self._ids, self._log_probabilities = array("i"), array("d")
        self._partial_stop = ""  # the end of the text, while it may grow into a stop
        self._streamed = 0  # characters that `take_new_text` has returned
        config = context.config
        self._has_length = bool(config.length or not config.stop)
        # The number of characters at which the sample has its length, or is reported as long.
        self._mark = config.length if self._has_length else LONG
        # Only stops and spans need the characters of a sample while it is generated; without them
        # a sample keeps ids, which takes less time for each character.
        self._needs_text = bool(config.stop or config.no_repeat)
        self._searched_text = ""  # only kept where spans may not repeat
        if self._mark == 0:
            self.stopped = LENGTH

    @property
    def text(self) -> str:
        """The new characters."""
        return self._decode(0, len(self._ids))

    @property
    def logprob(self) -> float:
        """The log-probability of the new characters in nats, without temperature and filters."""
        return math.fsum(self._log_probabilities)

    @property
    def last_id(self) -> int:
        """The id of the last character."""
        return self._ids[-1]

    def find_repeating_ids(self) -> Ids:
        """Return the ids of the characters that would repeat a span."""
        return self._context.find_repeating_ids(self.prompt.text, self._searched_text)

    def append(self, new_id: int, log_probability: float) -> None:
        """Append a character; end the sample if that completes its length or a stop."""
        self._ids.append(new_id)
        self._log_probabilities.append(log_probability)
        if self._needs_text:
            self._append_text(self._context.vocabulary.characters[new_id])
        if len(self._ids) == self._mark and self.stopped is None:
            if self._has_length:
                self.end(LENGTH)
            else:
                self._context.report_long()

    def end(self, reason: str) -> None:
        """End the sample; characters held back as a possible stop become part of its text."""
        self._partial_stop, self.stopped = "", reason

    def copy_with(self, new_id: int, log_probability: float) -> "OngoingSample":
        """Return a copy of this sample with one more character; the sample itself is unchanged."""
        other = copy(self)
        other._ids, other._log_probabilities = self._ids[:], self._log_probabilities[:]
        other.append(new_id, log_probability)
        return other

    def take_new_text(self) -> str:
        """Return the characters that are certain by now and were not taken before.

        The beginning of a stop is not certain: a completed stop is not part of the text.
        """
        start, self._streamed = self._streamed, len(self._ids) - len(self._partial_stop)
        return self._decode(start, self._streamed)

    def _append_text(self, character: str) -> None:
        if self._context.config.no_repeat:
            self._searched_text += character
        if not self._context.stops:
            return
        self._partial_stop, is_stop = self._context.stops.advance(self._partial_stop, character)
        if is_stop:
            del self._ids[-len(self._partial_stop) :]
            del self._log_probabilities[-len(self._partial_stop) :]
            self.end(STOP)

    def _decode(self, start: int, end: int) -> str:
        characters = self._context.vocabulary.characters
        if end - start == 1:  # as in each step of a stream
            return characters[self._ids[start]]
        return "".join(map(characters.__getitem__, self._ids[start:end]))
