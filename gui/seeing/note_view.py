"""The note as it is now: its rainbowgram and its wave, with the loop marked on both."""

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import (
    QColor,
    QImage,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.widgets import theme as themes
from gui.widgets.choice_button import ChoiceButton
from gui.widgets.theme import Theme
from gui.widgets.units_text import note_name
from instrument import BY_NAME, NoteWave

CAPTION_HEIGHT = 18
WAVE_SHARE = 0.28


class NotePicture(NamedTuple):
    """What is drawn of one note."""

    note: int
    image: QImage
    envelope: Sequence[float]
    seconds: float
    loop: tuple[float, float] | None  # shares of the whole
    release: float | None = None  # share of the whole at which the key went up


def picture_of(note: NoteWave) -> NotePicture:
    """Work a note out into its picture; takes some tens of milliseconds, so not while painting."""
    from .rainbowgram import envelope, rainbowgram, release_share  # noqa: PLC0415 - NumPy only when it is needed

    n_frames = len(note.samples) // 4
    has_loop = note.loop_end > note.loop_start and n_frames
    return NotePicture(
        note.note,
        rainbowgram(note),
        envelope(note).tolist(),
        n_frames / note.sample_rate,
        (note.loop_start / n_frames, note.loop_end / n_frames) if has_loop else None,
        release_share(note),
    )


class NoteView(QWidget):
    """A dark screen with two traces."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._picture: NotePicture | None = None
        self.setMinimumHeight(84)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("The note")
        self.ending = ChoiceButton(BY_NAME["ending"], self)
        self.show_picture(None)

    def sizeHint(self) -> QSize:
        """Ask for a screen that shows the harmonics apart."""
        return QSize(280, 190)

    def show_picture(self, picture: NotePicture | None) -> None:
        """Show a note, or that none has been played."""
        self._picture = picture
        self.setAccessibleDescription(self._words())
        self.setToolTip(self._words())
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the choice of endings at the right of the caption."""
        super().resizeEvent(event)
        self.place_ending()

    def place_ending(self) -> None:
        """Let the choice of endings stand at the right of the caption, however long its word is."""
        self.ending.move(self.width() - self.ending.width(), -2)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the caption and the two traces."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self._paint_caption(painter)
        screen = QRectF(0, CAPTION_HEIGHT, self.width(), self.height() - CAPTION_HEIGHT)
        outline = QPainterPath()
        outline.addRoundedRect(screen, themes.RADIUS, themes.RADIUS)
        painter.setClipPath(outline)
        painter.fillRect(screen, self._theme.colour("screen"))
        if self._picture is None:
            painter.setPen(QColor(255, 255, 255, 130))
            painter.setFont(themes.font())
            painter.drawText(screen, Qt.AlignmentFlag.AlignCenter, "Play a note to see it")
        else:
            self._paint_picture(painter, screen, self._picture)
        painter.end()

    def _paint_caption(self, painter: QPainter) -> None:
        picture = self._picture
        painter.setFont(themes.font(themes.SMALL_PIXELS))
        painter.setPen(self._theme.colour("dim"))
        line = QRectF(0, 0, self.width(), CAPTION_HEIGHT - 4)
        name = f" · {note_name(picture.note)} · {picture.seconds:.1f} s" if picture else ""
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft, f"THE NOTE{name}")

    def _paint_picture(self, painter: QPainter, screen: QRectF, picture: NotePicture) -> None:
        split = screen.bottom() - WAVE_SHARE * screen.height()
        painter.drawImage(QRectF(screen.topLeft(), QPointF(screen.right(), split)), picture.image)
        if picture.loop:
            self._paint_loop(painter, screen, picture.loop)
        if picture.release is not None:
            self._paint_release(painter, screen, picture.release)
        wave = QRectF(
            QPointF(screen.left(), split + 3), QPointF(screen.right(), screen.bottom() - 3)
        )
        self._paint_wave(painter, wave, picture.envelope)

    def _paint_loop(self, painter: QPainter, screen: QRectF, loop: tuple[float, float]) -> None:
        left, right = (screen.left() + share * screen.width() for share in loop)
        accent = self._theme.colour("screen_accent")
        accent.setAlpha(38)
        painter.fillRect(QRectF(left, screen.top(), right - left, screen.height()), accent)
        accent.setAlpha(210)
        painter.setPen(QPen(accent, 1))
        for x in (left, right):
            painter.drawLine(QPointF(x, screen.top()), QPointF(x, screen.bottom()))
        painter.setFont(themes.font(themes.SMALL_PIXELS))
        painter.drawText(QPointF(left + 4, screen.top() + 12), "loop")

    def _paint_release(self, painter: QPainter, screen: QRectF, release: float) -> None:
        """Draw where the key went up, as the note tells it."""
        x = screen.left() + release * screen.width()
        accent = self._theme.colour("screen_accent")
        accent.setAlpha(170)
        painter.setPen(QPen(accent, 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(x, screen.top()), QPointF(x, screen.bottom()))
        painter.setFont(themes.font(themes.SMALL_PIXELS))
        painter.drawText(QPointF(x + 4, screen.top() + 12), "release")

    def _paint_wave(self, painter: QPainter, rect: QRectF, peaks: Sequence[float]) -> None:
        middle, half = rect.center().y(), rect.height() / 2
        step = rect.width() / max(len(peaks) - 1, 1)
        upper = [
            QPointF(rect.left() + i * step, middle - max(peak * half, 0.5))
            for i, peak in enumerate(peaks)
        ]
        lower = [QPointF(point.x(), 2 * middle - point.y()) for point in reversed(upper)]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(255, 255, 255, 150))
        painter.drawPolygon(QPolygonF([*upper, *lower]))

    def _words(self) -> str:
        picture = self._picture
        if picture is None:
            return "No note has been played yet"
        words = f"{note_name(picture.note)}, {picture.seconds:.1f} seconds"
        if picture.loop:
            start, end = (share * picture.seconds for share in picture.loop)
            return f"{words}; held notes wander between {start:.2f} s and {end:.2f} s"
        return f"{words}; it ends by itself"
