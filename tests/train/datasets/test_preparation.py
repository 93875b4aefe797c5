"""What all preparations share: a journal, workers, a folder that is finished or continued."""

import errno
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import msgspec
import pytest

from train.datasets.notes import DatasetError, Note, load_examples, note_name, write_examples
from train.datasets.preparation import Destination, Journal, n_processes
from train.datasets.workers import Workers, no_context


class Square(msgspec.Struct):
    """A result."""

    value: int


class Settings(msgspec.Struct):
    """Settings."""

    rate: int


def note(number: int, pitch: int = 60) -> Note:
    instrument = f"flute_acoustic_{number:06d}"
    return Note(
        note=number,
        note_str=note_name(instrument, pitch, 100),
        instrument=number,
        instrument_str=instrument,
        pitch=pitch,
        velocity=100,
        sample_rate=16000,
        instrument_family=2,
        instrument_family_str="flute",
        instrument_source=0,
        instrument_source_str="acoustic",
        qualities=(0,) * 10,
        qualities_str=(),
    )


# The journal


@pytest.fixture
def journal(tmp_path: Path) -> Journal[Square]:
    return Journal(tmp_path / "journal.jsonl", Square)


def test_journal_gives_back_what_it_was_given(journal: Journal[Square]) -> None:
    assert journal.read() == {}
    for i in range(3):
        journal.append(f"task {i}", Square(i * i))
    assert journal.read() == {f"task {i}": Square(i * i) for i in range(3)}


@pytest.mark.parametrize("n_bytes", range(1, 12))
def test_line_cut_short_by_a_kill_is_taken_away_and_others_follow(
    journal: Journal[Square], tmp_path: Path, n_bytes: int
) -> None:
    journal.append("first", Square(1))
    journal.append("second", Square(2))
    path = tmp_path / "journal.jsonl"
    path.write_bytes(path.read_bytes()[:-n_bytes])
    journal.read()
    journal.append("third", Square(3))
    results = journal.read()
    assert results.keys() - {"second"} == {"first", "third"}
    assert path.read_bytes().count(b"\n") == len(results)


def test_journal_on_a_full_disk_says_so(
    journal: Journal[Square], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any, **_options: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "open", fail)
    with pytest.raises(DatasetError, match=r"journal\.jsonl: the disk is full"):
        journal.append("first", Square(1))


# Workers


def square(_context: None, task: int) -> int:
    return task * task


def first_late(_context: None, task: int) -> int:
    time.sleep(0.3 if task == 0 else 0.0)
    return task


@pytest.mark.parametrize("n_workers", [1, 2])
def test_every_task_comes_back_under_its_key(n_workers: int) -> None:
    tasks = [(f"task {i}", i) for i in range(40)]
    with Workers(n_workers, no_context) as workers:
        done = dict(workers.run(square, tasks))
    assert done == {f"task {i}": i * i for i in range(40)}


@pytest.mark.parametrize("n_workers", [1, 2])
def test_tasks_are_taken_as_they_are_needed(n_workers: int) -> None:
    taken = []

    def tasks() -> Iterator[tuple[str, int]]:
        for i in range(1000):
            taken.append(i)
            yield f"task {i}", i

    with Workers(n_workers, no_context) as workers:
        next(workers.run(square, tasks()))
        assert len(taken) <= 6


def test_slow_task_does_not_keep_the_others_waiting() -> None:
    with Workers(2, no_context) as workers:
        order = [task for _, task in workers.run(first_late, [(str(i), i) for i in range(5)])]
    assert sorted(order) == list(range(5))
    assert order[0] != 0


def sleep_for_minutes(_context: None, task: int) -> int:
    if task:
        time.sleep(600)
    return task


def test_error_does_not_wait_for_slow_tasks() -> None:
    before = set(active_children())

    def stop_after_the_short_one() -> None:
        with Workers(2, no_context) as workers:
            for _ in workers.run(sleep_for_minutes, [("short", 0), ("long", 1)]):
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stop_after_the_short_one()
    assert set(active_children()) <= before


def test_one_process_a_core_unless_wished_otherwise() -> None:
    assert n_processes(None) == os.cpu_count()
    assert n_processes(3) == 3
    with pytest.raises(ValueError, match="workers must be 1 or more, not 0"):
        n_processes(0)


# The folder


def test_folder_is_finished_once(tmp_path: Path) -> None:
    with Destination(tmp_path / "notes", Settings(16000)) as folder:
        (folder.partial / "scrap").write_text("scrap")
        folder.finish([note(1)], [])
    shown = {path.name for path in (tmp_path / "notes").glob("[!.]*")}
    assert shown == {"audio", "examples.json", "preparation.json"}
    with (
        pytest.raises(DatasetError, match="already holds a data set"),
        Destination(tmp_path / "notes", Settings(16000)),
    ):
        pass


def test_folder_goes_on_with_the_same_settings_only(tmp_path: Path) -> None:
    for _ in range(2):
        with Destination(tmp_path / "notes", Settings(16000)):
            pass
    with (
        pytest.raises(DatasetError, match="other settings"),
        Destination(tmp_path / "notes", Settings(32000)),
    ):
        pass


def test_a_folder_of_others_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("Dear")
    with (
        pytest.raises(DatasetError, match="is not empty"),
        Destination(tmp_path, Settings(16000)),
    ):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]


# Many notes

_MEASURE = """
import resource, sys
from pathlib import Path
from train.datasets.notes import load_examples
n_notes = len(load_examples(Path(sys.argv[1])))
print(n_notes, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="getrusage is not on Windows")
def test_list_of_300_000_notes_fits_beside_a_training_in_8_gib(tmp_path: Path) -> None:
    kib = {}
    for n_notes in (2_000, 22_000):
        folder = tmp_path / str(n_notes)
        (folder / "audio").mkdir(parents=True)
        write_examples(folder, (note(i) for i in range(n_notes)))
        for i in range(n_notes):
            (folder / "audio" / f"{note(i).note_str}.wav").touch()
        done = subprocess.run(
            [sys.executable, "-c", _MEASURE, str(folder)],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        counted, peak = map(int, done.stdout.split())
        assert counted == n_notes
        kib[n_notes] = peak
    # resident memory is in KiB on Linux and in bytes on macOS
    unit = 1 if sys.platform == "darwin" else 1024
    bytes_a_note = (kib[22_000] - kib[2_000]) * unit / 20_000
    assert bytes_a_note * 300_000 < 1 << 30


def test_list_is_written_a_note_a_line_in_the_order_of_names(tmp_path: Path) -> None:
    (tmp_path / "audio").mkdir()
    notes = [note(2), note(1), note(3)]
    write_examples(tmp_path, iter(notes))
    for each in notes:
        (tmp_path / "audio" / f"{each.note_str}.wav").touch()
    lines = (tmp_path / "examples.json").read_text().splitlines()
    assert len(lines) == 5
    assert [example.note for example in load_examples(tmp_path)] == [1, 2, 3]
