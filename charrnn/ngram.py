"""The baseline without a memory: what the last few characters alone say about the next one.

An interpolated n-gram by Witten and Bell ("The zero-frequency problem", 1991, method C; in the form
of Chen and Goodman 1999, section 2.6). After a context c of k characters that was met n(c) times
and had t(c) different successors,

    P_k(x | c) = (n(c x) + t(c) P_{k-1}(x | c without its first character)) / (n(c) + t(c))

down to P_{-1} = 1 / V. Only contexts that the scored text has are counted, and the training text is
read piece by piece, so that what is held grows with the scored text and hardly with the other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Ids

LARGEST_ORDER = 8
MAX_COUNTED = 20_000_000
PIECE = 1 << 18

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Baselines:
    """Nats a character of models without a memory; ``ngram`` is that of the best order.

    An n-gram of order n predicts a character from the n - 1 before it. Both were counted on so many
    ``characters``, the last of the training part; so many different ones of the text are ``unseen``
    in them.
    """

    unigram: float
    ngram: float
    ngram_order: int
    characters: int
    unseen: int


def measure_baselines(train: Ids, text: Ids, V: int) -> Baselines:
    """Count on ``train`` (N,), at most its last 20 million, and score ``text`` (M,); V characters.

    As with a model, the first of ``text`` is not scored, and nothing is known of what was before.
    """
    train = train[-MAX_COUNTED:]
    contexts = _counted(train, text, V, LARGEST_ORDER)
    unseen = int(np.count_nonzero(contexts[0].times_of_pair == 0))
    nats = [-float(np.log(P).mean()) for P in _interpolated(contexts, V)]
    best = int(np.argmin(nats))
    return Baselines(nats[0], nats[best], best + 1, len(train), unseen)


def ngram_probabilities(
    train: Ids, text: Ids, V: int, orders: int = LARGEST_ORDER
) -> Iterator[npt.NDArray[np.float64]]:
    """For order 1, 2, … what it gives to each character of ``text`` but the first, (M - 1,)."""
    return _interpolated(_counted(train, text, V, orders), V)


class _Contexts:
    """All contexts of one length in the text to score, and what was counted after each.

    A context's ``codes``, sorted, are made of the number of the context that is one character
    shorter, and that first character; its place among them is its number. A pair is a context's
    number and the character after it.
    """

    def __init__(self, codes: Integers, which: Integers, pairs: Integers) -> None:
        self.codes = codes
        self.which = which.astype(np.int32)  # the context of each place in the text that has one
        self.pairs, pair = np.unique(pairs, return_inverse=True)
        self.pair = pair.astype(np.int32)
        self.times = np.zeros(len(codes), np.int64)  # n(c)
        self.times_of_pair = np.zeros(len(self.pairs), np.int64)  # n(c x)
        self.met = np.zeros(0, np.int64)  # pairs in the training text, sorted
        self.new: list[Integers] = []  # and those not yet sorted in

    def find(self, codes: Integers) -> tuple[Integers, npt.NDArray[np.bool_]]:
        """The numbers of the contexts with such ``codes``, and which of them there are."""
        which = np.searchsorted(self.codes, codes)
        which[which == len(self.codes)] = 0
        return which, self.codes[which] == codes

    def count(self, which: Integers, pairs: Integers) -> None:
        """Note contexts that were met, and with what."""
        self.times += np.bincount(which, minlength=len(self.times))
        met, times = np.unique(pairs, return_counts=True)
        self.new.append(met)
        place = np.searchsorted(self.pairs, met)
        place[place == len(self.pairs)] = 0
        known = self.pairs[place] == met
        self.times_of_pair[place[known]] += times[known]
        if sum(map(len, self.new)) > max(PIECE, len(self.met)):
            self._sort_in()

    def _sort_in(self) -> None:
        self.met = np.unique(np.concatenate([self.met, *self.new]))
        self.new = []

    def interpolate(self, P: npt.NDArray[np.float64], V: int) -> None:
        """Make of P_{k-1} in ``P`` (M,), the places that have such a context, P_k if it was met."""
        self._sort_in()
        different = np.bincount(self.met // V, minlength=len(self.times))  # t(c)
        n, t, both = self.times[self.which], different[self.which], self.times_of_pair[self.pair]
        np.divide(both + t * P, n + t, out=P, where=n > 0)


def _contexts_of(text: Integers, V: int, orders: int) -> list[_Contexts]:
    """The contexts of 0, 1, 2, … characters in ``text``."""
    which = np.zeros(len(text), np.int64)
    contexts = [_Contexts(np.zeros(1, np.int64), which, text)]
    for k in range(1, min(orders, len(text))):
        codes, which = np.unique(which[1:] * V + text[:-k], return_inverse=True)
        contexts.append(_Contexts(codes, which, which * V + text[k:]))
    return contexts


def _count(piece: Integers, at: Integers, contexts: Sequence[_Contexts], V: int) -> None:
    """Count the characters ``at`` places in ``piece``, each after contexts of every length."""
    which = np.zeros(len(at), np.int64)
    for k, context in enumerate(contexts):
        if k:
            inside = k <= at
            at, which = at[inside], which[inside]
            which, found = context.find(which * V + piece[at - k])
            at, which = at[found], which[found]
        context.count(which, which * V + piece[at])


def _counted(train: Ids, text: Ids, V: int, orders: int) -> list[_Contexts]:
    """All contexts of ``text``, as often as they are met in ``train``."""
    contexts = _contexts_of(text.astype(np.int64), V, orders)
    for start in range(0, len(train), PIECE):
        before = min(start, orders - 1)  # of the piece before: context, but counted already
        piece = train[start - before : start + PIECE].astype(np.int64)
        _count(piece, np.arange(before, len(piece)), contexts, V)
    return contexts


def _interpolated(contexts: list[_Contexts], V: int) -> Iterator[npt.NDArray[np.float64]]:
    P = np.full(len(contexts[0].which), 1 / V)
    for context in contexts:
        context.interpolate(P[len(P) - len(context.which) :], V)
        yield P[1:].copy()
