"""Samples during a training: what the model writes after an evaluation.

They change nothing about the training, and draw no random number of it.
"""

import math
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from charrnn.config import SampleConfig
from charrnn.language import gettext as _
from charrnn.sampling.generation import describe_unknown, generate, make_prompt
from charrnn.sampling.sampler import sort_finished
from charrnn.setting_types import Whole
from charrnn.storage.model_file import TrainedModel
from charrnn.training.events import Evaluation, Note, Preview

if TYPE_CHECKING:
    from charrnn.runs.run import TrainingRun


class Previewer:
    """Makes a sample of ``length`` characters after ``prime``, after each evaluation.

    It makes none within ``pause`` seconds after the one before. Characters of the prime that the
    model does not know are left out, which a note says once.
    """

    def __init__(self, length: int, prime: str = "", pause: float = 0.0) -> None:
        self.length = Whole(0).check("preview", length)
        self.prime, self.pause = prime, pause
        self._last, self._is_first = -math.inf, True

    def follow(self, evaluation: Evaluation, run: "TrainingRun") -> Iterator[Note | Preview]:
        """Yield what follows an evaluation of ``run``."""
        if not self.length or time.monotonic() < self._last + self.pause:
            return
        corpus_info = run.corpus_info
        if self._is_first and (unknown := describe_unknown(self.prime, corpus_info)):
            note = _("`preview_prime`: left out, because the corpus does not have it: {characters}")
            yield Note(note.format(characters=unknown))
        self._is_first = False
        model = TrainedModel(
            network=run.network, config=run.settings, corpus_info=corpus_info,
            step=evaluation.step, history=(),
        )  # fmt: skip
        prompt = make_prompt(corpus_info, self.prime, "skip", "preview_prime")
        config = SampleConfig(length=self.length)
        (sample,) = sort_finished(generate(model, [prompt], config, run.settings.seed, 1))
        yield Preview(prompt.text + sample.text)
        self._last = time.monotonic()
