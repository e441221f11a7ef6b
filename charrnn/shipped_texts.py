"""The texts that come with charrnn, which a corpus can name where no file has that name.

A text is used as the file that is installed with the package. config.toml and other machines get
its name, because it may be installed elsewhere there. In a checkout the files are links to those of
corpora/, which also has the programs that wrote them.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path

from charrnn.language import gettext as _
from charrnn.setting_types import check_path
from charrnn.suggestions import did_you_mean

NAMES = ("tenki", "kakko", "harbour")
FOLDER = Path(__file__).absolute().parent / "corpora"


def find_shipped_text(name: object) -> Path | None:
    """Return the file of the text ``name``, or None if no such text comes with charrnn."""
    return FOLDER / f"{name}.txt" if name in NAMES else None


def find_unless_path(name: object) -> Path | None:
    """Return the file of the text ``name``, or None if a file or folder has that name too."""
    text = find_shipped_text(name)
    return None if text is None or is_path(text.stem) else text


def name_shipped_text(path: Path) -> str | None:
    """Return the name of the text whose file `find_shipped_text` returns as ``path``, or None."""
    return path.stem if path == find_shipped_text(path.stem) else None


def check_corpus(name: str, corpus: object) -> list[Path]:
    """Return the paths of the argument ``name``: a path or the name of a text, or a list of them.

    Only a text names one that comes with charrnn; a Path is always that of a file or folder.

    Raises:
        ConfigError, InputError: as `check_path`.
    """
    if isinstance(corpus, str | Path) or not isinstance(corpus, Iterable):
        corpus = [corpus]
    return [find_unless_path(each) or check_path(name, each) for each in corpus]


def is_path(name: str) -> bool:
    """Return whether a file or folder, or a link that leads nowhere, is at the path ``name``."""
    return Path(name).is_symlink() or Path(name).exists()


def explain_shipped_texts(corpus: Iterable[Path]) -> Iterator[str]:
    """Yield a note on each text of ``corpus`` that comes with charrnn."""
    for name in filter(None, map(name_shipped_text, corpus)):
        if is_path(name):  # in a file of options, the name always means the text
            note = _("training on {name}, a text that comes with charrnn, and not on ./{name}")
        else:
            note = _(
                "training on {name}, a text that comes with charrnn; no file here has this name"
            )
        yield note.format(name=name)


def advise_on_missing(path: Path) -> str:
    """Return what to do about a corpus of which nothing is at ``path``."""
    question = did_you_mean(path.stem, NAMES)
    if len(path.parts) > 1 or (path.suffix and not question):
        return _("check the name")
    names = _(", ").join(NAMES)
    if question:
        advice = _("{question} texts that come with charrnn: {names}")
        return advice.format(question=question, names=names)
    return _("texts that come with charrnn: {names}").format(names=names)
