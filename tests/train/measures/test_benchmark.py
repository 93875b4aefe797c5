"""The training benchmark: its counting against sums by hand, and a whole small run of it."""

from typing import cast

import pytest
import torch
from torch.nn import functional

from model.roofline import DevicePeak
from train.measures.benchmark import bench_train, busy_share, places
from train.measures.step_cost import Operation, StepCost, count_step
from train.measures.train_figures import figures_table
from train.recipes.config import TimbrepadConfig, WarmStartConfig
from train.recipes.schedule import stage_at
from train.recipes.trainer import Trainer

FAST = DevicePeak(flops=1e9, bandwidth=1e30)
NARROW = DevicePeak(flops=1e30, bandwidth=1e9)


def convolve(*, backwards: bool) -> StepCost:
    x = torch.randn(2, 4, 8, 16, requires_grad=True)
    weight = torch.randn(6, 4, 3, 3, requires_grad=True)

    def step() -> int:
        out = functional.conv2d(x, weight, padding=1)
        if backwards:
            out.sum().backward()  # type: ignore[no-untyped-call]
        return 2

    return count_step(step)


def test_a_convolution_s_multiplications_are_counted() -> None:
    forwards = 2 * 9 * 4 * 6 * 8 * 16
    assert convolve(backwards=False).flops_each == forwards
    assert convolve(backwards=True).flops_each == 3 * forwards


def test_a_convolution_s_memory_is_counted() -> None:
    x, out = 4 * 4 * 8 * 16, 4 * 6 * 8 * 16  # bytes of a note
    assert convolve(backwards=False).bytes_each == x + out + 2 * out
    assert convolve(backwards=True).bytes_each == (x + 3 * out) + (2 * x + 2 * out + 3 * out)


def test_second_derivatives_are_counted() -> None:
    x = torch.randn(1, 4, 8, 16, requires_grad=True)
    weight = torch.randn(6, 4, 3, 3, requires_grad=True)

    def step() -> int:
        out = functional.conv2d(x, weight, padding=1).square().sum()
        (slope,) = torch.autograd.grad(out, x, create_graph=True)
        slope.square().sum().backward()
        return 1

    assert count_step(step).flops_each > 3 * convolve(backwards=False).flops_each


def test_an_operation_takes_what_is_scarcer() -> None:
    operation = Operation(flops=1000, n_bytes=4000, weight_bytes=500)
    assert operation.seconds(FAST, 3) == pytest.approx(3000 / 1e9)
    assert operation.seconds(NARROW, 3) == pytest.approx(12500 / 1e9)


def test_weights_weigh_less_in_larger_batches() -> None:
    cost = StepCost(2, [Operation(1000, 4000, 500)])
    assert cost.seconds_each(NARROW, 2) == pytest.approx(4500 / 2 / 1e9)
    assert cost.seconds_each(NARROW, 20) == pytest.approx(40500 / 20 / 1e9)


@pytest.mark.parametrize(
    ("ranges", "share"),
    [
        ([], 0.0),
        ([(0, 4)], 1.0),
        ([(2, 4), (0, 1)], 0.75),
        ([(0, 4), (1, 2), (3, 5), (9, 10)], 0.6),
    ],
)
def test_time_that_is_covered_counts_once(ranges, share) -> None:
    assert busy_share(ranges) == pytest.approx(share)


class Staged:
    def __init__(self, config: WarmStartConfig) -> None:
        self.config = config

    def stage(self, seen: int) -> int:
        return stage_at(self.config, seen)


def test_each_stage_is_measured_in_its_middle() -> None:
    config = WarmStartConfig(examples=1000, stage_shares=(0.1, 0.2, 0.3, 0.4))
    trainer = cast(Trainer, Staged(config))
    assert places(config, trainer) == pytest.approx([50, 200, 450, 800], abs=5)


def test_both_parts_of_a_recipe_are_measured() -> None:
    config = TimbrepadConfig(examples=1000, warm_share=0.5, stage_shares=(0, 0, 0, 1))
    trainer = cast(Trainer, Staged(config.warm_start))
    assert places(config, trainer) == pytest.approx([250, 750], abs=5)


def test_a_small_run_gives_figures_of_every_stage(monkeypatch) -> None:
    small = {"_N_TIMBRES": 2, "_PITCHES": range(60, 63), "_CPU_GEMM": 256, "_CPU_COPY": 1 << 20}
    for name, value in small.items():
        monkeypatch.setattr(f"train.measures.benchmark.{name}", value)
    config = WarmStartConfig(
        workers=1, latent_size=8, batch=(1, 1, 1, 1), precision="float32", compiled=False
    )
    figures = bench_train(config, device="cpu", seconds=0.0)
    assert [stage.stage for stage in figures.stages] == [4, 5, 6, 7]
    assert [stage.size for stage in figures.stages][-1] == (128, 1024)
    for stage in figures.stages:
        assert 0 < stage.share_of_roofline < 1.5
        assert stage.notes_per_second > 0
        assert stage.gpu_busy is None
    assert figures.gemm_gflops > 0
    assert figures.data_notes_per_second > 0
    assert figures_table(figures).row_count == 4
