"""A stretch of a training run from start to end: checks, data, workers, the loop, the model."""

import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import torch

from train.datasets.dataset import TrainingSet, read_training_set
from train.datasets.identity import DataIdentity, identify
from train.datasets.notes import load_examples
from train.datasets.sole_use import sole_use
from train.recipes.config import AnyConfig, TimbrepadConfig, decode_train_config
from train.recipes.distributed import n_workers
from train.recipes.errors import TrainingError
from train.recipes.fine_tune import begin
from train.recipes.recipes import make_trainer
from train.recipes.trainer import Trainer

from .group import Worker, helpers, in_turn, joined, torchrun_worker, worker_device
from .history import N_KEPT
from .loop import OutOfMemoryError, train_loop
from .memory import divide_batches, is_out_of_memory, smallest_fitting_division
from .portable import begin_from, write_pieces
from .progress import Progress
from .publish import MODEL_FOLDER, publish
from .resuming import resume
from .run import Run
from .upkeep import Upkeep, Wishes
from .watch import Watch

_CACHE = "specgrams"
_LEAST_PART = 64
_PENALTY_CYCLE = 16  # steps until the dearest one of a recipe has come


@dataclass(frozen=True)
class Stretch:
    """How a stretch of a run is done; what is learned does not depend on it.

    Attributes:
        device: "auto", "cpu" or "cuda".
        seconds: After this long it stops with a checkpoint; None: at the run's end.
        look_seconds: Time between two looks of the monitors.
        accept_changed_data: Whether to go on where the data is not what it was.
        from_best: Whether to go back to the best checkpoint first.
        stop_when_collapsed: Whether a collapse for good ends it.
        carried: A folder of pieces to go on from where the run's own has no checkpoint.
        carry: A folder that gets such pieces at the end.
        n_history: How many of the models published on the way stay, to compare by ear.
    """

    device: str = "auto"
    seconds: float | None = None
    look_seconds: float = 120.0
    accept_changed_data: bool = False
    from_best: bool = False
    stop_when_collapsed: bool = True
    carried: Path | None = None
    carry: Path | None = None
    n_history: int = N_KEPT


def train(
    folders: Sequence[Path],
    run_folder: Path,
    config: AnyConfig,
    *,
    stretch: Stretch = Stretch(),
    info: str = "",
    on_prepare: Callable[[int, int, str], None] | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
    on_notice: Callable[[str], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> tuple[Path, bool]:
    """Train a model on data sets, or go on with a run that was stopped.

    In a process that `torchrun` started this is one of its workers; else it starts as many as
    the configuration says.

    Args:
        folders: Data sets in NSynth's layout.
        run_folder: The run's folder; its newest checkpoint is resumed when it holds one.
        config: The settings.
        stretch: How to do it.
        info: What people should know of the model; written into it.
        on_prepare: Called with (done, total, what) while specgrams are made.
        on_progress: Called every few seconds of training.
        on_notice: Told what a person should know, in a line.
        should_stop: Asked after every step; when it says so a checkpoint is written.

    Returns:
        The folder of the model that the run wrote, and whether the run is complete.

    Raises:
        DatasetError: If the data or the run's folder can't be used.
        TrainingError: If training cannot go on.
        ModelError: If the model can't be written, or one to go on from can't be read.
    """
    deadline = None if stretch.seconds is None else time.monotonic() + stretch.seconds
    wishes = Wishes(
        deadline=deadline,
        look_seconds=stretch.look_seconds,
        stop_when_collapsed=stretch.stop_when_collapsed,
        should_stop=should_stop,
        on_progress=on_progress,
    )
    run = Run(run_folder)
    started = torchrun_worker()
    worker = started or Worker(n_workers=config.workers)
    config = _for_workers(config, worker.n_workers)
    device = worker_device(stretch.device, worker.local_rank)
    with ExitStack() as stack:
        if started is not None:
            stack.enter_context(joined(worker, device))
        identity = None
        if worker.rank == 0:
            stack.enter_context(sole_use(run_folder))
            identity = _check(run, config, folders, stretch, on_notice)
        data = in_turn(
            worker,
            lambda: read_training_set(folders, config.transform, run_folder / _CACHE, on_prepare),
        )
        if identity is not None:
            run.start(config, identity)
        if started is None and worker.n_workers > 1:
            port = stack.enter_context(
                helpers(
                    worker.n_workers - 1,
                    _help,
                    (folders, run_folder, _encode(config), device.type, stretch),
                )
            )
            stack.enter_context(joined(worker, device, port))

        def publish_so_far() -> None:  # for who plays the model while it learns
            publish(run, data, info=info, n_history=stretch.n_history)

        wishes = replace(wishes, on_checkpoint=publish_so_far)
        seen = _train_here(worker, device, run, config, data, stretch, wishes, on_notice)
    complete = seen >= config.examples
    if worker.rank > 0:
        return run.folder / MODEL_FOLDER, complete
    return publish(run, data, info=info, n_history=stretch.n_history), complete


def _for_workers(config: AnyConfig, count: int) -> AnyConfig:
    try:
        return msgspec.structs.replace(config, workers=count)
    except ValueError as error:
        raise TrainingError(f"{count} workers do not suit this run: {error}.") from error


def _check(
    run: Run,
    config: AnyConfig,
    folders: Sequence[Path],
    stretch: Stretch,
    on_notice: Callable[[str], None],
) -> DataIdentity:
    """Find out whether the run can begin or go on, before anything long starts."""
    for line in run.check(config):
        on_notice(line)
    identity = identify(example for folder in folders for example in load_examples(folder))
    run.check_data(identity, accept_changes=stretch.accept_changed_data)
    if stretch.from_best:
        run.checkpoints.return_to_best()
    return identity


def _help(
    rank: int,
    port: int,
    folders: Sequence[Path],
    run_folder: Path,
    settings: bytes,
    device_type: str,
    stretch: Stretch,
) -> None:
    """Be one of the workers that worker 0 started."""
    config = decode_train_config(settings)
    worker = Worker(rank, rank, config.workers)
    device = worker_device(device_type, rank)
    data = read_training_set(folders, config.transform, run_folder / _CACHE)
    run = Run(run_folder)
    with joined(worker, device, port):
        _train_here(worker, device, run, config, data, stretch, Wishes(), lambda _: None)


def _train_here(
    worker: Worker,
    device: torch.device,
    run: Run,
    config: AnyConfig,
    data: TrainingSet,
    stretch: Stretch,
    wishes: Wishes,
    on_notice: Callable[[str], None],
) -> int:
    """Do one worker's part; give the examples seen."""
    if device.type == "cpu":
        torch.set_num_threads(1)  # more threads in one worker are slower than more workers
    place = 0
    try:
        return _learn(worker, device, run, config, data, stretch, wishes, on_notice)
    except (RuntimeError, MemoryError, OutOfMemoryError) as error:
        if isinstance(error, OutOfMemoryError):
            place = error.examples_seen
        elif not is_out_of_memory(error):
            raise
        # The frames hold the networks, which must go before anything else can fit.
        cause = error.__cause__
        traceback.clear_frames(error.__traceback__)
        traceback.clear_frames(None if cause is None else cause.__traceback__)
    raise TrainingError(_memory_advice(config, data, device, place))


def _learn(
    worker: Worker,
    device: torch.device,
    run: Run,
    config: AnyConfig,
    data: TrainingSet,
    stretch: Stretch,
    wishes: Wishes,
    on_notice: Callable[[str], None],
) -> int:
    trainer = make_trainer(config, data, worker.rank, device)
    seen = _begin(trainer, run, config, data, device, stretch, worker.rank, on_notice)
    if worker.rank > 0:
        return train_loop(trainer, seen, config.examples, None)
    watch = Watch(run, config, data, device, seen, on_notice)
    try:
        upkeep = Upkeep(trainer, run, config, watch, wishes, seen)
        seen = train_loop(trainer, seen, config.examples, upkeep)
    finally:
        watch.close()
    if stretch.carry is not None:
        write_pieces(stretch.carry, trainer.state(), seen)
    return seen


def _begin(
    trainer: Trainer,
    run: Run,
    config: AnyConfig,
    data: TrainingSet,
    device: torch.device,
    stretch: Stretch,
    rank: int,
    on_notice: Callable[[str], None],
) -> int:
    """Put a trainer where its run goes on, or begins; give the examples seen."""
    seen = resume(run, trainer, rank, on_notice)
    if seen:
        return seen
    if stretch.carried is not None:
        return begin_from(trainer, stretch.carried)
    if isinstance(config, TimbrepadConfig) and config.start:
        begin(trainer, config, data, device)
    return 0


def _memory_advice(
    config: AnyConfig, data: TrainingSet, device: torch.device, examples_seen: int
) -> str:
    """Say what to do where memory ran out; on one GPU, what was found to fit."""
    if device.type == "cpu" or n_workers() > 1:
        return (
            f"Memory ran out after {examples_seen} notes. Halve --batch, use fewer --workers or a "
            "smaller --width; the last checkpoint stays."
        )

    def works(divisor: int) -> None:
        trainer = make_trainer(divide_batches(config, divisor), data, 0, device)
        seen = examples_seen
        for _ in range(_PENALTY_CYCLE):
            seen += trainer.step(seen)[0]
        torch.cuda.synchronize(device)

    divisor = smallest_fitting_division(_LEAST_PART, works)
    if divisor is None:
        return "Memory ran out, and no batch fits. Choose a smaller --width."
    batches = ",".join(map(str, divide_batches(config, divisor).batch))
    return (
        f"Memory ran out after {examples_seen} notes. Batches divided by {divisor} fit: go on with "
        f"--batch {batches}; the last checkpoint stays."
    )


def _encode(config: AnyConfig) -> bytes:
    return msgspec.json.encode(config)
