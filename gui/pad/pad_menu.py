"""The pad's menus: of one timbre point, of an empty place, of the path."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from instrument import MOST_POINTS, Corner, Timbre, are_in_corners

from .pad_path_view import PadPathView
from .timbre_menu import TimbreMenu

MOST_NAME = 80


@dataclass(frozen=True, kw_only=True)
class PadActions:
    """What the menus can do, as plain calls; the pad fills them with its signals.

    Attributes:
        choose: A timbre for a point, by number.
        match: A recording with a point.
        reroll: A point.
        lock: A point, or unlock it.
        rename: A point.
        remove: A point.
        add: A point with a timbre; "" is what sounds there.
        arrange: True: the points stand in the corners; False: they are weighed by nearness.
        make_path: By the next stroke, as `PadPathView.mode` says.
        play_path: Or stop playing it.
        clear_path: Take it away.
        keys: Gives the keys of an action of the window; "" for none.
    """

    choose: Callable[[int, str], None]
    match: Callable[[int], None]
    reroll: Callable[[int], None]
    lock: Callable[[int, bool], None]
    rename: Callable[[int, str], None]
    remove: Callable[[int], None]
    add: Callable[[float, float, str], None]
    arrange: Callable[[bool], None]
    make_path: Callable[[str], None]
    play_path: Callable[[], None]
    clear_path: Callable[[], None]
    keys: Callable[[str], str]


def add_point_to(
    menu: QMenu,
    index: int,
    points: Sequence[Corner],
    timbres: Sequence[Timbre],
    actions: PadActions,
) -> None:
    """Fill a menu with what can be done with a point."""
    point = points[index] if index < len(points) else Corner(name="")
    menu.addMenu(TimbreMenu("Timbre", timbres, lambda name: actions.choose(index, name), menu))
    menu.addAction("Match a sound…", lambda: actions.match(index))
    reroll = menu.addAction("Re-roll", lambda: actions.reroll(index))
    reroll.setEnabled(not point.locked)
    lock = menu.addAction("Lock")
    lock.setCheckable(True)
    lock.setChecked(point.locked)
    lock.triggered.connect(lambda checked: actions.lock(index, checked))
    menu.addAction("Rename…", lambda: ask_for_name(menu.parentWidget(), index, point, actions))
    menu.addAction("Remove", lambda: actions.remove(index)).setEnabled(len(points) > 1)


def add_place_to(
    menu: QMenu,
    place: tuple[float, float],
    points: Sequence[Corner],
    timbres: Sequence[Timbre],
    actions: PadActions,
) -> None:
    """Fill a menu with what can be done at a place where no point is."""
    has_room = 0 < len(points) < MOST_POINTS
    menu.addAction("New point of what sounds here", lambda: actions.add(*place, "")).setEnabled(
        has_room
    )
    new = TimbreMenu("New point", timbres, lambda name: actions.add(*place, name), menu)
    menu.addMenu(new)
    new.menuAction().setEnabled(has_room and bool(timbres))
    menu.addSeparator()
    in_corners = are_in_corners(points)
    for text, is_on in (("Mix four corners", True), ("Mix by nearness", False)):
        action = menu.addAction(text, partial(actions.arrange, is_on))
        action.setCheckable(True)
        action.setChecked(bool(points) and in_corners == is_on)
        action.setEnabled(bool(points) and (not is_on or len(points) == 4))


def add_path_to(menu: QMenu, motion: PadPathView, actions: PadActions) -> None:
    """Give a menu a submenu of what can be done with the path."""
    path = menu.addMenu("Path")
    is_there = motion.path is not None
    for mode, text, is_possible in (
        ("path", f"Record a path\t{actions.keys('record_path')}", True),
        ("drawing", f"Draw a path\t{actions.keys('draw_path')}", True),
        ("editing", "Edit its points", is_there),
    ):
        said = "Stop" if motion.mode == mode else text
        path.addAction(said, partial(actions.make_path, mode)).setEnabled(is_possible)
    playing = "Stop playing" if motion.share >= 0.0 else "Play"
    path.addAction(f"{playing}\t{actions.keys('play_path')}", actions.play_path).setEnabled(
        is_there
    )
    path.addAction("Clear\tDel", actions.clear_path).setEnabled(is_there)


def ask_for_name(
    parent: QWidget | None, index: int, point: Corner, actions: PadActions
) -> QInputDialog:
    """Open a field to type a point's name into."""
    dialog = QInputDialog(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle("Rename the point")
    dialog.setLabelText("Name")
    dialog.setTextValue(point.name)
    dialog.textValueSelected.connect(
        lambda name: actions.rename(index, name.strip()[:MOST_NAME]) if name.strip() else None
    )
    dialog.open()
    return dialog
