"""Writing TOML, which the standard library can only read."""

import json
from collections.abc import Mapping


def to_toml(table: str, values: Mapping[str, object]) -> str:
    """Return ``values`` as one TOML table; None is left out.

    Values are strings, lists of strings, numbers and booleans.
    """
    lines = [
        f"{key} = {_format_value(value)}" for key, value in values.items() if value is not None
    ]
    return "\n".join([f"[{table}]", *lines, ""])


def _format_value(value: object) -> str:
    # JSON and TOML agree on these values, except that TOML wants the control character DEL escaped.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
