"""Examples seen to stage and learning rate: pure functions."""

import math

from .config import FIRST_STAGE, WarmStartConfig

_LAST_RATE = 0.05
_WARM_EXAMPLES = 400


def stage_at(config: WarmStartConfig, examples_seen: int) -> int:
    """Say which block of the generator, counted from 1, is the last to run now."""
    total = sum(config.stage_shares)
    end = 0.0
    for number, share in enumerate(config.stage_shares):
        end += share / total * config.examples
        if examples_seen < end:
            return FIRST_STAGE + number
    return FIRST_STAGE + len(config.stage_shares) - 1


def batch_at(config: WarmStartConfig, stage: int) -> int:
    """Say how many notes a step takes at a stage, over all workers."""
    return config.batch[stage - FIRST_STAGE]


def rate_at(config: WarmStartConfig, examples_seen: int) -> float:
    """Say what the learning rate is multiplied with.

    It rises over the first few hundred examples, stays, and falls along a half cosine over
    the run's last `decay_share`.
    """
    rise = min(1.0, (examples_seen + 1) / _WARM_EXAMPLES)
    left = 1.0 - examples_seen / config.examples
    if left >= config.decay_share:
        return rise
    done = 1.0 - max(left, 0.0) / config.decay_share
    return rise * (_LAST_RATE + (1 - _LAST_RATE) * (0.5 + 0.5 * math.cos(math.pi * done)))
