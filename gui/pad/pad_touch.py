"""Touch and stylus on the pad: where they are, and how hard they press."""

from typing import NamedTuple

from PySide6.QtCore import QEvent, QPointF
from PySide6.QtGui import QEventPoint, QTabletEvent, QTouchEvent

HARDEST = 127


class Touch(NamedTuple):
    """What a touch or a stylus does.

    Attributes:
        position: In the widget's pixels.
        pressure: 0..127; -1 where the screen or the pen does not tell.
        is_begun: Whether it comes down now.
        is_over: Whether it goes up now.
    """

    position: QPointF
    pressure: int
    is_begun: bool = False
    is_over: bool = False


def touch_of(event: QEvent) -> Touch | None:
    """Read the first finger of a touch, or a stylus; None for any other event.

    A finger that comes down beside the first one is not looked at: the pad has one place.
    """
    if isinstance(event, QTabletEvent):
        kind = event.type()
        if kind == QEvent.Type.TabletMove and not event.pressure():
            return None  # it hovers
        return Touch(
            event.position(),
            round(HARDEST * event.pressure()),
            is_begun=kind == QEvent.Type.TabletPress,
            is_over=kind == QEvent.Type.TabletRelease,
        )
    if not isinstance(event, QTouchEvent) or not event.points():
        return None
    point = event.points()[0]
    # screens that do not measure it say 1 all the time
    is_told = 0.0 < point.pressure() < 1.0
    is_over = point.state() == QEventPoint.State.Released
    return Touch(
        point.position(),
        round(HARDEST * point.pressure()) if is_told else -1,
        is_begun=event.type() == QEvent.Type.TouchBegin,
        is_over=is_over or event.type() == QEvent.Type.TouchCancel,
    )
