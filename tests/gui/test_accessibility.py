"""Walks Qt's accessibility tree, as a screen reader does, in every page and dialog."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtWidgets import QApplication, QDialog, QTabBar

from gui.presets.preset_browser import TABS
from gui.settings.device_dialog import PAGES
from gui.widgets.knob_panel import PAGES as KNOB_PAGES


def walk(interface, path=()):
    """Give every node below one with what leads to it."""
    for place in range(interface.childCount()):
        child = interface.child(place)
        if child is None or not child.isValid():
            continue
        below = (*path, child.text(QAccessible.Text.Name) or _kind(child))
        yield below, child
        yield from walk(child, below)


def _kind(node):
    thing = node.object()
    return thing.metaObject().className() if thing is not None else str(node.role())


def nameless(widget):
    """Give the paths of what can have the focus, is in sight, and has no name."""
    root = QAccessible.queryAccessibleInterface(widget)
    found = []
    for path, node in walk(root):
        state = node.state()
        if not state.focusable or state.invisible or state.disabled:
            continue
        is_part = path[-2:-1] and node.role() in _PARTS
        if not node.text(QAccessible.Text.Name).strip() and not is_part:
            found.append(" / ".join(path))
    return found


# What a control is made of is told with the control: the field of a spin box, cells of a list.
_PARTS = {
    QAccessible.Role.ListItem,
    QAccessible.Role.TreeItem,
    QAccessible.Role.Cell,
    QAccessible.Role.ScrollBar,
}


def focusable(widget):
    root = QAccessible.queryAccessibleInterface(widget)
    return [node for _, node in walk(root) if node.state().focusable]


def test_the_walk_finds_a_control_without_a_name(window):
    window.top.panic.setText("")
    assert [path.split(" / ")[-1] for path in nameless(window)] == ["QPushButton"]


def test_the_walk_goes_through_the_whole_window(window):
    names = {node.text(QAccessible.Text.Name) for node in focusable(window)}
    assert {"Timbre pad", "Search sounds", "Panic", "Undo", "cutoff, filter", "Presets"} <= names


@pytest.mark.parametrize("page", range(len(TABS)))
def test_every_control_of_the_browser_has_a_name(window, page):
    window.browser.show_tab(page)
    assert nameless(window) == []


@pytest.mark.parametrize("page", range(len(KNOB_PAGES)))
def test_every_knob_has_a_name(window, page):
    window.knobs.show_page(page)
    assert nameless(window) == []


def test_every_control_of_the_train_page_has_a_name(window):
    window.show_train_page()
    assert nameless(window) == []


@pytest.mark.parametrize("page", PAGES)
def test_every_control_of_the_settings_has_a_name(window, page, qtbot):
    window.show_settings(page)
    assert focusable(window.devices)
    assert nameless(window.devices) == []


@pytest.mark.parametrize("name", ["palette", "trail", "tour"])
def test_every_control_over_the_window_has_a_name(window, name):
    window.commands.run(name)
    over = {
        "palette": window.palette_of_commands,
        "trail": window.trail,
        "tour": window.tour,
    }[name]
    assert focusable(over)
    assert nameless(over) == []


@pytest.mark.parametrize("name", ["save_as", "rename", "delete", "import", "export"])
def test_every_control_of_a_dialog_has_a_name(window, name, qtbot):
    window.commands.run(name)
    qtbot.waitUntil(lambda: _dialogs() != [])
    for dialog in _dialogs():
        assert focusable(dialog)
        assert nameless(dialog) == []
        dialog.close()


def _dialogs():
    return [w for w in QApplication.topLevelWidgets() if isinstance(w, QDialog) and w.isVisible()]


def test_the_tab_key_goes_from_the_bar_over_the_sounds_and_the_pad_to_the_keys(window):
    panels = [
        *(window.top, window.browser, window.pad, window.note_view),
        *(window.knobs, window.keyboard, window.status_line),
    ]
    order = []
    widget = first = window.top.undo
    while True:
        widget = widget.nextInFocusChain()
        if widget is first:
            break
        if widget.focusPolicy() == Qt.FocusPolicy.NoFocus:
            continue
        owner = next((p for p in panels if p is widget or p.isAncestorOf(widget)), None)
        if owner is not None and (not order or order[-1] is not owner):
            order.append(owner)
    assert [panels.index(owner) for owner in order] == sorted(panels.index(o) for o in order)


def test_the_focus_is_seen_on_every_control_of_the_bar_and_the_pad(window):
    top = window.top
    for widget in (top.trail, top.save, top.name, top.record, top.panic, window.pad):
        window.keyboard.setFocus()
        without = widget.grab().toImage()
        widget.setFocus()
        assert widget.grab().toImage() != without


def in_sight(widget):
    """Give what of a window's panels takes the focus by Tab, in their order, from one round."""
    found, now = [], widget.nextInFocusChain()
    while now is not widget:
        if (
            now.isVisible()
            and now.isEnabled()
            and now.focusPolicy() & Qt.FocusPolicy.TabFocus
            and widget.isAncestorOf(now)
        ):
            found.append(now)
        now = now.nextInFocusChain()
    return found


@pytest.mark.parametrize("page", ["playing", "map", "breed", "train"])
def test_whatever_takes_the_focus_by_tab_shows_it(window, page, qtbot):
    if page == "train":
        window.show_train_page()
    elif page != "playing":
        window.commands.run(page)
    blind = []
    for widget in in_sight(window):
        if widget.visibleRegion().isEmpty() or isinstance(widget, QTabBar):
            continue
        window.setFocus()
        without = widget.grab().toImage()
        widget.setFocus(Qt.FocusReason.TabFocusReason)
        if widget.grab().toImage() == without:
            blind.append(f"{type(widget).__name__} {widget.accessibleName()}")
    assert blind == []


def test_every_knob_and_wheel_can_be_reached_by_tab(window):
    reached = in_sight(window)
    shown = [knob for knob in window.knobs.knobs.values() if knob.isVisible()]
    assert shown
    for widget in (*shown, window.bend, window.mod, window.keyboard, window.pad):
        assert widget in reached
