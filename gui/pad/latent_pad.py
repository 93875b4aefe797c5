"""The pad: timbre points anywhere on it, and the finger that says how much of each sounds."""

from collections.abc import Callable

from PySide6.QtCore import (
    QEvent,
    QMimeData,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    QSize,
    QSizeF,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QRegion,
    QResizeEvent,
    QTabletEvent,
)
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from gui.widgets.dropped_sound import dropped_sound
from gui.widgets.theme import Theme
from instrument import PAD_X, PAD_Y, Corner, PadPath, Timbre

from .pad_field import PadField
from .pad_finger import finger_rect, paint_finger
from .pad_geometry import PadGeometry
from .pad_menu import PadActions, add_path_to, add_place_to, add_point_to, ask_for_name
from .pad_path_view import PadPathView
from .pad_points import PadPoints
from .pad_stroke import PadStroke
from .pad_touch import touch_of
from .pad_trail import PadTrail

TIMBRE_MIME = "application/x-timbrepad-timbre"
FINE_STEP, COARSE_STEP = 0.01, 0.1
TRAIL_MILLISECONDS = 33


class LatentPad(QWidget):
    """A field of colour with points and a white finger on it; (0, 0) is bottom left.

    Attributes:
        where: Places as pixels, at the present size.
        points: The timbre points as seen.
        covers: Cards that may lie over it.
    """

    moved = Signal(float, float)  # by the player
    placed = Signal(float, float)  # by anyone
    pressed_hard = Signal(int)  # 0..127, by a touch or a stylus
    timbre_chosen = Signal(int, str)
    sound_dropped = Signal(int, str)  # a recording, to be matched
    match_wanted = Signal(int)
    rerolled = Signal(int)
    lock_toggled = Signal(int, bool)
    point_moved = Signal(int, float, float)
    point_added = Signal(float, float, str)  # the timbre; "" is what sounds there
    point_removed = Signal(int)
    point_renamed = Signal(int, str)
    arranged = Signal(bool)  # into the corners, or by nearness
    menu_opened = Signal(object)  # to add to
    recorded = Signal(bool, bool)  # a path's recording begins or ends; whether it is a drawing
    path_changed = Signal(object)
    path_cleared = Signal()
    path_toggled = Signal()  # played or not

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._x = self._y = 0.5
        self._share_fresh = 0.0
        self._learning = ""
        self.covers: tuple[QWidget, ...] = ()
        self._keys: Callable[[str], str] = lambda _name: ""
        self.where = PadGeometry(QSizeF(self.size()))
        self._motion = PadPathView(theme)
        self._stroke = PadStroke(self, self._motion)
        self._trail = PadTrail()
        self._field = PadField(theme)
        self._trail_timer = QTimer(self)
        self._trail_timer.setInterval(TRAIL_MILLISECONDS)
        self._trail_timer.timeout.connect(self._fade_trail)
        self.points = PadPoints(self, theme)
        self._connect_parts()
        self._actions = PadActions(
            choose=self.timbre_chosen.emit,
            match=self.match_wanted.emit,
            reroll=self.rerolled.emit,
            lock=self.lock_toggled.emit,
            rename=self.point_renamed.emit,
            remove=self.point_removed.emit,
            add=self.point_added.emit,
            arrange=self.arranged.emit,
            make_path=self.make_path,
            play_path=self.path_toggled.emit,
            clear_path=self.path_cleared.emit,
            keys=self._keys_of,
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self.setAttribute(Qt.WidgetAttribute.WA_AcceptTouchEvents)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(300, 220)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName("Timbre pad")
        self._tell()

    @property
    def place(self) -> tuple[float, float]:
        """Where the finger is, (x, y), each 0 to 1."""
        return self._x, self._y

    def use_keys(self, keys: Callable[[str], str]) -> None:
        """Let the menus say keys: of an action of the window by its name, "" for none."""
        self._keys = keys

    def _keys_of(self, name: str) -> str:
        return self._keys(name)

    def sizeHint(self) -> QSize:
        """Ask for a pad that a hand can play on."""
        return QSize(640, 560)

    def show_place(self, x: float, y: float) -> None:
        """Show where the instrument says that the finger is."""
        if not self._stroke.is_finger and (x, y) != (self._x, self._y):
            self._place(x, y)

    def show_path(self, path: PadPath | None) -> None:
        """Show the path."""
        if not self._stroke.is_bending:
            self._motion.path = path
        if path is None and self._motion.mode == "editing":
            self._motion.mode = ""
        self._tell()
        self.update()

    def show_motion(self, heard: tuple[float, float], share: float) -> None:
        """Show where motion has moved the pad, and how much of the path has been gone."""
        was_played = self._motion.share >= 0.0
        self._motion.heard, self._motion.share = heard, share
        if was_played != (share >= 0.0):
            self._tell()
        self._update_soon()

    @property
    def making(self) -> str:
        """What the next stroke makes: "path", "drawing", "editing" or ""."""
        return self._motion.mode

    def make_path(self, mode: str) -> None:
        """Let the next stroke be recorded ("path") or drawn ("drawing"); "" ends that.

        A stroke is one of the mouse, or of the arrow keys until this is called again. While
        "editing", strokes drag the path's points.
        """
        self._stroke.make("" if mode == self._motion.mode else mode)
        self._tell()
        self.update()

    def show_corners(self, corners: tuple[Corner, ...]) -> None:
        """Show the timbre points."""
        self.points.show_corners(corners)
        self._points_changed()

    def show_timbres(self, timbres: tuple[Timbre, ...]) -> None:
        """Take the model's named timbres, for the menus and the colours."""
        self.points.show_timbres(timbres)
        self._points_changed()

    def show_playability(self, marks: tuple[tuple[float, float, float], ...]) -> None:
        """Shade where notes are out of tune: places, and the share of their notes in tune."""
        self._field.show_marks(marks)
        self.update()

    def show_fresh(self, n_fresh: int, n_notes: int) -> None:
        """Close the ring around the finger as the notes become fresh."""
        self._share_fresh = n_fresh / n_notes if n_notes else 0.0
        self._update_soon(finger_rect(self.to_pixels(*self.place), self.where.scale))

    def _update_soon(self, part: QRect | None = None) -> None:
        """Paint, unless the finger or its trail will at once: no frame is painted twice."""
        if not self._trail_timer.isActive():
            self.update(self.rect() if part is None else part)

    def _update_in_sight(self) -> None:
        """Paint all but what cards cover, which would have to be painted anew over it."""
        region = QRegion(self.rect())
        for cover in self.covers:
            if cover.isVisible():
                corner = self.mapFromGlobal(cover.mapToGlobal(QPoint(0, 0)))
                region -= QRegion(QRect(corner, cover.size()))
        self.update(region)

    def show_learning(self, target: str) -> None:
        """Show which of its ways waits for a MIDI controller: `PAD_X`, `PAD_Y`, or any other."""
        self._learning = target
        self.update()

    def active_rect(self) -> QRectF:
        """Give the part that the finger can reach, in pixels."""
        return self.where.active

    def to_pixels(self, x: float, y: float) -> QPointF:
        """Give where a place of the pad is on the widget."""
        return self.where.to_pixels(x, y)

    def corner_menu(self, index: int) -> QMenu:
        """Make the menu of a point."""
        menu = self._new_menu()
        add_point_to(menu, index, self.points.corners, self.points.timbres, self._actions)
        return self._finish_menu(menu, self.place)

    def place_menu(self, x: float, y: float) -> QMenu:
        """Make the menu of a place where no point is."""
        return self._finish_menu(self._new_menu(), (x, y))

    def event(self, event: QEvent) -> bool:
        """Take touches before they become a mouse's; one on a point is left to drag it."""
        touch = touch_of(event) if not isinstance(event, QTabletEvent) else None
        if touch is None:
            return super().event(event)
        if touch.is_begun and self.points.at(touch.position) is not None:
            event.ignore()
            return False
        self._stroke.take(touch)
        event.accept()
        return True

    def tabletEvent(self, event: QTabletEvent) -> None:
        """Follow a stylus; how hard it presses is the pressure of all keys."""
        touch = touch_of(event)
        if touch is None or (touch.is_begun and self.points.at(touch.position) is not None):
            event.ignore()  # then it comes again as the mouse's
            return
        self._stroke.take(touch)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Put the finger here; with Shift move it finely from where it is."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._stroke.press(event.position(), event.modifiers())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the finger, or a point of the path."""
        if self._stroke.is_on:
            self._stroke.drag(event.position(), event.modifiers())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Lift the finger; it stays where it is."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._stroke.release()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Keep what sounds here as a new point; it is a press, too, and only that for a path."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self.mousePressEvent(event)
        if not self._motion.mode and self.points.corners:
            self.point_added.emit(*self.where.to_place(event.position()), "")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move by the arrow keys (Shift: far) and Home; Insert adds a point, digits open menus."""
        step = COARSE_STEP if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else FINE_STEP
        ways = {
            Qt.Key.Key_Left: (-step, 0.0),
            Qt.Key.Key_Right: (step, 0.0),
            Qt.Key.Key_Down: (0.0, -step),
            Qt.Key.Key_Up: (0.0, step),
        }
        key = event.key()
        if key in ways:
            right, up = ways[Qt.Key(key)]
            self._stroke.begin_recording()
            self._move(round(self._x + right, 4), round(self._y + up, 4))
        elif key == Qt.Key.Key_Home:
            self._move(0.5, 0.5)
        elif key == Qt.Key.Key_Delete:
            self.path_cleared.emit()
        elif key == Qt.Key.Key_Insert and self.points.corners:
            self.point_added.emit(*self.place, "")
        elif Qt.Key.Key_1 <= key <= Qt.Key.Key_9 and key - Qt.Key.Key_1 < len(self.points.corners):
            self._open_menu(key - Qt.Key.Key_1)
        elif key == Qt.Key.Key_Menu:
            self.place_menu(*self.place).popup(
                self.mapToGlobal(self.to_pixels(*self.place)).toPoint()
            )
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the menu of the place."""
        self.place_menu(*self.where.to_place(QPointF(event.pos()))).popup(event.globalPos())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take a timbre from the list, or a recording."""
        if event.mimeData().hasFormat(TIMBRE_MIME) or dropped_sound(event.mimeData()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Show on which point it would land, if on one."""
        self.points.show_target(self.points.at(event.position()))
        event.acceptProposedAction()

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        """Forget it."""
        self.points.show_target(None)

    def dropEvent(self, event: QDropEvent) -> None:
        """Give the timbre to the point under it, else make one of it here; match a recording."""
        name = bytes(event.mimeData().data(TIMBRE_MIME).data()).decode()
        self.points.show_target(None)
        index = self.points.at(event.position())
        if not name:
            nearest = self.points.nearest(event.position()) if index is None else index
            self.sound_dropped.emit(nearest, dropped_sound(event.mimeData()))
        elif index is not None:
            self.timbre_chosen.emit(index, name)
        else:
            self.point_added.emit(*self.where.to_place(event.position()), name)
        event.acceptProposedAction()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the points where their places are now."""
        self.where = PadGeometry(QSizeF(self.size()))
        self.points.lay_out()
        super().resizeEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the field from its picture, and what moves over it."""
        painter = QPainter(self)
        ratio = self.devicePixelRatioF()
        field = self._field.pixmap(
            self.size(), self.active_rect(), ratio, is_ringed=self.hasFocus()
        )
        painter.drawPixmap(0, 0, field)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.points.corners:
            finger = self.to_pixels(*self.place)
            self.points.paint_lines(painter, finger)
            self._trail.paint(painter, self.active_rect(), self.where.scale)
            self._paint_learning(painter)
            self._motion.paint(painter, self.place, self.active_rect(), self.to_pixels)
            colour = self.points.colour_at(*self.place)
            paint_finger(painter, finger, colour, self._share_fresh, self._theme, self.where.scale)
        painter.end()

    def _connect_parts(self) -> None:
        stroke, points = self._stroke, self.points
        stroke.moved.connect(self._move)
        stroke.recorded.connect(self.recorded)
        stroke.path_changed.connect(self.path_changed)
        stroke.path_changed.connect(lambda _path: self.update())
        stroke.pressed_hard.connect(self.pressed_hard)
        points.dragged.connect(self._drag_point)
        points.dropped.connect(lambda _index: self._points_changed())
        points.stepped.connect(self._step_point)
        points.touched.connect(lambda index: self._move(*points.places[index]))
        points.menu_wanted.connect(self._open_menu)
        points.rerolled.connect(self.rerolled)
        points.lock_toggled.connect(self.lock_toggled)
        points.removed.connect(self.point_removed)
        points.rename_wanted.connect(
            lambda index: ask_for_name(self, index, points.corners[index], self._actions)
        )

    def _drag_point(self, index: int, pixel: QPointF) -> None:
        self.point_moved.emit(index, *self.points.move(index, *self.where.to_place(pixel)))
        self._points_changed()

    def _step_point(self, index: int, right: float, up: float) -> None:
        x, y = self.points.places[index]
        self.point_moved.emit(index, *self.points.move(index, x + right, y + up))
        self._points_changed()

    def _points_changed(self) -> None:
        points = self.points
        self._field.show_points(
            points.features,
            [corner.place for corner in points.corners],
            points.places,
            is_draft=points.is_dragging,
        )
        self._tell()
        self.update()

    def _new_menu(self) -> QMenu:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        return menu

    def _finish_menu(self, menu: QMenu, place: tuple[float, float]) -> QMenu:
        if menu.actions():
            menu.addSeparator()
        add_place_to(menu, place, self.points.corners, self.points.timbres, self._actions)
        menu.addSeparator()
        add_path_to(menu, self._motion, self._actions)
        self.menu_opened.emit(menu)
        return menu

    def _open_menu(self, index: int) -> None:
        handle = self.points.handles[index]
        self.corner_menu(index).popup(handle.mapToGlobal(handle.rect().bottomLeft()))

    def _move(self, x: float, y: float) -> None:
        """Take a place from the player and pass it on."""
        x, y = min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)
        if (x, y) != (self._x, self._y):
            self._place(x, y)
            self.moved.emit(x, y)

    def _place(self, x: float, y: float) -> None:
        self._trail.add(self._x, self._y)
        self._trail_timer.start()  # anew: it need not tick while the finger paints the pad
        self._x, self._y = x, y
        self._tell()
        self.placed.emit(x, y)
        self._update_in_sight()

    def _tell(self) -> None:
        parts = self.points.show_finger(self._x, self._y)
        self.setAccessibleDescription(
            f"x {100 * self._x:.0f} %, y {100 * self._y:.0f} %. {', '.join(parts)}. "
            "Arrow keys move, with Shift far; Insert adds a point, 1 to 9 open a point's menu. "
            f"{self._motion.words()}".rstrip()
        )

    def _fade_trail(self) -> None:
        if self._trail.fade():
            self._update_in_sight()
        else:
            self._trail_timer.stop()
            self.update()

    def _paint_learning(self, painter: QPainter) -> None:
        """Draw the way that waits for a MIDI controller, through the finger."""
        ways = {PAD_X: ((0.0, self._y), (1.0, self._y)), PAD_Y: ((self._x, 0.0), (self._x, 1.0))}
        if self._learning in ways:
            start, end = ways[self._learning]
            painter.setPen(QPen(self._theme.colour("rendering"), 3.0, Qt.PenStyle.DashLine))
            painter.drawLine(self.to_pixels(*start), self.to_pixels(*end))


def timbre_mime(name: str) -> QMimeData:
    """Pack a timbre's name for a drag onto the pad."""
    data = QMimeData()
    data.setData(TIMBRE_MIME, name.encode())
    data.setText(name)
    return data
