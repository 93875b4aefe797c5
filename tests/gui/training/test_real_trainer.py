"""The window's reading of the trainer's files, against the trainer itself."""

import msgspec
import numpy as np
import pytest
import soundfile

from gui.training.training_files import PreviewNote, StatsReader, TrainingFolder, Verdict
from gui.training.training_job import TrainingJob
from train.doctor.data_report import DataReport, Finding, InstrumentCoverage
from train.running.previews import PreviewIndex
from train.running.previews import PreviewNote as TrainedNote
from train.running.progress import Progress
from train.running.run import Run

RATE = 16000


def test_the_trainers_statistics_are_read(tmp_path):
    progress = Progress(
        examples_seen=32,
        stage=5,
        examples_per_second=2.5,
        losses={"level": 0.25},
        seconds_left=60.0,
        measures={"held_out_off_db": 4.5},
    )
    Run(tmp_path).log(progress)
    reader = StatsReader(tmp_path)
    reader.read()
    assert msgspec.to_builtins(reader.lines[0]) == msgspec.to_builtins(progress)


def test_the_trainers_previews_are_read(tmp_path):
    note = TrainedNote("cello", 60, "note-1.wav", "note-1.png")
    training = TrainingFolder(tmp_path)
    training.previews.mkdir(parents=True)
    index = msgspec.json.encode(PreviewIndex(10, 4, (note,)))
    (training.previews / "previews.json").write_bytes(index)
    assert training.preview_notes() == (PreviewNote("cello", 60, "note-1.wav", "note-1.png"),)


def test_the_doctors_report_is_read():
    report = DataReport(
        folder="notes",
        verdict="not yet",
        n_notes=2,
        n_measured=2,
        sample_rates={32000: 2},
        pitches={60: 1, 62: 1},
        families={"string": 2},
        sources={"acoustic": 2},
        velocities={100: 2},
        instruments=(InstrumentCoverage("cello", "string", {60: 1, 62: 1}),),
        measures={},
        findings=(Finding("notes", "stop", "2 are too few.", ("a",)),),
    )
    verdict = msgspec.json.decode(msgspec.json.encode(report), type=Verdict)
    assert not verdict.is_enough
    assert verdict.pitches == report.pitches
    assert verdict.instruments[0].pitches == {60: 1, 62: 1}
    assert verdict.findings[0].names == ("a",)


@pytest.fixture
def recordings(tmp_path):
    """Four notes of half a second."""
    folder = tmp_path / "recordings" / "flute"
    folder.mkdir(parents=True)
    seconds = np.arange(RATE // 2) / RATE
    for name, f0_hz in (("A3", 220.0), ("B3", 246.94), ("C4", 261.63), ("D4", 293.66)):
        wave = np.exp(-4 * seconds) * np.sin(2 * np.pi * f0_hz * seconds)
        soundfile.write(folder / f"{name}.wav", 0.5 * wave, RATE)
    return folder.parent


def test_the_real_commands_cut_look_over_and_say_in_a_line_what_is_wrong(
    qtbot, recordings, tmp_path
):
    job = TrainingJob(tmp_path / "player" / "training")
    job.prepare(recordings, "Flute")
    qtbot.waitUntil(lambda: job.state in {"checked", "failed"}, timeout=120_000)
    assert job.failure == ""
    assert job.verdict.n_notes == 4
    assert sorted(job.verdict.pitches) == [57, 59, 60, 62]
    assert [finding.state for finding in job.verdict.findings].count("stop") >= 1
    job.train(str(tmp_path / "no model"), 1)
    qtbot.waitUntil(lambda: job.state == "failed", timeout=120_000)
    assert "no model" in job.failure
