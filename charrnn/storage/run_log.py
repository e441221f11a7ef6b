"""The log of a run, `log.jsonl`: one evaluation per line, as JSON.

Not here: when it is written (runs/saving.py), and the losses that a model file keeps itself.
"""

import errno
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from charrnn.errors import InputError
from charrnn.files import write_atomically
from charrnn.storage.meta import parse_object, read_count, read_number
from charrnn.training.events import Evaluation

UNKNOWN_TIMES = {"seconds": 0.0, "chars_per_second": 0.0}


def read_log(path: Path) -> list[Evaluation]:
    """Read all evaluations of a log.

    A last line without its end is ignored: the process or the machine failed while it was written.

    Raises:
        InputError: naming the first line that is not an evaluation.
    """
    lines = _whole_lines(path)
    return [_read_line(line, f"{path}, line {number}") for number, line in enumerate(lines, 1)]


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
    return "".join(json.dumps(asdict(evaluation)) + "\n" for evaluation in evaluations).encode()


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
        return _evaluation({**UNKNOWN_TIMES, **parse_object(line)})
    except KeyError as error:
        problem = f"it has no {error.args[0]}"
    except ValueError as error:
        problem = str(error)
    raise InputError(
        place,
        f"is not an evaluation ({problem}); restore the file or delete it: the model files also"
        " hold the losses",
    )


def _evaluation(record: dict[str, Any]) -> Evaluation:
    values = {field.name: record[field.name] for field in fields(Evaluation)}
    for name, value in values.items():
        if name == "step":
            read_count(values, name)
        elif name != "val_loss" or value is not None:
            read_number(values, name)
    return Evaluation(**values)
