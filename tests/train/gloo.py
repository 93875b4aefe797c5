"""Two workers of a test: processes that meet over gloo and each do a part."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import multiprocessing


def together(work: Callable[..., None], folder: Path, *arguments: Any, n_workers: int = 2) -> None:
    """Call `work(rank, folder, *arguments)` in processes that train together."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    multiprocessing.spawn(_join, (n_workers, port, work, folder, arguments), nprocs=n_workers)


def _join(
    rank: int, n_workers: int, port: int, work: Callable[..., None], folder: Path, arguments: Any
) -> None:
    torch.set_num_threads(1)
    dist.init_process_group(
        "gloo", init_method=f"tcp://127.0.0.1:{port}", rank=rank, world_size=n_workers
    )
    try:
        work(rank, folder, *arguments)
    finally:
        dist.destroy_process_group()
