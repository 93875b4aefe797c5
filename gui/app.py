"""The application: the window first, then the instrument."""

import logging
import sys
import types
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSettings, QTimer
from PySide6.QtWidgets import QApplication

from gui.widgets import theme as themes
from instrument import (
    GOOD_START_SECONDS,
    InstrumentClient,
    InstrumentInterface,
    InstrumentOptions,
    PresetLibrary,
    StartGuard,
    start_instrument,
    training_folder,
)

from .bridge import Bridge
from .main_window import MainWindow

log = logging.getLogger(__name__)


def make_application() -> QApplication:
    """Give the application, made and named once."""
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        application = QApplication(sys.argv[:1])
    application.setApplicationName("Timbrepad")
    application.setOrganizationName("Timbrepad")
    application.setApplicationDisplayName("Timbrepad")
    return application


def make_window(
    start: Callable[[], InstrumentInterface],
    library: PresetLibrary,
    *,
    theme: str = "dark",
    settings: QSettings | None = None,
    trainings: Path | None = None,
) -> tuple[MainWindow, Bridge]:
    """Dress the application and build its window; the instrument starts after the first paint.

    Args:
        start: Starts the instrument, on another thread.
        library: The presets.
        theme: "dark" or "light".
        settings: Where the window's place is kept; None keeps nothing.
        trainings: Where trainings lie; None is the usual place.
    """
    application = make_application()
    colours = themes.THEMES[theme]
    themes.apply(application, colours)
    bridge = Bridge(start)
    window = MainWindow(bridge, library, colours, settings, trainings)
    bridge.setParent(window)
    window.first_painted.connect(bridge.begin)
    window.first_painted.connect(window.actions_of_presets.refresh)
    return window, bridge


def main(options: InstrumentOptions | None = None, *, theme: str = "dark") -> int:
    """Open the window and stay until it is closed.

    Args:
        options: With what the instrument starts; None is all defaults.
        theme: "dark" or "light".

    Returns:
        The exit status.
    """
    application = make_application()
    options = options or InstrumentOptions()
    data = Path(options.data_folder) if options.data_folder else None
    settings, guard, told = guarded_settings(QSettings().fileName())
    window, bridge = make_window(
        starter(options),
        PresetLibrary(data / "presets" if data is not None else None),
        theme=theme,
        settings=settings,
        trainings=training_folder(data),
    )
    sys.excepthook = _telling(bridge)
    if told:
        bridge.say(told)
    window.first_painted.connect(
        lambda: QTimer.singleShot(round(1000 * GOOD_START_SECONDS), guard.is_good)
    )
    window.show()
    status = application.exec()
    guard.is_good()
    sys.excepthook = sys.__excepthook__
    bridge.end()
    return status


def guarded_settings(path: str) -> tuple[QSettings, StartGuard, str]:
    """Open the window's settings; those that the last start ended with are set aside first.

    Args:
        path: Of the settings' file, where the system keeps them in one.

    Returns:
        The settings, the guard to be told when the start was good, and a line for the player or "".
    """
    file = Path(path)
    guard = StartGuard(file.with_name(f"{file.name}.starting"), file.parent)
    told = guard.set_aside()
    if file.is_file():
        guard.opens(file)
    return QSettings(), guard, told


def starter(options: InstrumentOptions) -> Callable[[], InstrumentInterface]:
    """Give what starts the instrument, and from the second call on starts it again."""
    client: InstrumentClient | None = None

    def start() -> InstrumentInterface:
        nonlocal client
        if client is None:
            client = start_instrument(options)
        else:
            client.restart()
        return client

    return start


def _telling(
    bridge: Bridge,
) -> Callable[[type[BaseException], BaseException, types.TracebackType | None], None]:
    """Make a fault in the window a line in it, and a full report on the terminal."""

    def tell(
        kind: type[BaseException], fault: BaseException, trace: types.TracebackType | None
    ) -> None:
        log.error("a fault in the window", exc_info=(kind, fault, trace))
        bridge.say(f"Something went wrong in the window: {fault}. The instrument plays on.")

    return tell
