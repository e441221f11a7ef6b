"""Which samples are known: as a whole a line of the corpus, or with a long span from it."""

from collections.abc import Callable, Sequence
from pathlib import Path

from charrnn.reports.loaded_model import LoadedModel
from charrnn.reports.searched_corpus import CorpusFile, CorpusReader, open_corpus
from charrnn.reports.whole_lines import LineSearch, continued_line, split_lines
from charrnn.reports.window_hashes import HashedText, WindowSearch
from charrnn.sampling.ongoing import OngoingSample


def make_known_finder(
    model: LoadedModel, least: int | None, corpus: Sequence[Path]
) -> Callable[[Sequence[OngoingSample]], list[bool]]:
    """Return a function that finds out which samples are known; it reads the corpus once a call.

    The corpus is that of the model, or the files and folders in ``corpus``. Without ``least``, only
    whole lines are known.

    Raises:
        InputError: when the corpus cannot be found or has changed.
    """
    files = open_corpus(model, corpus)
    normalize = model.checkpoint.corpus_info.normalization.apply

    def are_known(samples: Sequence[OngoingSample]) -> list[bool]:
        wholes = [continued_line(normalize(each.prompt.prime), each.text) for each in samples]
        return find_known(files, wholes, [sample.text for sample in samples], least)

    return are_known


def find_known(
    files: Sequence[CorpusFile], wholes: Sequence[str], texts: Sequence[str], least: int | None
) -> list[bool]:
    """Return which samples are known, by the line that each is as a ``whole``, and its new text.

    A sample of several lines is not one of the corpus, even where all of its lines are.
    """
    lines = [_as_line(whole) for whole in wholes]
    line_search = LineSearch(line for line in lines if line)
    if least is None and not any(lines):
        return [False] * len(lines)
    window_search = None if least is None else WindowSearch(texts, least)
    known: set[int] = set()
    for chunk in CorpusReader(files).read_chunks(0 if least is None else least - 1):
        line_search.add(chunk.new_text)
        if window_search:
            known.update(at for at, _ in window_search.find(chunk.text, HashedText(chunk.text)))
        if len(known) == len(texts):  # what follows changes nothing
            break
    line_search.finish()
    return [at in known or line_search.contains(line) for at, line in enumerate(lines)]


def _as_line(text: str) -> str:
    """Return ``text`` without the newline at its end if it is a single line, and else ""."""
    lines = split_lines(text)
    is_single = "\n" not in text.removesuffix("\n")
    return lines[0] if lines and is_single else ""
