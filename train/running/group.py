"""The processes that train together: our own on this machine, or those that `torchrun` started."""

import multiprocessing
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import torch
import torch.distributed as dist

from model.device import DeviceMissingError, choose_device, list_devices
from train.datasets.stop_signals import leave_to_the_first
from train.recipes.distributed import n_workers
from train.recipes.errors import TrainingError

Result = TypeVar("Result")

_PATIENCE = timedelta(hours=12)  # the others wait while worker 0 makes specgrams
_LEAVE_SECONDS = 10.0
_BACKENDS = {"cuda": "cpu:gloo,cuda:nccl", "cpu": "gloo"}


@dataclass(frozen=True)
class Worker:
    """This process among those that train together.

    Attributes:
        rank: Its number; worker 0 writes and speaks.
        local_rank: Its number on its machine.
        n_workers: On all machines.
    """

    rank: int = 0
    local_rank: int = 0
    n_workers: int = 1


def torchrun_worker() -> Worker | None:
    """Say which worker `torchrun` made of this process; None where it did not start it.

    Raises:
        TrainingError: If the variables that it sets are not numbers.
    """
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        return None
    try:
        rank, local, size = (int(os.environ[n]) for n in ("RANK", "LOCAL_RANK", "WORLD_SIZE"))
    except (KeyError, ValueError) as error:
        raise TrainingError(f"torchrun's variables are wrong ({error}). Start it again.") from error
    return Worker(rank, local, size)


def worker_device(wanted: str, local_rank: int = 0) -> torch.device:
    """Choose where a worker trains: on a GPU of its own, where there are any.

    Args:
        wanted: "auto", "cpu" or "cuda".
        local_rank: The worker's number on its machine: which GPU.

    Raises:
        TrainingError: If a GPU is needed that is not there or does not compute.
    """
    devices = [device for device in list_devices() if device.name != "mps"]  # never tried
    if wanted == "auto" and len(devices) > 1:
        wanted = "cuda"
    try:
        name = f"cuda:{local_rank}" if wanted == "cuda" else wanted
        device = torch.device(choose_device(name, devices).device.name)
    except ValueError as error:
        raise TrainingError(f"--device must be auto, cpu or cuda, not {wanted}.") from error
    except DeviceMissingError as error:
        raise TrainingError(
            f"{error} Each worker needs a GPU of its own: start fewer, or use --device cpu."
        ) from error
    if device.type == "cuda":
        torch.cuda.set_device(device)
    return device


def default_workers(wanted: str) -> int | None:
    """Say how many workers there should be where nobody does; None: as the recipe has it.

    Args:
        wanted: The device, as `worker_device` takes it.

    Raises:
        TrainingError: See `torchrun_worker`.
    """
    started = torchrun_worker()
    if started is not None:
        return started.n_workers
    return None if wanted == "cpu" or not torch.cuda.is_available() else torch.cuda.device_count()


@contextmanager
def joined(worker: Worker, device: torch.device, port: int | None = None) -> Iterator[None]:
    """Join the other workers, where there are any, and leave them at the end.

    What lies on the CPU is sent by gloo, so that agreeing does not wait for a GPU.

    Args:
        worker: This one.
        device: Where it computes.
        port: Of worker 0 on this machine; without it the environment says where to meet.

    Raises:
        TrainingError: If they don't meet.
    """
    if worker.n_workers == 1:
        yield
        return
    try:
        dist.init_process_group(
            _BACKENDS[device.type],
            init_method="env://" if port is None else f"tcp://127.0.0.1:{port}",
            rank=worker.rank,
            world_size=worker.n_workers,
            timeout=_PATIENCE,
        )
    except (RuntimeError, ValueError) as error:
        raise TrainingError(f"The workers could not join: {error}. Try --workers 1.") from error
    try:
        yield
    finally:
        dist.destroy_process_group()


@contextmanager
def helpers(count: int, work: Callable[..., None], arguments: Sequence[Any]) -> Iterator[int]:
    """Start the workers beside worker 0 as processes of this machine; they end with it.

    Args:
        count: How many.
        work: Called in each with its rank, worker 0's port and the arguments.
        arguments: What can be sent to a process.

    Yields:
        The port at which to meet.
    """
    port = _free_port()
    context = multiprocessing.get_context("spawn")
    processes = [
        context.Process(target=_help, args=(work, rank, port, *arguments), daemon=True)
        for rank in range(1, count + 1)
    ]
    for process in processes:
        process.start()
    try:
        yield port
        deadline = time.monotonic() + _LEAVE_SECONDS
        for process in processes:
            process.join(max(0.1, deadline - time.monotonic()))
    finally:
        for process in processes:
            process.terminate()


def _help(work: Callable[..., None], rank: int, port: int, *arguments: Any) -> None:
    leave_to_the_first()
    torch.set_num_threads(1)
    parent = multiprocessing.parent_process()
    assert parent is not None, "a helper is started by worker 0"
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    try:
        work(rank, port, *arguments)
    except RuntimeError:
        parent.join(1.0)
        if parent.is_alive():
            raise
        os._exit(1)


def _end_with(parent: Any) -> None:
    """End this process when another does, even if that was killed."""
    parent.join()
    os._exit(1)


def agree(wish: bool) -> bool:
    """Let all workers do what worker 0 wants.

    Raises:
        TrainingError: If a worker is gone.
    """
    return bool(share_number(int(wish)))


def share_number(number: int) -> int:
    """Give all workers worker 0's number.

    Raises:
        TrainingError: If a worker is gone.
    """
    if n_workers() == 1:
        return number
    word = torch.tensor([number])
    try:
        dist.broadcast(word, 0)
    except RuntimeError as error:
        raise lost_worker(error) from error
    return int(word[0])


def share_bytes(content: bytes, rank: int) -> bytes:
    """Give all workers what worker 0 has; they need not see its disk."""
    size = share_number(len(content))
    box = torch.empty(size, dtype=torch.uint8)
    if rank == 0:
        box.copy_(torch.frombuffer(bytearray(content), dtype=torch.uint8))
    dist.broadcast(box, 0)
    return box.numpy().tobytes()


def in_turn(worker: Worker, read: Callable[[], Result]) -> Result:
    """Let worker 0 go first, then one worker of each other machine, then all the rest.

    What the first makes on a disk that machines share, the others find there.
    """
    turn = 0 if worker.rank == 0 else 1 if worker.local_rank == 0 else 2
    for _ in range(turn):
        _wait_for_all()
    result = read()
    for _ in range(turn, 2):
        _wait_for_all()
    return result


def _wait_for_all() -> None:
    if n_workers() > 1:
        dist.broadcast(torch.zeros(1), 0)
        dist.all_reduce(torch.zeros(1))


def lost_worker(error: RuntimeError) -> TrainingError:
    """Say that another worker is gone."""
    line = str(error).splitlines()[0]
    return TrainingError(
        f"A worker ended before the others ({line}). The same command goes on from the last "
        "checkpoint."
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
