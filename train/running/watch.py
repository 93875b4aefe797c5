"""What is looked at every few minutes of a run: measures, fixed notes, TensorBoard."""

from collections.abc import Callable

import torch

from train.datasets.dataset import TrainingSet
from train.recipes.config import TrainConfig
from train.recipes.trainer import Trainer

from .alarms import Alarms
from .board import Board
from .monitor import Monitor
from .previews import Previews, write_previews
from .progress import Progress
from .reading import Reading
from .run import Run

_NO_TENSORBOARD = "TensorBoard is not installed, so there are no curves: pip install tensorboard"


class Watch:
    """Worker 0's eyes and ears; nothing here changes what is learned."""

    def __init__(
        self,
        run: Run,
        config: TrainConfig,
        data: TrainingSet,
        device: torch.device,
        examples_seen: int,
        on_notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Choose what to look at.

        Args:
            run: Its folder gets `previews` and `tensorboard`.
            config: The run's settings.
            data: Its real notes are what is compared with.
            device: Where the run computes.
            examples_seen: Where the run begins or goes on.
            on_notice: Told what a person should know, in a line.
        """
        self._run = run
        self._on_notice = on_notice
        self._monitor = Monitor(config, data, device)
        self._previews = Previews(config, data, device, run.folder, on_notice)
        self._alarms = Alarms(config.examples)
        self._board: Board | None = None
        try:
            self._board = Board(run.folder / "tensorboard", examples_seen)
        except ImportError:
            on_notice(_NO_TENSORBOARD)

    def tick(self, progress: Progress) -> None:
        """Show losses and the rate."""
        if self._board is None:
            return
        seen = progress.examples_seen
        self._board.show_numbers("losses", progress.losses, seen)
        speed = {"examples_per_second": progress.examples_per_second, "stage": progress.stage}
        self._board.show_numbers("run", speed, seen)

    def look(self, trainer: Trainer, examples_seen: int) -> Reading:
        """Measure, render the fixed notes, raise alarms.

        Raises:
            DatasetError: If the disk is full.
        """
        reading = self._monitor.read(trainer, examples_seen)
        previews = self._previews.render(trainer, examples_seen)
        stage = trainer.stage(examples_seen)
        write_previews(self._run.folder / "previews", previews, examples_seen, stage)
        if self._board is not None:
            self._board.show_numbers("measures", reading.measures, examples_seen)
            self._board.show_notes(previews, examples_seen)
        for line in self._alarms.hear(reading.measures, examples_seen):
            self._on_notice(line)
        return reading

    @property
    def collapsed(self) -> bool:
        """Whether the run has collapsed for good."""
        return self._alarms.collapsed

    def close(self) -> None:
        """Write what is waiting."""
        if self._board is not None:
            self._board.close()
