"""Why the system refused something, in the language that is set.

The system words its reasons in English, because Python leaves the locale of its messages alone.
"""

from charrnn.language import gettext as _
from charrnn.language import gettext_noop

REASONS = (
    gettext_noop("No such file or directory"),
    gettext_noop("Permission denied"),
    gettext_noop("Operation not permitted"),
    gettext_noop("Is a directory"),
    gettext_noop("Not a directory"),
    gettext_noop("File exists"),
    gettext_noop("File name too long"),
    gettext_noop("File too large"),
    gettext_noop("No space left on device"),
    gettext_noop("Disk quota exceeded"),
    gettext_noop("Read-only file system"),
    gettext_noop("Input/output error"),
    gettext_noop("Bad file descriptor"),
    gettext_noop("Too many open files"),
    gettext_noop("Too many levels of symbolic links"),
    gettext_noop("Cannot allocate memory"),
    gettext_noop("Device or resource busy"),
    gettext_noop("Invalid argument"),
    gettext_noop("Illegal seek"),
    gettext_noop("Stale file handle"),
)
"""The texts of Linux for the errors that reading and writing can meet; others stay English."""


def describe_system_error(error: OSError) -> str:
    """Return the system's reason, or Python's text where the system gave none."""
    return _(error.strerror) if error.strerror else str(error)
