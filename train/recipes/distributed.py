"""What several workers agree on: the mean of their gradients. One worker is the trivial case."""

from collections.abc import Iterable

import torch
import torch.distributed as dist
from torch import Tensor, nn


def n_workers() -> int:
    """Say how many workers train together."""
    return dist.get_world_size() if dist.is_initialized() else 1


def average(value: Tensor) -> Tensor:
    """Average a tensor over the workers."""
    workers = n_workers()
    if workers > 1:
        dist.all_reduce(value)
        value = value / workers
    return value


def average_gradients(parameters: Iterable[nn.Parameter]) -> None:
    """Average gradients over the workers, all in one message.

    A parameter without a gradient has none on any worker, because all do the same step: heads
    above the stage, say. It keeps none, so that Adam leaves it alone.

    Args:
        parameters: In the same order on every worker.
    """
    workers = n_workers()
    if workers == 1:
        return
    gradients = [p.grad for p in parameters if p.grad is not None]
    flat = torch.cat([gradient.reshape(-1) for gradient in gradients])
    dist.all_reduce(flat)
    flat /= workers
    parts = torch.split(flat, [gradient.numel() for gradient in gradients])
    for gradient, part in zip(gradients, parts, strict=True):
        gradient.copy_(part.view_as(gradient))
