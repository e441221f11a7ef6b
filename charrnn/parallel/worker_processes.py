"""The worker processes of a team: how one is started and ended, and how to explain why one died.

Not here: what a worker runs (runs/job.py), and how a team notices that one has died (team.py).
"""

import signal
import subprocess
import sys
from collections.abc import Sequence

from charrnn.language import ENGLISH, get_language
from charrnn.language import gettext as _

SECONDS_TO_EXIT = 5.0
FIND_MODULES = "import sys; sys.path[:] = {path!r}"
CHOOSE_LANGUAGE = "from charrnn.language import set_language; set_language({language!r})"
WORK = "from charrnn.runs.job import main; main()"


def start_worker(arguments: Sequence[int], *inherited: int) -> subprocess.Popen[bytes]:
    """Start a Python process that finds the same modules, but never runs the user's own script.

    The process runs in a session of its own, so that Ctrl-C in the terminal reaches only the
    leader, which then saves the work. Its errors are in the language of this process.
    """
    return subprocess.Popen(
        [sys.executable, "-c", _write_program(), *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        pass_fds=inherited,
        start_new_session=True,
    )


def _write_program() -> str:
    """Return the program of a worker."""
    statements = [FIND_MODULES.format(path=sys.path), WORK]
    if get_language() != ENGLISH:
        statements.insert(1, CHOOSE_LANGUAGE.format(language=get_language()))
    return "; ".join(statements)


def explain_exit(process: subprocess.Popen[bytes]) -> str:
    """Return a message: how a worker that a barrier waited for has ended, and what to do."""
    try:
        code = process.wait(SECONDS_TO_EXIT)
    except subprocess.TimeoutExpired:
        return _(
            "does not answer; continue the run with `resume`, or start a new one with `workers` 1"
        )
    if code == -signal.SIGKILL:
        return _(
            "was ended by SIGKILL, often because memory ran out; continue the run with `resume`, or"
            " start a new one with a smaller model or with `workers` 1"
        )
    if code < 0:
        problem = _(
            "was ended by {signal}; continue the run with `resume`, or start a new one with"
            " `workers` 1"
        )
        return problem.format(signal=signal.Signals(-code).name)
    problem = _(
        "ended with exit code {code}; continue the run with `resume`, or start a new one with"
        " `workers` 1"
    )
    return problem.format(code=code)


def end_worker(process: subprocess.Popen[bytes]) -> None:
    """Wait for a worker, whose link is closed, to exit; kill it when it does not."""
    try:
        process.wait(SECONDS_TO_EXIT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
