"""Where the texts of a run are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path


@dataclass(frozen=True)
class CorpusPaths:
    """Files and folders: those of the corpus, of `val_file` and of `test_file`."""

    corpus: Sequence[Path]
    val_file: Sequence[Path] = ()
    test_file: Sequence[Path] = ()

    def items(self) -> Iterator[tuple[str, Sequence[Path]]]:
        """Yield the name and the paths of each text."""
        return ((field.name, getattr(self, field.name)) for field in fields(self))

    @property
    def has_own_texts(self) -> bool:
        """Whether there are texts of their own to validate or test on."""
        return bool(self.val_file or self.test_file)

    @property
    def all(self) -> list[Path]:
        """All paths, in the order in which they are read."""
        return [path for _, paths in self.items() for path in paths]
