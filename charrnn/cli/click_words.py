"""What click says to users of charrnn, marked for the catalogues, and imported by nothing.

click finds the translations itself (user_language.py). Other messages of click's are replaced
(failures.py), which leaves out the full stop of those below.
"""

from charrnn.language import gettext_noop

HELP = [
    gettext_noop("Usage:"),
    gettext_noop("Options"),
    gettext_noop("Show the version and exit."),
    gettext_noop("Show this message and exit."),
    gettext_noop("default: {default}"),
    gettext_noop("required"),
]
VERSION = gettext_noop("%(prog)s, version %(version)s")
ERRORS = [
    gettext_noop("Missing command."),
    gettext_noop("{name} {filename!r} is a directory."),
    gettext_noop("{name} {filename!r} is not readable."),
    gettext_noop("file"),
    gettext_noop("path"),
]
COMPLETION = [
    gettext_noop("Couldn't detect Bash version, shell completion is not supported."),
    gettext_noop("Shell completion is not supported for Bash versions older than 4.4."),
]
