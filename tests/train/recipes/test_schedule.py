"""The schedule: stages in order, a rate that rises, stays and falls."""

import pytest

from train.recipes.adversarial_config import AdversarialConfig
from train.recipes.config import TimbrepadConfig, WarmStartConfig
from train.recipes.schedule import adversarial_place, batch_at, rate_at, stage_at

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


PART = AdversarialConfig(
    stage_shares=(0.0, 0.0, 0.5, 0.5), batch=(8, 8, 16, 4), critic_first=1000, rise=500
)
RECOMMENDED = TimbrepadConfig(examples=30_000, warm_share=1 / 3, adversarial=PART)


def test_the_second_part_has_stages_and_batches_of_its_own() -> None:
    places = [adversarial_place(RECOMMENDED, seen) for seen in (10_000, 19_999, 20_000, 40_000)]
    assert [place.stage for place in places] == [6, 6, 7, 7]
    assert [place.batch for place in places] == [16, 16, 4, 4]
    assert [place.done for place in places] == pytest.approx([0, 0.49995, 0.5, 1])


def test_the_critic_learns_alone_at_each_new_resolution() -> None:
    rises = [
        adversarial_place(RECOMMENDED, seen).generator_rise
        for seen in (10_000, 11_000, 11_250, 11_500, 19_999, 20_000, 21_000, 21_500)
    ]
    assert rises == [0, 0, 0.5, 1, 1, 0, 0, 1]


def test_a_short_part_is_not_all_the_critic_s() -> None:
    """A quarter of a resolution's notes at most, and as many for the rise."""
    config = TimbrepadConfig(examples=3000, warm_share=1 / 3, adversarial=PART)
    rises = [adversarial_place(config, seen).generator_rise for seen in (1250, 1375, 1500)]
    assert rises == [0, 0.5, 1]


def test_the_second_part_s_rate_falls_at_its_end() -> None:
    rates = [adversarial_place(RECOMMENDED, seen).rate for seen in (10_000, 25_900, 28_000, 30_000)]
    assert rates == pytest.approx([1, 1, 0.525, 0.05])


def test_the_warm_start_of_a_run_is_one_of_its_own() -> None:
    warm = RECOMMENDED.warm_start
    assert type(warm) is WarmStartConfig
    assert (warm.examples, warm.width, warm.batch) == (10_000, "mid", (64, 64, 32, 32))


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
