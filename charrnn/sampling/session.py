"""A text that a user and a model write in turns, with one state carried through all of it.

Not here: where the user's lines come from, and the commands among them (cli/interactive.py).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from charrnn.arrays import Array, Ids
from charrnn.config import SampleConfig
from charrnn.language import gettext as _
from charrnn.network.stepper import Stepper
from charrnn.sampling.drawing import extend_samples
from charrnn.sampling.generation import make_prompt
from charrnn.sampling.ongoing import NO_REPEAT, OngoingSample, Prompt, SamplingContext
from charrnn.storage.model_file import TrainedModel
from charrnn.text.unknown import encode_text

INTERRUPTED = "interrupted"
SLOT: Ids = np.zeros(1, np.intp)
"""The only slot of a stepper with one stream."""


@dataclass(frozen=True, eq=False)
class _Start:
    """Where a continuation starts: its prompt, the state after it, and the logits (V, 1)."""

    prompt: Prompt
    states: list[list[Array]]
    logits: Array


class Session:
    """Continues what it is given, line by line: `answer` reads a line and writes after it.

    ``config`` and ``seed`` may be changed between two continuations. Continuation k since the seed
    was set draws from a generator of its own, so the same seed and lines give the same text; the
    first is the sample of `Model.sample` with the line as its prime. The state has read all that
    was written, a stop text too.
    """

    def __init__(self, model: TrainedModel, config: SampleConfig, seed: int) -> None:
        self.config = config
        self.sample: OngoingSample
        """The last continuation."""
        self._model = model
        self._stepper = Stepper(model.network, model.network.initial_states(1))
        self._logits: Array | None = None  # of the next character; None when nothing is read yet
        self._start: _Start | None = None
        self.set_seed(seed)

    def set_seed(self, seed: int) -> None:
        """Draw the next continuations from the generators of another ``seed``."""
        self.seed, self._number = seed, 0

    def erase(self) -> None:
        """Set the state to zero, as if nothing had been read."""
        for layer in self._stepper.states:
            for array in layer:
                array[...] = 0
        self._logits = self._start = None

    def answer(self, line: str) -> Iterator[str]:
        """Read ``line`` and yield what follows in pieces; an empty line goes on with the text.

        The generator may be closed before its end; then the continuation is what it has yielded,
        and what `OngoingSample.take_new_text` still returns.

        Raises:
            InputError: when the model does not know a character of ``line`` and the config's
                ``on_unknown`` is "error"; the state has not changed then.
        """
        prompt = self._make_prompt(line)
        logits = None if prompt.logits is None else prompt.logits[:, None]
        for id_ in prompt.ids:
            logits = self._stepper(np.array([id_]))
        if logits is None:
            logits = self._logits
        assert logits is not None
        states = [[array.copy() for array in layer] for layer in self._stepper.states]
        self._start = _Start(prompt, states, logits.copy())
        return self._continue(self._start)

    def answer_again(self) -> Iterator[str] | None:
        """Return to where the last continuation started, and yield another one.

        It is None when there has been no continuation since the beginning, or since `erase`.
        """
        if self._start is None:
            return None
        for layer, saved in zip(self._stepper.states, self._start.states, strict=True):
            for array, copy in zip(layer, saved, strict=True):
                array[...] = copy
        return self._continue(self._start)

    def _make_prompt(self, line: str) -> Prompt:
        corpus_info, on_unknown = self._model.corpus_info, self.config.on_unknown
        if self._logits is None:
            return make_prompt(corpus_info, line, on_unknown, _("the line"))
        text = corpus_info.normalization.apply(line)
        ids = encode_text(text, corpus_info.vocabulary, on_unknown, _("the line"))
        return Prompt(line, corpus_info.vocabulary.decode(ids), ids)

    def _continue(self, start: _Start) -> Iterator[str]:
        context = SamplingContext(self._model.corpus_info, self.config)
        sample = OngoingSample(context, start.prompt, self._number, 0, self.seed)
        self.sample, self._logits, ids = sample, start.logits, np.zeros(1, np.intp)
        self._number += 1
        try:
            while not sample.stopped:
                extend_samples(self._logits, SLOT, [sample], context, ids, scored=True)
                if sample.stopped != NO_REPEAT:  # where no character could be drawn
                    self._logits = self._stepper(ids)
                if piece := sample.take_new_text():
                    yield piece
        finally:
            if not sample.stopped:
                sample.end(INTERRUPTED)
