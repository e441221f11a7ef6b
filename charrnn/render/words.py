"""Characters, losses and names as words, on a terminal, a page or a picture alike."""

import unicodedata
from collections.abc import Iterable, Sequence

from charrnn.language import gettext as _
from charrnn.ngram import MAX_COUNTED, Baselines
from charrnn.render.clusters import JOINED_JAMO, ZWJ, cut, is_shapeless, split_clusters
from charrnn.render.controls import escape_controls
from charrnn.text.character_kinds import DOTTED_CIRCLE, is_mark, is_visible, show_mark
from charrnn.training.outcome import Outcome
from charrnn.units import bits

LEFT_TO_RIGHT_MARK = "\u200e"
LARGE_LOSS = 10_000
WHITE_SPACE = {"\n": "↵", "\t": "⇥", " ": "␣", "\u3000": "□"}
"""Signs for white space, which would be invisible in a table."""
FILES_LISTED = 3


def shorten(text: str, columns: int) -> str:
    """Cut ``text`` to one line of at most ``columns``, with signs for newlines and controls."""
    return cut(show_text(text, but=" "), columns)


def show_character(character: str) -> str:
    """Make a character visible, also where no letter stands before it.

    White space becomes a sign, a mark is drawn on a dotted circle, and a control character or
    another one without a shape becomes its code point.
    """
    if character in WHITE_SPACE:
        return WHITE_SPACE[character]
    is_joined = is_mark(character) or character in JOINED_JAMO
    shown = show_mark(character) if is_joined else character
    return shown if is_visible(shown[0]) else f"U+{ord(character):04X}"


def show_text(text: str, *, but: str = "") -> str:
    """Make the characters of ``text`` visible, except those in ``but``; marks are on their letters.

    A text that begins in the middle of a letter begins with its marks on a dotted circle.
    """
    return "".join(
        cluster if cluster in but else _show_cluster(cluster) for cluster in split_clusters(text)
    )


def format_share(character: str, share: float) -> str:
    """Format a character with its probability."""
    return f"{keep_order(character, show_character(character))} {share:z.0%}"


def keep_order(character: str, shown: str) -> str:
    """Return ``shown``, which has ``character``, so that a number after it stays to the right.

    Next to an Arabic or Hebrew letter the number would be a part of the text from right to left.
    """
    is_right_to_left = unicodedata.bidirectional(character) in ("R", "AL")
    return f"{LEFT_TO_RIGHT_MARK}{shown}{LEFT_TO_RIGHT_MARK}" if is_right_to_left else shown


def name_character(character: str) -> str:
    """Make a character visible; a mark, which is hard to recognize, has its code point beside it.

    Returns ``◌ि U+093F``.
    """
    shown = show_character(character)
    has_circle = shown == DOTTED_CIRCLE + character
    return f"{shown} U+{ord(character):04X}" if has_circle else shown


def _show_cluster(cluster: str) -> str:
    """Show a cluster as it is drawn; code points for what its beginning or end has been cut off."""
    first, others = show_character(cluster[0]), cluster[1:]
    if others and is_shapeless(cluster[0]):
        return first + show_text(others)
    if others.endswith(ZWJ) and unicodedata.category(cluster[0]) == "So":
        return first + others[:-1] + show_character(ZWJ)
    return first + others


def format_loss(number: float) -> str:
    """Format a loss with four decimal places, or in scientific notation if it is huge."""
    return f"{number:z.4f}" if abs(number) < LARGE_LOSS else f"{number:z.3g}"


def describe_loss(nats: float | None) -> str:
    """Describe a loss in both units."""
    if nats is None:
        return _("none")
    return _("{nats} nats, {bits} bits per character").format(
        nats=format_loss(nats), bits=format_loss(bits(nats))
    )


def describe_baselines(baselines: Baselines) -> str:
    """Describe the losses of models without a memory, the better one first."""
    losses = _(
        "{ngram:z.4f} nats by the best n-gram (n = {order}), {unigram:z.4f} by a unigram"
    ).format(ngram=baselines.ngram, order=baselines.ngram_order, unigram=baselines.unigram)
    if baselines.characters < MAX_COUNTED:
        return losses
    return _("{losses}, counted on the last {count:,} training characters").format(
        losses=losses, count=baselines.characters
    )


def describe_vocabulary(V: int, baselines: Baselines | None) -> str:
    """Describe the number of distinct characters, on which losses depend."""
    if baselines is None or not baselines.unseen:
        return _("{count:,} distinct characters in the whole corpus").format(count=V)
    return _(
        "{count:,} distinct characters in the whole corpus, {unseen:,} only in its validation part"
    ).format(count=V, unseen=baselines.unseen)


def advise(val_loss: float | None, baselines: Baselines | None) -> str:
    """Return a sentence on a model that is worse than one without a memory; empty for others."""
    if val_loss is None or baselines is None or val_loss < baselines.ngram:
        return ""
    if val_loss > baselines.unigram:
        return _("It is worse than the unigram baseline.")
    return _("It is worse than its n-gram.")


def explain_outcome(outcome: Outcome) -> str:
    """Return a sentence that says why a training did not beat its n-gram, and what to do."""
    return {
        "falling": _(
            "Its loss was still falling: train longer, with `resume` and a larger `epochs` or"
            " `steps`."
        ),
        "rising": _("Its training loss rose again: train a new run with a lower `lr`."),
        "short_text": _("The text is too short, and was learned by heart: add more text."),
        "overfitted": _("It learned the text by heart: add more text, or more `dropout`."),
        "untrained": _("It has hardly learned anything: train longer, or with a higher `lr`."),
        "level": _("Its loss no longer fell: train a new run with more `hidden` units."),
    }[outcome]


def format_duration(seconds: float) -> str:
    """Format minutes and seconds as 2:05, and with hours as 1:02:05."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def list_files(files: Sequence[str]) -> str:
    """List file names; of many, the first few and the number of the others."""
    names = join_words(map(escape_controls, files[:FILES_LISTED]))
    if len(files) <= FILES_LISTED:
        return names
    return _("{names} and {count} more").format(names=names, count=len(files) - FILES_LISTED)


def name_units(shuffle: str) -> str:
    """Return what was put into another order, lines or paragraphs, in the reader's language."""
    return {"lines": _("lines"), "paragraphs": _("paragraphs")}[shuffle]


def join_words(words: Iterable[str]) -> str:
    """Join words, names or facts to a list."""
    return _(", ").join(words)


def join_sentences(sentences: Iterable[str]) -> str:
    """Join those of ``sentences`` that are not empty: with spaces, but in Japanese with nothing."""
    between = _("{sentence} {next}").format(sentence="", next="")
    return between.join(filter(None, sentences))
