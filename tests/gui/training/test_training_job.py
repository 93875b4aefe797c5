import json
import os
import signal
import sys
from pathlib import Path

import pytest

from gui.training.training_files import TrainingFolder
from gui.training.training_job import TrainingJob

TRAINER = (sys.executable, str(Path(__file__).parents[1] / "pretended_trainer.py"))


@pytest.fixture
def recordings(tmp_path):
    folder = tmp_path / "recordings"
    folder.mkdir()
    for note in ("C3", "E3", "G3"):
        (folder / f"{note}.wav").write_bytes(b"wave")
    return folder


@pytest.fixture
def make_job(qapp, tmp_path):
    jobs = []

    def make_job(command=TRAINER):
        jobs.append(TrainingJob(tmp_path / "player" / "training", command))
        return jobs[-1]

    yield make_job
    for job in jobs:
        job.end()


@pytest.fixture
def job(make_job):
    return make_job()


@pytest.fixture
def prepared(job, recordings, qtbot):
    job.prepare(recordings, "My cello")
    wait_for(qtbot, job, "checked")
    return job


@pytest.fixture
def training(prepared, qtbot):
    """A job in the midst of its run."""
    prepared.train("", 0)
    stats = prepared.training.run / "stats.jsonl"
    qtbot.waitUntil(lambda: stats.is_file() and len(stats.read_text()) > 300)
    return prepared


def wait_for(qtbot, job, *states):
    qtbot.waitUntil(lambda: job.state in states, timeout=10_000)


def places(job):
    lines = (job.training.run / "stats.jsonl").read_text().splitlines()
    return [json.loads(line)["examples_seen"] for line in lines]


def test_recordings_become_notes_with_a_verdict(prepared):
    assert prepared.training.has_notes
    assert prepared.verdict.n_notes == 3
    assert prepared.verdict.is_enough
    assert prepared.plan.name == "My cello"


def test_too_few_notes_are_not_enough(job, recordings, qtbot):
    (recordings / "C3.wav").unlink()
    job.prepare(recordings, "My cello")
    wait_for(qtbot, job, "checked")
    assert not job.verdict.is_enough
    assert job.verdict.findings[0].text == "2 notes are too few."


def test_what_is_left_out_is_said_and_the_rest_goes_on(job, recordings, qtbot):
    (recordings / "damaged.wav").write_bytes(b"")
    lines = []
    job.noticed.connect(lines.append)
    job.prepare(recordings, "My cello")
    wait_for(qtbot, job, "checked")
    assert lines == ["damaged.wav can't be read; it is left out."]
    assert job.verdict.n_notes == 3


def test_a_folder_without_recordings_fails_with_the_line_of_the_command(job, tmp_path, qtbot):
    job.prepare(tmp_path, "Nothing")
    wait_for(qtbot, job, "failed")
    assert job.failure == f"{tmp_path} holds no recordings. Choose another folder."


def test_a_command_that_cannot_be_started_is_a_line(make_job, recordings, qtbot):
    job = make_job(("/no/such/python",))
    job.prepare(recordings, "My cello")
    wait_for(qtbot, job, "failed")
    assert "/no/such/python could not be started" in job.failure


def test_a_run_has_low_priority_and_what_was_chosen(prepared, qtbot):
    prepared.train("/models/draft", 20)
    options = prepared.training.run / "options.json"
    qtbot.waitUntil(options.is_file)
    qtbot.waitUntil(lambda: bool(options.read_text()))
    assert json.loads(options.read_text()) == {
        "--run": str(prepared.training.run),
        "--name": "My cello",
        "--from": "/models/draft",
        "--seconds": "1200",
    }
    if hasattr(os, "setpriority"):
        assert os.getpriority(os.PRIO_PROCESS, prepared.pid) >= 10


def test_a_paused_run_goes_on_where_it_was(training, qtbot):
    training.pause()
    assert training.state == "pausing"
    wait_for(qtbot, training, "paused")
    before = places(training)
    assert training.plan.seconds_spent > 0
    training.train("", 0)
    qtbot.waitUntil(lambda: len(places(training)) > len(before))
    after = places(training)
    assert after == list(range(10, after[-1] + 1, 10))


def test_a_finished_run_is_among_the_models(training, tmp_path, qtbot):
    training.finish()
    wait_for(qtbot, training, "finished")
    assert training.plan.kept == "My cello"
    assert (tmp_path / "player" / "models" / "My cello").is_dir()


def test_a_name_that_a_model_has_already_gets_a_number(training, tmp_path, qtbot):
    training.taken = ("my cello", "Draft")
    training.finish()
    wait_for(qtbot, training, "finished")
    assert training.plan.kept == "My cello 2"
    assert (tmp_path / "player" / "models" / "My cello 2").is_dir()


def test_a_model_that_is_not_brought_in_is_a_line_and_can_be_kept_again(training, tmp_path, qtbot):
    (tmp_path / "player" / "models" / "My cello").mkdir(parents=True)
    training.finish()
    wait_for(qtbot, training, "failed")
    assert training.failure == 'There is a model "My cello" already.'
    assert training.plan.kept == ""


def test_a_run_that_has_seen_all_its_notes_is_kept_by_itself(job, recordings, qtbot):
    job.prepare(recordings, "Quick")
    wait_for(qtbot, job, "checked")
    job.train("", 0)
    wait_for(qtbot, job, "finished")
    assert job.training.is_complete


def test_a_run_that_fails_says_the_line_of_the_trainer(job, recordings, qtbot):
    job.prepare(recordings, "Diverges")
    wait_for(qtbot, job, "checked")
    job.train("", 0)
    wait_for(qtbot, job, "failed")
    assert job.failure == "The loss magnitude is not a number after 50 notes."


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="there is no such signal here")
def test_a_run_that_is_killed_is_said(training, qtbot):
    os.kill(training.pid, signal.SIGKILL)
    wait_for(qtbot, training, "failed")
    assert "ended from outside" in training.failure


def test_the_end_of_the_window_saves_the_run(training):
    training.end()
    assert training.state == "paused"
    assert training.training.has_checkpoint


def test_another_window_takes_a_training_up_where_it_was_left(training, make_job, qtbot):
    training.pause()
    wait_for(qtbot, training, "paused")
    other = make_job()
    other.open(TrainingFolder(training.training.path))
    assert other.state == "paused"
    assert other.plan == training.plan
    assert other.verdict == training.verdict


def test_notes_whose_verdict_is_lost_are_looked_over_again(prepared, make_job, qtbot):
    prepared.training.verdict_file.unlink()
    other = make_job()
    other.open(TrainingFolder(prepared.training.path))
    wait_for(qtbot, other, "checked")
    assert other.verdict == prepared.verdict
