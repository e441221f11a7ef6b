"""How this program is called, in commands that are printed for the user to run."""

import re
import sys
from pathlib import Path

from charrnn.cli.option_names import replace_settings_by_options
from charrnn.shell_words import PROGRAM, quote_word

COMMAND = re.compile(rf"\b{PROGRAM} (?=(?:train|sample|inspect)\b)")


def write_program_as_called(text: str) -> str:
    """Write the program in commands of ``text`` as ``python -m charrnn`` if no script starts it."""
    if _has_script():
        return text
    return COMMAND.sub(lambda match: f"{quote_word(_interpreter())} -m {match[0]}", text)


def write_for_user(message: str) -> str:
    """Write a message of the library with options for settings, and commands as they are typed."""
    return write_program_as_called(replace_settings_by_options(message))


def _has_script() -> bool:
    """Whether the program is installed as a script, or was started as one."""
    if Path(sys.argv[0]).name != "__main__.py":
        return True
    import shutil

    beside = Path(sys.executable).parent / PROGRAM
    return shutil.which(PROGRAM) is not None or beside.exists()


def _interpreter() -> str:
    """Return Python as it was typed."""
    return sys.orig_argv[0] if sys.orig_argv else sys.executable
