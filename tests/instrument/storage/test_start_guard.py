import json
import os
import subprocess
import sys

import pytest

from instrument.storage.start_guard import StartGuard


@pytest.fixture
def ended():
    """Give the number of a process that is no more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "player"
    folder.mkdir()
    (folder / "session.json").write_text("killer")
    return folder


def guard_of(folder):
    return StartGuard(folder / "starting.json", folder)


def crash(folder, process, file="session.json"):
    """Leave what a start leaves that ended while it opened a file."""
    guard_of(folder).opens(folder / file)
    marker = folder / "starting.json"
    marker.write_text(json.dumps(json.loads(marker.read_text()) | {"process": process}))


def test_a_file_that_a_start_ended_with_is_set_aside_and_told(folder, ended):
    crash(folder, ended)
    told = guard_of(folder).set_aside()
    assert "session.json" in told
    assert not (folder / "session.json").exists()
    assert (folder / "session.json.set-aside").read_text() == "killer"


def test_it_is_told_once(folder, ended):
    crash(folder, ended)
    guard_of(folder).set_aside()
    assert guard_of(folder).set_aside() == ""


def test_what_was_set_aside_before_stays(folder, ended):
    for content in ("first", "second"):
        (folder / "session.json").write_text(content)
        crash(folder, ended)
        guard_of(folder).set_aside()
    assert (folder / "session.json.set-aside").read_text() == "first"
    assert (folder / "session.json.set-aside-2").read_text() == "second"


def test_a_good_start_sets_nothing_aside(folder, ended):
    crash(folder, ended)
    guard_of(folder).is_good()
    assert guard_of(folder).set_aside() == ""
    assert (folder / "session.json").exists()


@pytest.mark.skipif(os.name == "nt", reason="a process can't be asked whether it runs")
def test_a_start_that_goes_on_beside_this_one_is_let_alone(folder):
    guard_of(folder).opens(folder / "session.json")  # by this process, which runs
    assert guard_of(folder).set_aside() == ""
    assert (folder / "session.json").exists()


def test_no_file_outside_the_folder_is_ever_moved(folder, ended, tmp_path):
    (tmp_path / "precious").touch()
    crash(folder, ended, "../precious")
    assert guard_of(folder).set_aside() == ""
    assert (tmp_path / "precious").exists()


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b"[" * 20000, b'{"file": 1}'])
def test_a_damaged_marker_is_no_marker(folder, content):
    (folder / "starting.json").write_bytes(content)
    assert guard_of(folder).set_aside() == ""


def test_a_marker_that_can_not_be_written_hinders_no_start(tmp_path):
    (tmp_path / "file").touch()
    guard = StartGuard(tmp_path / "file" / "starting.json", tmp_path)
    guard.opens(tmp_path / "session.json")
    guard.is_good()
    assert guard.set_aside() == ""
