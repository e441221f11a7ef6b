"""Units of a loss. All losses inside the package are in nats."""

import math


def bits(nats: float) -> float:
    """Convert nats to bits."""
    return nats / math.log(2)
