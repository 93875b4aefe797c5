"""Say where things are in the window, as JSON on stdout: for a test that clicks on the screen.

The same window is built on the same screen, with an instrument that never comes.
"""

import json
import os
import sys
import time

from PySide6.QtCore import QPoint

from gui.app import make_application, make_window
from instrument import InstrumentInterface, PresetLibrary


def never() -> InstrumentInterface:
    time.sleep(3600)
    raise AssertionError


def main() -> None:
    application = make_application()
    window, _ = make_window(never, PresetLibrary())
    window.show()
    while not window.isVisible() or not window.pad.width():
        application.processEvents()
    for _ in range(20):
        application.processEvents()
        time.sleep(0.02)
    pad = window.pad.active_rect().toRect()
    corner = window.pad.mapToGlobal(pad.topLeft())
    key = window.keyboard.mapToGlobal(QPoint(window.keyboard.width() // 2, 5))
    places = {
        "pad": [corner.x(), corner.y(), pad.width(), pad.height()],
        "keyboard": [key.x(), key.y()],
    }
    print(json.dumps(places))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
