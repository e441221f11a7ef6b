"""The errors that a user can cause or meet, each with the exit code of the command line.

Not here: errors in the use of the command line, which click raises (exit code 2), and signals.
"""


class SettingName(str):
    """The thing of an error that is a setting, where a file could have the same name."""


class CharrnnError(Exception):
    """One line for the user: ``THING: what is wrong; what to do``.

    Settings stand in it by their Python names, between backquotes: "lower `val`".
    """

    exit_code = 1

    def __init__(self, thing: object, problem: str) -> None:
        super().__init__(f"{thing}: {problem}")
        self.thing = thing
        self.problem = problem

    def __reduce__(self) -> tuple[type["CharrnnError"], tuple[object, str]]:
        """Pickle both parts, because a worker process sends its error to the main process."""
        return type(self), (self.thing, self.problem)


class ConfigError(CharrnnError):
    """A setting with a value that it does not allow, or that contradicts another one.

    The thing is the setting's name.
    """

    exit_code = 2


class InputError(CharrnnError):
    """A corpus, model or prime that is missing, unreadable, damaged, too small or not a text."""

    exit_code = 3


class DivergedError(CharrnnError):
    """A training whose loss became infinite or NaN, and did not recover."""

    exit_code = 4


class FolderError(CharrnnError):
    """A run folder that is in use, or whose files would be overwritten."""

    exit_code = 5


class MachineError(CharrnnError):
    """A failure of the machine: disk full, out of memory, no permission, a lost process."""

    exit_code = 6
