import pretend
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from gui.presets.breed_grid import PARENT
from gui.presets.preset_browser import BREED
from instrument import Preset


@pytest.fixture
def breed(window, qtbot):
    window.browser.show_tab(BREED)
    qtbot.waitUntil(lambda: len(window.browser.breed._children) == 8)
    return window.browser.breed


def test_a_click_on_a_child_tries_it_and_the_parent_comes_back(breed, instrument, qtbot):
    before = instrument.now.corners
    breed.grid.tried.emit(0)
    qtbot.waitUntil(lambda: instrument.now.corners == breed._children[0].corners)
    breed.grid.tried.emit(PARENT)
    qtbot.waitUntil(lambda: instrument.now.corners == before)


def test_a_kept_child_is_unsaved_has_a_name_of_its_own_and_is_the_next_parent(
    breed, instrument, qtbot
):
    child = breed._children[7]
    breed.grid.chosen.emit(8)
    qtbot.waitUntil(lambda: breed._parent.corners == child.corners)
    assert instrument.now.preset_name == "Reed into glass 2"
    assert instrument.now.preset_changed


def test_the_slider_says_how_far_the_children_go(breed):
    near = breed._children[7].corners
    breed.amount.setValue(90)
    assert breed._children[7].corners != near


def test_the_dice_draw_other_children(breed):
    former = breed._children
    breed.again.click()
    assert breed._children != former


def test_a_preset_of_the_list_is_the_mate(window, breed, library, qtbot):
    cello = (pretend.corner("Cello"),) * 4
    library.save(Preset(name="Willow", corners=cello))
    window.actions_of_presets.refresh()
    window.browser.breed_with("Willow")
    qtbot.waitUntil(lambda: breed._mate is not None and len(breed._children) == 8)
    assert [parent.name for parent in breed._children[0].parents] == ["Reed into glass", "Willow"]
    assert breed._children[3].made == "with 2 points swapped"
    breed.alone.click()
    assert len(breed._children[0].parents) == 1


def test_a_mate_of_another_model_is_refused_in_words(window, breed, library):
    library.save(Preset(name="Elsewhere", corners=pretend.CORNERS, model_hash="f" * 64))
    window.actions_of_presets.refresh()
    parent = Preset(name="Mine", corners=pretend.CORNERS, model_hash="a" * 64)
    breed._take_parent(parent)
    window.browser.breed_with("Elsewhere")
    assert any("same model" in text for text in window.notices.unseen)


def test_the_family_tree_is_shown(breed):
    child = breed._children[2]
    breed._take_parent(child)
    assert breed.family.text() == "└ Reed into glass"


def test_the_keys_go_from_tile_to_tile_try_and_keep(breed, instrument, qtbot):
    breed.grid.setFocus()
    QTest.keyClick(breed.grid, Qt.Key.Key_Left)
    assert breed.grid.current == 3
    assert breed.grid.accessibleDescription().startswith("mutated")
    QTest.keyClick(breed.grid, Qt.Key.Key_Space)
    qtbot.waitUntil(lambda: instrument.now.corners == breed._children[3].corners)
