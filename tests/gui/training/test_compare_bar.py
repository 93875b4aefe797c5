"""Which models of a run there are to compare, and what is heard when one is chosen."""

import json
import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from gui.training.compare_bar import NO_MODEL, ONE_MODEL, CompareBar, model_words
from gui.training.kept_models import KeptModel, KeptModels
from gui.training.training_files import TrainingFolder


@pytest.fixture
def training(tmp_path):
    return TrainingFolder(tmp_path / "My cello")


@pytest.fixture
def start(tmp_path):
    """The model that a run began with."""
    write(tmp_path / "draft", {"name": "Draft"})
    return str(tmp_path / "draft")


def write(folder: Path, config: dict) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "weights.safetensors").write_bytes(b"")


def publish(training: TrainingFolder, seen: int, off_db: float | None = None) -> None:
    figures = {"examples_seen": float(seen)} | (
        {} if off_db is None else {"held_out_off_db": off_db}
    )
    for folder in (training.model, training.run / "history" / f"notes-{seen:09d}"):
        write(folder, {"figures": figures})


def folder(training: TrainingFolder, seen: int) -> str:
    return str(training.run / "history" / f"notes-{seen:09d}")


@pytest.fixture
def bar(qtbot, training):
    bar = CompareBar()
    qtbot.addWidget(bar)
    bar.follow(training, "")
    return bar


@pytest.fixture
def changes(bar):
    """What was to be heard at each change, with A's folder."""
    heard: list[tuple[str, str]] = []
    bar.changed.connect(lambda: heard.append((bar.heard, Path(bar.earlier).name)))
    return heard


class TestKeptModels:
    def test_models_are_listed_by_the_notes_seen_with_what_was_measured(self, training):
        publish(training, 1000, 4.5)
        publish(training, 3000)
        models = KeptModels(training.run)
        assert models.look()
        assert models.earlier == (KeptModel(folder(training, 1000), 1000, 4.5),)
        assert models.newest == KeptModel(str(training.run), 3000, None)
        assert not models.look()

    def test_the_model_that_a_run_began_with_is_the_first_to_compare(self, training, start):
        publish(training, 1000)
        models = KeptModels(training.run, start)
        models.look()
        assert models.earlier == (KeptModel(start, 0, None, "Draft"),)

    def test_a_model_that_is_being_replaced_stays_the_newest(self, training):
        publish(training, 1000)
        models = KeptModels(training.run)
        models.look()
        training.model.rename(training.run / "old")
        assert not models.look()
        assert models.newest is not None
        publish(training, 2000)
        assert models.look()
        assert models.newest.examples_seen == 2000

    def test_what_is_damaged_or_says_no_place_is_left_out(self, training):
        for seen in (500, 700, 900):
            publish(training, seen)
        (Path(folder(training, 500)) / "config.json").write_text("{")
        write(Path(folder(training, 700)), {"name": "older"})
        models = KeptModels(training.run)
        models.look()
        assert models.earlier == ()


class TestCompareBar:
    def test_what_there_is_to_compare_is_said_while_there_is_too_little(self, bar, training):
        assert not bar.isEnabled()
        assert bar.words_a.text() == NO_MODEL
        publish(training, 1000)
        bar.look()
        assert bar.isEnabled()
        assert bar.words_a.text() == ONE_MODEL
        assert not bar.a.isEnabled()
        publish(training, 2000)
        bar.look()
        assert bar.a.isEnabled()
        assert bar.words_a.text() == "1,000 notes seen"

    def test_a_click_hears_a_model_and_a_flip_the_other(self, bar, training, changes, qtbot):
        publish(training, 1000)
        publish(training, 2000)
        bar.look()
        qtbot.mouseClick(bar.b, Qt.MouseButton.LeftButton)
        bar.flip()
        qtbot.mouseClick(bar.a, Qt.MouseButton.LeftButton)  # which is heard already
        bar.flip()
        bar.hear("")
        a = "notes-000001000"
        assert changes == [("B", a), ("A", a), ("B", a), ("", a)]
        assert not bar.a.isChecked()
        assert not bar.b.isChecked()

    def test_a_long_name_makes_the_bar_no_wider(self, bar, training, tmp_path):
        publish(training, 1000)
        bar.look()
        width = bar.minimumSizeHint().width()
        write(tmp_path / "long", {"name": "W" * 80})
        bar.follow(training, str(tmp_path / "long"))
        assert "W" * 80 in bar.words_a.toolTip()
        assert bar.minimumSizeHint().width() == width

    def test_there_is_no_flipping_with_one_model(self, bar, training, changes):
        publish(training, 1000)
        bar.look()
        bar.flip()
        bar.hear("A")
        assert changes == []
        assert bar.heard == ""

    def test_the_slider_moves_a_and_a_moved_a_is_heard_once_it_rests(
        self, bar, training, changes, qtbot
    ):
        for seen in (1000, 2000, 3000, 4000):
            publish(training, seen)
        bar.look()
        assert (bar.slider.minimum(), bar.slider.maximum()) == (0, 2)
        bar.slider.setValue(1)
        assert changes == []
        bar.hear("A")
        bar.slider.setValue(0)
        bar.slider.setValue(2)
        qtbot.waitUntil(lambda: len(changes) == 2)
        assert changes == [("A", "notes-000002000"), ("A", "notes-000003000")]
        assert bar.words_a.text() == "3,000 notes seen"

    def test_a_chosen_model_stays_chosen_when_newer_ones_come(self, bar, training, changes):
        for seen in (1000, 2000, 3000):
            publish(training, seen)
        bar.look()
        bar.slider.setValue(1)
        bar.hear("A")
        publish(training, 4000)
        bar.look()
        assert (bar.slider.value(), bar.slider.maximum()) == (1, 2)
        assert changes == [("A", "notes-000002000")]
        assert bar.words_b.text() == "4,000 notes seen"

    def test_a_heard_model_that_the_run_lets_go_of_gives_way_to_the_next_to_it(
        self, bar, training, changes
    ):
        for seen in (1000, 2000, 2400, 4000):
            publish(training, seen)
        bar.look()
        bar.slider.setValue(1)
        bar.hear("A")
        shutil.rmtree(folder(training, 2000))
        bar.look()
        assert changes == [("A", "notes-000002000"), ("A", "notes-000002400")]


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (KeptModel("", 12_000, 3.92), "12,000 notes seen, 3.9 dB from held-out notes"),
        (KeptModel("", 600), "600 notes seen"),
        (KeptModel("", 0, None, "Draft"), "before training (Draft)"),
    ],
)
def test_a_model_is_told_by_the_notes_seen_and_its_measure(model, words):
    assert model_words(model) == words
