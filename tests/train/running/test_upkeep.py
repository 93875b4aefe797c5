"""The loop and what worker 0 does in it: ticks, checkpoints, looks, stopping, trouble."""

import json
from pathlib import Path

import msgspec
import pytest
import torch

from tests.train.toy import SETTINGS, STAGE_END, ToyTrainer, ToyWatch, start, upkeep
from train.datasets.notes import DatasetError
from train.recipes.errors import TrainingError
from train.running.loop import OutOfMemoryError, train_loop
from train.running.progress import Progress
from train.running.run import Run
from train.running.upkeep import Wishes

RARE = msgspec.structs.replace(SETTINGS, checkpoint_seconds=1e9)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return start(tmp_path)


def places(run: Run) -> list[int]:
    return [int(path.stem.split("-")[1]) for path in run.checkpoints.paths()]


def train(run: Run, trainer: ToyTrainer | None = None, **of_upkeep) -> int:
    trainer = trainer or ToyTrainer()
    keeper = upkeep(trainer, run, settings=RARE, **of_upkeep)
    return train_loop(trainer, 0, RARE.examples, keeper)


def test_a_run_saves_where_a_stage_ends_and_at_its_end(run: Run) -> None:
    assert train(run) == 400
    assert places(run) == [STAGE_END, 400]


def test_losses_are_means_since_the_last_line(run: Run) -> None:
    twin = ToyTrainer()
    losses = [float(twin.step(seen)[1]["error"]) for seen in range(0, STAGE_END, 2)]
    told: list[Progress] = []
    train(run, wishes=Wishes(on_progress=told.append))
    assert [progress.examples_seen for progress in told] == [STAGE_END, 400]
    assert told[0].losses["error"] == pytest.approx(sum(losses) / len(losses))
    lines = (run.folder / "stats.jsonl").read_text().splitlines()
    assert [json.loads(line)["examples_seen"] for line in lines] == [STAGE_END, 400]
    assert json.loads(lines[-1])["measures"] == {"off": 1.0}


def test_a_wish_to_stop_saves_and_stops_after_the_step(run: Run) -> None:
    wishes = iter([False, False, True])
    assert train(run, wishes=Wishes(should_stop=lambda: next(wishes))) == 6
    assert places(run) == [6]


def test_checkpoints_at_the_last_resolution_are_told_of_while_the_run_goes_on(run: Run) -> None:
    told: list[int] = []
    keeper = upkeep(
        ToyTrainer(),
        run,
        settings=msgspec.structs.replace(SETTINGS, checkpoint_seconds=0.0),
        wishes=Wishes(on_checkpoint=lambda: told.append(places(run)[-1])),
    )
    train_loop(keeper._trainer, 0, SETTINGS.examples, keeper)
    assert told[0] == STAGE_END
    assert told[-1] < SETTINGS.examples
    assert told == sorted(set(told))


def test_a_deadline_that_passed_stops_after_a_step(run: Run) -> None:
    told: list[Progress] = []
    assert train(run, wishes=Wishes(deadline=0.0, on_progress=told.append)) == 2
    assert told[-1].seconds_left == 0.0


def test_the_time_left_ends_with_the_stretch(run: Run) -> None:
    told: list[Progress] = []
    train(run, wishes=Wishes(deadline=1e12, on_progress=told.append))
    assert told[0].seconds_left is not None
    assert told[0].seconds_left < 1e6
    assert told[-1].seconds_left == 0.0


def test_the_monitors_look_at_the_end_and_the_best_is_kept(run: Run) -> None:
    watch = ToyWatch((5.0, 3.0, 4.0, 6.0))
    train(run, watch=watch, wishes=Wishes(look_seconds=0.0))
    assert watch.looks[-1] == 400
    best = run.checkpoints.best_score()
    assert best is not None
    assert (best.name, best.stage) == ("off", 2)


def test_a_model_to_hear_comes_with_what_was_measured_at_its_place(run: Run) -> None:
    told: list[dict[str, float]] = []
    keeper = upkeep(
        ToyTrainer(),
        run,
        settings=msgspec.structs.replace(SETTINGS, checkpoint_seconds=0.0),
        watch=ToyWatch((5.0, 4.0)),
        wishes=Wishes(
            look_seconds=0.0, on_checkpoint=lambda: told.append(run.measures_at(places(run)[-1]))
        ),
    )
    train_loop(keeper._trainer, 0, SETTINGS.examples, keeper)
    assert told[0].keys() == {"off"}


@pytest.fixture
def train_slowly(run: Run, monkeypatch):
    """Train with steps of ten seconds, looks and checkpoints every two minutes."""
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    settings = msgspec.structs.replace(SETTINGS, checkpoint_seconds=120.0)

    class Slow(ToyTrainer):
        def step(self, examples_seen: int) -> tuple[int, dict[str, torch.Tensor]]:
            now[0] += 10.0
            return super().step(examples_seen)

    def train_slowly(watch: ToyWatch, **wishes) -> int:
        trainer = Slow()
        keeper = upkeep(trainer, run, watch=watch, wishes=Wishes(**wishes), settings=settings)
        return train_loop(trainer, 0, SETTINGS.examples, keeper)

    return train_slowly


def test_looks_and_checkpoints_that_are_half_due_wait_for_each_other(
    run: Run, train_slowly
) -> None:
    watch = ToyWatch()
    saved: list[int] = []
    train_slowly(watch, on_checkpoint=lambda: saved.append(places(run)[-1]))
    assert watch.looks[0] == 6  # half a minute into it, without a checkpoint
    assert len(saved) > 2
    assert saved[0] == STAGE_END  # where the resolution begins, looked at or not
    assert set(saved[1:]) <= set(watch.looks)


def test_a_stretch_whose_time_is_up_ends_with_a_look_and_one_that_is_asked_to_stop_without(
    run: Run, train_slowly
) -> None:
    watch = ToyWatch()
    seen = train_slowly(watch, deadline=1_100.0)
    assert seen < SETTINGS.examples
    assert watch.looks[-1] == seen == places(run)[-1]
    asked, hurried = ToyWatch(), iter([False] * 109)
    seen = train_slowly(asked, should_stop=lambda: next(hurried, True))
    assert asked.looks[-1] < seen


def test_a_worse_state_does_not_replace_the_best(run: Run) -> None:
    train(run, watch=ToyWatch((3.0,)))
    train(run, watch=ToyWatch((4.0,)))
    best = run.checkpoints.best_score()
    assert best is not None
    assert best.value == 3.0


class Sick(ToyTrainer):
    """Fails once, in the second half."""

    error: Exception | None = None

    def step(self, examples_seen: int) -> tuple[int, dict[str, torch.Tensor]]:
        n_notes, losses = super().step(examples_seen)
        if examples_seen != 300:
            return n_notes, losses
        if self.error is not None:
            raise self.error
        return n_notes, {"error": losses["error"] * float("nan")}


def test_a_loss_that_is_not_a_number_stops_the_run_and_keeps_the_last_good_checkpoint(
    run: Run,
) -> None:
    with pytest.raises(
        TrainingError,
        match=r"The loss error is not a number after 400 notes. The last good checkpoint is at "
        r"200 notes. Go on with half the rate, --learning-rate 0.00125, or in --precision float32",
    ):
        train(run, Sick())
    assert places(run) == [STAGE_END]


def test_a_weight_that_is_not_a_number_is_never_saved(run: Run) -> None:
    trainer = ToyTrainer()
    keeper = upkeep(trainer, run)
    n_notes, losses = trainer.step(0)
    with torch.no_grad():
        trainer.network.bias[1] = float("nan")
    with pytest.raises(TrainingError, match=r"The tensor mean.bias is not a number after 2 notes"):
        keeper.after_step(n_notes, losses)
    assert places(run) == []


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError("CUDA out of memory."),
        MemoryError(),
        RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"),
    ],
)
def test_memory_that_runs_out_says_where(error: Exception, run: Run) -> None:
    trainer = Sick()
    trainer.error = error
    with pytest.raises(OutOfMemoryError) as caught:
        train(run, trainer)
    assert caught.value.examples_seen == 300
    assert places(run) == [STAGE_END]


def test_another_error_of_a_step_stays_what_it_is(run: Run) -> None:
    trainer = Sick()
    trainer.error = RuntimeError("shapes differ")
    with pytest.raises(RuntimeError, match="shapes differ"):
        train(run, trainer)


def test_a_collapse_for_good_saves_and_stops_and_says_what_to_do(run: Run) -> None:
    watch = ToyWatch(collapsed=True)
    with pytest.raises(
        TrainingError, match=r"far too alike.* at 200 .*--from-best.*--ignore-collapse"
    ):
        train(run, watch=watch)
    assert places(run) == [STAGE_END]


def test_a_collapse_can_be_ignored(run: Run) -> None:
    assert train(run, watch=ToyWatch(collapsed=True), wishes=Wishes(stop_when_collapsed=False))
    assert places(run)[-1] == 400


def test_a_full_disk_is_one_line(run: Run, monkeypatch) -> None:
    trainer = ToyTrainer()
    keeper = upkeep(trainer, run)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(DatasetError, match="the disk is full"):
        keeper.after_step(*trainer.step(0))
