"""`python -m gui.pictures FOLDER`: pictures of the window with the real instrument in it.

Nothing is shown on the screen. QT_SCALE_FACTOR=2 makes the pictures twice as fine; where there is
no sound output the pictures say so, as the window does.
"""

import argparse
import functools
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtWidgets import QApplication, QWidget

from gui.presets.preset_browser import BREED, MAP
from instrument import (
    InstrumentInterface,
    InstrumentOptions,
    MovePad,
    NoteOff,
    NoteOn,
    PresetLibrary,
    start_instrument,
)

from .app import make_application, make_window
from .bridge import Bridge
from .main_window import MainWindow

SIZE = (1440, 900)
SIZES = {"small": (900, 600), "large": (2560, 1440)}
CHORD = ((48, 90), (60, 100), (64, 76), (67, 112))
ENOUGH = 0.7  # fresh keys, so that a picture shows fresh, rendering and stale ones
WAY = 24  # steps of the finger, so that there is a trail
READY_SECONDS = 120.0
PLACES = (
    (0.12, 0.2),
    (0.8, 0.14),
    (0.2, 0.78),
    (0.9, 0.86),
)  # of the four points
MORE_POINTS = (((0.46, 0.6), "Sitar"), ((0.62, 0.42), "Fantasia"))


def take_pictures(
    start: Callable[[], InstrumentInterface],
    library: PresetLibrary,
    folder: Path,
    *,
    ready_seconds: float = READY_SECONDS,
) -> tuple[Path, ...]:
    """Take every picture.

    Args:
        start: Starts an instrument, a new one at each call.
        library: The presets to show.
        folder: Where the pictures go; made when it is not there.
        ready_seconds: How long to wait for a keyboard of fresh notes at most.

    Returns:
        The files, in the order they were taken.
    """
    folder.mkdir(parents=True, exist_ok=True)
    taken: list[Path] = []
    for theme in ("dark", "light"):
        window, bridge = make_window(start, library, theme=theme)
        window.resize(*SIZE)
        window.show()
        _play(window, bridge, ready_seconds)
        if theme == "light":
            taken.append(_take(window, folder, "light"))
        else:
            taken += _take_dark(window, folder)
        for note, _ in CHORD:
            bridge.post(NoteOff(note=note))
        window.close_for_good()
        bridge.end()
    return tuple(taken)


def main(arguments: Sequence[str] | None = None) -> int:
    """Take the pictures with the bundled model, and with no files of the player's."""
    parser = argparse.ArgumentParser(prog="python -m gui.pictures", description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args(arguments).folder
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    make_application()
    with tempfile.TemporaryDirectory() as data:
        options = InstrumentOptions(data_folder=data, remember=False)
        library = PresetLibrary(Path(data) / "presets")
        start = functools.partial(start_instrument, options)
        files = take_pictures(start, library, folder)
    sys.stdout.writelines(f"{file}\n" for file in files)
    return 0


def _play(window: MainWindow, bridge: Bridge, ready_seconds: float) -> None:
    """Wait for fresh notes, then hold a chord and move the finger."""
    wait_until(lambda: bool(window.browser.presets.names()), ready_seconds)
    wait_until(lambda: bridge.status.renderer == "ready", ready_seconds)
    wait_until(lambda: bridge.status.n_fresh >= bridge.status.n_notes, ready_seconds)
    for note, velocity in CHORD:
        bridge.post(NoteOn(note=note, velocity=velocity))
    wait_until(lambda: bridge.status.note_version > 0, 2.0)
    _move(window, bridge, 0, WAY)
    wait_until(lambda: bridge.status.n_fresh >= bridge.status.n_notes * ENOUGH, ready_seconds)
    _move(window, bridge, 0, WAY)  # the same way again, for its trail: it ends among fresh notes


def _move(window: MainWindow, bridge: Bridge, start: int, end: int) -> None:
    """Move the finger along an arc, some of its steps."""
    for step in range(start, end):
        share = step / WAY
        x, y = 0.36 + 0.24 * share, 0.44 + 0.9 * (share - share * share)
        window.pad.show_place(x, y)
        bridge.post(MovePad(x=x, y=y))
        wait(0.02)


def _take_dark(window: MainWindow, folder: Path) -> list[Path]:
    taken = [_take(window, folder, "playing")]
    window.browser.show_tab(1)
    taken.append(_take(window, folder, "timbres"))
    for name, page in (("map", MAP), ("breed", BREED)):
        window.browser.show_tab(page)
        taken.append(_take(window, folder, name))
    window.browser.show_tab(0)
    for name, size in SIZES.items():
        window.resize(*size)
        taken.append(_take(window, folder, name))
    window.resize(*SIZE)
    for settings in ("audio", "midi", "controllers", "model", "keys"):
        window.show_settings(settings)
        taken.append(_take(window.devices, folder, f"settings-{settings}"))
    window.devices.close()
    taken += _take_over(window, folder)
    window.actions_of_presets.import_files([__file__])  # which is no preset
    taken.append(_take(window, folder, "notice"))
    window.put_away()
    taken.append(_take_points(window, folder))
    return taken


def _take_points(window: MainWindow, folder: Path) -> Path:
    """Take the pad with points that stand anywhere."""
    pad = window.pad
    for index, place in enumerate(PLACES):
        pad.point_moved.emit(index, *place)
    for place, timbre in MORE_POINTS:
        pad.point_added.emit(*place, timbre)
    wait(1.0)
    return _take(window, folder, "points")


def _take_over(window: MainWindow, folder: Path) -> list[Path]:
    """Take what comes over the window: the palette, the trail of sounds, the tour, trouble."""
    taken = []
    window.show_palette()
    window.palette_of_commands.field.setText("re")
    taken.append(_take(window.palette_of_commands, folder, "palette"))
    window.palette_of_commands.close()
    for corner in range(3):
        window.player.reroll(corner)
        wait(0.5)
    window.show_trail()
    taken.append(_take(window.trail, folder, "trail"))
    window.trail.close()
    window.show_tour()
    taken.append(_take(window, folder, "tour"))
    window.tour.end()
    return taken


def _take(widget: QWidget, folder: Path, name: str) -> Path:
    wait(0.4)
    file = folder / f"{name}.png"
    if not widget.grab().save(str(file)):
        raise OSError(f"Could not write {file}. Choose another folder.")
    return file


def wait(seconds: float) -> None:
    """Let the window live for a while."""
    wait_until(lambda: False, seconds)


def wait_until(is_done: Callable[[], bool], seconds: float) -> None:
    """Let the window live until something is so, or a while has passed."""
    end = time.monotonic() + seconds
    while not is_done() and time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.005)


if __name__ == "__main__":
    sys.exit(main())
