"""What can go wrong through no bug of ours, each with the exit code that a script sees.

Not here: usage errors of the command line, which click raises (exit 2), and signals.
"""


class CharrnnError(Exception):
    """One line for the user: ``THING: what is wrong; what to do``."""

    exit_code = 1

    def __init__(self, thing: object, problem: str) -> None:
        super().__init__(f"{thing}: {problem}")
        self.thing = thing
        self.problem = problem

    def __reduce__(self) -> tuple[type["CharrnnError"], tuple[object, str]]:
        """Its two parts, as it goes from one process to another."""
        return type(self), (self.thing, self.problem)


class ConfigError(CharrnnError):
    """An option or setting that cannot be meant."""

    exit_code = 2


class InputError(CharrnnError):
    """A corpus, model or prime that is missing, unreadable, damaged, not text or too small."""

    exit_code = 3


class DivergedError(CharrnnError):
    """The loss of a training became infinite or not a number."""

    exit_code = 4


class FolderError(CharrnnError):
    """A run folder that is in use or would be overwritten."""

    exit_code = 5


class MachineError(CharrnnError):
    """The machine failed us: disk full, out of memory, no permission to write."""

    exit_code = 6
