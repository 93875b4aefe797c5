"""Time that is left, and what fits where memory ran out."""

import msgspec
import pytest
import torch

from train.recipes.adversarial_config import AdversarialConfig
from train.recipes.config import TimbrepadConfig, WarmStartConfig
from train.running.eta import Eta
from train.running.memory import divide_batches, smallest_fitting_division


def stage_at(seen: int) -> int:
    return 4 + min(seen // 250, 3)


def test_nothing_is_said_before_anything_was_measured() -> None:
    assert Eta(stage_at, 1000).seconds_left(0) is None


def test_what_is_left_of_a_stage_takes_its_own_time() -> None:
    eta = Eta(stage_at, 1000)
    eta.measured(7, 100, 50.0)
    assert eta.seconds_left(800) == pytest.approx(100.0)
    assert eta.seconds_left(1000) == 0.0


def test_a_stage_not_measured_takes_about_twice_as_long_as_the_one_below() -> None:
    eta = Eta(stage_at, 1000)
    eta.measured(6, 100, 10.0)
    assert eta.seconds_left(500) == pytest.approx(25 + 1.9 * 25, rel=0.02)


def test_a_machine_that_becomes_slower_is_so_in_all_stages() -> None:
    eta = Eta(stage_at, 1000)
    eta.measured(6, 100, 10.0)
    before = eta.seconds_left(500)
    for _ in range(30):
        eta.measured(6, 100, 20.0)
    assert before is not None
    assert eta.seconds_left(500) == pytest.approx(2 * before, rel=0.01)


@pytest.mark.parametrize(("fits", "found"), [(16, 2), (8, 4), (4, None)])
def test_the_smallest_division_that_fits_is_found(fits: int, found: int | None) -> None:
    def works(divisor: int) -> None:
        if 32 // divisor > fits:
            raise torch.OutOfMemoryError("CUDA out of memory")

    assert smallest_fitting_division(4, works) == found


def test_another_error_than_memory_is_not_hidden() -> None:
    def works(_: int) -> None:
        raise RuntimeError("shapes differ")

    with pytest.raises(RuntimeError, match="shapes differ"):
        smallest_fitting_division(2, works)


def test_batches_are_divided_in_all_parts_of_a_recipe_and_suit_the_workers() -> None:
    config = TimbrepadConfig(
        workers=2, batch=(64, 32, 8, 4), adversarial=AdversarialConfig(batch=(64, 32, 8, 8))
    )
    divided = divide_batches(config, 4)
    assert divided.batch == (16, 8, 2, 2)
    assert isinstance(divided, TimbrepadConfig)
    assert divided.adversarial.batch == (16, 8, 4, 4)
    assert divide_batches(WarmStartConfig(workers=1), 8) == msgspec.structs.replace(
        WarmStartConfig(workers=1), batch=(4, 2, 1, 1)
    )
