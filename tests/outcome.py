"""What a run comes to, that must be the same whatever happened to it on the way."""

import json
from pathlib import Path

TIMES = ("seconds", "chars_per_second")


def outcome(run: Path) -> tuple[bytes, bytes, list[dict[str, object]]]:
    """The models and the log of a run, but for times."""
    lines = map(json.loads, (run / "log.jsonl").read_text(encoding="utf-8").splitlines())
    log = [{key: one[key] for key in one if key not in TIMES} for one in lines]
    return (run / "best.npz").read_bytes(), (run / "last.npz").read_bytes(), log
