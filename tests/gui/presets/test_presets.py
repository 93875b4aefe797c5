import pretend
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMessageBox

from instrument import Preset


@pytest.fixture
def dialog(window, qtbot):
    """Give the one dialog that is open."""

    def dialog(kind):
        qtbot.waitUntil(lambda: any(d.isVisible() for d in window.findChildren(kind)))
        return next(d for d in window.findChildren(kind) if d.isVisible())

    return dialog


def type_name(dialog, name):
    box = dialog(QInputDialog)
    box.setTextValue(name)
    box.accept()


def press(dialog, text):
    box = dialog(QMessageBox)
    next(b for b in box.buttons() if b.text().replace("&", "") == text).click()


def texts(menu):
    return {action.text(): action for action in menu.actions() if action.text()}


def test_the_list_has_the_factorys_presets_and_the_players(window):
    assert window.browser.presets.names() == ["Ash", "Birch", "Reed into glass"]


def test_a_double_click_opens_a_preset(window, instrument, qtbot):
    presets = window.browser.presets
    place = presets.rect_of("Birch").center()
    QTest.mouseClick(presets.viewport(), Qt.MouseButton.LeftButton, pos=place)
    QTest.mouseDClick(presets.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.waitUntil(lambda: instrument.called("load_preset") == [("Birch",)])


def test_enter_opens_the_chosen_preset(window, instrument, qtbot):
    window.browser.presets.select("Ash")
    QTest.keyClick(window.browser.presets, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: instrument.called("load_preset") == [("Ash",)])
    qtbot.waitUntil(lambda: window.top.name._name == "Ash")


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("bir", ["Birch"]),
        ("glass reed", ["Reed into glass"]),
        ("ada birch", ["Birch"]),
        ("vocal", ["Ash", "Birch", "Reed into glass"]),
        ("zz", []),
    ],
)
def test_searching_looks_at_names_tags_authors_and_families_of_the_timbres(window, typed, names):
    window.browser.field.setText(typed)
    assert window.browser.presets.names() == names


def test_next_and_previous_go_through_the_list_and_round_its_ends(window, instrument, qtbot):
    window.top.next.click()
    qtbot.waitUntil(lambda: instrument.now.preset_name == "Ash")
    window._bridge.poll()
    window.top.previous.click()
    qtbot.waitUntil(lambda: instrument.now.preset_name == "Reed into glass")


def test_saving_writes_what_sounds_and_clears_the_dot(window, instrument, library, qtbot):
    instrument.change(pad_x=0.75, preset_changed=True)
    qtbot.waitUntil(lambda: window.top.name._is_changed)
    QTest.keyClick(window, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: instrument.called("mark_saved") == [("Reed into glass",)])
    assert library.load("Reed into glass").pad_x == 0.75
    qtbot.waitUntil(lambda: not window.top.name._is_changed)


def test_save_as_asks_for_a_name_and_adds_to_the_list(window, instrument, library, dialog, qtbot):
    texts(window.top.preset_menu())["Save as…"].trigger()
    type_name(dialog, "Willow")
    qtbot.waitUntil(lambda: "Willow" in window.browser.presets.names())
    assert library.load("Willow").corners == pretend.CORNERS
    qtbot.waitUntil(lambda: window.top.name._name == "Willow")


def test_saving_a_sound_without_a_name_asks_for_one(window, instrument, dialog, qtbot):
    instrument.change(preset_name="")
    qtbot.waitUntil(lambda: window._bridge.status.preset_name == "")
    window.top.save.click()
    type_name(dialog, "Elm")
    qtbot.waitUntil(lambda: "Elm" in window.browser.presets.names())


def test_a_name_that_is_taken_is_refused_in_words(window, dialog, qtbot):
    texts(window.top.preset_menu())["Save as…"].trigger()
    type_name(dialog, "Birch")
    qtbot.waitUntil(lambda: any("Birch" in text for text in window.notices.unseen))


def test_renaming_renames_the_file_and_the_open_preset(window, library, dialog, qtbot):
    texts(window.top.preset_menu())["Rename…"].trigger()
    type_name(dialog, "Reed into ice")
    qtbot.waitUntil(lambda: "Reed into ice" in window.browser.presets.names())
    assert "Reed into glass" not in [entry.name for entry in library.list()]
    qtbot.waitUntil(lambda: window.top.name._name == "Reed into ice")


def test_deleting_asks_first_and_can_be_undone(window, library, dialog, qtbot):
    texts(window.browser.preset_menu("Birch"))["Delete…"].trigger()
    assert "Birch" in window.browser.presets.names()
    press(dialog, "Delete")
    qtbot.waitUntil(lambda: "Birch" not in window.browser.presets.names())
    texts(window.top.preset_menu())["Bring back the last deleted"].trigger()
    qtbot.waitUntil(lambda: "Birch" in window.browser.presets.names())


def test_a_factory_preset_can_not_be_renamed_or_deleted(window):
    menu = texts(window.browser.preset_menu("Ash"))
    assert not menu["Rename…"].isEnabled()
    assert not menu["Delete…"].isEnabled()
    assert menu["Open"].isEnabled()


def test_importing_copies_and_plays_the_file(window, instrument, library, dialog, qtbot, tmp_path):
    library.save_as(Preset(corners=pretend.CORNERS), "Guest")
    path = library.export_file("Guest", tmp_path / "guest.json")
    library.delete("Guest")
    window.dialogs.import_files()
    dialog(QFileDialog).filesSelected.emit([str(path)])
    dialog(QFileDialog).close()
    qtbot.waitUntil(lambda: ("Guest",) in instrument.called("load_preset"))
    assert "Guest" in window.browser.presets.names()


def test_a_file_that_is_no_preset_is_refused_in_words(window, tmp_path, qtbot):
    path = tmp_path / "song.json"
    path.write_text("[]")
    window.actions_of_presets.import_files([str(path)])
    assert any("song.json" in text for text in window.notices.unseen)


def test_exporting_writes_the_file(window, library, dialog, qtbot, tmp_path):
    window.dialogs.export_file("Birch")
    dialog(QFileDialog).fileSelected.emit(str(tmp_path / "out.json"))
    dialog(QFileDialog).close()
    assert (tmp_path / "out.json").exists()
    assert any("out.json" in text for text in window.notices.unseen)


def test_a_changed_sound_that_is_left_can_be_had_again(window, instrument, qtbot):
    instrument.change(pad_x=0.125, preset_changed=True)
    qtbot.waitUntil(lambda: window.actions_of_presets.is_changed)
    window.actions_of_presets.open("Birch")
    qtbot.waitUntil(lambda: window.actions_of_presets.unsaved_name == "Reed into glass")
    back = texts(window.top.preset_menu())["Back to unsaved “Reed into glass”"]
    back.trigger()
    qtbot.waitUntil(lambda: instrument.now.pad_x == 0.125)


def test_closing_with_a_changed_sound_asks_and_does_not_lose_it(window, instrument, dialog, qtbot):
    instrument.change(preset_changed=True)
    qtbot.waitUntil(lambda: window.actions_of_presets.is_changed)
    window.close()
    assert window.isVisible()
    press(dialog, "Save")
    qtbot.waitUntil(lambda: not window.isVisible())
    assert instrument.called("mark_saved") == [("Reed into glass",)]


def test_closing_an_unchanged_sound_asks_nothing(window):
    assert window.close()


def test_a_damaged_preset_says_so_in_the_list(window, library, qtbot):
    (library.user_folder / "Broken.json").write_text("{")
    window.actions_of_presets.refresh()
    row = next(r for r in window.browser.presets._sounds.rows if r.name == "Broken")
    assert "not a Timbrepad preset" in row.problem


def test_the_timbres_are_listed_by_family_and_take_a_points_place(window, instrument, qtbot):
    window.browser.show_tab(1)
    qtbot.waitUntil(lambda: "Oboe" in window.browser.timbres.names())
    texts(window.browser.corner_menu("Oboe"))["In place of Choir aahs"].trigger()
    qtbot.waitUntil(lambda: instrument.called("set_corner") == [(3, "Oboe")])


def test_a_timbre_can_be_dragged_by_its_name(window, qtbot):
    window.browser.show_tab(1)
    qtbot.waitUntil(lambda: "Oboe" in window.browser.timbres.names())
    model = window.browser.timbres.model()
    places = [i for i in range(model.rowCount()) if model.rows[i].name == "Oboe"]
    mime = model.mimeData([model.index(places[0])])
    assert mime.text() == "Oboe"
    assert model.flags(model.index(places[0])) & Qt.ItemFlag.ItemIsDragEnabled


def test_a_model_without_named_timbres_points_to_the_dice(open_window, instrument, monkeypatch):
    monkeypatch.setattr(instrument, "timbres", lambda: ())
    browser = open_window(instrument).browser
    browser.show_tab(1)
    rows = browser.timbres.model().rows
    assert [row.name for row in rows] == ["No named timbres", "The dice on the pad draw one"]
    assert browser.timbres.names() == []
