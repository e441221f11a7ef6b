"""Samples in rounds; samples that are drawn again until they are new.

Not here: what makes a sample new (reports/known_samples.py), and how it is drawn (sampler.py).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import TypeVar

from charrnn.sampling.ongoing import OngoingSample, Request

T = TypeVar("T")

MAX_TRIES = 100
FIRST_ROUND, ROUND_GROWTH, LARGEST_ROUND = 10, 10, 1000
"""The first round is small, so that the first samples come early."""


def collect_rounds(items: Iterable[T]) -> Iterator[list[T]]:
    """Yield ``items`` in lists of 10, 100, and then 1,000 each; the last one has what remains.

    What needs one reading of a corpus for any number of samples is done once for each round.
    """
    size, collected = FIRST_ROUND, list[T]()
    for item in items:
        collected.append(item)
        if len(collected) == size:
            yield collected
            size, collected = min(size * ROUND_GROWTH, LARGEST_ROUND), []
    if collected:
        yield collected


def redraw_known(
    samples: Iterable[OngoingSample],
    draw: Callable[[Iterable[Request]], Iterable[OngoingSample]],
    are_known: Callable[[Sequence[OngoingSample]], Sequence[bool]],
    on_left_out: Callable[[int], None] | None = None,
) -> Iterator[OngoingSample]:
    """Yield ``samples`` in their order, each as the first of its tries that is not known.

    A sample is its own first try; those of a round that are known are drawn again together. A
    sample of which `MAX_TRIES` tries are known is left out; at the end ``on_left_out`` is called
    with the number of these, if there are any.
    """
    left_out = 0
    for collected in collect_rounds(samples):
        new, pending = dict[int, OngoingSample](), dict(enumerate(collected))
        for attempt in range(1, MAX_TRIES + 1):
            known = are_known(list(pending.values()))
            new |= {
                at: sample
                for (at, sample), is_known in zip(pending.items(), known, strict=True)
                if not is_known
            }
            places = [at for at in pending if at not in new]
            if not places or attempt == MAX_TRIES:
                break
            again = draw(_request_again([pending[at] for at in places], attempt))
            pending = dict(zip(places, again, strict=True))
        left_out += len(places)
        yield from (new[at] for at in sorted(new))
    if left_out and on_left_out:
        on_left_out(left_out)


def _request_again(samples: Iterable[OngoingSample], attempt: int) -> Iterator[Request]:
    """Request the next try of ``samples``, so that a prompt is read once for all that follow it."""
    for _, same_prompt in groupby(samples, key=lambda sample: id(sample.prompt)):
        group = list(same_prompt)
        yield Request(group[0].prompt, [sample.sample for sample in group], attempt)
