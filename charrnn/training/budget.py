"""How many updates fit into a time: found out once, before a training begins.

From then on it is a training by ``--steps`` like any other, which can be repeated.
"""

import time
from dataclasses import replace

import numpy as np

from charrnn.config import EVALUATIONS_A_RUN, Settings
from charrnn.network.parameters import Shape
from charrnn.text.corpus import Parts
from charrnn.training.automatic import spanned
from charrnn.training.events import Progress
from charrnn.training.team import Team
from charrnn.training.trainer import start

MEASURING = 0.03  # of the time
SECONDS_AT_MOST = 5.0
WARM = 3  # updates that are not counted: until then room is made, and caches are filled
EVALUATED = 3.0  # times the speed at which characters are learned
ENDLESS = 10**9


def fitted(config: Settings, shape: Shape, parts: Parts, team: Team, seconds: float) -> Settings:
    """Settings by minutes become settings by steps, which will take so many ``seconds`` from now.

    The first updates of a training are made and timed, evaluations estimated, and all is forgotten
    again. Only rank 0's clock and ``seconds`` count. Raises as `Trainer.run`.
    """
    began = time.perf_counter()
    limit = min(SECONDS_AT_MOST, MEASURING * seconds)
    ends: list[float] = []

    def enough() -> bool:
        return team.rank == 0 and len(ends) > WARM and time.perf_counter() - began > limit

    slow = replace(config, minutes=None, steps=ENDLESS, warmup=ENDLESS, eval_every=ENDLESS)
    for event in start(shape, parts, slow, team).run(enough):
        if isinstance(event, Progress):
            ends.append(time.perf_counter())
    seconds_an_update = float(np.median(np.diff(ends[WARM - 1 :])))
    left = seconds - (time.perf_counter() - began)
    agreed = np.zeros(1, np.float32)
    if team.rank == 0:
        agreed[0] = _steps(config, parts, seconds_an_update, left)
    team.sum(agreed)
    settled = replace(config, minutes=None, steps=int(agreed[0]))
    return spanned(settled, len(parts.train) - 1)


def _steps(config: Settings, parts: Parts, seconds_an_update: float, left: float) -> int:
    """How many updates fit, beside their evaluations, into the seconds that are left."""
    an_epoch = (len(parts.train) - 1) / (config.batch * config.seq)  # updates
    evaluation = an_epoch * len(parts.val) / len(parts.train) * seconds_an_update / EVALUATED
    if config.eval_every:
        steps = left / (seconds_an_update + evaluation / config.eval_every)
    else:  # at least so many a run, and one an epoch
        steps = min(
            (left - EVALUATIONS_A_RUN * evaluation) / seconds_an_update,
            left / (seconds_an_update + evaluation / an_epoch),
        )
    return max(1, int(steps))
