"""The results of a run that must not depend on what interrupted it."""

import json
from pathlib import Path

TIMES = ("seconds", "chars_per_second")


def outcome(run: Path) -> tuple[bytes, bytes, list[dict[str, object]]]:
    """The models and the log of a run, without times."""
    lines = map(json.loads, (run / "log.jsonl").read_text(encoding="utf-8").splitlines())
    log = [{key: one[key] for key in one if key not in TIMES} for one in lines]
    return (run / "best.npz").read_bytes(), (run / "last.npz").read_bytes(), log
