"""The schedule: stages in order, a rate that rises, stays and falls."""

import pytest

from train.config import WarmStartConfig
from train.schedule import batch_at, rate_at, stage_at

CONFIG = WarmStartConfig(examples=10_000, stage_shares=(0.2, 0.15, 0.2, 0.45))


def test_stages_follow_their_shares() -> None:
    stages = [stage_at(CONFIG, seen) for seen in (0, 1999, 2000, 3499, 3500, 5499, 5500, 20_000)]
    assert stages == [4, 4, 5, 5, 6, 6, 7, 7]


def test_the_batch_is_the_stage_s() -> None:
    assert [batch_at(CONFIG, stage) for stage in (4, 5, 6, 7)] == list(CONFIG.batch)


def test_the_rate_rises_stays_and_falls() -> None:
    assert rate_at(CONFIG, 0) < 0.01
    assert rate_at(CONFIG, 500) == rate_at(CONFIG, 6_999) == 1.0
    assert rate_at(CONFIG, 8_500) == pytest.approx(0.525, abs=0.01)
    assert rate_at(CONFIG, 10_000) == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"width": "huge"}, "width must be one of quarter, half, mid, full"),
        ({"batch": (8, 8)}, "need 4 numbers"),
        ({"batch": (7, 8, 8, 8)}, "multiple of workers"),
        ({"examples": 0}, "at least 1"),
    ],
)
def test_impossible_settings_are_refused(settings, message) -> None:
    with pytest.raises(ValueError, match=message):
        WarmStartConfig(**settings)
