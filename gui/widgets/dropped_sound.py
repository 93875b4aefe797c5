"""The file in what is dragged over the window, where it may be a recording."""

from pathlib import Path

from PySide6.QtCore import QMimeData

SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff", ".opus", ".caf", ".w64", ".au")
FILTER = f"Recordings ({' '.join(f'*{suffix}' for suffix in SUFFIXES)});;All files (*)"


def dropped_sound(data: QMimeData) -> str:
    """Give the path of a single file that is named like a recording, else ""."""
    files = [url.toLocalFile() for url in data.urls() if url.isLocalFile()]
    if len(files) == 1 and Path(files[0]).suffix.lower() in SUFFIXES:
        return files[0]
    return ""
