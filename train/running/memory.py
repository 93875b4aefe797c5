"""When memory runs out: what it looks like, and which batch would fit."""

import gc
import traceback
from collections.abc import Callable
from typing import Any

import msgspec
import torch

from train.recipes.config import AnyConfig, TimbrepadConfig

_SIGNS = ("not enough memory", "can't allocate memory", "cannot allocate memory", "bad alloc")


def is_out_of_memory(error: BaseException) -> bool:
    """Say whether an error means that memory ran out, on a GPU or on the processor."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(s in str(error).lower() for s in _SIGNS)


def smallest_fitting_division(limit: int, works: Callable[[int], None]) -> int | None:
    """Try half of a batch, a quarter, and so on, until a step works.

    Args:
        limit: What to divide by at most.
        works: Takes steps with batches divided by a number; runs out of memory where they do
            not fit.

    Returns:
        The smallest power of two that works, or None where none does.
    """
    divisor = 2
    while divisor <= limit:
        free()
        try:
            works(divisor)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            traceback.clear_frames(error.__traceback__)  # they hold what did not fit
        else:
            return divisor
        divisor *= 2
    return None


def divide_batches(config: AnyConfig, divisor: int) -> AnyConfig:
    """Give the settings with all batches divided, each still a multiple of the workers."""
    least = config.workers

    def divided(batch: tuple[int, ...], smallest: int) -> tuple[int, ...]:
        return tuple(max(smallest, size // divisor // least * least) for size in batch)

    changed: dict[str, Any] = {"batch": divided(config.batch, least)}
    if isinstance(config, TimbrepadConfig):
        batch = divided(config.adversarial.batch, 2 * least)
        changed["adversarial"] = msgspec.structs.replace(config.adversarial, batch=batch)
    return msgspec.structs.replace(config, **changed)


def free() -> None:
    """Give back what nobody holds any more."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
