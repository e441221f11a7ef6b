"""The log of a run, `log.jsonl`: one evaluation per line, as JSON.

Not here: when it is written (runs/saving.py), and the losses that a model file keeps itself.
"""

import errno
import json
import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from charrnn.errors import InputError
from charrnn.files import write_atomically
from charrnn.language import gettext as _
from charrnn.storage.meta import (
    LATER_EVALUATION_KEYS,
    check_evaluation,
    parse_object,
    read_gradient_profile,
    read_update_ratio,
)
from charrnn.training.events import Evaluation

UNKNOWN_TIMES = {"seconds": 0.0, "chars_per_second": 0.0}


def loggable_fields(evaluation: Evaluation) -> dict[str, Any]:
    """Return the fields of an evaluation that the log and ``--json`` have.

    The gradient profile is long, and only in the history of a model file.
    """
    values = asdict(evaluation)
    del values["gradient_profile"]
    return values


def read_log(path: Path) -> list[Evaluation]:
    """Read all evaluations of a log.

    A last line without its end is ignored: the process or the machine failed while it was written.

    Raises:
        InputError: naming the first line that is not an evaluation.
    """
    lines = _whole_lines(path)
    place = _("{path}, line {number}")
    return [
        _read_line(line, place.format(path=path, number=number))
        for number, line in enumerate(lines, 1)
    ]


def read_undamaged(path: Path) -> list[Evaluation]:
    """Read those evaluations of a log that are undamaged, for a run that resumes.

    A missing log has none.
    """
    evaluations = []
    for line in _whole_lines(path) if path.is_file() else []:
        with suppress(InputError):
            evaluations.append(_read_line(line, str(path)))
    return evaluations


def write_log(path: Path, evaluations: Sequence[Evaluation]) -> None:
    """Write a log of these ``evaluations``, in place of the one that is there.

    Raises:
        OSError: when it cannot be written; what was there before is untouched.
    """
    write_atomically(path, lambda file: file.write(_lines(evaluations)))


def append_to_log(path: Path, evaluations: Sequence[Evaluation]) -> None:
    """Append all ``evaluations`` or, when that fails, none; a crash may leave a torn line.

    Raises:
        OSError: when they cannot be written.
    """
    lines = _lines(evaluations)
    with path.open("ab", buffering=0) as log:
        end = log.tell()
        try:
            # A nearly full disk takes a part of the lines and reports no error for it.
            if log.write(lines) < len(lines):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(log.fileno())
        except OSError:
            log.truncate(end)
            raise


def _lines(evaluations: Sequence[Evaluation]) -> bytes:
    return "".join(json.dumps(loggable_fields(each)) + "\n" for each in evaluations).encode()


def _whole_lines(path: Path) -> list[bytes]:
    """Return the lines of a log; a last one that was not written to its end is left out."""
    *lines, last = path.read_bytes().split(b"\n")
    return [*lines, last] if last and not _is_torn(last) else lines


def _is_torn(line: bytes) -> bool:
    """Return whether a line without its end is the beginning of a longer one."""
    try:
        json.loads(line.decode())
    except (ValueError, RecursionError):
        return True
    return False


def _read_line(line: bytes, place: str) -> Evaluation:
    try:
        return read_evaluation({**UNKNOWN_TIMES, **parse_object(line)})
    except KeyError as error:
        reason = _("it has no {name}").format(name=error.args[0])
    except ValueError as error:
        reason = str(error)
    problem = _(
        "is not an evaluation ({reason}); restore the file or delete it: the model files also"
        " hold the losses"
    )
    raise InputError(place, problem.format(reason=reason))


def read_evaluation(record: Mapping[str, Any]) -> Evaluation:
    """Read an evaluation from a line of the log, or from an entry of the history with its times.

    Raises:
        ValueError, KeyError: naming what is wrong or missing.
    """
    later = dict.fromkeys(LATER_EVALUATION_KEYS)
    values = {field.name: {**later, **record}[field.name] for field in fields(Evaluation)}
    check_evaluation(values)
    if values["update_ratio"] is not None:
        values["update_ratio"] = read_update_ratio(values["update_ratio"])
    if values["gradient_profile"] is not None:
        values["gradient_profile"] = read_gradient_profile(values["gradient_profile"])
    return Evaluation(**values)
