"""A file that crashes the start is known at the next start, and set aside.

Before a file is opened a marker beside it says so; after a good start the marker goes. One that is
still there tells which file a start ended with.
"""

import os
from pathlib import Path

import msgspec

from .files import write_whole

ASIDE_SUFFIX = ".set-aside"
GOOD_START_SECONDS = 3.0  # a start that lives so long was good
MAXIMUM_MARKER_BYTES = 10_000


class _Marker(msgspec.Struct, frozen=True):
    file: str
    process: int


class StartGuard:
    """Watches over the start of one process.

    Guarding is worth no trouble of its own: where the marker can't be written, nothing is guarded.
    """

    def __init__(self, marker: Path, folder: Path) -> None:
        """Guard a start; nothing is looked at yet.

        Args:
            marker: The file that says what is being opened.
            folder: Files outside of it are never moved, whatever a marker says.
        """
        self._marker = marker
        self._folder = folder

    def set_aside(self) -> str:
        """Move the file that the last start ended with out of the way.

        Returns:
            A line for the player, or "" when the last start was good.
        """
        marker = self._read()
        if marker is None or _is_running(marker.process):
            return ""
        self.is_good()
        file = Path(marker.file)
        if not _is_inside(file, self._folder) or not file.is_file():
            return ""
        aside, number = file.with_name(file.name + ASIDE_SUFFIX), 1
        while aside.exists():
            number += 1
            aside = file.with_name(f"{file.name}{ASIDE_SUFFIX}-{number}")
        try:
            file.rename(aside)
        except OSError:
            return f'The last start ended with "{file}". If this one does, too, move it away.'
        return (
            f'The last start ended with "{file.name}", which is set aside. Timbrepad starts '
            f'without it; it is now "{aside}".'
        )

    def opens(self, file: Path) -> None:
        """Say which file is being opened; what goes wrong from now on is put down to it."""
        marker = msgspec.json.encode(_Marker(str(file), os.getpid()))
        try:
            write_whole(self._marker, marker)
        except OSError:  # a full disk is said where something of the player's can't be kept
            return

    def is_good(self) -> None:
        """Say that the start was good, or has ended in good order."""
        try:
            self._marker.unlink(missing_ok=True)
        except OSError:  # it may set a file aside that did nothing; that file is not lost
            return

    def _read(self) -> _Marker | None:
        try:
            with self._marker.open("rb") as file:
                return msgspec.json.decode(file.read(MAXIMUM_MARKER_BYTES), type=_Marker)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return None


def _is_inside(file: Path, folder: Path) -> bool:
    return file.resolve().is_relative_to(folder.resolve())


def _is_running(process: int) -> bool:
    """Whether another Timbrepad is starting right now, or this one once more."""
    if process <= 0 or os.name == "nt":  # Windows takes signal 0 for Ctrl-C
        return False
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:  # another user's: the number was given anew
        return False
    return True
