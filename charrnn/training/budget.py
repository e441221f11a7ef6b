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
SECONDS_A_SAVE, BYTES_SAVED, BYTES_A_SECOND = 0.02, 24, 3e8  # a parameter; to a slow disk
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
    update = float(np.mean(np.diff(ends[WARM - 1 :])))
    left = seconds - (time.perf_counter() - began)
    agreed = np.zeros(1, np.float32)
    if team.rank == 0:
        an_epoch = (len(parts.train) - 1) / (config.batch * config.seq)
        share = len(parts.val) / len(parts.train) / EVALUATED
        saved = SECONDS_A_SAVE + shape.parameters * BYTES_SAVED / BYTES_A_SECOND
        evaluation = share * an_epoch * update + saved
        agreed[0] = updates(left, update, evaluation, an_epoch, config.eval_every)
    team.sum(agreed)
    settled = replace(config, minutes=None, steps=int(agreed[0]))
    return spanned(settled, len(parts.train) - 1)


def updates(
    seconds: float, update: float, evaluation: float, an_epoch: float, eval_every: int | None
) -> int:
    """How many fit into so many seconds, where one and an evaluation take so many of them.

    Of ``an_epoch`` updates; evaluations come as often as the user said, or else 20 times a run and
    once an epoch (`automatic.spanned`).
    """
    if eval_every:
        return max(1, round(seconds / (update + evaluation / eval_every)))
    twenty_a_run = (seconds - EVALUATIONS_A_RUN * evaluation) / update
    one_an_epoch = seconds / (update + evaluation / max(1, an_epoch))
    return max(1, round(min(twenty_a_run, one_an_epoch)))
