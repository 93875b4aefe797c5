"""`timbrepad train` and `timbrepad bench train` as a shell sees them."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.console import asked_to_stop, duration

ROOT = Path(__file__).parents[3]
TIMEOUT_SECONDS = 200


def begin(tmp_path: Path, *words: object) -> "subprocess.Popen[str]":
    """Start `timbrepad` as the head of a process group, where there is no C++ compiler."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [sys.executable, "-m", "timbrepad", *map(str, words)],
        env=environment | {"PATH": str(tmp_path), "TIMBREPAD_DATA_DIR": str(tmp_path / "data")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_ctrl_c_saves_and_ends_well(notes_folder: Path, tmp_path: Path) -> None:
    run = tmp_path / "run"
    words = ["train", notes_folder, "--run", run, "--device", "cpu", "--workers", 2]
    words += ["--batch", 2, "--checkpoint-seconds", 0, "--latent-size", 8, "--examples", 400]
    process = begin(tmp_path, *words)
    end = time.monotonic() + TIMEOUT_SECONDS
    while not list(run.glob("checkpoints/notes-*")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    out, error = process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode == 0, error
    assert "Traceback" not in error
    assert "the same command goes on with it" in out
    last = (run / "stats.jsonl").read_text().splitlines()[-1]
    assert 0 < json.loads(last)["examples_seen"] < 400


@pytest.fixture
def python_handles_ctrl_c() -> Iterator[None]:
    """Undo that a shell has SIGINT ignored by what it starts in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("python_handles_ctrl_c")
def test_the_second_ctrl_c_ends_at_once() -> None:
    with asked_to_stop() as asked:
        os.kill(os.getpid(), signal.SIGINT)
        assert asked.is_set()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize(
    ("seconds", "words"), [(4.4, "0 min 04 s"), (185.0, "3 min 05 s"), (11100.0, "3 h 05 min")]
)
def test_a_time_is_said_in_two_units(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["train", "notes", "--run", "run", "--device", "tpu"], 1, "tpu"),
        (["bench", "train", "--recipe", "none"], 2, "--recipe must be one of"),
    ],
)
def test_what_cannot_be_done_is_one_line(words, status: int, says: str, tmp_path: Path) -> None:
    process = begin(tmp_path, *words)
    out, error = process.communicate(timeout=TIMEOUT_SECONDS)
    assert process.returncode == status
    assert out == ""
    assert error.count("\n") == 1
    assert says in error
