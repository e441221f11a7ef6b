"""One axis of a chart: its range, the position of a value on it, and its ticks."""

import math
from collections.abc import Iterable

TICKS = 5
LARGE = 1e9  # from here on, a number has an exponent
LINEAR_UP_TO, BINARY_UP_TO = 4.0, 5000.0
"""Limits of the ratio highest / lowest: a logarithmic axis has ticks at equal distances up to the
first, at powers of two up to the second, and at powers of ten beyond."""


class Axis:
    """An axis; ``low`` and ``high`` are the smallest and the largest value on it.

    Values above ``top`` are not on it.
    """

    def __init__(
        self,
        values: Iterable[float],
        log: bool,
        from_zero: bool = False,
        top: float | None = None,
    ) -> None:
        self.log = log
        self.top = math.inf if top is None else top
        known = [value for value in values if self.shows(value)] or [1.0]
        self.is_whole = all(isinstance(value, int) for value in known)
        self.low, self.high = (0.0 if from_zero else min(known)), max(known)
        if self.low == self.high:
            self.high = 2 * self.low if log else self.low + 1

    def shows(self, value: float) -> bool:
        """Tell whether ``value`` can be shown on this axis."""
        return self.is_finite(value) and value <= self.top

    def is_finite(self, value: float) -> bool:
        """Tell whether ``value`` has a place on this axis or beyond its end."""
        return math.isfinite(value) and (value > 0 or not self.log)

    def share(self, value: float) -> float:
        """Return the position of ``value``: 0 for the lowest, 1 for the highest."""
        low, high, value = map(self._to_scale, (self.low, self.high, value))
        return (value - low) / (high - low)

    def value_at(self, share: float) -> float:
        """Return the value at a position, which may be outside of the axis; inverts `share`."""
        low, high = self._to_scale(self.low), self._to_scale(self.high)
        value = low + share * (high - low)
        return math.exp(value) if self.log else value

    def ticks(self) -> list[float]:
        """Return round numbers along the axis."""
        if self.log and self.high / self.low > LINEAR_UP_TO:
            base = 2 if self.high / self.low < BINARY_UP_TO else 10
            first, last = (math.log(value, base) for value in (self.low, self.high))
            every = max(1, math.ceil((last - first) / (2 * TICKS)))
            powers = range(math.ceil(first - 1e-9), math.floor(last + 1e-9) + 1)
            return [float(base) ** power for power in powers if power % every == 0]
        rough = max((self.high - self.low) / TICKS, 1 if self.is_whole else 0)
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
        first = math.ceil(self.low / step - 1e-9)
        return [step * n for n in range(first, math.floor(self.high / step + 1e-9) + 1)]

    def _to_scale(self, value: float) -> float:
        return math.log(value) if self.log else value


def format_number(value: float) -> str:
    """Format a number in a few digits, as beside a tick: 1,234, 56.7, 0.0123, 1e-07."""
    return f"{value:z,.0f}" if 1000 <= abs(value) < LARGE else f"{value:z.3g}"
