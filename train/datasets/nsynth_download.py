"""NSynth as it is downloaded: folders, or the archives themselves, whole or cut short."""

import tarfile
import zlib
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

import msgspec

from .notes import AUDIO_FOLDER, EXAMPLES_FILE, DatasetError, Note
from .preparation import Fault

_ARCHIVES = (".tar.gz", ".tgz", ".tar")
_PARTS = ("train", "valid", "test")
_DAMAGE = (tarfile.TarError, EOFError, zlib.error, OSError)
_AGAIN = "Download it again"


class Part(Protocol):
    """One of the three parts of NSynth."""

    @property
    def path(self) -> Path:
        """The folder or archive."""

    @property
    def name(self) -> str:
        """Its name."""

    def read_notes(self) -> tuple[dict[str, Note], list[Fault]]:
        """Give the notes that it lists, by name, and what is wrong with the list."""

    def waves(self, names: Container[str]) -> Iterator[tuple[str, Path | bytes]]:
        """Give the WAVs of some notes, those that are there, as files or as their content."""


@dataclass(frozen=True)
class FolderPart:
    """A folder with `examples.json` and `audio/`."""

    path: Path

    @property
    def name(self) -> str:
        """Its name."""
        return self.path.resolve().name

    def read_notes(self) -> tuple[dict[str, Note], list[Fault]]:
        """Give the notes that it lists, by name, and what is wrong with the list.

        Raises:
            DatasetError: If the list cannot be used at all.
        """
        path = self.path / EXAMPLES_FILE
        try:
            return _decode(path.read_bytes(), path)
        except OSError as error:
            raise DatasetError(f"Could not read {path}: {error.strerror}. {_AGAIN}.") from error

    def waves(self, names: Container[str]) -> Iterator[tuple[str, Path | bytes]]:
        """Give the WAVs of some notes that are there."""
        audio = self.path / AUDIO_FOLDER
        for path in sorted(audio.iterdir()) if audio.is_dir() else ():
            if path.suffix == ".wav" and path.stem in names:
                yield path.stem, path


@dataclass(frozen=True)
class ArchivePart:
    """An archive of such a folder, read from its beginning to its end."""

    path: Path

    @property
    def name(self) -> str:
        """Its name."""
        return self.path.name

    def read_notes(self) -> tuple[dict[str, Note], list[Fault]]:
        """Give the notes that it lists, by name, and what is wrong with the list.

        Raises:
            DatasetError: If the list cannot be used at all.
        """
        try:
            with tarfile.open(self.path, "r|*") as archive:
                for member in archive:
                    if PurePosixPath(member.name).name == EXAMPLES_FILE:
                        file = archive.extractfile(member)
                        assert file is not None  # only folders and links have none
                        return _decode(file.read(), self.path / EXAMPLES_FILE)
        except _DAMAGE as error:
            raise DatasetError(
                f"{self.path} is cut short before its {EXAMPLES_FILE}. {_AGAIN}."
            ) from error
        raise DatasetError(f"{self.path} holds no {EXAMPLES_FILE}. {_AGAIN}, as json/wav.")

    def waves(self, names: Container[str]) -> Iterator[tuple[str, Path | bytes]]:
        """Give the WAVs of some notes, as far as the archive goes.

        Raises:
            DatasetError: At its end, if it is cut short.
        """
        try:
            with tarfile.open(self.path, "r|*") as archive:
                for member in archive:
                    path = PurePosixPath(member.name)
                    if path.suffix == ".wav" and path.stem in names:
                        file = archive.extractfile(member)
                        assert file is not None
                        yield path.stem, file.read()
        except _DAMAGE as error:
            raise DatasetError(f"{self.path} is cut short. {_AGAIN}.") from error


def find_parts(source: Path) -> list[Part]:
    """Find the parts of NSynth in a folder, or take the folder or archive for one.

    Raises:
        DatasetError: If there is none.
    """
    if source.is_file() and source.name.endswith(_ARCHIVES):
        return [ArchivePart(source)]
    if (source / EXAMPLES_FILE).is_file():
        return [FolderPart(source)]
    if not source.exists():
        raise DatasetError(f"There is no {source}. Give the folder or archive of the download.")
    parts: list[Part] = []
    for path in sorted(source.iterdir()) if source.is_dir() else ():
        if (path / EXAMPLES_FILE).is_file():
            parts.append(FolderPart(path))
        elif path.name.endswith(_ARCHIVES) and not (source / path.name.split(".")[0]).is_dir():
            parts.append(ArchivePart(path))  # unpacked ones were met as folders
        elif path.is_dir() and path.name.startswith("nsynth-"):
            raise DatasetError(f"{path} holds no {EXAMPLES_FILE}. {_AGAIN}.")
    if not parts:
        raise DatasetError(
            f"{source} holds no NSynth: no folder with {EXAMPLES_FILE}, no .tar.gz. "
            "Give the folder with nsynth-train, nsynth-valid and nsynth-test."
        )
    return parts


def own_split(part: Part) -> str | None:
    """Give the split that a part is by its name, or None."""
    return next((split for split in _PARTS if split in part.name), None)


def _decode(content: bytes, path: Path) -> tuple[dict[str, Note], list[Fault]]:
    """Read a list of notes, as far as it goes."""
    decoder = msgspec.json.Decoder(dict[str, Note])
    try:
        return decoder.decode(content), []
    except msgspec.ValidationError as error:
        raise DatasetError(f"{path} is not NSynth's list: {error}. {_AGAIN}.") from error
    except msgspec.DecodeError as error:
        # No row holds an object, so the last brace ends the last whole row.
        whole = content[: content.rfind(b"}") + 1] + b"}"
        try:
            notes = decoder.decode(whole)
        except msgspec.MsgspecError:
            raise DatasetError(f"{path} is damaged: {error}. {_AGAIN}.") from error
    text = f"{path} is cut short after {len(notes)} notes, which are used. {_AGAIN}."
    return notes, [Fault(text, left_out=True)]
