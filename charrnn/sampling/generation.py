"""From primes to prompts, and from prompts to samples: by random sampling or by beam search."""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from charrnn.arrays import Array
from charrnn.config import SampleConfig
from charrnn.errors import ConfigError, InputError, SettingName
from charrnn.language import gettext as _
from charrnn.sampling.ongoing import OngoingSample, Prompt, Request, SamplingContext
from charrnn.sampling.redrawing import redraw_known
from charrnn.sampling.sampler import generate_samples, sort_finished
from charrnn.setting_types import LARGEST_SEED, Whole
from charrnn.storage.model_file import TrainedModel
from charrnn.text.corpus_info import CorpusInfo
from charrnn.text.unknown import UnknownCharacters, encode_text


def generate(
    model: TrainedModel,
    prompts: Iterable[Prompt],
    config: SampleConfig,
    seed: int | None,
    number: int,
    *,
    scored: bool = True,
    on_long: Callable[[int], None] | None = None,
) -> Iterator[list[OngoingSample]]:
    """Return a generator of ``number`` samples per prompt, after checks that a config cannot make.

    ``on_long`` is that of `SamplingContext`.

    Raises:
        InputError, ConfigError: as `charrnn.api.Model.sample_each`, before anything is generated.
    """
    seed = _check(model, config, seed, number)
    context = SamplingContext(model.corpus_info, config, on_long)
    if not config.beam:
        requests = (Request(prompt, range(number)) for prompt in prompts)
        return generate_samples(model.network, context, requests, seed, scored=scored)
    from charrnn.sampling.beam import search_prompts

    return search_prompts(model.network, context, prompts, number, seed)


def generate_novel(
    model: TrainedModel,
    prompts: Iterable[Prompt],
    config: SampleConfig,
    seed: int | None,
    number: int,
    are_known: Callable[[Sequence[OngoingSample]], Sequence[bool]],
    *,
    on_left_out: Callable[[int], None] | None = None,
    on_long: Callable[[int], None] | None = None,
) -> Iterator[OngoingSample]:
    """Return a generator of ``number`` samples per prompt, those that are known drawn again.

    ``on_left_out`` is that of `redraw_known`, and ``on_long`` that of `SamplingContext`.

    Raises:
        ConfigError: when all tries would make the same text.
        InputError, ConfigError: as `generate`.
    """
    if config.beam:
        raise ConfigError("novel", _("beam search does not sample; leave it out, or `beam`"))
    if config.temperature == 0:
        problem = _("at the `temperature` 0 every try makes the same text; set a higher one")
        raise ConfigError("novel", problem)
    seed = _check(model, config, seed, number)
    context = SamplingContext(model.corpus_info, config, on_long)

    def draw(requests: Iterable[Request]) -> Iterator[OngoingSample]:
        return sort_finished(generate_samples(model.network, context, requests, seed))

    requests = (Request(prompt, range(number)) for prompt in prompts)
    return redraw_known(draw(requests), draw, are_known, on_left_out)


def _check(model: TrainedModel, config: SampleConfig, seed: int | None, number: int) -> int:
    """Check what a config cannot, and return the seed. Raises as `generate`."""
    corpus_info = model.corpus_info
    impossible_stops = [text for text in config.stop if unknown_characters(text, corpus_info)]
    if config.stop and not config.length and len(impossible_stops) == len(config.stop):
        found = UnknownCharacters(corpus_info.vocabulary)
        for stop in config.stop:
            found.add(corpus_info.normalization.apply(stop))
        problem = _(
            "the model cannot produce any stop text, because it does not know {characters};"
            " set a `length`"
        )
        raise InputError(SettingName("stop"), problem.format(characters=found.summary))
    number = Whole(1).check("number", number)
    if config.beam and number > config.beam:
        problem = _("{number:,} is above the {beam:,} candidates of beam search; raise `beam`")
        raise ConfigError("number", problem.format(number=number, beam=config.beam))
    return Whole(0, limit=LARGEST_SEED).check("seed", draw_seed() if seed is None else seed)


def make_prompt(corpus_info: CorpusInfo, prime: str, on_unknown: str, name: str) -> Prompt:
    """Return what a network reads before it continues ``prime``.

    Raises:
        InputError: as `charrnn.api.Model.make_prompt`.
    """
    vocabulary = corpus_info.vocabulary
    ids = encode_text(corpus_info.normalization.apply(prime), vocabulary, on_unknown, name)
    known = vocabulary.decode(ids)
    if len(ids):
        return Prompt(prime, known, ids)
    if "\n" in vocabulary.characters:
        return Prompt(prime, known, vocabulary.lookup_ids("\n"))
    counts = np.array(vocabulary.counts)
    # With `init_from`, a model knows characters that do not occur in its own corpus.
    with np.errstate(divide="ignore"):
        log_frequencies: Array = np.log(counts / counts.sum()).astype(np.float32)
    return Prompt(prime, known, ids, log_frequencies)


def unknown_characters(text: str, corpus_info: CorpusInfo) -> str:
    """Return the characters of the normalized ``text`` that are not in the vocabulary, once each.

    They are in the order of their first occurrences.
    """
    known = corpus_info.vocabulary.characters
    text = corpus_info.normalization.apply(text)
    return "".join(dict.fromkeys(char for char in text if char not in known))


def describe_unknown(text: str, corpus_info: CorpusInfo) -> str:
    """Name the first unknown characters of the normalized ``text``, and what is known instead."""
    unknown = UnknownCharacters(corpus_info.vocabulary)
    unknown.add(corpus_info.normalization.apply(text))
    return unknown.summary


def draw_seed() -> int:
    """Return a random seed of 32 bits, short enough to type."""
    return int.from_bytes(os.urandom(4))
