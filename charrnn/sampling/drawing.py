"""Draws the next character of each sample from the logits of its slot.

Not here: what the filters leave of a distribution (filters.py), and when a sample ends
(ongoing.py).
"""

from collections.abc import Iterable, Sequence

import numpy as np

from charrnn.arrays import Array, Ids
from charrnn.sampling.filters import (
    draw,
    draw_one,
    filter_logs,
    log_probability,
    subtract_maximum,
)
from charrnn.sampling.ongoing import NO_REPEAT, OngoingSample, SamplingContext

CHUNK_LOGITS = 1 << 16
"""Logits that are filtered together, few enough to stay in cache."""
WHOLE = (slice(None),)


def extend_samples(
    logits: Array,
    slots: Ids,
    samples: Sequence[OngoingSample],
    context: SamplingContext,
    ids: Ids,
    *,
    scored: bool,
) -> None:
    """Draw a character for each of ``samples`` from the logits (V, B) of its slot.

    ``slots`` has the slot of each sample. The character is appended to the sample and written to
    ``ids`` (B,). Unless ``scored``, its log-probability is taken for 0.
    """
    allowed = mask_forbidden(logits, slots, samples, context) if context.forbids else logits
    if len(ids) == 1 and context.is_unfiltered and not scored:
        (sample,) = samples
        ids[0] = new_id = draw_one(allowed[:, 0], context.temperature, sample.uniform())
        if sample.stopped is None:
            sample.append(new_id, 0.0)
        return
    uniform, log_probabilities = np.zeros(len(ids)), np.zeros(len(ids))
    uniform[slots] = [sample.uniform() for sample in samples]
    for chunk in _chunk_columns(logits):
        logs = subtract_maximum(np.ascontiguousarray(allowed[:, chunk].T))
        ids[chunk] = draw(filter_logs(logs, context.config), uniform[chunk])
        if scored:
            if allowed is not logits:
                logs = subtract_maximum(np.ascontiguousarray(logits[:, chunk].T))
            log_probabilities[chunk] = log_probability(logs, ids[chunk])
    for sample, new_id, log in zip(
        samples, ids[slots].tolist(), log_probabilities[slots].tolist(), strict=True
    ):
        if sample.stopped is None:
            sample.append(new_id, log)


def mask_forbidden(
    logits: Array,
    slots: Ids,
    samples: Iterable[OngoingSample],
    context: SamplingContext,
) -> Array:
    """Return ``logits`` (V, B) with -inf for the unknown character and repeating characters.

    A sample in which every character would repeat a span is ended.
    """
    allowed = logits.copy()
    if context.vocabulary.unknown is not None:
        allowed[context.vocabulary.unknown] = -np.inf
    for slot, sample in (
        zip(slots.tolist(), samples, strict=True) if context.config.no_repeat else ()
    ):
        repeating = sample.find_repeating_ids()
        if len(repeating) == len(context.vocabulary.characters):
            sample.end(NO_REPEAT)
        else:
            allowed[repeating, slot] = -np.inf
    return allowed


def _chunk_columns(logits: Array) -> Iterable[slice]:
    """Divide the columns of ``logits`` (V, B) into slices of at most `CHUNK_LOGITS` logits."""
    V, B = logits.shape
    if V * B <= CHUNK_LOGITS:
        return WHOLE
    columns = max(1, CHUNK_LOGITS // V)
    return (slice(start, start + columns) for start in range(0, B, columns))
