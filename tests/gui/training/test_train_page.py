import functools
import sys
from pathlib import Path

import msgspec
import pretend
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox

from gui.training.train_words import duration_words, progress_words
from gui.training.training_files import StatsLine, TrainingFolder, TrainingPlan
from gui.training.training_job import TrainingJob
from gui.training_pictures import take_light_picture, take_training_pictures
from instrument import Preset

TRAINER = (sys.executable, str(Path(__file__).parents[1] / "pretended_trainer.py"))


@pytest.fixture
def recordings(tmp_path):
    folder = tmp_path / "My cello"
    folder.mkdir()
    for note in ("C3", "E3", "G3"):
        (folder / f"{note}.wav").write_bytes(b"wave")
    return folder


@pytest.fixture
def window(monkeypatch, open_window, instrument):
    """A window whose trainer is the pretended one."""
    trainer = functools.partial(TrainingJob, command=TRAINER)
    monkeypatch.setattr("gui.panels.TrainingJob", trainer)
    window = open_window(instrument)
    yield window
    window.train.job.end()


@pytest.fixture
def page(window, qtbot):
    window.show_train_page()
    qtbot.waitUntil(lambda: window.train.form.start.count() > 1)
    return window.train


@pytest.fixture
def checked(page, recordings, qtbot):
    page.form.choose_source(str(recordings))
    page.main.click()
    wait_for(qtbot, page, "checked")
    return page


@pytest.fixture
def training(checked, qtbot):
    checked.form.limit.choose(0)
    checked.main.click()
    qtbot.waitUntil(lambda: checked.run.last is not None)
    return checked


def wait_for(qtbot, page, state):
    qtbot.waitUntil(lambda: page.job.state == state, timeout=10_000)


def test_the_page_takes_the_place_of_the_pad_and_the_keys_play_on(window, instrument, qtbot):
    qtbot.mouseClick(window.top.train, Qt.MouseButton.LeftButton)
    assert window.train.isVisible()
    assert not window.pad.isVisible()
    assert window.keyboard.isVisible()
    qtbot.mouseClick(window.top.train, Qt.MouseButton.LeftButton)
    assert window.pad.isVisible()


def test_a_folder_and_a_name_are_needed_first(page, recordings):
    assert not page.main.isEnabled()
    page.form.choose_source(str(recordings))
    assert page.form.name.text() == "My cello"
    assert page.main.isEnabled()
    page.form.name.setText("  ")
    assert not page.main.isEnabled()


def test_the_verdict_is_shown_with_its_advice_and_its_coverage(checked, pixel, close_to):
    assert checked.verdict.isVisible()
    assert checked.verdict.title.text() == "3 notes. Usable, with gaps."
    words = checked.verdict.findings.text()
    assert words.index("Record these: D1, F1.") < words.index("can be &lt;read&gt;")
    assert checked.main.text() == "Start training"
    coverage = checked.verdict.coverage
    place = coverage._cell(60).center().x()
    fresh, line = (checked.verdict._theme.colour(name) for name in ("fresh", "line"))
    assert close_to(pixel(coverage, place, 40), fresh)
    assert not close_to(pixel(coverage, coverage._cell(61).center().x(), 40), fresh)
    assert close_to(pixel(coverage, coverage._cell(61).center().x(), 57), line)


def test_too_few_notes_cannot_be_trained_on(page, recordings, qtbot):
    (recordings / "C3.wav").unlink()
    page.form.choose_source(str(recordings))
    page.main.click()
    wait_for(qtbot, page, "checked")
    assert page.title.text() == "Not enough yet"
    assert not page.main.isEnabled()


def test_the_bundled_model_is_what_a_run_begins_with(checked, qtbot):
    assert checked.form.start.currentText() == "Draft"
    checked.main.click()
    assert checked.job.plan.start == pretend.MODEL.path
    assert checked.job.plan.minutes == 20


def test_a_run_can_begin_with_nothing(checked):
    checked.form.start.choose("")
    checked.main.click()
    assert checked.job.plan.start == ""


def test_curves_previews_and_the_time_left_are_shown(training, instrument, qtbot):
    qtbot.waitUntil(lambda: bool(training.run.players))
    qtbot.waitUntil(lambda: "left" in training.detail.text())
    assert "magnitude" in training.run.losses.accessibleDescription()
    assert "notes/s" in training.detail.text()
    training.run.players[0].click()
    wave = training.job.training.previews / "note-1.wav"
    qtbot.waitUntil(lambda: instrument.called("play_file") == [(str(wave),)])


def test_a_run_is_paused_and_resumed(training, qtbot):
    assert training.main.text() == "Pause"
    training.main.click()
    wait_for(qtbot, training, "paused")
    assert training.main.text() == "Resume"
    training.main.click()
    assert training.job.state == "training"


def test_a_finished_run_is_played(training, window, instrument, qtbot):
    training.second.click()
    wait_for(qtbot, training, "finished")
    assert "“My cello” is among the models now." in training.detail.text()
    training.play.click()
    qtbot.waitUntil(lambda: instrument.called("load_model") == [("My cello",)])
    assert window.pad.isVisible()


def test_a_paused_run_is_played_from_its_folder(training, instrument, qtbot):
    training.main.click()
    wait_for(qtbot, training, "paused")
    training.play.click()
    folder = str(training.job.training.model)
    qtbot.waitUntil(lambda: instrument.called("load_model") == [(folder,)])


def test_the_instrument_follows_the_run_while_it_is_wanted(training, instrument, qtbot):
    run = str(training.job.training.run)
    training.along.click()
    qtbot.waitUntil(lambda: instrument.called("follow_run") == [(run,)])
    training.along.click()
    qtbot.waitUntil(lambda: instrument.called("follow_run") == [(run,), ("",)])


def test_the_newest_model_and_an_earlier_one_are_compared_by_one_key(
    training, window, instrument, qtbot
):
    run = training.job.training.run
    compare = training.run.compare
    qtbot.waitUntil(compare.a.isEnabled, timeout=10_000)
    earliest = str(run / "history" / "notes-000000100")
    window.activateWindow()
    training.views.setFocus()
    for expected in (str(run), earliest, str(run)):
        qtbot.keyClick(window, Qt.Key.Key_B)
        qtbot.waitUntil(
            lambda expected=expected: instrument.called("follow_run")[-1:] == [(expected,)]
        )
        assert training.along.isChecked() == (expected == str(run))
    training.along.click()
    qtbot.waitUntil(lambda: instrument.called("follow_run")[-1] == ("",))
    assert compare.heard == ""


def test_the_key_flips_on_the_pads_page_where_a_model_of_the_run_is_heard(
    training, window, instrument, qtbot
):
    qtbot.waitUntil(training.run.compare.a.isEnabled, timeout=10_000)
    window.show_train_page(False)
    qtbot.keyClick(window, Qt.Key.Key_B)
    assert training.run.compare.heard == ""
    training.along.click()
    qtbot.keyClick(window, Qt.Key.Key_B)
    assert training.run.compare.heard == "A"


def test_a_b_in_a_name_is_a_letter(page, qtbot):
    page.form.name.setFocus()
    qtbot.keyClicks(page.form.name, "Bb")
    assert page.form.name.text() == "Bb"


def test_the_players_presets_are_heard_through_the_run(training, window, library, qtbot):
    mine = Preset(name="Dark bells", model_hash=pretend.MODEL.hash, corners=pretend.CORNERS)
    library.save(mine)
    library.save(msgspec.structs.replace(mine, name="Elsewhere", model_hash="f" * 64))
    window.actions_of_presets.refresh()
    qtbot.waitUntil(lambda: len(training.run.players) == 2, timeout=10_000)
    assert [player.text() for player in training.run.players] == ["Dark bells C4", "cello C4"]
    assert training.run.caption.text().startswith("YOUR PRESETS")


def test_a_run_that_fails_says_why_and_can_be_tried_again(page, recordings, qtbot):
    page.form.choose_source(str(recordings))
    page.form.name.setText("Diverges")
    page.main.click()
    wait_for(qtbot, page, "checked")
    page.main.click()
    wait_for(qtbot, page, "failed")
    assert page.detail.text() == "The loss magnitude is not a number after 50 notes."
    assert page.detail.property("role") == "error"
    assert page.main.text() == "Try again"
    page.main.click()
    assert page.job.state == "training"


def test_closing_the_window_asks_saves_and_then_closes(training, window, qtbot):
    window.close()
    assert window.isVisible()
    box = window.findChild(QMessageBox)
    assert box.text() == "A model is being trained."
    next(b for b in box.buttons() if b.text() == "Save and close").click()
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=10_000)
    assert training.job.state == "paused"
    assert training.job.training.has_checkpoint


def test_a_window_that_is_not_closed_after_all_goes_on_training(training, window, qtbot):
    window.close()
    box = window.findChild(QMessageBox)
    box.button(QMessageBox.StandardButton.Cancel).click()
    assert window.isVisible()
    assert training.job.state == "training"


def test_trainings_of_before_can_be_opened_again(page, qtbot, tmp_path):
    training = TrainingFolder(tmp_path / "player" / "training" / "Old flute")
    training.write_plan(TrainingPlan(name="Old flute", source="/flute", minutes=60))
    training.notes.mkdir()
    (training.notes / "examples.json").write_text("{}")
    verdict = {"verdict": "ready", "n_notes": 40}
    training.write_verdict(msgspec.json.encode(verdict).decode())
    page.hide()
    page.show()
    place = page.form.trainings.findText("Old flute")
    page.form.trainings.setCurrentIndex(place)
    page.form.trainings.activated.emit(place)
    assert page.job.state == "checked"
    assert page.form.name.text() == "Old flute"
    assert page.verdict.title.text() == "40 notes. Ready to train on."
    page.form.trainings.setCurrentIndex(0)
    page.form.trainings.activated.emit(0)
    assert page.introduction.isVisible()
    assert page.form.name.text() == ""


@pytest.mark.parametrize(
    ("seconds", "words"), [(5, "0 min 05 s"), (640.4, "10 min 40 s"), (11_100, "3 h 05 min")]
)
def test_a_time_is_said_in_two_units(seconds, words):
    assert duration_words(seconds) == words


def test_where_a_run_is_is_said_with_its_resolution():
    line = StatsLine(2400, 6, 11.34, seconds_left=90.0)
    words = progress_words(line, 12_000, is_running=True)
    assert words == (
        "2,400 of 12,000 notes seen, stage 6 (64 by 512)\n11.3 notes/s, 1 min 30 s left"
    )
    assert "left" not in progress_words(line, 12_000, is_running=False)


def test_a_training_has_its_pictures_taken(window, recordings, tmp_path):
    files = take_training_pictures(window, recordings, tmp_path / "new", minutes=0.02)
    names = ["verdict", "run", "finished", "compare", "small"]
    assert [file.stem for file in files] == [f"train-{name}" for name in names]
    assert len({file.read_bytes() for file in files}) == 5


def test_a_training_of_before_has_its_picture_taken(training, window, tmp_path, qtbot):
    training.second.click()
    wait_for(qtbot, training, "finished")
    training.open_training(None)
    file = take_light_picture(window, tmp_path)
    assert training.views.currentWidget() is training.run
    assert file.read_bytes().startswith(b"\x89PNG")


def test_a_training_that_fails_has_no_pictures_but_a_line(window, tmp_path):
    with pytest.raises(RuntimeError, match="holds no recordings"):
        take_training_pictures(window, tmp_path, tmp_path / "new", minutes=0.02)
