"""The baseline without a memory: predictions from the last few characters and nothing else.

An n-gram model with Witten-Bell interpolation ("The zero-frequency problem", 1991, method C; in the
form of Chen and Goodman 1999, section 2.6). Let c be a context of k characters that
occurs n(c) times in the training text and has t(c) distinct successors there. Then

    P_k(x | c) = (n(c x) + t(c) P_{k-1}(x | c without its first character)) / (n(c) + t(c))

down to P_{-1} = 1 / V. Only the contexts of the scored text are counted, and the training text is
read piece by piece, so the memory grows with the scored text and hardly with the training text.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from charrnn.arrays import Ids

MAX_ORDER = 8
MAX_COUNTED = 20_000_000
"""At most this number of characters is counted, from the end of the training text."""
PIECE = 1 << 18
"""The number of characters of the training text that are counted at a time."""

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Baselines:
    """Losses of models without a memory, in nats per character; ``ngram`` has the best order.

    An n-gram of order n predicts a character from the n - 1 before it. Both models were counted on
    the last ``characters`` of the training part. ``unseen`` is the number of distinct characters of
    the scored text that do not occur there.

    An object of this class is also an event of a training (training/events.py).
    """

    unigram: float
    ngram: float
    ngram_order: int
    characters: int
    unseen: int


def measure_baselines(train: Ids, text: Ids, V: int) -> Baselines:
    """Count on the last `MAX_COUNTED` of ``train`` (N,), and score ``text`` (M,); V characters.

    The first character of ``text`` has no context and is not scored, as with a network.
    """
    train = train[-MAX_COUNTED:]
    contexts = _count_contexts(train, text, V, MAX_ORDER)
    unseen = int(np.count_nonzero(contexts[0].ngram_counts == 0))
    losses = [-float(np.log(P).mean()) for P in _interpolate(contexts, V)]
    best = int(np.argmin(losses))
    return Baselines(losses[0], losses[best], best + 1, len(train), unseen)


def ngram_probabilities(
    train: Ids, text: Ids, V: int, orders: int = MAX_ORDER
) -> Iterator[npt.NDArray[np.float64]]:
    """Yield the probabilities of all characters of ``text`` but the first, (M - 1,), per order.

    The orders are 1, 2, … up to ``orders``.
    """
    return _interpolate(_count_contexts(train, text, V, orders), V)


class _Contexts:
    """The contexts of one length in the scored text, and the counts of their n-grams.

    A context of k characters has the key (id of its last k - 1 characters as a context) · V + (its
    first character); its id is the position of its key among the sorted ``keys``. An n-gram is a
    context and the character after it, numbered (id of the context) · V + (character). So all
    numbers stay below M · V, while a number made of k characters would be as large as V^k.
    """

    def __init__(self, keys: Integers, context_ids: Integers, ngrams: Integers) -> None:
        self.keys = keys
        self.context_ids = context_ids.astype(np.int32)  # at each position of the text that has one
        self.ngrams, ngram_ids = np.unique(ngrams, return_inverse=True)
        self.ngram_ids = ngram_ids.astype(np.int32)  # at each position, an index into ngrams
        self.context_counts = np.zeros(len(keys), np.int64)  # n(c)
        self.ngram_counts = np.zeros(len(self.ngrams), np.int64)  # n(c x)
        # The distinct n-grams of the training text, sorted, also those that the scored text lacks,
        # because t(c) counts them all. New ones are collected, and sorted in when there are many.
        self.train_ngrams = np.zeros(0, np.int64)
        self.unsorted: list[Integers] = []

    def find(self, keys: Integers) -> tuple[Integers, npt.NDArray[np.bool_]]:
        """Return the ids of the contexts with these ``keys``, and whether each context exists."""
        context_ids = np.searchsorted(self.keys, keys)
        context_ids[context_ids == len(self.keys)] = 0
        return context_ids, self.keys[context_ids] == keys

    def count(self, context_ids: Integers, ngrams: Integers) -> None:
        """Add these occurrences of contexts and of their ``ngrams`` in the training text."""
        self.context_counts += np.bincount(context_ids, minlength=len(self.context_counts))
        distinct, counts = np.unique(ngrams, return_counts=True)
        self.unsorted.append(distinct)
        ngram_ids = np.searchsorted(self.ngrams, distinct)
        ngram_ids[ngram_ids == len(self.ngrams)] = 0
        known = self.ngrams[ngram_ids] == distinct
        self.ngram_counts[ngram_ids[known]] += counts[known]
        # Sorting only when there are more new ones than old keeps the time of all sorting at
        # O(N log N); sorting after each piece would make it grow with the square of N.
        if sum(map(len, self.unsorted)) > max(PIECE, len(self.train_ngrams)):
            self._sort_in()

    def _sort_in(self) -> None:
        self.train_ngrams = np.unique(np.concatenate([self.train_ngrams, *self.unsorted]))
        self.unsorted = []

    def interpolate(self, P: npt.NDArray[np.float64], V: int) -> None:
        """Turn P_{k-1} in ``P`` (positions,) into P_k, in place.

        P stays as it is where a context does not occur in the training text.
        """
        self._sort_in()
        successors = np.bincount(self.train_ngrams // V, minlength=len(self.context_counts))  # t(c)
        n, t = self.context_counts[self.context_ids], successors[self.context_ids]
        n_x = self.ngram_counts[self.ngram_ids]
        np.divide(n_x + t * P, n + t, out=P, where=n > 0)


def _list_contexts(text: Integers, V: int, orders: int) -> list[_Contexts]:
    """Return the contexts of 0, 1, 2, … characters in ``text``."""
    context_ids = np.zeros(len(text), np.int64)
    contexts = [_Contexts(np.zeros(1, np.int64), context_ids, text)]
    for k in range(1, min(orders, len(text))):
        keys, context_ids = np.unique(context_ids[1:] * V + text[:-k], return_inverse=True)
        contexts.append(_Contexts(keys, context_ids, context_ids * V + text[k:]))
    return contexts


def _count_piece(
    piece: Integers, positions: Integers, contexts: Sequence[_Contexts], V: int
) -> None:
    """Count the characters at ``positions`` of ``piece``, with their contexts of all lengths."""
    context_ids = np.zeros(len(positions), np.int64)
    for k, context in enumerate(contexts):
        if k:
            inside = k <= positions
            positions, context_ids = positions[inside], context_ids[inside]
            # If the scored text lacks a context, it also lacks every longer context that ends with
            # it, so this position is dropped. After a few characters, most positions are.
            context_ids, is_known = context.find(context_ids * V + piece[positions - k])
            positions, context_ids = positions[is_known], context_ids[is_known]
        context.count(context_ids, context_ids * V + piece[positions])


def _count_contexts(train: Ids, text: Ids, V: int, orders: int) -> list[_Contexts]:
    """Return the contexts of ``text`` with their counts in ``train``."""
    contexts = _list_contexts(text.astype(np.int64), V, orders)
    for start in range(0, len(train), PIECE):
        # The end of the previous piece is context for this one, and has been counted already.
        overlap = min(start, orders - 1)
        piece = train[start - overlap : start + PIECE].astype(np.int64)
        _count_piece(piece, np.arange(overlap, len(piece)), contexts, V)
    return contexts


def _interpolate(contexts: list[_Contexts], V: int) -> Iterator[npt.NDArray[np.float64]]:
    P = np.full(len(contexts[0].context_ids), 1 / V)
    for context in contexts:
        # The first k positions of the text have no context of k characters.
        context.interpolate(P[len(P) - len(context.context_ids) :], V)
        yield P[1:].copy()
