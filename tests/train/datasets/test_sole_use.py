"""One process at a time in a folder."""

import subprocess
import sys
from pathlib import Path

import pytest

from train.datasets.notes import DatasetError
from train.datasets.sole_use import sole_use

ROOT = Path(__file__).parents[3]
HOLD = """
import sys, time
from pathlib import Path
from train.datasets.sole_use import sole_use
with sole_use(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_another_process_is_told_so_until_the_first_is_gone_even_by_a_kill(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    words = [sys.executable, "-c", HOLD, str(folder)]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with (
            pytest.raises(DatasetError, match=r"Another process is at work in .*run"),
            sole_use(folder),
        ):
            pass
        other.kill()
        other.wait()
        with sole_use(folder):
            pass


def test_what_happens_inside_is_not_taken_for_a_fault_of_the_lock(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(OSError, match="inside"), sole_use(tmp_path):
            raise OSError("inside")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="file"), sole_use(tmp_path / "file" / "run"):
        pass
