"""The tour of the first start: a few cards that point at what matters; shown once."""

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QRectF, QSettings, Signal
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen, QRegion
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from gui.widgets import theme as themes
from gui.widgets.theme import Theme

from .hints import with_keys
from .panels import Panels

SEEN = "tour/seen"
WIDTH, GAP_TO_TARGET = 330, 14


class Stop(NamedTuple):
    """One card: at which panel it points, and what it says."""

    target: Callable[[Panels], QWidget]
    title: str
    text: str
    action: str = ""  # "chord", or a page of the settings
    button: str = ""


STOPS = (
    Stop(
        lambda panels: panels.pad,
        "The pad is the sound",
        "Each point is a timbre. Drag the white finger: you hear the mixture at its place.",
        "chord",
        "Play a chord",
    ),
    Stop(
        lambda panels: panels.keyboard,
        "Play it",
        "With the mouse, or with the computer's keys A W S E D F; Z and X change the octave. A "
        "blue line on a key: its note is fresh.",
    ),
    Stop(
        lambda panels: panels.browser,
        "Sounds to begin with",
        "Click one to try it; Enter keeps it, Esc brings yours back. No sound that you went by is "
        "lost: {undo} goes back step by step.",
    ),
    Stop(
        lambda panels: panels.top.save,
        "Keep what you like",
        "{save} saves the sound under its name. The dots beside it: save as, rename, export.",
    ),
    Stop(
        lambda panels: panels.status_line.parts[1],
        "Plug in a keyboard",
        "A MIDI keyboard is found by itself, at any time. A right click on a knob gives it a "
        "controller. {palette} finds everything else.",
        "midi",
        "MIDI settings",
    ),
)


class Tour(QWidget):
    """Darkens the window but for what a card points at; the cards follow one another."""

    chord_wanted = Signal()
    page_wanted = Signal(str)

    def __init__(
        self,
        panels: Panels,
        theme: Theme,
        settings: QSettings | None = None,
        keys: Callable[[str], str] = lambda name: name,
    ) -> None:
        """Make a tour that is not under way.

        Args:
            panels: That it points at.
            theme: The colours.
            settings: Where it is kept that it was seen; None keeps nothing, and begins none.
            keys: Gives the keys of an action; "" for none.
        """
        super().__init__(panels)
        self._panels, self._theme, self._settings = panels, theme, settings
        self._keys = keys
        self.place = 0
        self.card = QWidget(self)
        self.card.setAccessibleName("Tour")
        self.title, self.text = QLabel(), QLabel()
        self.title.setFont(themes.font(bold=True))
        self.text.setWordWrap(True)
        self.count = QLabel()
        self.count.setProperty("role", "caption")
        self.try_it, self.skip, self.next = QPushButton(), QPushButton("Skip"), QPushButton("Next")
        self.next.setDefault(True)
        self.try_it.setAccessibleName("Try it")
        self.try_it.clicked.connect(self._act)
        self.skip.clicked.connect(self.end)
        self.next.clicked.connect(self.go_on)
        buttons = QHBoxLayout()
        buttons.addWidget(self.count)
        buttons.addStretch(1)
        for button in (self.try_it, self.skip, self.next):
            buttons.addWidget(button)
        layout = QVBoxLayout(self.card)
        layout.setContentsMargins(16, 12, 14, 12)
        for widget in (self.title, self.text):
            layout.addWidget(widget)
        layout.addLayout(buttons)
        self.hide()
        panels.installEventFilter(self)

    def begin_once(self) -> None:
        """Begin at the first start; at later ones not."""
        if self._settings is not None and not self._settings.contains(SEEN):
            self.begin()

    def begin(self) -> None:
        """Begin at the first card."""
        self.place = 0
        self.setGeometry(self._panels.rect())
        self.show()
        self.raise_()
        self._show_stop()

    def go_on(self) -> None:
        """Show the next card; after the last the tour is over."""
        if self.place + 1 == len(STOPS):
            self.end()
            return
        self.place += 1
        self._show_stop()

    def end(self) -> None:
        """Put the tour away; it does not come by itself again."""
        self.hide()
        if self._settings is not None:
            self._settings.setValue(SEEN, True)
        self._panels.pad.setFocus()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Follow the window's size."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self.setGeometry(self._panels.rect())
            self._place_card()
        return False

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the shade, the hole in it, and the card."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shade, hole = QPainterPath(), QPainterPath()
        shade.addRect(QRectF(self.rect()))
        hole.addRoundedRect(QRectF(self.hole()), 9, 9)
        painter.fillPath(shade.subtracted(hole), self._theme.colour("screen", 0.62))
        painter.setPen(QPen(self._theme.colour("accent"), 1.5))
        painter.drawPath(hole)
        painter.setPen(QPen(self._theme.colour("line"), 1))
        painter.setBrush(self._theme.colour("panel"))
        painter.drawRoundedRect(QRectF(self.card.geometry()).adjusted(0.5, 0.5, -0.5, -0.5), 9, 9)
        painter.end()

    def hole(self) -> QRect:
        """Give what the card points at."""
        target = STOPS[self.place].target(self._panels)
        rect = QRect(target.mapTo(self._panels, QPoint(0, 0)), target.size())
        return rect.adjusted(-3, -3, 3, 3).intersected(self.rect())

    def _show_stop(self) -> None:
        stop = STOPS[self.place]
        self.title.setText(stop.title)
        text = with_keys(stop.text, lambda name: self._keys(name) or f"“{name}”")
        self.text.setText(text)
        self.try_it.setText(stop.button)
        self.try_it.setVisible(bool(stop.action))
        self.count.setText(f"{self.place + 1} of {len(STOPS)}")
        self.next.setText("Done" if self.place + 1 == len(STOPS) else "Next")
        self.card.setAccessibleDescription(f"{stop.title}. {text}")
        self._place_card()
        self.next.setFocus()
        self.update()

    def _place_card(self) -> None:
        """Stand beside the hole, where there is most room."""
        layout = self.card.layout()
        assert layout is not None
        height = layout.totalHeightForWidth(WIDTH)
        hole, room = self.hole(), self.rect().adjusted(10, 10, -10, -10)
        places = (
            (hole.top() - height - GAP_TO_TARGET, hole.center().x() - WIDTH // 2),
            (hole.bottom() + GAP_TO_TARGET, hole.center().x() - WIDTH // 2),
            (hole.center().y() - height // 2, hole.right() + GAP_TO_TARGET),
            (hole.center().y() - height // 2, hole.left() - WIDTH - GAP_TO_TARGET),
        )
        card = QRect(0, 0, WIDTH, height)
        fitting = [
            QRect(QPoint(left, top), card.size())
            for top, left in places
            if room.top() <= top <= room.bottom() - height and room.left() - WIDTH // 2 <= left
        ]
        card.moveCenter(hole.center())
        card = fitting[0] if fitting else card
        card.moveLeft(min(max(card.left(), room.left()), room.right() - WIDTH))
        card.moveTop(min(max(card.top(), room.top()), room.bottom() - height))
        self.card.setGeometry(card)
        self.setMask(QRegion(self.rect()) - QRegion(hole))  # what it points at can be played
        self.update()

    def _act(self) -> None:
        action = STOPS[self.place].action
        if action == "chord":
            self.chord_wanted.emit()
        else:
            self.end()
            self.page_wanted.emit(action)
