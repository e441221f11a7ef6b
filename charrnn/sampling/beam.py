"""The likeliest continuations, by beam search: what drawing one character at a time may miss.

In each step every text that is held is continued by every character, and the likeliest of all these
are held (Graves 2012, section 2.5). With a beam as wide as there are texts nothing is missed.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Array
from charrnn.network.model import Network
from charrnn.network.stepper import Stepper
from charrnn.sampling.ongoing import OngoingSample, Prompt, SamplingContext
from charrnn.sampling.sampler import mask_forbidden

Totals: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Held:
    """A text and its log-probability in nats, that of the stop at its end included."""

    text: OngoingSample
    total: float


def search_prompts(
    network: Network, manner: SamplingContext, openings: Iterable[Prompt], samples: int, seed: int
) -> Iterator[list[OngoingSample]]:
    """The `beam_search` texts for one opening after the other, numbered from 0 on."""
    number = 0
    for opening in openings:
        texts = beam_search(network, manner, OngoingSample(manner, opening, 0, 0, seed), samples)
        for sample, one in enumerate(texts):
            one.sample, one.number = sample, number
            number += 1
        yield texts


def beam_search(
    network: Network, manner: SamplingContext, start: OngoingSample, samples: int
) -> list[OngoingSample]:
    """The likeliest texts that begin as ``start``, best first: so many ``samples`` at most.

    Texts are compared by what the model as it is gives them together with their stop, if they have
    one, so that to stop is worth no more than the model thinks; a text that several stops may end,
    by all of them. The search ends when nothing that is still going on can change them.
    """
    ended, going = ([_Held(start, 0.0)], []) if start.stopped else ([], [_Held(start, 0.0)])
    several = len(manner.stops) > 1
    logits, step = _read(network, start.opening)
    beam = manner.config.beam
    candidates = beam * (1 + len({stop[-1] for stop in manner.stops}))  # that many may end
    while going and not _decided(ended, going, samples, several):
        texts = [(at, one.text) for at, one in enumerate(going)]
        totals = _totals(mask_forbidden(logits, texts, manner), logits, going)
        ended += [one for one in going if one.text.stopped]  # which nothing may follow
        found: list[tuple[int, _Held]] = []
        for parent, drawn in _best(totals, candidates):
            if len(found) == beam:
                break
            before, total = going[parent], float(totals[parent, drawn])
            one = _Held(before.text.followed_by(drawn, total - before.total), total)
            if one.text.stopped:
                ended.append(one)
            else:
                found.append((parent, one))
        ended = _merged(ended) if several else ended
        ended = sorted(ended, key=lambda one: -one.total)[:beam]
        going = [one for _, one in found]
        if going:
            step = _continued(network, step, [parent for parent, _ in found])
            logits = step(np.array([one.text.last for one in going], np.intp))
    return [one.text for one in ended[:samples]]


def _decided(ended: list[_Held], going: list[_Held], samples: int, several: bool) -> bool:
    """Whether the best ``samples`` of ``ended`` stay what they are, whatever becomes of the rest.

    Where there are ``several`` stops, all that goes on may come to one of those that have ended.
    """
    if len(ended) < samples:
        return False
    totals = [one.total for one in going]
    if not several:
        return ended[samples - 1].total >= max(totals)
    most = np.logaddexp.reduce(totals)
    following = [*(one.total for one in ended[1 : samples + 1]), -np.inf]
    return all(
        one.total >= np.logaddexp(most, after)
        for one, after in zip(ended[:samples], following, strict=False)
    )


def _merged(ended: list[_Held]) -> list[_Held]:
    """Texts that are the same but for their stop as one, which is as likely as all of them."""
    by_text: dict[tuple[str, str | None], _Held] = {}
    for one in ended:
        key = one.text.text, one.text.stopped
        same = by_text.get(key)
        total = one.total if same is None else float(np.logaddexp(one.total, same.total))
        by_text[key] = _Held(one.text, total)
    return list(by_text.values())


def _read(network: Network, opening: Prompt) -> tuple[Array, Stepper]:
    """The logits (V, 1) of what follows the opening, and a stepper that has come there."""
    step = Stepper(network, network.initial_states(1))
    if opening.logits is not None:
        return opening.logits[:, None], step
    for at in range(len(opening.ids) - 1):
        step.read(opening.ids[at : at + 1])
    return step(opening.ids[-1:]), step


def _totals(allowed: Array, logits: Array, going: list[_Held]) -> Totals:
    """What each text would have with each character after it, (texts, V)."""
    logs = logits.T.astype(np.float64)
    logs -= logs.max(axis=1, keepdims=True)
    logs -= np.log(np.exp(logs).sum(axis=1, keepdims=True))
    logs[np.isneginf(allowed.T)] = -np.inf
    logs[[at for at, one in enumerate(going) if one.text.stopped]] = -np.inf
    return logs + np.array([[one.total] for one in going])


def _best(totals: Totals, number: int) -> list[tuple[int, int]]:
    """The places (text, id) of the largest, in falling order; of equals the first."""
    flat = totals.ravel()
    number = min(number, int(np.isfinite(flat).sum()))
    if not number:
        return []
    smallest = np.partition(flat, -number)[-number]
    order = np.flatnonzero(flat >= smallest)
    order = order[np.argsort(-flat[order], kind="stable")][:number]
    return [divmod(int(at), totals.shape[1]) for at in order]


def _continued(network: Network, step: Stepper, parents: list[int]) -> Stepper:
    """A stepper whose streams go on from those of ``parents``."""
    if len(parents) == step.streams:
        for state in step.states:
            for part in state:
                part[...] = part[:, parents]
        return step
    states = [tuple(part[:, parents].T for part in state) for state in step.states]
    return Stepper(network, states)
