"""What TensorBoard shows of a run: losses, measures, fixed notes to hear and to see."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from train.datasets.notes import write_error

from .previews import Preview


class Board:
    """Writes a run's events; the axis is the number of notes seen."""

    def __init__(self, folder: Path, examples_seen: int) -> None:
        """Open the events, from here on in place of any that were written after this place.

        Raises:
            ImportError: If tensorboard is not installed.
            DatasetError: If the folder can't be written.
        """
        self._folder = folder
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the libraries that tensorboard loads
            from torch.utils.tensorboard import SummaryWriter  # noqa: PLC0415  half a second

        try:
            # Events at this place and after are of a process that was killed.
            purge = examples_seen + 1 if examples_seen else None
            self._writer: Any = SummaryWriter(str(folder), purge_step=purge)
        except OSError as error:
            raise write_error(folder, error) from error

    def show_numbers(self, kind: str, numbers: Mapping[str, float], examples_seen: int) -> None:
        """Add numbers to the curves of a kind, such as "losses"."""
        for name, value in numbers.items():
            self._writer.add_scalar(f"{kind}/{name}", value, examples_seen)

    def show_notes(self, previews: Sequence[Preview], examples_seen: int) -> None:
        """Add notes, to hear and as rainbowgrams."""
        for preview in previews:
            kind = "own" if preview.note.is_own else "notes"
            title = f"{kind}/{preview.note.name} {preview.note.pitch}"
            wave = torch.from_numpy(preview.wave)[None]
            self._writer.add_audio(title, wave, examples_seen, preview.sample_rate)
            self._writer.add_image(title, preview.picture, examples_seen, dataformats="HWC")
        self.flush()

    def flush(self) -> None:
        """Write what is waiting.

        Raises:
            DatasetError: If the disk is full.
        """
        try:
            self._writer.flush()
        except OSError as error:
            raise write_error(self._folder, error) from error

    def close(self) -> None:
        """Write what is waiting and close."""
        self._writer.close()
