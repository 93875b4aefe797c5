"""Finding presets: chips, nearness, the map; trying them; text on the clipboard."""

import msgspec
import pretend
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest

from gui.presets.chip_row import FAVOURITES, NEAR, RECENT
from gui.presets.preset_browser import MAP, PRESETS
from gui.presets.preset_sound import distance, preset_features
from instrument import NoteOff, NoteOn, Preset, PresetShelf, decode_pasted


@pytest.fixture
def browser(window):
    return window.browser


@pytest.fixture
def actions(window):
    return window.actions_of_presets


def names(browser):
    return browser.presets.names()


def test_a_chip_shows_only_the_presets_with_its_tag(browser):
    browser.chips.press("mallet")
    assert names(browser) == ["Birch"]
    browser.chips.press("mallet")
    assert len(names(browser)) == 3


def test_favourites_are_marked_listed_and_kept(browser, actions, library):
    actions.toggle_favourite("Birch")
    assert PresetShelf(library.user_folder).favourites == ("Birch",)
    browser.chips.press(FAVOURITES)
    assert names(browser) == ["Birch"]
    assert browser.presets.model().rows[0].is_favourite


def test_the_key_makes_the_open_preset_a_favourite(window, actions, qtbot):
    QTest.keyClick(window, Qt.Key.Key_D, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: actions.favourites == ("Reed into glass",))


def test_recent_presets_are_listed_with_the_last_first(browser, actions, qtbot):
    actions.open("Ash")
    actions.open("Birch")
    qtbot.waitUntil(lambda: actions.recent == ("Birch", "Ash"))
    browser.chips.press(RECENT)
    assert names(browser) == ["Birch", "Ash"]


def test_near_this_sorts_by_the_distance_in_sound(window, browser, library):
    bass = tuple(pretend.corner("Upright bass") for _ in range(4))
    cello = tuple(pretend.corner("Cello") for _ in range(4))
    library.save(Preset(name="Far", corners=bass))
    library.save(Preset(name="Same", corners=cello))
    window.actions_of_presets.refresh()
    window._bridge.status = pretend.status(corners=cello, pad_x=0.0, pad_y=0.0)
    browser.chips.press(NEAR)
    assert names(browser)[0] == "Same"
    assert names(browser)[-1] == "Far"
    assert browser.presets.model().rows[0].about.startswith("0 % away")


def test_a_closed_filter_makes_a_preset_darker_and_an_envelope_slower():
    plain = Preset(corners=pretend.CORNERS)
    features = preset_features(plain, pretend.timbres())
    muffled = preset_features(
        msgspec.structs.replace(plain, parameters={"cutoff": 60.0, "attack": 5.0}),
        pretend.timbres(),
    )
    assert muffled.brightness < features.brightness
    assert muffled.attack > features.attack
    assert distance(features, features) == 0.0 < distance(features, muffled) <= 1.0


def test_the_axis_knobs_count_in_how_a_preset_sounds():
    plain = Preset(corners=pretend.CORNERS)
    features = preset_features(plain, pretend.timbres())
    turned = msgspec.structs.replace(
        plain, parameters={"axis_brightness": -1.0, "axis_noisiness": 2.0}
    )
    moved = preset_features(turned, pretend.timbres())
    assert moved.brightness < features.brightness
    assert moved.noisiness > features.noisiness
    assert (moved.attack, moved.decay) == (features.attack, features.decay)


def test_features_stay_on_their_scale_however_far_an_axis_is_turned():
    turned = Preset(
        corners=pretend.CORNERS, parameters={"axis_brightness": 3.0, "axis_decay": -3.0}
    )
    moved = preset_features(turned, pretend.timbres())
    assert all(0.0 <= value <= 1.0 for value in moved)


class TestTrying:
    def test_a_click_tries_a_preset_and_escape_brings_the_sound_back(
        self, window, browser, instrument, qtbot
    ):
        instrument.change(pad_x=0.875, preset_changed=True)
        qtbot.waitUntil(lambda: window.actions_of_presets.is_changed)
        place = browser.presets.rect_of("Birch").center()
        QTest.mouseClick(browser.presets.viewport(), Qt.MouseButton.LeftButton, pos=place)
        qtbot.waitUntil(lambda: instrument.now.preset_name == "Birch")
        assert browser.audition.isVisible()
        QTest.keyClick(window, Qt.Key.Key_Escape)
        qtbot.waitUntil(lambda: instrument.now.preset_name == "Reed into glass")
        qtbot.waitUntil(lambda: instrument.now.preset_changed)
        assert instrument.now.pad_x == 0.875
        assert not browser.audition.isVisible()

    def test_the_sound_from_before_the_first_try_comes_back(self, actions, instrument, qtbot):
        actions.audition("Birch")
        actions.audition("Ash")
        qtbot.waitUntil(lambda: instrument.now.preset_name == "Ash")
        actions.go_back()
        qtbot.waitUntil(lambda: instrument.now.preset_name == "Reed into glass")
        assert not instrument.now.preset_changed

    def test_space_tries_and_enter_keeps_without_loading_it_again(
        self, browser, actions, instrument, qtbot
    ):
        browser.presets.select("Ash")
        QTest.keyClick(browser.presets, Qt.Key.Key_Space)
        qtbot.waitUntil(lambda: instrument.now.preset_name == "Ash")
        QTest.keyClick(browser.presets, Qt.Key.Key_Return)
        assert not actions.is_auditioning
        assert instrument.called("load_preset") == [("Ash",)]

    def test_a_changed_sound_is_kept_aside_when_another_is_kept(self, actions, instrument, qtbot):
        instrument.change(preset_changed=True)
        qtbot.waitUntil(lambda: actions.is_changed)
        actions.audition("Ash")
        actions.keep()
        qtbot.waitUntil(lambda: actions.unsaved_name == "Reed into glass")

    def test_closing_while_another_is_tried_asks_about_the_changed_sound_and_brings_it_back(
        self, window, actions, instrument, qtbot
    ):
        instrument.change(pad_x=0.875, preset_changed=True)
        qtbot.waitUntil(lambda: actions.is_changed)
        actions.audition("Ash")
        qtbot.waitUntil(lambda: instrument.now.preset_name == "Ash")
        window.close()
        assert window.isVisible()
        qtbot.waitUntil(lambda: instrument.now.pad_x == 0.875)

    def test_a_note_sounds_while_no_key_is_down_and_ends(self, actions, instrument, qtbot):
        actions.audition("Ash")
        assert instrument.posted(NoteOn)
        actions.trial.end_note()
        assert instrument.posted(NoteOff)

    def test_no_note_is_added_to_what_is_played(self, actions, instrument, window, qtbot):
        instrument.post(NoteOn(note=48, velocity=90))
        qtbot.waitUntil(lambda: window._bridge.status.gated[48] == 90)
        actions.audition("Ash")
        assert len(instrument.posted(NoteOn)) == 1


class TestMap:
    @pytest.fixture
    def map_(self, browser):
        browser.show_tab(MAP)
        browser.layout().activate()  # places are asked for before the next turn of the loop
        return browser.map

    def test_all_presets_are_on_it(self, map_):
        assert map_.names() == ["Ash", "Birch", "Reed into glass"]

    def test_searching_leaves_what_matches(self, map_, browser):
        browser.field.setText("birch")
        assert map_.names() == ["Birch"]
        browser.show_tab(PRESETS)

    def test_a_click_tries_and_a_double_click_opens(self, map_, mouse, instrument, actions, qtbot):
        place = map_.place_of("Birch")
        mouse(map_, QEvent.Type.MouseButtonPress, place.x(), place.y())
        qtbot.waitUntil(lambda: instrument.now.preset_name == "Birch")
        assert actions.is_auditioning
        place = map_.place_of("Birch")
        mouse(map_, QEvent.Type.MouseButtonDblClick, place.x(), place.y())
        assert not actions.is_auditioning

    def test_arrows_reach_every_preset_and_the_name_is_told(self, map_):
        map_.setFocus()
        reached = {map_.current_name()}
        for key in (Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Left, Qt.Key.Key_Down) * 4:
            QTest.keyClick(map_, key)
            reached.add(map_.current_name())
            assert map_.accessibleDescription().startswith(map_.current_name())
        assert reached == set(map_.names())

    def test_alike_presets_are_neighbours(self):
        from gui.presets.principal_axes import lay_out  # noqa: PLC0415  # loads NumPy

        groups = [(0.1, 0.1, 0.9, 0.1), (0.12, 0.1, 0.88, 0.1), (0.9, 0.8, 0.2, 0.7)]
        places, words = lay_out(groups)
        assert abs(places[0][0] - places[1][0]) < abs(places[0][0] - places[2][0])
        assert all(0.0 <= at <= 1.0 for place in places for at in place)
        assert len(set(words)) == 2


class TestText:
    def test_a_sound_goes_over_the_clipboard_as_text_and_back(
        self, window, actions, instrument, qtbot
    ):
        instrument.change(pad_x=0.625)
        actions.copy_text()
        qtbot.waitUntil(lambda: "pad_x" in QGuiApplication.clipboard().text())
        assert decode_pasted(QGuiApplication.clipboard().text()).pad_x == 0.625
        instrument.change(pad_x=0.0)
        actions.paste_text()
        qtbot.waitUntil(lambda: instrument.now.preset_name == "Reed into glass 2")
        qtbot.waitUntil(lambda: instrument.now.preset_changed)
        assert instrument.now.pad_x == 0.625

    def test_other_text_is_refused_in_words(self, window, actions):
        QGuiApplication.clipboard().setText("hello")
        actions.paste_text()
        assert any("pasted" in text for text in window.notices.unseen)


def test_a_pack_goes_out_and_comes_in(window, actions, library, tmp_path, qtbot):
    actions.export_pack(str(tmp_path / "mine.zip"))
    library.delete("Birch")
    actions.import_files([str(tmp_path / "mine.zip")])
    qtbot.waitUntil(lambda: "Birch" in window.browser.presets.names())


def test_every_control_of_the_browser_has_a_name_and_takes_the_focus(browser):
    for widget in (browser.map, browser.breed.grid, browser.breed.amount, browser.breed.again):
        assert widget.accessibleName()
        assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    for chip in browser.chips._chips.values():
        assert chip.accessibleName()
