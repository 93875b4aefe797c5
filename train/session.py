"""A training run from start to end: data, workers, the loop, the finished model."""

import multiprocessing
import os
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import msgspec
import torch
import torch.distributed as dist

from .config import TrainConfig, decode_train_config
from .dataset import TrainingSet, read_training_set
from .loop import Progress, TrainingError, train_loop
from .publish import publish
from .run import Run

_CACHE = "specgrams"
_PATIENCE = timedelta(minutes=30)


def train(
    folders: Sequence[Path],
    run_folder: Path,
    config: TrainConfig,
    *,
    info: str = "",
    on_prepare: Callable[[int, int, str], None] | None = None,
    on_progress: Callable[[Progress], None] = lambda _: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> tuple[Path, bool]:
    """Train a model on data sets, or go on with a run that was stopped.

    Args:
        folders: Data sets in NSynth's layout.
        run_folder: The run's folder; its checkpoint is resumed when it holds one.
        config: The settings.
        info: What people should know of the model; written into it.
        on_prepare: Called with (done, total, what) while specgrams are made.
        on_progress: Called every few seconds of training.
        should_stop: Asked after every step; when it says so a checkpoint is written.

    Returns:
        The folder of the model that the run wrote, and whether the run is complete.

    Raises:
        DatasetError: If the data or the run's folder can't be used.
        TrainingError: If training cannot go on.
        ModelError: If the model can't be written.
    """
    run = Run(run_folder)
    run.check(config)
    data = read_training_set(folders, config.transform, run_folder / _CACHE, on_prepare)
    run.start(config)
    stopped = False

    def stop() -> bool:
        nonlocal stopped
        stopped = stopped or should_stop()
        return stopped

    with ExitStack() as stack:
        if config.workers > 1:
            port = _free_port()
            stack.enter_context(_Helpers(folders, run_folder, config, port))
            _join(0, config.workers, port)
            stack.callback(dist.destroy_process_group)
        torch.set_num_threads(1)
        train_loop(config, data, run, on_progress=on_progress, should_stop=stop)
    return publish(run, data, info=info), not stopped


class _Helpers:
    """The workers beside this one, each a process; they end with it."""

    def __init__(
        self, folders: Sequence[Path], run_folder: Path, config: TrainConfig, port: int
    ) -> None:
        context = multiprocessing.get_context("spawn")
        settings = msgspec.json.encode(config)
        self.processes = [
            context.Process(
                target=_helper,
                args=([str(f) for f in folders], str(run_folder), settings, rank, port),
                daemon=True,
            )
            for rank in range(1, config.workers)
        ]

    def __enter__(self) -> None:
        for process in self.processes:
            process.start()

    def __exit__(self, *_: object) -> None:
        deadline = time.monotonic() + 10
        for process in self.processes:
            process.join(max(0.1, deadline - time.monotonic()))
            if process.is_alive():
                process.terminate()


def _helper(folders: list[str], run_folder: str, settings: bytes, rank: int, port: int) -> None:
    config = decode_train_config(settings)
    torch.set_num_threads(1)
    cache = Path(run_folder) / _CACHE
    data: TrainingSet = read_training_set([Path(f) for f in folders], config.transform, cache)
    _join(rank, config.workers, port)
    train_loop(config, data, Run(Path(run_folder)), rank=rank)


def _join(rank: int, workers: int, port: int) -> None:
    address = f"tcp://127.0.0.1:{port}"
    try:
        dist.init_process_group(
            "gloo", init_method=address, rank=rank, world_size=workers, timeout=_PATIENCE
        )
    except (RuntimeError, ValueError) as error:
        raise TrainingError(f"The workers could not join: {error}. Try --workers 1.") from error


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def default_workers() -> int:
    """One worker a core, at most eight: more threads in one worker are slower."""
    return max(1, min(8, os.cpu_count() or 1))
