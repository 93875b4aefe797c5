"""A folder that is written whole or not at all, and never over anything of the player's."""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .file_names import reason_of

MARK = "timbrepad-export.json"
"""What is in every folder of an export or of stems: only what has it may be replaced."""


class FolderError(Exception):
    """A folder that can't be written: one line that says why and what to do."""


def check_place(folder: Path, *, replace: bool) -> None:
    """See that a folder may be written.

    Args:
        folder: That shall come to be.
        replace: Whether a former folder of ours may go.

    Raises:
        FolderError: If something is there that is to stay.
    """
    if not folder.parent.is_dir():
        raise FolderError(f'There is no folder "{folder.parent}". Make it first.')
    if not folder.exists() and not folder.is_symlink():
        return
    if folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir()):
        return
    if not replace:
        raise FolderError(
            f'"{folder}" is there already. Choose another name, or replace it with --force.'
        )
    if folder.is_symlink() or not (folder / MARK).is_file():
        raise FolderError(
            f'"{folder}" was not made by Timbrepad, so it is not replaced. Choose another name.'
        )


@contextlib.contextmanager
def whole_folder(folder: Path, *, replace: bool) -> Iterator[Path]:
    """Give a folder to write into, which takes its place when all is done.

    A former export stays until then; whatever goes wrong, it is as it was.

    Args:
        folder: That shall come to be.
        replace: As in `check_place`.

    Raises:
        FolderError: If something else is there, or the disk will not take it.
    """
    check_place(folder, replace=replace)
    try:
        with tempfile.TemporaryDirectory(
            prefix=f".{folder.name[:40]}-", suffix=".part", dir=folder.parent
        ) as part:
            new, former = Path(part) / "new", Path(part) / "former"
            new.mkdir()
            yield new
            check_place(folder, replace=replace)  # it may have come in the meantime
            if folder.exists():
                folder.rename(former)
            try:
                new.rename(folder)
            except OSError:
                if former.exists():
                    former.rename(folder)
                raise
    except OSError as error:
        raise FolderError(f'Could not write "{folder}": {reason_of(error)}.') from error


def check_room(folder: Path, n_bytes: int) -> None:
    """See that the disk has room.

    Raises:
        FolderError: If not.
    """
    free = shutil.disk_usage(folder.parent).free
    if free < n_bytes:
        raise FolderError(
            f'"{folder.parent}" has {free / 1e6:.0f} MB left, and this may need '
            f"{n_bytes / 1e6:.0f} MB. Record fewer notes, with --every or a smaller --grid, "
            "or choose another disk."
        )
