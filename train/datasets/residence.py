"""Where specgrams lie while a run learns from them: on the disk, or all on its GPU."""

from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_LARGEST_SHARE = 0.5  # of the GPU's free memory; the rest is for networks and their gradients
_ROWS_AT_ONCE = 256


class Specgrams(Protocol):
    """Gives specgrams by the number of their note."""

    def read(self, notes: Tensor) -> Tensor:
        """Give float32 [batch, 2, time, freq] on the run's device, for int64 [batch]."""
        ...


class MappedSpecgrams:
    """Reads from the disk, which the system keeps in memory as far as there is room.

    Towards a GPU it copies from pinned memory without waiting, so that the next batch is on
    its way while this one is learned from.
    """

    def __init__(self, specgrams: NDArray[np.float16], device: torch.device) -> None:
        self._specgrams = specgrams
        self._device = device

    def read(self, notes: Tensor) -> Tensor:
        """Give specgrams; see `Specgrams`."""
        rows = torch.from_numpy(self._specgrams[notes.cpu().numpy()])
        if self._device.type == "cuda":
            rows = rows.pin_memory()
        return rows.to(self._device, non_blocking=True).float()


class ResidentSpecgrams:
    """Holds the notes that are learned from on the device, as they lie on the disk."""

    def __init__(self, specgrams: NDArray[np.float16], notes: Tensor, device: torch.device) -> None:
        """Copy them.

        Args:
            specgrams: float16 [note, 2, time, freq], of all notes.
            notes: int64 [held], the numbers of those that are held.
            device: Where.
        """
        self._device = device
        self._row_of = torch.full((len(specgrams),), -1)
        self._row_of[notes] = torch.arange(len(notes))
        self._rows = torch.empty(
            (len(notes), *specgrams.shape[1:]), dtype=torch.float16, device=device
        )
        for start in range(0, len(notes), _ROWS_AT_ONCE):
            part = notes[start : start + _ROWS_AT_ONCE]
            rows = torch.from_numpy(specgrams[part.numpy()])
            self._rows[start : start + len(part)] = rows.to(device)

    def read(self, notes: Tensor) -> Tensor:
        """Give specgrams; see `Specgrams`."""
        rows = self._row_of[notes.cpu()]
        return self._rows[rows.to(self._device, non_blocking=True)].float()


def hold_specgrams(
    specgrams: NDArray[np.float16], notes: Tensor, device: torch.device
) -> Specgrams:
    """Choose where specgrams lie: on a GPU with room for them, there.

    Args:
        specgrams: float16 [note, 2, time, freq], of all notes, mapped from disk.
        notes: int64 [learned], the numbers of those that are learned from.
        device: The run's.
    """
    if device.type == "cuda":
        n_bytes = len(notes) * specgrams[:1].nbytes
        free, _ = torch.cuda.mem_get_info(device)
        if n_bytes <= _LARGEST_SHARE * free:
            return ResidentSpecgrams(specgrams, notes, device)
    return MappedSpecgrams(specgrams, device)
