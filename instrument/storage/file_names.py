"""Names of the player's files: such as every system takes, and what a system says against them."""

import errno
import re
import unicodedata

MAXIMUM_NAME = 80  # characters; in UTF-8 at most 240 of the 255 bytes that file systems allow

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_DEVICE_NAMES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # of Windows

_REASONS = {
    errno.ENOSPC: "the disk is full. Free some space and try again",
    errno.EDQUOT: "the disk quota is used up. Free some space and try again",
    errno.EROFS: "the disk is read-only. Choose another folder",
    errno.EACCES: "the folder or the file is protected. Change its permissions, or use another",
    errno.EPERM: "the folder or the file is protected. Change its permissions, or use another",
    errno.ENOENT: "there is no such file. Check the path",
    errno.EISDIR: "it is a folder, not a file. Choose a file",
    errno.ENOTDIR: "a part of the path is a file, not a folder. Choose another folder",
}


def name_key(name: str) -> str:
    """Give what two names have in common that a file system or a reader takes for the same."""
    return unicodedata.normalize("NFC", name).strip().casefold()


def tidy_name(name: str) -> str:
    """Give a name in one normal form, without spaces at its ends or several in a row."""
    return unicodedata.normalize("NFC", " ".join(name.split()))


def file_name(name: str, suffix: str) -> str:
    """Make a file name that every system takes."""
    stem = _FORBIDDEN.sub("_", name).strip(". ") or "_"
    stem = stem.encode()[:200].decode(errors="ignore")
    return f"{'_' if _DEVICE_NAMES.fullmatch(stem) else ''}{stem}{suffix}"


def reason_of(error: OSError) -> str:
    """Say what the file system has against it, and what to do."""
    return _REASONS.get(error.errno or 0, error.strerror or str(error))
