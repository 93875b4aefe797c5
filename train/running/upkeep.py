"""What worker 0 does between steps: statistics, checkpoints, looking after the run, stopping."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from torch import Tensor

from train.recipes.config import TrainConfig
from train.recipes.errors import TrainingError
from train.recipes.trainer import Trainer

from .checkpoints import Score, find_not_finite
from .eta import Eta
from .progress import Progress
from .run import Run

if TYPE_CHECKING:
    from .watch import Watch

_TICK_SECONDS = 5.0
_FIRST_LOOK_SECONDS = 30.0
_LOOK_SHARE = 0.05


@dataclass(frozen=True)
class Wishes:
    """How worker 0 looks after a run, and until when.

    Attributes:
        deadline: When this stretch has to be over, as `time.monotonic` counts; None: never.
        look_seconds: Time between two looks of the monitors; more where one takes long.
        stop_when_collapsed: Whether a collapse for good ends the run.
        should_stop: Asked after each step.
        on_progress: Told every few seconds.
        on_checkpoint: Told after each checkpoint at the last resolution; the run goes on after it.
    """

    deadline: float | None = None
    look_seconds: float = 120.0
    stop_when_collapsed: bool = True
    should_stop: Callable[[], bool] = lambda: False
    on_progress: Callable[[Progress], None] = lambda _: None
    on_checkpoint: Callable[[], None] = lambda: None


class Upkeep:
    """Looks after one stretch of a run, on worker 0."""

    def __init__(
        self,
        trainer: Trainer,
        run: Run,
        config: TrainConfig,
        watch: "Watch",
        wishes: Wishes,
        examples_seen: int,
    ) -> None:
        """Begin where the run goes on."""
        self._trainer, self._run, self._config = trainer, run, config
        self._watch, self._wishes = watch, wishes
        self._eta = Eta(trainer.stage, config.examples)
        self._best: Score | None = run.checkpoints.best_score()
        self._seen = self._saved_at = self._seen_at_tick = examples_seen
        self._sums: dict[str, tuple[Tensor, int]] = {}
        now = time.monotonic()
        self._tick = self._saved = self._looked = now
        self._next_look = now + min(_FIRST_LOOK_SECONDS, wishes.look_seconds)
        self._aside = 0.0  # seconds since the last tick that were not spent learning
        self._longest_aside = 0.0
        self._has_looked = False

    def after_step(self, n_notes: int, losses: Mapping[str, Tensor]) -> bool:
        """Do what is due.

        Args:
            n_notes: How many all workers saw in the step.
            losses: The step's.

        Returns:
            Whether the run should stop here.

        Raises:
            TrainingError: If a loss or weight is not a number, or the run collapsed.
            DatasetError: If the disk is full; the checkpoints so far are still there.
        """
        stage = self._trainer.stage(self._seen)
        self._seen += n_notes
        self._add(losses)
        now, done = time.monotonic(), self._seen >= self._config.examples
        is_asked, is_late = self._wishes.should_stop(), self._is_late(now)
        stop = is_asked or is_late
        look = done or (now >= self._next_look and not stop)
        save = done or stop or now - self._saved > self._config.checkpoint_seconds
        save = save or self._trainer.stage(self._seen) != stage
        # A model to hear comes with its measures. Who asks to stop does not wait for them; where
        # time is up, a look has been reckoned with once there was one.
        may_look = not is_asked and (self._has_looked or not is_late)
        if may_look and self._is_at_last_resolution():
            look = look or (save and now - self._looked > (self._next_look - self._looked) / 2)
            save = save or (look and now - self._saved > self._config.checkpoint_seconds / 2)
        if not (look or save or now - self._tick > _TICK_SECONDS):
            return False
        progress = self._progress(stage, now)
        measures: dict[str, float] = {}
        if look:
            measures = self._look()
        if save:
            self._save()
        self._tell(progress, measures)
        if save and not (done or stop) and self._is_at_last_resolution():
            self._wishes.on_checkpoint()
        self._aside = time.monotonic() - now
        self._longest_aside = max(self._longest_aside, self._aside)
        self._tick = now
        if self._watch.collapsed and self._wishes.stop_when_collapsed:
            raise TrainingError(self._collapse())
        return stop

    def _is_late(self, now: float) -> bool:
        """Say whether this stretch must end, what is to be written then included."""
        deadline = self._wishes.deadline
        return deadline is not None and now + self._longest_aside >= deadline

    def _add(self, losses: Mapping[str, Tensor]) -> None:
        # Summed where they are: reading each would let the processor wait for the GPU. What is
        # not a number stays so in the sum.
        for name, loss in losses.items():
            total, count = self._sums.get(name, (0.0, 0))
            self._sums[name] = (total + loss, count + 1)

    def _progress(self, stage: int, now: float) -> Progress:
        """Sum up since the last tick; the first thing here that waits for the device."""
        means = {name: float(total) / count for name, (total, count) in self._sums.items()}
        self._sums = {}
        self._check_finite(means)
        learning = max(now - self._tick - self._aside, 1e-6)
        n_examples = self._seen - self._seen_at_tick
        self._seen_at_tick = self._seen
        self._eta.measured(stage, n_examples, learning)
        left = self._eta.seconds_left(self._seen)
        if self._wishes.deadline is not None:
            until = max(0.0, self._wishes.deadline - now)
            left = until if left is None else min(left, until)
        return Progress(
            examples_seen=self._seen,
            stage=stage,
            examples_per_second=n_examples / learning,
            losses=means,
            seconds_left=left,
        )

    def _look(self) -> dict[str, float]:
        start = time.monotonic()
        reading = self._watch.look(self._trainer, self._seen)
        if reading.score.beats(self._best):
            state = self._finite_state()
            self._run.checkpoints.write_best(state, self._seen, reading.score)
            self._best = reading.score
        now = self._looked = time.monotonic()
        self._has_looked = True
        self._next_look = now + max(self._wishes.look_seconds, (now - start) / _LOOK_SHARE)
        return reading.measures

    def _save(self) -> None:
        self._run.checkpoints.write(self._finite_state(), self._seen)
        self._saved, self._saved_at = time.monotonic(), self._seen

    def _is_at_last_resolution(self) -> bool:
        return self._trainer.stage(self._seen) == self._trainer.stage(self._config.examples - 1)

    def _tell(self, progress: Progress, measures: dict[str, float]) -> None:
        progress = msgspec.structs.replace(progress, measures=measures)
        self._run.log(progress)
        self._watch.tick(progress)
        self._wishes.on_progress(progress)

    def _finite_state(self) -> dict[str, Tensor]:
        state = self._trainer.state()
        name = find_not_finite(state)
        if name is not None:
            raise self._not_a_number(f"tensor {name}")
        return state

    def _check_finite(self, losses: Mapping[str, float]) -> None:
        for name, value in losses.items():
            if not abs(value) < float("inf"):
                raise self._not_a_number(f"loss {name}")

    def _not_a_number(self, what: str) -> TrainingError:
        rate = self._config.learning_rate / 2
        precise = self._config.precision == "float32"
        also = "" if precise else ", or in --precision float32"
        return TrainingError(
            f"The {what} is not a number after {self._seen} notes. {self._kept()} "
            f"Go on with half the rate, --learning-rate {rate:g}{also}."
        )

    def _kept(self) -> str:
        if not self._run.has_checkpoint:
            return "There is no checkpoint before it."
        return f"The last good checkpoint is at {self._saved_at} notes."

    def _collapse(self) -> str:
        return (
            f"The run collapsed: notes of one pitch became far too alike. {self._kept()} Go back "
            "with --from-best, to other settings (docs/training.md), or on with --ignore-collapse."
        )
