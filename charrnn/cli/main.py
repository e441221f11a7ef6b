"""How the program begins and ends: an error becomes one line and an exit code.

The commands (program.py) are imported when the language of their help is known.
"""

import os
import sys
import warnings

from click.exceptions import NoArgsIsHelpError

from charrnn.cli.signals import SignalExit, die_by_signal, raise_as_signals
from charrnn.cli.streams import find_columns, set_up_streams
from charrnn.cli.user_language import choose_language
from charrnn.render.columns import limit_columns

HELP_MARGIN = 2  # columns that stay empty at the right of help texts


def main() -> None:
    """Run the program with the arguments of the command line, and end the process."""
    choose_language()
    set_up_streams()
    if "_CHARRNN_COMPLETE" in os.environ:
        from charrnn.cli import shells

        shells.register()
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # Python's warnings are for developers
    try:
        code = _run(sys.argv[1:])
    except SignalExit as end:
        die_by_signal(end.number)
    else:
        sys.exit(code)


def _run(args: list[str]) -> int:
    from charrnn.cli.program import program

    try:
        columns = limit_columns(find_columns(sys.stdout)) - HELP_MARGIN
        result = program.main(
            args, prog_name="charrnn", standalone_mode=False, terminal_width=columns
        )
        return result if isinstance(result, int) else 0
    except SignalExit:
        raise
    except Exception as error:
        with raise_as_signals():
            return _report_error(args, error)


def _report_error(args: list[str], error: Exception) -> int:
    """Print the error, tell it to other ranks, and return its exit code."""
    if "--traceback" in args:
        import traceback

        traceback.print_exception(error)
    if isinstance(error, NoArgsIsHelpError):
        error.show()
        return error.exit_code
    from charrnn.cli import launcher
    from charrnn.cli.failures import exit_code, print_error

    code = exit_code(error) if launcher.is_silent(args) else print_error(error)
    launcher.announce_failure(args, error)
    return code
