"""The commands for training data: what they print, and how they end."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import timbrepad
from tests.train.nsynth_part import TEST, TRAIN, write_part
from tests.train.takes import record, tone


class Run:
    """What a command printed, and its exit status."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status, self.out, self.err = status, out, err


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    def call(*arguments: object) -> Run:
        monkeypatch.setattr(sys, "argv", ["timbrepad", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            timbrepad.main()
        out, err = capsys.readouterr()
        return Run(int(end.value.code or 0), out, err)

    return call


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    folder = tmp_path / "recordings"
    for name, pitch in (("C3", 48), ("D3", 50)):
        record(folder / f"cello_{name}.wav", tone(pitch, 0.5))
    return folder


@pytest.fixture
def nsynth(tmp_path: Path) -> Path:
    write_part(tmp_path / "nsynth" / "nsynth-train", TRAIN)
    write_part(tmp_path / "nsynth" / "nsynth-test", TEST)
    return tmp_path / "nsynth"


def test_recordings_become_notes_and_the_pace_is_told(
    run: Any, recordings: Path, tmp_path: Path
) -> None:
    done = run("data", "folder", recordings, tmp_path / "notes", "--workers", 1)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("2 notes of 1 instruments, from 2 files, are in ")
    assert "notes/s" in done.out


def test_recording_left_out_is_one_line_and_status_1(
    run: Any, recordings: Path, tmp_path: Path
) -> None:
    record(recordings / "silent_C4.wav", np.zeros(44100))
    done = run("data", "folder", recordings, tmp_path / "notes", "--workers", 1)
    assert done.status == 1
    assert len(done.err.splitlines()) == 1
    assert "silent_C4.wav is silent" in done.err
    assert "2 notes" in done.out


def test_remark_alone_is_no_failure(run: Any, recordings: Path, tmp_path: Path) -> None:
    record(recordings / "cello_F3.wav", tone(54, 0.5))
    done = run("data", "folder", recordings, tmp_path / "notes", "--workers", 1)
    assert done.status == 0
    assert "says F3 and sounds F#3" in done.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--middle-c", "D4"], "--middle-c takes: C3, C4 or C5"),
        (["--trust", "me"], "trust must be one of name, sound, neither, not me"),
        (["--family", "tuba"], "family must be one of bass, brass"),
        (["--sample-rate", "1"], "sample_rate must be 8000..192000, not 1"),
    ],
)
def test_wrong_option_is_wrong_usage(
    run: Any, recordings: Path, tmp_path: Path, options: list[str], message: str
) -> None:
    done = run("data", "folder", recordings, tmp_path / "notes", *options)
    assert done.status == 2
    assert message in done.err
    assert len(done.err.splitlines()) == 1
    assert not (tmp_path / "notes").exists()


def test_folder_without_recordings_is_one_line(run: Any, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = run("data", "folder", tmp_path / "empty", tmp_path / "notes")
    assert done.status == 1
    assert len(done.err.splitlines()) == 1
    assert "holds no recordings" in done.err


def test_nsynth_is_accounted_for_and_asked_about_first(
    run: Any, nsynth: Path, tmp_path: Path
) -> None:
    done = run("data", "nsynth", nsynth, tmp_path / "notes", "--split", "all")
    assert done.status == 2
    assert "gone: electronic 1, synthetic 1" in done.out
    assert "Add --yes" in done.err
    assert not (tmp_path / "notes").exists()


def test_nsynth_is_taken_when_agreed(run: Any, nsynth: Path, tmp_path: Path) -> None:
    options = ["--split", "all", "--families", "flute", "--yes", "--workers", "1"]
    done = run("data", "nsynth", nsynth, tmp_path / "notes", *options)
    assert done.status == 0
    assert done.out.splitlines()[-1].startswith("2 notes are in ")


def test_nsynth_cut_short_is_taken_as_far_as_it_goes_with_status_1(
    run: Any, nsynth: Path, tmp_path: Path
) -> None:
    next((nsynth / "nsynth-train" / "audio").glob("flute*061*")).unlink()
    done = run(
        "data", "nsynth", nsynth, tmp_path / "notes", "--split", "all", "--yes", "--workers", "1"
    )
    assert done.status == 1
    assert "061-100.wav is missing. Download it again." in done.err
    assert done.out.splitlines()[-1].startswith("2 notes are in ")


def test_filter_that_empties_nsynth_is_one_line(run: Any, nsynth: Path, tmp_path: Path) -> None:
    done = run("data", "nsynth", nsynth, tmp_path / "notes", "--split", "all", "--velocities", "9")
    assert done.status == 1
    assert "--velocities 9 takes none of 3" in done.err
    assert len(done.err.splitlines()) == 1


def test_doctor_of_data_gives_json_a_picture_and_a_status(
    run: Any, recordings: Path, tmp_path: Path
) -> None:
    run("data", "folder", recordings, tmp_path / "notes", "--workers", 1)
    picture = tmp_path / "coverage.png"
    done = run("data", "check", tmp_path / "notes", "--json", "--plot", picture, "--workers", 1)
    report = json.loads(done.out)
    assert (report["verdict"], done.status) == ("not yet", 1)
    assert report["pitches"] == {"48": 1, "50": 1}
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_doctor_of_data_prints_advice_and_the_verdict(
    run: Any, recordings: Path, tmp_path: Path
) -> None:
    run("data", "folder", recordings, tmp_path / "notes", "--workers", 1)
    done = run("data", "check", tmp_path / "notes", "--workers", 1)
    assert "pitches: 2 of 61 pitches. Record these: " in done.out
    assert done.out.splitlines()[-1] == "Verdict: not yet."
