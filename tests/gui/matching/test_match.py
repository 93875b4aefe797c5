"""A recording dropped on the pad: matched beside the window, heard, and put on its point."""

import json
import sys
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog

from gui.commands.command_process import CommandProcess
from gui.matching.match_job import MatchJob, MatchStep
from gui.matching.match_panel import match_words
from gui.pad.latent_pad import timbre_mime
from gui.widgets.dropped_sound import dropped_sound

Z = [0.5] * 8
FIRST = {
    "share": 0.4,
    "z": [0.25] * 8,
    "off_db": 5.25,
    "pitch": 60,
    "heard": 60.12,
    "timbre": "Cello",
    "timbre_off_db": 5.25,
}
BETTER = FIRST | {"share": 1.0, "z": Z, "off_db": 3.5}
SAYING = """
import json, pathlib, sys, time
arguments = sys.argv[1:]
folder = pathlib.Path(arguments[arguments.index("--sounds") + 1])
(folder / "match.wav").write_text("sound")
print("A notice in words.", file=sys.stderr)
for line in json.loads({lines!r}):
    print(line if isinstance(line, str) else json.dumps(line), file=sys.stderr, flush=True)
{then}
"""


def command(*lines, then=""):
    return (sys.executable, "-c", SAYING.format(lines=json.dumps(lines), then=then))


def use_command(window, *lines, then=""):
    """Let the window's matches run a command of the test's own."""
    job = window.match._job
    job._process._command = command(*lines, then=then)
    return job


def files(*paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return data


def drop(pad, data, x, y):
    place = pad.to_pixels(x, y)
    args = (data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(place.toPoint(), Qt.DropAction.CopyAction, *args)
    enter.ignore()
    pad.dragEnterEvent(enter)
    if enter.isAccepted():
        pad.dropEvent(QDropEvent(QPointF(place), Qt.DropAction.CopyAction, *args))
    return enter.isAccepted()


@pytest.fixture
def run(qtbot):
    """Run a job to its end; give what it said."""

    def run(job):
        steps = []
        job.stepped.connect(steps.append)
        with qtbot.waitSignal(job.ended) as ended:
            job.start("/sounds/flute.wav", "/models/draft")
        return steps, ended.args[0]

    return run


def test_a_job_gives_each_step_and_keeps_the_last_latent(run, qapp):
    job = MatchJob(command(FIRST, {"share": 0.7}, BETTER))
    steps, failure = run(job)
    assert [step.share for step in steps] == [0.4, 0.7, 1.0]
    assert failure == ""
    assert job.found.z == tuple(Z)


def test_a_job_that_fails_says_why_in_the_commands_own_line(run, qapp):
    line = "flute.wav is silent, or nearly. Record it louder."
    _, failure = run(MatchJob(command(line, then="sys.exit(1)")))
    assert failure == line


def test_a_job_that_dies_between_two_steps_says_so(run, qapp):
    job = MatchJob(command(FIRST, then="sys.exit(1)"))
    _, failure = run(job)
    assert failure == "The search has stopped by itself."
    assert job.found.off_db == 5.25


def test_clearing_a_job_ends_its_process_and_takes_its_sounds_away(qtbot, qapp):
    job = MatchJob(command(FIRST, then="time.sleep(60)"))
    with qtbot.waitSignal(job.stepped):
        job.start("/sounds/flute.wav", "/models/draft")
    match = Path(job.match)
    assert match.read_text() == "sound"
    job.clear()
    assert not job.is_running
    assert job.found is None
    assert not match.parent.exists()


def test_the_command_is_asked_for_the_file_the_model_and_each_step(monkeypatch, qapp):
    asked = []
    monkeypatch.setattr(CommandProcess, "start", lambda _self, *words: asked.extend(words))
    job = MatchJob()
    job.start("--odd.wav", "/models/draft")
    assert asked[0] == "match"
    assert asked[-2:] == ["--", "--odd.wav"]
    assert asked[asked.index("--model") + 1] == "/models/draft"
    assert "--steps" in asked
    job.clear()


@pytest.mark.parametrize("name", ["flute.wav", "Flute.FLAC", "a.b.aiff"])
def test_a_single_recording_is_taken_from_a_drag(name, tmp_path):
    assert dropped_sound(files(tmp_path / name)).endswith(name)


def test_other_files_and_several_at_once_are_not(tmp_path):
    assert dropped_sound(files(tmp_path / "song.mid")) == ""
    assert dropped_sound(files(tmp_path / "a.wav", tmp_path / "b.wav")) == ""
    assert dropped_sound(QMimeData()) == ""


def test_a_recording_dropped_near_a_point_is_matched_for_it(window, qtbot, instrument, tmp_path):
    use_command(window, FIRST, BETTER)
    with qtbot.waitSignal(window.match._job.ended):
        assert drop(window.pad, files(tmp_path / "flute.wav"), 0.9, 0.1)
    assert window.match.isVisible()
    assert "flute.wav" in window.match.title.text()
    assert "3.5 dB" in window.match.words.text()
    window.match.use.click()
    qtbot.waitUntil(lambda: instrument.now.corners[1].z == tuple(Z))
    changed = instrument.now.corners[1]
    assert (changed.name, changed.timbre, changed.seed) == ("flute", "", None)
    assert [corner.name for corner in instrument.now.corners[2:]] == ["Celesta", "Choir aahs"]
    assert instrument.called("mark_changed")
    assert not window.match.isVisible()


def test_a_and_b_let_both_sounds_be_heard(window, qtbot, instrument, tmp_path):
    job = use_command(window, FIRST, BETTER)
    with qtbot.waitSignal(job.ended):
        drop(window.pad, files(tmp_path / "flute.wav"), 0.1, 0.1)
    window.match.a.click()
    window.match.b.click()
    qtbot.waitUntil(lambda: len(instrument.called("play_file")) == 2)
    assert instrument.called("play_file") == [(job.recording,), (job.match,)]


def test_nothing_can_be_used_before_something_is_found(window, qtbot, tmp_path):
    job = use_command(window, then="time.sleep(60)")
    drop(window.pad, files(tmp_path / "flute.wav"), 0.1, 0.1)
    buttons = (window.match.a, window.match.b, window.match.use)
    assert not any(button.isEnabled() for button in buttons)
    window.put_away()
    assert not job.is_running
    assert not window.match.isVisible()


def test_a_recording_that_will_not_do_is_said_on_the_card(window, qtbot, tmp_path):
    line = "flute.wav has no clear pitch."
    job = use_command(window, line, then="sys.exit(1)")
    with qtbot.waitSignal(job.ended):
        drop(window.pad, files(tmp_path / "flute.wav"), 0.1, 0.1)
    assert window.match.words.text() == line
    assert not window.match.use.isEnabled()
    window.match.away.click()
    assert not window.match.isVisible()


def test_the_pad_still_takes_timbres_and_refuses_other_files(window, instrument, qtbot, tmp_path):
    assert not drop(window.pad, files(tmp_path / "song.mid"), 0.1, 0.1)
    assert drop(window.pad, timbre_mime("Oboe"), 0.0, 1.0)
    qtbot.waitUntil(lambda: instrument.called("set_corner") == [(2, "Oboe")])


def test_a_points_menu_asks_for_a_recording(window, qtbot, tmp_path):
    job = use_command(window, then="time.sleep(60)")
    menu = window.pad.corner_menu(3)
    next(a for a in menu.actions() if a.text().startswith("Match")).trigger()
    dialog = window.findChild(QFileDialog)
    dialog.fileSelected.emit(str(tmp_path / "flute.wav"))
    dialog.close()
    assert "flute.wav" in window.match.title.text()
    job.clear()
    menu.close()


def test_words_say_what_was_heard_and_at_which_note_it_was_compared():
    step = MatchStep(share=1, z=(1.0,), off_db=4.04, pitch=84, heard=95.2, timbre="")
    assert (
        match_words(step) == "It sounds B6 +20 cents, compared at C6. The match is 4.0 dB from it."
    )
