"""Beam search: the likeliest continuations, which sampling one character at a time may miss.

In each step every hypothesis of the beam is extended by every character, and the likeliest of all
results are the next beam (Graves 2012, section 2.5). A beam that is as wide as the number of texts
of the given length misses none of them and finds the likeliest.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Array
from charrnn.network.model import Network
from charrnn.network.stepper import Stepper
from charrnn.sampling.drawing import mask_forbidden
from charrnn.sampling.ongoing import OngoingSample, Prompt, SamplingContext

Scores: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Hypothesis:
    """A text and its score: its log-probability in nats, including the stop that ended it."""

    text: OngoingSample
    score: float


def search_prompts(
    network: Network, context: SamplingContext, prompts: Iterable[Prompt], samples: int, seed: int
) -> Iterator[list[OngoingSample]]:
    """Yield the results of `beam_search` for each prompt in turn, indexed from 0 on."""
    index = 0
    for prompt in prompts:
        start = OngoingSample(context, prompt, 0, 0, seed)
        texts = beam_search(network, context, start, samples)
        for sample, text in enumerate(texts):
            text.sample, text.index = sample, index
            index += 1
        yield texts


def beam_search(
    network: Network, context: SamplingContext, start: OngoingSample, samples: int
) -> list[OngoingSample]:
    """Find the likeliest continuations of ``start``, at most ``samples``, the best first.

    They are compared by the model's probability of the text and its stop, without temperature and
    filters: ending with a stop is worth no more than the model's probability of that stop. A text
    that several stops can end has the sum of their probabilities. The search ends when no
    hypothesis that is still active can change the result.
    """
    first = [_Hypothesis(start, 0.0)]
    finished, active = (first, []) if start.stopped else ([], first)
    several_stops = len(context.stops) > 1
    logits, step = _prefill(network, start.prompt)
    beam = context.config.beam
    # Each hypothesis can be ended by at most as many characters as are the last one of a stop. With
    # that many more candidates the beam is filled even if all of those end.
    candidates = beam * (1 + len({stop[-1] for stop in context.stops}))
    while active and not _is_decided(finished, active, samples, several_stops=several_stops):
        texts = [hypothesis.text for hypothesis in active]
        allowed = mask_forbidden(logits, np.arange(len(texts)), texts, context)
        scores = _score_extensions(allowed, logits, active)
        # mask_forbidden ends a text after which every character would repeat a span.
        finished += [hypothesis for hypothesis in active if hypothesis.text.stopped]
        next_beam: list[tuple[int, _Hypothesis]] = []
        for parent, new_id in _find_largest(scores, candidates):
            if len(next_beam) == beam:
                break
            before, score = active[parent], float(scores[parent, new_id])
            extended = before.text.copy_with(new_id, score - before.score)
            hypothesis = _Hypothesis(extended, score)
            if extended.stopped:
                finished.append(hypothesis)
            else:
                next_beam.append((parent, hypothesis))
        finished = _merge_equal_texts(finished) if several_stops else finished
        finished = sorted(finished, key=lambda hypothesis: -hypothesis.score)[:beam]
        active = [hypothesis for _, hypothesis in next_beam]
        if active:
            step = _reorder_streams(network, step, [parent for parent, _ in next_beam])
            logits = step(np.array([hypothesis.text.last_id for hypothesis in active], np.intp))
    return [hypothesis.text for hypothesis in finished[:samples]]


def _is_decided(
    finished: list[_Hypothesis], active: list[_Hypothesis], samples: int, *, several_stops: bool
) -> bool:
    """Return whether ``active`` can no longer change the best ``samples`` of ``finished``.

    With ``several_stops``, an active hypothesis may still end as one of the finished texts, by
    another stop, and would then add its probability to it.
    """
    if len(finished) < samples:
        return False
    # A score can only fall as characters are added.
    active_scores = [hypothesis.score for hypothesis in active]
    if not several_stops:
        return finished[samples - 1].score >= max(active_scores)
    # In the worst case all active probability goes to the next-best text; each must still lead.
    gain = np.logaddexp.reduce(active_scores)
    behind = [*(hypothesis.score for hypothesis in finished[1 : samples + 1]), -np.inf]
    return all(
        hypothesis.score >= np.logaddexp(gain, next_score)
        for hypothesis, next_score in zip(finished[:samples], behind, strict=False)
    )


def _merge_equal_texts(finished: list[_Hypothesis]) -> list[_Hypothesis]:
    """Merge texts that differ only in the stop that ended them, adding their probabilities."""
    merged: dict[tuple[str, str | None], _Hypothesis] = {}
    for hypothesis in finished:
        key = hypothesis.text.text, hypothesis.text.stopped
        equal, score = merged.get(key), hypothesis.score
        if equal is not None:
            score = float(np.logaddexp(score, equal.score))
        merged[key] = _Hypothesis(hypothesis.text, score)
    return list(merged.values())


def _prefill(network: Network, prompt: Prompt) -> tuple[Array, Stepper]:
    """Read ``prompt``; return the logits (V, 1) of the next character, and the stepper after it."""
    step = Stepper(network, network.initial_states(1))
    if prompt.logits is not None:
        return prompt.logits[:, None], step
    for position in range(len(prompt.ids) - 1):
        step.advance(prompt.ids[position : position + 1])
    return step(prompt.ids[-1:]), step


def _score_extensions(allowed: Array, logits: Array, active: list[_Hypothesis]) -> Scores:
    """Return the score of each hypothesis extended by each character, (hypotheses, V).

    It is -inf where ``allowed`` (V, hypotheses) is, and for hypotheses that have ended.
    """
    logs = logits.T.astype(np.float64)
    logs -= logs.max(axis=1, keepdims=True)
    logs -= np.log(np.exp(logs).sum(axis=1, keepdims=True))
    logs[np.isneginf(allowed.T)] = -np.inf
    logs[[slot for slot, hypothesis in enumerate(active) if hypothesis.text.stopped]] = -np.inf
    return logs + np.array([[hypothesis.score] for hypothesis in active])


def _find_largest(scores: Scores, number: int) -> list[tuple[int, int]]:
    """Return the indices (hypothesis, id) of the ``number`` largest, in descending order.

    Of equal scores the first comes first. Those that are -inf are left out.
    """
    flat = scores.ravel()
    number = min(number, int(np.isfinite(flat).sum()))
    if not number:
        return []
    threshold = np.partition(flat, -number)[-number]
    order = np.flatnonzero(flat >= threshold)
    order = order[np.argsort(-flat[order], kind="stable")][:number]
    return [divmod(int(index), scores.shape[1]) for index in order]


def _reorder_streams(network: Network, step: Stepper, parents: list[int]) -> Stepper:
    """Return a stepper whose streams continue those of ``parents``: ``step`` itself if it fits."""
    if len(parents) == step.streams:
        for state in step.states:
            for part in state:
                part[...] = part[:, parents]
        return step
    states = [tuple(part[:, parents].T for part in state) for state in step.states]
    return Stepper(network, states)
