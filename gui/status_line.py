"""The line at the bottom: what is connected, how fresh the notes are, and one hint."""

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from gui.widgets import theme as themes
from gui.widgets.theme import Theme
from gui.widgets.units_text import DASH
from instrument import Status

HEIGHT = 26
HINT_ROOM = 250  # pixels that the hint keeps, however long the names are
LEAST_TEXT, LONGEST_TEXT, TEXT_STEP = 66, 210, 12  # pixels of a name


class Part(NamedTuple):
    """Something connected: a caption, what it is, the colour of its dot."""

    caption: str
    text: str
    colour: str


def audio_part(status: Status) -> Part:
    """Say which output plays, at which rate and block."""
    audio = status.audio
    if not audio.running:
        return Part("Out", "none", "error")
    rate = f"{audio.sample_rate / 1000:g} kHz"
    return Part("Out", f"{audio.device or 'default'} · {rate} · {audio.block}", "good")


def midi_part(status: Status) -> Part:
    """Say which MIDI inputs are connected."""
    names = status.midi_inputs
    if not names:
        return Part("MIDI", "none", "faint")
    more = f" +{len(names) - 1}" if len(names) > 1 else ""
    return Part("MIDI", names[0] + more, "good")


def model_part(status: Status) -> Part:
    """Say which model makes the notes, and how it is doing."""
    colours = {"ready": "good", "failed": "error"}
    if status.model is None:
        words = "none" if status.renderer in ("ready", "failed") else "loading…"
        return Part("Model", words, "error" if words == "none" else "rendering")
    working = {"starting": " · loading…", "restarting": " · restarting…", "failed": " · failed"}
    name = status.model.name + working.get(status.renderer, "")
    return Part("Model", name, colours.get(status.renderer, "rendering"))


def notes_part(status: Status) -> Part:
    """Say how many notes are as the pad asks for."""
    if not status.n_notes:
        return Part("Notes", DASH, "faint")
    is_done = status.n_fresh >= status.n_notes
    return Part(
        "Notes", f"{status.n_fresh}/{status.n_notes} fresh", "fresh" if is_done else "rendering"
    )


def tempo_part(status: Status) -> Part:
    """Say how fast the music is, and who says so."""
    tempo = f"{status.tempo:.1f}".removesuffix(".0")
    if status.is_clocked:
        return Part("Tempo", f"{tempo} · clock", "good")
    return Part("Tempo", tempo, "faint")


TAP = "tap"  # the part that is no page of the settings, but a tap of the tempo

PARTS: tuple[tuple[str, Callable[[Status], Part]], ...] = (
    ("audio", audio_part),
    ("midi", midi_part),
    ("model", model_part),
    ("", notes_part),
    (TAP, tempo_part),
)


class StatusLine(QWidget):
    """Parts that open their settings, and a hint at the right."""

    settings_wanted = Signal(str)
    tapped = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEIGHT)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 0, 10, 0)
        layout.setSpacing(4)
        self.parts: list[_PartButton] = []
        for page, _ in PARTS:
            button = _PartButton(page, theme)
            if page == TAP:  # when it goes down, which is the beat, and by a key when it is done
                button.pressed.connect(self.tapped)
            else:
                button.clicked.connect(
                    lambda _checked=False, page=page: self.settings_wanted.emit(page)
                )
            self.parts.append(button)
            layout.addWidget(button)
        self.hint = QLabel()
        self.hint.setProperty("role", "caption")
        self.hint.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.hint.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.hint.setAccessibleName("Hint")
        layout.addWidget(self.hint, 1)
        self._help_page = ""
        self.help = QPushButton("Settings…")
        self.help.setProperty("role", "chip")
        self.help.clicked.connect(lambda: self.settings_wanted.emit(self._help_page))
        self.help.hide()
        layout.addWidget(self.help)
        self._hint_text = ""

    def show_status(self, status: Status) -> None:
        """Show what is connected."""
        for button, (_, part) in zip(self.parts, PARTS, strict=True):
            button.show_part(part(status))
        self._fit_hint()

    def show_hint(self, text: str, page: str = "") -> None:
        """Show a hint, with a button that opens the page of the settings that helps."""
        self._hint_text, self._help_page = text, page
        self.help.setVisible(bool(page))
        self.help.setAccessibleName(f"Open the settings: {page}")
        self._fit_hint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Shorten the hint to what fits."""
        super().resizeEvent(event)
        self._fit_hint()

    def _fit_hint(self) -> None:
        metrics = QFontMetrics(themes.font(themes.SMALL_PIXELS))
        room = self.width() - self._fit_parts() - 30
        if not self.help.isHidden():
            room -= self.help.sizeHint().width() + 4
        self.hint.setText(
            metrics.elidedText(self._hint_text, Qt.TextElideMode.ElideRight, max(room, 0))
        )
        self.hint.setToolTip(self._hint_text)

    def _fit_parts(self) -> int:
        """Shorten the longest names until the hint has its room; give the parts' width."""
        used = 0
        for most in range(LONGEST_TEXT, LEAST_TEXT - 1, -TEXT_STEP):
            for button in self.parts:
                button.allow_text(most)
            used = sum(button.sizeHint().width() + 4 for button in self.parts)
            if used + HINT_ROOM <= self.width():
                break
        return used


class _PartButton(QAbstractButton):
    """A dot, a caption and a name."""

    def __init__(self, page: str, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._part = Part("", "", "faint")
        self._most_text = LONGEST_TEXT
        self._does = {"": "", TAP: ", click to the beat to set it"}.get(page, ", click to change")
        self.setEnabled(bool(page))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if page else Qt.FocusPolicy.NoFocus)
        if page:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedHeight(HEIGHT - 2)

    def allow_text(self, pixels: int) -> None:
        """Say how long the name may be; a longer one is shortened in the middle."""
        pixels = min(pixels, LONGEST_TEXT)
        if pixels != self._most_text:
            self._most_text = pixels
            self.updateGeometry()

    def show_part(self, part: Part) -> None:
        if part == self._part:
            return
        self._part = part
        self.setAccessibleName(f"{part.caption}: {part.text}")
        self.setToolTip(f"{part.caption}: {part.text}" + self._does)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        metrics = QFontMetrics(themes.font(themes.SMALL_PIXELS))
        text = min(metrics.horizontalAdvance(self._part.text), self._most_text)
        return QSize(metrics.horizontalAdvance(self._part.caption) + text + 30, HEIGHT - 2)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self.hasFocus() or (self.underMouse() and self.isEnabled()):
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colour("hover"))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0, 2, 0, -2), 4, 4)
        middle = self.height() / 2
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour(self._part.colour))
        painter.drawEllipse(QRectF(6, middle - 3, 6, 6))
        font = themes.font(themes.SMALL_PIXELS)
        metrics = QFontMetrics(font)
        painter.setFont(font)
        painter.setPen(self._theme.colour("dim"))
        flags = Qt.AlignmentFlag.AlignVCenter
        left = 17
        painter.drawText(QRectF(left, 0, 100, self.height()), flags, self._part.caption)
        left += metrics.horizontalAdvance(self._part.caption) + 5
        painter.setPen(self._theme.colour("text"))
        room = QRectF(left, 0, self.width() - left - 2, self.height())
        elided = metrics.elidedText(
            self._part.text, Qt.TextElideMode.ElideMiddle, int(room.width()) + 2
        )
        painter.drawText(room, flags, elided)
        painter.end()
