"""A recording matched beside the window: one run of `timbrepad match`, and what it says."""

import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject, Signal

from gui.commands.command_process import COMMAND, CommandProcess

RECORDING, MATCH = "recording.wav", "match.wav"


class MatchStep(msgspec.Struct, frozen=True):
    """A line of what `timbrepad match --steps` prints; see `instrument.notes.matching.Match`."""

    share: float
    z: tuple[float, ...] = ()
    off_db: float | None = None
    pitch: int = 0
    heard: float = 0.0
    timbre: str = ""
    timbre_off_db: float | None = None
    seconds: float = 0.0


class MatchJob(QObject):
    """Matches one recording at a time, in a process of its own at low priority.

    Attributes:
        found: The best so far, or None.
    """

    stepped = Signal(object)  # a MatchStep
    ended = Signal(str)  # what went wrong, in a line, or ""

    def __init__(self, command: Sequence[str] = COMMAND, parent: QObject | None = None) -> None:
        """Make a job that does nothing yet."""
        super().__init__(parent)
        self.found: MatchStep | None = None
        self._folder = ""
        self._process = CommandProcess(command, parent=self)
        self._process.noticed.connect(self._take)
        self._process.ended.connect(self._end)

    @property
    def is_running(self) -> bool:
        """Whether it searches."""
        return self._process.is_running

    @property
    def recording(self) -> str:
        """The file of the recording as it was compared."""
        return str(Path(self._folder) / RECORDING)

    @property
    def match(self) -> str:
        """The file of the best match's note."""
        return str(Path(self._folder) / MATCH)

    def start(self, file: str, model: str) -> None:
        """Match a file with the timbres of a model, in place of what is being matched.

        Args:
            file: The recording.
            model: Folder of the model.
        """
        self.clear()
        self._folder = tempfile.mkdtemp(prefix="timbrepad-match-")
        options = ("--sounds", self._folder, "--model", model, "--steps", "--json")
        self._process.start("match", *options, "--", file)

    def clear(self) -> None:
        """End the search, and forget what was found."""
        self._process.end()
        self.found = None
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._folder = ""

    def _take(self, line: str) -> None:
        try:
            step = msgspec.json.decode(line, type=MatchStep)
        except msgspec.DecodeError:  # a notice in words; the last of them comes with the end
            return
        if step.z:
            self.found = step
        self.stepped.emit(step)

    def _end(self, status: int, _output: str, line: str) -> None:
        is_said = bool(line) and not line.startswith("{")
        failure = "" if status == 0 else line if is_said else "The search has stopped by itself."
        self.ended.emit(failure)
