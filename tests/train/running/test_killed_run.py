"""A run that is killed at any moment and resumed ends like one that never was, bit for bit."""

import multiprocessing
import os
import random
import socket
import subprocess
import sys
import time
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
import torch

from tests.train.toy import SHORT, STAGE_END, final_state, work
from train.running.checkpoints import Checkpoints

ROOT = Path(__file__).parents[3]
TIMEOUT_SECONDS = 120

# A process that has loaded torch and never used it; each worker is forked from it.
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(["tests.train.toy"])


def begin(folder: Path, size: int) -> list[BaseProcess]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    workers = [
        CONTEXT.Process(target=work, args=(str(folder), rank, size, port)) for rank in range(size)
    ]
    for worker in workers:
        worker.start()
    return workers


def kill_at(folder: Path, size: int, examples_seen: int, later_seconds: float) -> None:
    """Start or resume a run and kill it a little after it wrote a certain checkpoint."""
    workers = begin(folder, size)
    wait_for(folder, examples_seen, workers[0].is_alive)
    time.sleep(later_seconds)
    for worker in workers:
        worker.kill()
        worker.join()


def wait_for(folder, examples_seen, is_alive) -> None:
    end = time.monotonic() + TIMEOUT_SECONDS
    while newest(folder) < examples_seen:
        assert is_alive()
        assert time.monotonic() < end


def newest(folder: Path) -> int:
    paths = Checkpoints(folder / "checkpoints").paths()
    return int(paths[-1].stem.split("-")[1]) if paths else 0


def finish(folder: Path, size: int) -> dict[str, torch.Tensor]:
    workers = begin(folder, size)
    for worker in workers:
        worker.join(TIMEOUT_SECONDS)
        assert worker.exitcode == 0
    return final_state(folder)


@pytest.mark.parametrize(("size", "kills"), [(1, (40, STAGE_END, 220)), (2, (60, STAGE_END))])
def test_a_run_killed_anywhere_and_resumed_equals_one_never_killed(
    size: int, kills: tuple[int, ...], tmp_path: Path
) -> None:
    moments = random.Random(size)
    for place in kills:
        kill_at(tmp_path / "killed", size, place, moments.uniform(0.0, 0.01))
    assert 0 < newest(tmp_path / "killed") < SHORT.examples
    killed, whole = finish(tmp_path / "killed", size), finish(tmp_path / "whole", size)
    assert killed.keys() == whole.keys()
    for name, tensor in whole.items():
        assert torch.equal(tensor, killed[name]), name


def test_a_worker_that_is_lost_ends_the_others_with_a_word(tmp_path: Path) -> None:
    workers = begin(tmp_path, 2)
    wait_for(tmp_path, 20, workers[0].is_alive)
    workers[1].kill()
    workers[0].join(TIMEOUT_SECONDS)
    assert workers[0].exitcode == 1
    assert "A worker ended before the others" in (tmp_path / "error.txt").read_text()


def test_no_helper_outlives_a_worker_that_is_killed(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.train.toy", str(tmp_path)],
        env=environment,
        stderr=subprocess.PIPE,
    )
    wait_for(tmp_path, 20, lambda: process.poll() is None)
    process.kill()
    # The helper holds the other end of this pipe for as long as it lives.
    process.communicate(timeout=TIMEOUT_SECONDS)
