"""A data set in the making: a folder that is begun, interrupted, continued and finished."""

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Generic, Self, TypeVar

import msgspec

from .notes import (
    AUDIO_FOLDER,
    EXAMPLES_FILE,
    DatasetError,
    Note,
    write_error,
    write_examples,
    write_text,
)
from .sole_use import sole_use

PREPARATION_FILE = "preparation.json"
PARTIAL_FOLDER = "partial"

Progress = Callable[[int, int, str], None]
Result = TypeVar("Result")


class LeftOut(msgspec.Struct, frozen=True):
    """Something that is not in the data set though it was given.

    Attributes:
        name: A file, a note or a preset.
        reason: Why, and what to do if anything can be done.
    """

    name: str
    reason: str


class Fault(msgspec.Struct, frozen=True):
    """A line about one file.

    Attributes:
        text: Names the file and says what to do.
        left_out: It, or a part of it, is not in the data set.
    """

    text: str
    left_out: bool


class _Preparation(msgspec.Struct, frozen=True):
    """What stays in `preparation.json`: where the notes are from, and what is not there."""

    settings: Any
    left_out: Any = ()


def no_progress(_done: int, _total: int, _word: str) -> None:
    """Tell nobody."""


def n_processes(workers: int | None) -> int:
    """Return how many processes share the work: one a core when nothing is wished."""
    if workers is not None and workers < 1:
        raise ValueError(f"workers must be 1 or more, not {workers}")
    return workers or os.cpu_count() or 1


class Destination:
    """A folder that becomes a data set; what was done before an interruption stays done.

    No other process can work in it between `with` and its end.

    Attributes:
        folder: The folder.
        audio: Where its WAVs go.
        partial: Where what is not finished lies; gone at the end.
    """

    def __init__(self, folder: Path, settings: Any) -> None:
        """Name a folder.

        Args:
            folder: An empty or new folder, or one with an unfinished data set.
            settings: A dataclass or struct of all that decides the notes; work goes on only
                with the same.
        """
        self.folder = folder
        self.audio = folder / AUDIO_FOLDER
        self.partial = folder / PARTIAL_FOLDER
        self._settings = settings
        self._held = ExitStack()

    def __enter__(self) -> Self:
        """Make the folder ready for new notes, or find that unfinished work in it can go on.

        Raises:
            DatasetError: If the folder holds anything else, is in use or cannot be written.
        """
        with ExitStack() as held:
            self._check()
            held.enter_context(sole_use(self.folder))
            self._check()  # another process may have finished meanwhile
            try:
                self._write_preparation(())  # first, because it says whose folder this is
                self.audio.mkdir(exist_ok=True)
                self.partial.mkdir(exist_ok=True)
            except OSError as error:
                raise write_error(self.folder, error) from error
            self._held = held.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def _check(self) -> None:
        path = self.folder / PREPARATION_FILE
        try:
            used = any(not entry.name.startswith(".") for entry in self.folder.iterdir())
        except FileNotFoundError:
            return
        except OSError as error:
            raise write_error(self.folder, error) from error
        if (self.folder / EXAMPLES_FILE).exists():
            raise DatasetError(f"{self.folder} already holds a data set. Choose an empty folder.")
        if used and not path.exists():
            raise DatasetError(f"{self.folder} is not empty. Choose an empty folder.")
        wanted = msgspec.json.decode(msgspec.json.encode(self._settings))
        if used and _read_settings(path) != wanted:
            raise DatasetError(
                f"{self.folder} holds an unfinished data set with other settings or from other "
                "files. Choose an empty folder."
            )

    def _write_preparation(self, left_out: Sequence[Any]) -> None:
        content = msgspec.json.encode(_Preparation(self._settings, left_out))
        write_text(self.folder / PREPARATION_FILE, msgspec.json.format(content).decode() + "\n")

    def finish(self, notes: Iterable[Note], left_out: Sequence[Any]) -> None:
        """Write `examples.json` last, since it says that the data set is whole.

        Raises:
            DatasetError: If the disk is full or may not be written.
        """
        self._write_preparation(left_out)
        write_examples(self.folder, notes)
        shutil.rmtree(self.partial, ignore_errors=True)


def _read_settings(path: Path) -> Any:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Preparation).settings
    except msgspec.MsgspecError:
        return None


class Journal(Generic[Result]):
    """Results by task, a line each, kept as they come: what is in it need not be done again."""

    def __init__(self, path: Path, result_type: type[Result]) -> None:
        """Name a journal.

        Args:
            path: The file; made when the first result comes.
            result_type: A dataclass or struct.
        """
        self._path = path
        self._decoder = msgspec.json.Decoder(tuple[str, result_type])  # type: ignore[valid-type]

    def read(self) -> dict[str, Result]:
        """Give the results of former starts, and make the file ready for more.

        A last line that was cut short when a start was killed is taken away.

        Raises:
            DatasetError: If the file cannot be read or written.
        """
        if not self._path.exists():
            return {}
        try:
            with self._path.open("r+b") as file:
                results = dict(self._whole_lines(file))
                file.truncate()
        except OSError as error:
            raise write_error(self._path, error) from error
        return results

    def _whole_lines(self, file: Any) -> Iterator[tuple[str, Result]]:
        """Yield the results; leaves the file at the end of the last that is whole."""
        end = 0
        for line in iter(file.readline, b""):
            try:
                result = self._decoder.decode(line)
            except msgspec.MsgspecError:
                break
            if not line.endswith(b"\n"):
                break
            end += len(line)
            yield result
        file.seek(end)

    def append(self, key: str, result: Result) -> None:
        """Keep the result of a task.

        Raises:
            DatasetError: If the disk is full or may not be written.
        """
        try:
            with self._path.open("ab") as file:
                file.write(msgspec.json.encode((key, result)) + b"\n")
        except OSError as error:
            raise write_error(self._path, error) from error
