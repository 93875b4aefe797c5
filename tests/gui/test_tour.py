import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtTest import QTest

from gui.app import make_window
from gui.tour import SEEN, STOPS
from instrument import NoteOff, NoteOn


@pytest.fixture
def settings(tmp_path):
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def first_start(qtbot, library, instrument, settings, tmp_path):
    """Open a window as the player's first start does."""
    window, bridge = make_window(
        lambda: instrument, library, settings=settings, trainings=tmp_path / "training"
    )
    qtbot.addWidget(window, before_close_func=lambda window: setattr(window, "_may_close", True))
    window.resize(1280, 800)
    window.show()
    qtbot.waitUntil(lambda: bridge.state == "playing")
    yield window
    bridge.end()


def test_the_tour_begins_by_itself_once(first_start, settings):
    assert first_start.tour.isVisible()
    first_start.tour.skip.click()
    assert not first_start.tour.isVisible()
    assert settings.value(SEEN, type=bool)
    first_start.tour.begin_once()
    assert not first_start.tour.isVisible()


def test_one_click_makes_it_sound(first_start, instrument, qtbot):
    first_start.tour.try_it.click()
    assert len(instrument.posted(NoteOn)) == 4
    qtbot.waitUntil(lambda: len(instrument.posted(NoteOff)) == 4)


def test_every_card_lies_in_the_window_beside_what_it_points_at(window):
    window.show_tour()
    for place in range(len(STOPS)):
        assert window.tour.place == place
        card, hole = window.tour.card.geometry(), window.tour.hole()
        assert window.tour.rect().contains(card)
        assert not card.intersects(hole)
        window.tour.next.click()
    assert not window.tour.isVisible()


def test_in_the_smallest_window_the_cards_are_in_it_too(open_window, instrument):
    window = open_window(instrument, size=(900, 600))
    window.show_tour()
    for _ in STOPS:
        assert window.tour.rect().contains(window.tour.card.geometry())
        window.tour.next.click()


def test_what_a_card_points_at_can_be_played(window, instrument, drag):
    window.show_tour()
    middle = window.tour.hole().center()
    assert not window.tour.mask().contains(middle)
    assert window.tour.mask().contains(window.tour.card.geometry().center())


def test_escape_ends_the_tour_and_the_palette_begins_it_again(window):
    window.commands.run("tour")
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert not window.tour.isVisible()
    assert window.pad.hasFocus()
