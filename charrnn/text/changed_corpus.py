"""Why the files of a corpus are no longer the text that a model learned from, where that shows.

Earlier versions joined files without a newline between them, read hidden files in folders, and did
not follow links to folders there.
"""

from collections import Counter
from collections.abc import Sequence

from charrnn.language import gettext as _
from charrnn.text.corpus_info import CorpusInfo

MAX_NAMED = 3


def is_same_text(name: str, expected: CorpusInfo, found: CorpusInfo) -> bool:
    """Return whether the text ``name``, `val_file` or `test_file`, has the same fingerprint."""
    texts = (getattr(corpus_info, name) for corpus_info in (expected, found))
    return len({text and text.sha256 for text in texts}) == 1


def is_joined_otherwise(expected: CorpusInfo, found: CorpusInfo) -> bool:
    """Return whether the texts differ only by the newlines that are now added between files."""
    return found.unseparated_sha256 == expected.sha256


def explain_change(expected: CorpusInfo, found: CorpusInfo, *, has_folder: bool) -> str:
    """Return a sentence on what is different, without its period; "" where nothing shows it.

    ``has_folder`` says whether some of the files were found in a folder.
    """
    if is_joined_otherwise(expected, found):
        return _(
            "its files are the same, but there is now a newline between two files where the first"
            " ends without one"
        )
    before, now = Counter(expected.files), Counter(found.files)
    gone, new = list((before - now).elements()), list((now - before).elements())
    if gone and new:
        change = _("no longer read: {gone}; newly read: {new}").format(
            gone=_shorten(gone), new=_shorten(new)
        )
    elif gone:
        change = _("no longer read: {files}").format(files=_shorten(gone))
    elif new:
        change = _("newly read: {files}").format(files=_shorten(new))
    else:
        return ""
    if not has_folder:
        return change
    return _(
        "{change}; charrnn 0.1.0 also read the hidden files in folders, read a file with several"
        " names more than once, and did not follow links to folders"
    ).format(change=change)


def _shorten(names: Sequence[str]) -> str:
    files, more = _(", ").join(names[:MAX_NAMED]), len(names) - MAX_NAMED
    return _("{files}, and {more:,} more").format(files=files, more=more) if more > 0 else files
