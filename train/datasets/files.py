"""Files written whole or not at all: a reader never meets half of one."""

import contextlib
import os
from pathlib import Path

from .notes import write_error

_PARTIAL = ".partial"


def write_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; what was there stays until the new one is on the disk.

    Raises:
        DatasetError: If the disk is full or the file may not be written; it is named.
    """
    partial = path.with_name(f".{path.name}{_PARTIAL}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            partial.unlink()
        raise write_error(path, error) from error


def remove_partial(folder: Path) -> None:
    """Remove what `write_whole` left behind when its process was killed."""
    for path in folder.glob(f".*{_PARTIAL}"):
        path.unlink(missing_ok=True)
