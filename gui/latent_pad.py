"""The pad: four timbres in the corners, and the finger that says how much of each sounds."""

import itertools
import time

from PySide6.QtCore import QMimeData, QPointF, QRect, QRectF, QSize, Qt, QTimer, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPixmap,
    QRadialGradient,
    QResizeEvent,
)
from PySide6.QtWidgets import QMenu, QSizePolicy, QWidget

from instrument import PAD_X, PAD_Y, Corner, PadPath, Timbre

from .corner_chip import HEIGHT, CornerChip
from .dropped_sound import dropped_sound
from .pad_path_view import PadPathView
from .theme import Theme
from .timbre_colour import (
    UNKNOWN,
    Features,
    blend,
    colour_of,
    corner_features,
    field_image,
    pad_weights,
)
from .timbre_menu import TimbreMenu

TIMBRE_MIME = "application/x-timbrepad-timbre"
FIELD_PIXELS = 28  # a side of the small image that is scaled up: the field has no detail finer
N_GRID = 8
MARGIN = 26
STRIP = HEIGHT + 20  # above and below the field, for the chips
FINE_STEP, COARSE_STEP = 0.01, 0.1
TRAIL_SECONDS = 1.1
TRAIL_POINTS = 96
TRAIL_MILLISECONDS = 33
FINGER_RADIUS = 15.0
CORNER_PLACES = ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0))


class LatentPad(QWidget):
    """A field of colour with a white finger on it; (0, 0) is bottom left."""

    moved = Signal(float, float)  # by the player
    placed = Signal(float, float)  # by anyone
    timbre_chosen = Signal(int, str)
    sound_dropped = Signal(int, str)  # a recording, to be matched
    match_wanted = Signal(int)
    rerolled = Signal(int)
    lock_toggled = Signal(int, bool)
    menu_opened = Signal(object)  # to add to
    recorded = Signal(bool, bool)  # a path's recording begins or ends; whether it is a drawing
    path_cleared = Signal()
    path_toggled = Signal()  # played or not

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._x = self._y = 0.5
        self._corners: tuple[Corner, ...] = ()
        self._timbres: tuple[Timbre, ...] = ()
        self._features: list[Features] = [UNKNOWN] * 4
        self._share_fresh = 0.0
        self._is_drag = False
        self._learning = ""
        self._fine_from: QPointF | None = None
        self._drop_corner: int | None = None
        self._motion = PadPathView(theme)
        self._is_recording = False
        self._trail: list[tuple[float, float, float]] = []
        self._field: QPixmap | None = None
        self._trail_timer = QTimer(self)
        self._trail_timer.setInterval(TRAIL_MILLISECONDS)
        self._trail_timer.timeout.connect(self._fade_trail)
        self.chips = [self._make_chip(index) for index in range(4)]
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAcceptDrops(True)
        self.setMinimumSize(300, 220)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.setAccessibleName("Timbre pad")
        self._tell()

    @property
    def place(self) -> tuple[float, float]:
        """Where the finger is, (x, y), each 0 to 1."""
        return self._x, self._y

    def sizeHint(self) -> QSize:
        """Ask for a pad that a hand can play on."""
        return QSize(640, 560)

    def show_place(self, x: float, y: float) -> None:
        """Show where the instrument says that the finger is."""
        if not self._is_drag and (x, y) != (self._x, self._y):
            self._place(x, y)

    def show_path(self, path: PadPath | None) -> None:
        """Show the path."""
        self._motion.path = path
        self._tell()
        self.update()

    def show_motion(self, heard: tuple[float, float], share: float) -> None:
        """Show where motion has moved the pad, and how much of the path has been gone."""
        was_played = self._motion.share >= 0.0
        self._motion.heard, self._motion.share = heard, share
        if was_played != (share >= 0.0):
            self._tell()
        self.update()

    @property
    def making(self) -> str:
        """What the next stroke makes: "path", "drawing" or ""."""
        return self._motion.mode

    def make_path(self, mode: str) -> None:
        """Let the next stroke be recorded ("path") or drawn ("drawing"); "" ends that.

        A stroke is one of the mouse, or of the arrow keys until this is called again.
        """
        mode = "" if mode == self._motion.mode else mode
        was_drawing = self._motion.mode == "drawing"
        self._motion.mode = mode
        if self._is_recording:
            self._is_recording = False
            self.recorded.emit(False, was_drawing)
        self._tell()
        self.update()

    def show_corners(self, corners: tuple[Corner, ...]) -> None:
        """Show what stands on the corners."""
        self._corners = corners
        self._mix()

    def show_timbres(self, timbres: tuple[Timbre, ...]) -> None:
        """Take the model's named timbres, for the menus and the colours."""
        self._timbres = timbres
        self._mix()

    def show_fresh(self, n_fresh: int, n_notes: int) -> None:
        """Close the ring around the finger as the notes become fresh."""
        self._share_fresh = n_fresh / n_notes if n_notes else 0.0
        self.update(self._finger_rect())

    def show_learning(self, target: str) -> None:
        """Show which of its ways waits for a MIDI controller: `PAD_X`, `PAD_Y`, or any other."""
        self._learning = target
        self.update()

    def active_rect(self) -> QRectF:
        """Give the part that the finger can reach, in pixels."""
        return QRectF(self.rect()).adjusted(MARGIN, STRIP, -MARGIN, -STRIP)

    def to_pixels(self, x: float, y: float) -> QPointF:
        """Give where a place of the pad is on the widget."""
        active = self.active_rect()
        return QPointF(active.left() + x * active.width(), active.bottom() - y * active.height())

    def corner_menu(self, index: int) -> QMenu:
        """Make the menu of a corner."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addMenu(
            TimbreMenu(
                "Timbre",
                self._timbres,
                lambda name: self.timbre_chosen.emit(index, name),
                menu,
            )
        )
        corner = self._corners[index] if index < len(self._corners) else Corner(name="")
        menu.addAction("Match a sound…", lambda: self.match_wanted.emit(index))
        reroll = menu.addAction("Re-roll", lambda: self.rerolled.emit(index))
        reroll.setEnabled(not corner.locked)
        lock = menu.addAction("Lock")
        lock.setCheckable(True)
        lock.setChecked(corner.locked)
        lock.triggered.connect(lambda checked: self.lock_toggled.emit(index, checked))
        menu.addSeparator()
        self._add_path_to(menu)
        self.menu_opened.emit(menu)
        return menu

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Put the finger here; with Shift move it finely from where it is."""
        if event.button() != Qt.MouseButton.LeftButton:
            return
        self._is_drag = True
        self._drag(event)
        self._begin_stroke()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move the finger."""
        if self._is_drag:
            self._drag(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Lift the finger; it stays where it is."""
        if event.button() == Qt.MouseButton.LeftButton:
            self._is_drag = False
            self._fine_from = None
            if self._is_recording:
                self.make_path("")

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Take the second press of two quick taps as a press."""
        self.mousePressEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move by the arrow keys (Shift: far), Home is the middle, 1 to 4 open a corner's menu."""
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
            self._begin_stroke()
            self._move(round(self._x + right, 4), round(self._y + up, 4))
        elif key == Qt.Key.Key_Home:
            self._move(0.5, 0.5)
        elif key == Qt.Key.Key_Delete:
            self.path_cleared.emit()
        elif Qt.Key.Key_1 <= key <= Qt.Key.Key_4:
            self._open_menu(key - Qt.Key.Key_1)
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the menu of the nearest corner."""
        index = self._nearest_corner(QPointF(event.pos()))
        self.corner_menu(index).popup(event.globalPos())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take a timbre from the list, or a recording."""
        if event.mimeData().hasFormat(TIMBRE_MIME) or dropped_sound(event.mimeData()):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Show on which corner it would land."""
        self._show_drop(self._nearest_corner(event.position()))
        event.acceptProposedAction()

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        """Forget it."""
        self._show_drop(None)

    def dropEvent(self, event: QDropEvent) -> None:
        """Put the timbre on the nearest corner, or ask for a match of the recording."""
        name = bytes(event.mimeData().data(TIMBRE_MIME).data()).decode()
        index = self._nearest_corner(event.position())
        self._show_drop(None)
        if name:
            self.timbre_chosen.emit(index, name)
        else:
            self.sound_dropped.emit(index, dropped_sound(event.mimeData()))
        event.acceptProposedAction()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Draw the field anew, and put the chips where the corners are now."""
        self._field = None
        self._place_chips()
        super().resizeEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the field from its picture, and what moves over it."""
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._field_pixmap())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._corners:
            self._paint_corners(painter)
            self._paint_trail(painter)
            self._paint_learning(painter)
            self._motion.paint(painter, self.place, self.active_rect(), self.to_pixels)
            self._paint_finger(painter)
        if self.hasFocus():
            painter.setPen(QPen(self._theme.colour("accent", 0.75), 1.2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 9, 9)
        painter.end()

    def _begin_stroke(self) -> None:
        if self._motion.mode and not self._is_recording:
            self._is_recording = True
            self.recorded.emit(True, self._motion.mode == "drawing")

    def _add_path_to(self, menu: QMenu) -> None:
        path = menu.addMenu("Path")
        is_there = self._motion.path is not None
        self._add_making_to(path, "path", "Record a path\tCtrl+M")
        self._add_making_to(path, "drawing", "Draw a path\tCtrl+Shift+M")
        playing = "Stop playing" if self._motion.share >= 0.0 else "Play"
        path.addAction(f"{playing}\tCtrl+Space", self.path_toggled.emit).setEnabled(is_there)
        path.addAction("Clear\tDel", self.path_cleared.emit).setEnabled(is_there)

    def _add_making_to(self, menu: QMenu, mode: str, text: str) -> None:
        menu.addAction("Stop" if self.making == mode else text, lambda: self.make_path(mode))

    def _make_chip(self, index: int) -> CornerChip:
        chip = CornerChip(index, self._theme, self)
        chip.menu_wanted.connect(self._open_menu)
        chip.rerolled.connect(self.rerolled)
        chip.lock_toggled.connect(self.lock_toggled)
        chip.setCursor(Qt.CursorShape.ArrowCursor)
        return chip

    def _place_chips(self) -> None:
        room = self.width() // 2 - MARGIN
        for index, chip in enumerate(self.chips):
            chip.set_maximum_name_width(room)
            chip.adjustSize()
            chip.resize(min(chip.width(), room), chip.height())
            x, y = CORNER_PLACES[index]
            left = self.width() - chip.width() - 10 if x else 10
            chip.move(left, 7 if y else self.height() - chip.height() - 7)

    def _open_menu(self, index: int) -> None:
        chip = self.chips[index]
        self.corner_menu(index).popup(chip.mapToGlobal(chip.rect().bottomLeft()))

    def _mix(self) -> None:
        if self._corners:
            self._features = [corner_features(corner, self._timbres) for corner in self._corners]
        for chip, corner in zip(self.chips, self._corners, strict=False):
            chip.show_corner(corner)
        for chip in self.chips:
            chip.setVisible(bool(self._corners))
        self._field = None
        self._place_chips()
        self._tell()
        self.update()

    def _drag(self, event: QMouseEvent) -> None:
        position = event.position()
        active = self.active_rect()
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            former = self._fine_from or position
            self._fine_from = position
            x = self._x + 0.2 * (position.x() - former.x()) / active.width()
            y = self._y - 0.2 * (position.y() - former.y()) / active.height()
        else:
            self._fine_from = None
            x = (position.x() - active.left()) / active.width()
            y = (active.bottom() - position.y()) / active.height()
        self._move(x, y)

    def _move(self, x: float, y: float) -> None:
        """Take a place from the player and pass it on."""
        x, y = min(max(x, 0.0), 1.0), min(max(y, 0.0), 1.0)
        if (x, y) != (self._x, self._y):
            self._place(x, y)
            self.moved.emit(x, y)

    def _place(self, x: float, y: float) -> None:
        now = time.monotonic()
        self._trail = [*self._trail[-TRAIL_POINTS:], (now, self._x, self._y)]
        self._trail_timer.start()
        self._x, self._y = x, y
        self._tell()
        self.placed.emit(x, y)
        self.update()

    def _tell(self) -> None:
        weights = pad_weights(self._x, self._y)
        for chip, weight in zip(self.chips, weights, strict=True):
            chip.show_weight(weight)
        parts = [
            f"{corner.name} {100 * weight:.0f} %"
            for corner, weight in zip(self._corners, weights, strict=False)
        ]
        self.setAccessibleDescription(
            f"x {100 * self._x:.0f} %, y {100 * self._y:.0f} %. {', '.join(parts)}. "
            "Arrow keys move, with Shift far; 1 to 4 open a corner's menu. "
            f"{self._motion.words()}".rstrip()
        )

    def _fade_trail(self) -> None:
        oldest = time.monotonic() - TRAIL_SECONDS
        self._trail = [point for point in self._trail if point[0] > oldest]
        if not self._trail:
            self._trail_timer.stop()
        self.update()

    def _nearest_corner(self, position: QPointF) -> int:
        middle = self.rect().center()
        return (position.x() > middle.x()) + 2 * (position.y() < middle.y())

    def _show_drop(self, index: int | None) -> None:
        if index != self._drop_corner:
            self._drop_corner = index
            self.update()

    def _finger_rect(self) -> QRect:
        centre = self.to_pixels(self._x, self._y)
        reach = FINGER_RADIUS + 8
        around = QRectF(centre.x() - reach, centre.y() - reach, 2 * reach, 2 * reach)
        return around.toAlignedRect()

    def _field_pixmap(self) -> QPixmap:
        if self._field is None:
            self._field = self._draw_field()
        return self._field

    def _draw_field(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(QSize(self.width(), self.height()) * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(self._theme.colour("window"))
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        outline = QPainterPath()
        outline.addRoundedRect(QRectF(self.rect()), 10, 10)
        painter.setClipPath(outline)
        if self._corners:
            painter.drawImage(QRectF(self.rect()), field_image(self._features, FIELD_PIXELS))
        else:
            painter.fillRect(self.rect(), self._theme.colour("panel"))
        self._draw_grid(painter)
        painter.end()
        return pixmap

    def _draw_grid(self, painter: QPainter) -> None:
        active = self.active_rect()
        painter.setPen(QPen(QColor(255, 255, 255, 22), 1))
        for place in range(N_GRID + 1):
            x = active.left() + place / N_GRID * active.width()
            y = active.top() + place / N_GRID * active.height()
            painter.drawLine(QPointF(x, active.top()), QPointF(x, active.bottom()))
            painter.drawLine(QPointF(active.left(), y), QPointF(active.right(), y))

    def _paint_corners(self, painter: QPainter) -> None:
        finger = self.to_pixels(self._x, self._y)
        weights = pad_weights(self._x, self._y)
        for index, (x, y) in enumerate(CORNER_PLACES):
            centre = self.to_pixels(x, y)
            weight = weights[index]
            pen = QPen(QColor(255, 255, 255, round(30 + 170 * weight)), 0.8 + 5.0 * weight)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            painter.drawLine(finger, centre)
        for index, (x, y) in enumerate(CORNER_PLACES):
            self._paint_point(painter, index, self.to_pixels(x, y))

    def _paint_point(self, painter: QPainter, index: int, centre: QPointF) -> None:
        radius = 8.5
        if index == self._drop_corner:
            painter.setPen(QPen(QColor("white"), 2))
            painter.setBrush(QColor(255, 255, 255, 60))
            painter.drawEllipse(centre, radius + 8, radius + 8)
        painter.setPen(QPen(QColor(0, 0, 0, 140), 2))
        painter.setBrush(colour_of(self._features[index]))
        painter.drawEllipse(centre, radius, radius)

    def _paint_trail(self, painter: QPainter) -> None:
        now = time.monotonic()
        points = [*self._trail, (now, self._x, self._y)]
        for (_, x0, y0), (then, x1, y1) in itertools.pairwise(points):
            strength = max(0.0, 1.0 - (now - then) / TRAIL_SECONDS)
            pen = QPen(QColor(255, 255, 255, round(150 * strength)), 1.0 + 4.0 * strength)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            painter.setPen(pen)
            painter.drawLine(self.to_pixels(x0, y0), self.to_pixels(x1, y1))

    def _paint_learning(self, painter: QPainter) -> None:
        """Draw the way that waits for a MIDI controller, through the finger."""
        ways = {PAD_X: ((0.0, self._y), (1.0, self._y)), PAD_Y: ((self._x, 0.0), (self._x, 1.0))}
        if self._learning in ways:
            start, end = ways[self._learning]
            painter.setPen(QPen(self._theme.colour("rendering"), 3.0, Qt.PenStyle.DashLine))
            painter.drawLine(self.to_pixels(*start), self.to_pixels(*end))

    def _paint_finger(self, painter: QPainter) -> None:
        centre = self.to_pixels(self._x, self._y)
        glow = QRadialGradient(centre, FINGER_RADIUS + 7)
        glow.setColorAt(0.55, QColor(255, 255, 255, 130))
        glow.setColorAt(1.0, QColor(255, 255, 255, 0))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(glow)
        painter.drawEllipse(centre, FINGER_RADIUS + 7, FINGER_RADIUS + 7)
        painter.setBrush(QColor("white"))
        painter.drawEllipse(centre, FINGER_RADIUS, FINGER_RADIUS)
        painter.setBrush(colour_of(blend(self._features, pad_weights(self._x, self._y))))
        painter.drawEllipse(centre, 7.5, 7.5)
        self._paint_ring(painter, centre)

    def _paint_ring(self, painter: QPainter, centre: QPointF) -> None:
        """Draw how many of the notes are as the pad asks for."""
        radius = FINGER_RADIUS - 3.4
        ring = QRectF(centre.x() - radius, centre.y() - radius, 2 * radius, 2 * radius)
        is_done = self._share_fresh >= 1.0
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(QColor(0, 0, 0, 50), 2.6))
        painter.drawEllipse(ring)
        painter.setPen(QPen(self._theme.colour("fresh" if is_done else "rendering"), 2.6))
        painter.drawArc(ring, 90 * 16, round(-360 * 16 * self._share_fresh))


def timbre_mime(name: str) -> QMimeData:
    """Pack a timbre's name for a drag onto the pad."""
    data = QMimeData()
    data.setData(TIMBRE_MIME, name.encode())
    data.setText(name)
    return data
