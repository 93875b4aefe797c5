"""Batches go through graphs of a few sizes, and give what they give without."""

import logging

import pytest
import torch
from torch import Tensor

from model.cuda_graphs import FixedBatches, Replay

SIZES = (1, 4, 16)


def doubled(x: Tensor, y: Tensor, number: int) -> Tensor:
    return 2 * x + y[:, None] * number


class Recorder:
    """Records as a graph does: what it was recorded with is read anew in each replay."""

    def __init__(self) -> None:
        self.sizes: list[int] = []
        self.replays = 0

    def __call__(self, function: Replay, x: Tensor, y: Tensor) -> Replay:
        self.sizes.append(len(x))
        x, y = x.clone(), y.clone()

        def replay(new_x: Tensor, new_y: Tensor) -> Tensor:
            self.replays += 1
            x.copy_(new_x)  # raises where the shape is another
            y.copy_(new_y)
            return function(x, y).clone()

        return replay


def rows(n: int) -> tuple[Tensor, Tensor]:
    x = torch.arange(3.0 * n).view(n, 3)
    return x, torch.arange(n)


@pytest.mark.parametrize("n", [1, 2, 4, 5, 16, 17, 61])
@pytest.mark.parametrize("captures", [True, False])
def test_a_batch_of_any_size_gives_what_the_function_gives(n: int, captures: bool) -> None:
    x, y = rows(n)
    batches = FixedBatches(doubled, SIZES, Recorder() if captures else None)
    assert torch.equal(batches(x, y, 7), doubled(x, y, 7))


def test_each_size_is_recorded_once_and_smaller_batches_are_filled_up() -> None:
    recorder = Recorder()
    batches = FixedBatches(doubled, SIZES, recorder)
    for n in (3, 4, 2, 1, 16, 9, 61):
        batches(*rows(n), 7)
    assert recorder.sizes == [4, 1, 16]
    assert recorder.replays == 6 + 4


def test_another_number_is_recorded_for_itself() -> None:
    recorder = Recorder()
    batches = FixedBatches(doubled, SIZES, recorder)
    x, y = rows(2)
    assert torch.equal(batches(x, y, 7), doubled(x, y, 7))
    assert torch.equal(batches(x, y, 8), doubled(x, y, 8))
    assert recorder.sizes == [4, 4]


def test_where_nothing_can_be_recorded_it_goes_on_without_and_says_so_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tries = []

    def refuse(function: Replay, x: Tensor, y: Tensor) -> Replay:
        tries.append(len(x))
        raise RuntimeError("operation not permitted when stream is capturing\nSee the manual")

    batches = FixedBatches(doubled, SIZES, refuse)
    x, y = rows(5)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert torch.equal(batches(x, y, 7), doubled(x, y, 7))
    assert tries == [16]
    assert [record.getMessage() for record in caplog.records] == [
        "Rendering without CUDA graphs, a little slower: "
        "operation not permitted when stream is capturing"
    ]
