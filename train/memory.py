"""When memory runs out: what it looks like, and which batch would fit."""

import gc
from collections.abc import Callable

import torch

_SIGNS = ("not enough memory", "can't allocate memory", "cannot allocate memory", "bad alloc")


def is_out_of_memory(error: BaseException) -> bool:
    """Say whether an error means that memory ran out, on a GPU or on the processor."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    return isinstance(error, RuntimeError) and any(s in str(error).lower() for s in _SIGNS)


def largest_fitting(batch: int, least: int, works: Callable[[int], None]) -> int | None:
    """Try half of a batch, a quarter, and so on, until a step works.

    Args:
        batch: What did not fit.
        least: What every batch must be a multiple of.
        works: Takes a step with a batch of this size; runs out of memory where it does not fit.

    Returns:
        The size that fits, or None where not even the least one does.
    """
    size = batch // 2 // least * least
    while size >= least:
        free()
        try:
            works(size)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
        else:
            return size
        size = size // 2 // least * least
    return None


def free() -> None:
    """Give back what nobody holds any more."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
