"""A folder for one process at a time: two that write the same run would spoil it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from .notes import DatasetError, write_error

_LOCK_FILE = ".lock"


@contextmanager
def sole_use(folder: Path) -> Iterator[None]:
    """Hold a folder for this process; the system lets go of it however the process ends.

    Args:
        folder: It is made if need be.

    Raises:
        DatasetError: If another process holds it, or it can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / _LOCK_FILE)
        lock.acquire(blocking=False)
    except Timeout as error:
        raise DatasetError(
            f"Another process is at work in {folder}. Wait until it ends or stop it, or choose "
            "another folder."
        ) from error
    except OSError as error:
        raise write_error(folder, error) from error
    with lock:
        yield
