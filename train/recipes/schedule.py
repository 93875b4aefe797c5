"""Examples seen to stage and learning rate: pure functions."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .config import FIRST_STAGE, TimbrepadConfig, WarmStartConfig

_LAST_RATE = 0.05
_WARM_EXAMPLES = 400
_LARGEST_SHARE = 0.25  # of a stage, in which the critic learns alone, and again to rise


def stage_at(config: WarmStartConfig, examples_seen: int) -> int:
    """Say which block of the generator, counted from 1, is the last to run now."""
    return FIRST_STAGE + _place(config.stage_shares, config.examples, examples_seen)[0]


def batch_at(config: WarmStartConfig, stage: int) -> int:
    """Say how many notes a step takes at a stage, over all workers."""
    return config.batch[stage - FIRST_STAGE]


def rate_at(config: WarmStartConfig, examples_seen: int) -> float:
    """Say what the learning rate is multiplied with.

    It rises over the first few hundred examples, stays, and falls along a half cosine over
    the run's last `decay_share`.
    """
    rise = min(1.0, (examples_seen + 1) / _WARM_EXAMPLES)
    return rise * _decay(examples_seen / config.examples, config.decay_share)


@dataclass(frozen=True)
class AdversarialPlace:
    """Where a run is in its second part.

    Attributes:
        stage: The block, counted from 1, whose resolution is learned.
        batch: Notes a step, over all workers.
        rate: What the learning rates are multiplied with.
        generator_rise: What the generator's is multiplied with besides, 0..1: 0 where the
            critic learns alone.
        done: Share of this part that is done, 0..1.
    """

    stage: int
    batch: int
    rate: float
    generator_rise: float
    done: float


def adversarial_place(config: TimbrepadConfig, examples_seen: int) -> AdversarialPlace:
    """Say where a run is in its second part, `examples_seen` being counted from its beginning."""
    part = config.adversarial
    examples = config.examples - config.warm_examples
    seen = examples_seen - config.warm_examples
    number, begin, end = _place(part.stage_shares, examples, seen)
    most = _LARGEST_SHARE * (end - begin)
    since = seen - begin - min(part.critic_first, most)
    rise = min(1.0, since / max(1.0, min(part.rise, most))) if since > 0 else 0.0
    return AdversarialPlace(
        stage=FIRST_STAGE + number,
        batch=part.batch[number],
        rate=_decay(seen / examples, part.decay_share),
        generator_rise=rise,
        done=min(1.0, seen / examples),
    )


def _place(shares: Sequence[float], examples: int, seen: int) -> tuple[int, float, float]:
    """Say in which share a place lies, counted from 0, and where that begins and ends."""
    total = sum(shares)
    begin, last = 0.0, (0, 0.0, 0.0)
    for number, share in enumerate(shares):
        end = begin + share / total * examples
        if share > 0:
            last = (number, begin, end)
        if seen < end:
            return number, begin, end
        begin = end
    return last


def _decay(done: float, share: float) -> float:
    """Stay at 1, and fall to `_LAST_RATE` along a half cosine over the last share."""
    left = 1.0 - done
    if left >= share:
        return 1.0
    through = 1.0 - max(left, 0.0) / share
    return _LAST_RATE + (1 - _LAST_RATE) * (0.5 + 0.5 * math.cos(math.pi * through))
