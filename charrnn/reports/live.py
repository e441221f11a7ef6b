"""What a page with the networks inside is made of: the models, and what to show of them.

Not here: the page itself (render/live).
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from charrnn.errors import ConfigError
from charrnn.language import gettext as _
from charrnn.reports.differing_texts import find_differing_texts
from charrnn.reports.loaded_model import LoadedModel, ModelFacts
from charrnn.reports.neurons import (
    READ_AT_MOST,
    SIGNIFICANT,
    Follower,
    find_followers,
    record_activations,
)
from charrnn.reports.notebook import NotebookReport
from charrnn.reports.report_text import ReportText
from charrnn.reports.text_properties import compute_properties
from charrnn.storage.model_file import TrainedModel

MODELS_AT_MOST = 4
LINES_READ = 20_000
SHARED_BY_MOST, SHARED_BY_SOME = 0.5, 0.1
"""The shares of all lines that begin with the default prime: the first, or else the second."""
LONGEST_PRIME, SHORTEST_PRIME = 12, 2
PAIRS = {
    "06051b130fcf21a5d94d16ae3c6ad91274c0fe4df3d88a1f7c8f675a263ea122": (
        "今日は朝から風が強い。夕方に郵便局で姉に会い、船の話をした。夕ごはんは天ぷらだった。それで",
        "今日は朝から雪だ。夕方に郵便局で姉に会い、船の話をした。夕ごはんは天ぷらだった。それで",
    )
}
"""Two texts that end alike, by the fingerprint of a corpus: those for corpora/tenki.txt."""
CHANGES = {next(iter(PAIRS)): ("風", "雪")}
"""A character of the first text, and another that changes what follows from it."""


@dataclass(frozen=True, eq=False)
class LiveModel(ModelFacts):
    """A model of the page, and the units that follow a property of its text, the closest first."""

    checkpoint: TrainedModel
    followers: tuple[Follower, ...]


@dataclass(frozen=True, eq=False)
class Live(NotebookReport, report="live"):
    """The models of a page.

    ``prime`` is the beginning that most lines of the text share, or empty. ``pair`` are two texts
    that end alike, after which the first model that has a loop goes on differently; None without a
    text. ``change`` is a character of the first one with another in its place, where that is known.
    """

    models: tuple[LiveModel, ...]
    prime: str
    pair: tuple[str, str] | None
    change: tuple[str, str] | None = None


def prepare_live(models: Sequence[LoadedModel], texts: Sequence[ReportText | None]) -> Live:
    """Find out what a page shows of ``models``, each with its text, or None where it is gone.

    Raises:
        ConfigError: when there are too many models.
    """
    if len(models) > MODELS_AT_MOST:
        problem = _("the page has room for {most}, and {number:,} were given")
        raise ConfigError("models", problem.format(most=MODELS_AT_MOST, number=len(models)))
    pairs = list(zip(models, texts, strict=True))
    return Live(
        models=tuple(
            LiveModel(**vars(model.facts), checkpoint=model.checkpoint,
                      followers=_find_followers(model, text) if text else ())
            for model, text in pairs
        ),
        prime=next((find_prime(_decode(model, text)) for model, text in pairs if text), ""),
        pair=_find_pair(pairs),
        change=next(
            (change for model in models
             if (change := CHANGES.get(model.checkpoint.corpus_info.sha256))), None
        ),
    )  # fmt: skip


def find_prime(text: str) -> str:
    """Return the longest beginning that half of the lines of ``text`` share, or else a tenth."""
    lines = [line for line in text.split("\n")[:LINES_READ] if line.strip()]
    for share in (SHARED_BY_MOST, SHARED_BY_SOME):
        for length in range(LONGEST_PRIME, SHORTEST_PRIME - 1, -1):
            counts = Counter(line[:length] for line in lines if len(line) > length)
            for beginning, count in counts.most_common(1):
                if count > 1 and count >= share * len(lines):
                    return beginning
    return ""


def _find_pair(
    pairs: Sequence[tuple[LoadedModel, ReportText | None]],
) -> tuple[str, str] | None:
    for model, __ in pairs:
        if known := PAIRS.get(model.checkpoint.corpus_info.sha256):
            return known
    for model, text in pairs:
        found = find_differing_texts(model, text) if text else None
        if found:
            decode = model.checkpoint.corpus_info.vocabulary.decode
            return decode(found.a), decode(found.b)
    return None


def _find_followers(model: LoadedModel, text: ReportText) -> tuple[Follower, ...]:
    """Return the best unit of each property that a unit follows not by chance."""
    ids = text.ids[:READ_AT_MOST]
    h = record_activations(model.checkpoint.network, ids)[0]
    computed = compute_properties(model.checkpoint.corpus_info.vocabulary.decode(ids))
    followers = find_followers(h, computed)[0]
    best: dict[str, Follower] = {}
    for follower in followers:
        if follower.p <= SIGNIFICANT:
            best.setdefault(follower.property, follower)
    return tuple(best.values())


def _decode(model: LoadedModel, text: ReportText) -> str:
    return model.checkpoint.corpus_info.vocabulary.decode(text.ids)
