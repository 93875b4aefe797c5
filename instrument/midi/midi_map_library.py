"""Mappings on disk: the player's profiles by name, and the map of the last session."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from instrument.storage.file_names import MAXIMUM_NAME, file_name, name_key, reason_of, tidy_name
from instrument.storage.files import write_whole
from instrument.storage.paths import midi_map_file, midi_maps_folder
from instrument.values.midi_map import (
    MAXIMUM_BYTES,
    MidiMap,
    MidiMapError,
    decode_midi_map,
    encode_midi_map,
)

SUFFIX = ".json"


class MidiMapLibrary:
    """A folder with a file a profile, and beside it the file of what is mapped at present.

    Other programs may change the files at any time: each call looks anew.
    """

    def __init__(self, data: Path | None = None) -> None:
        """Look into a folder of the player's files, which need not exist yet.

        Args:
            data: The folder; None is the usual place.
        """
        self._folder = midi_maps_folder(data)
        self._present = midi_map_file(data)

    def names(self) -> tuple[str, ...]:
        """List the profiles by name."""
        try:
            files = [file for file in self._folder.iterdir() if file.suffix == SUFFIX]
        except OSError:  # no folder yet: no profiles
            return ()
        names = [file.stem for file in files if not file.name.startswith(".")]
        return tuple(sorted(names, key=name_key))

    def load(self, name: str) -> MidiMap:
        """Read a profile by its name, whatever its case, or by the path of its file.

        Raises:
            MidiMapError: If there is none, or it can't be read.
        """
        is_file = name.endswith(SUFFIX) and Path(name).is_file()
        path = Path(name) if is_file else self._path(name)
        return msgspec.structs.replace(_read(path), name=path.stem)

    def save(self, midi_map: MidiMap, name: str) -> MidiMap:
        """Write a profile, in place of a former one of this name; give it as it is now.

        Raises:
            MidiMapError: If the name is none, or the file can't be written; a former one stays.
        """
        name = tidy_name(name)
        if not name:
            raise MidiMapError("A MIDI map needs a name. Type one.")
        if len(name) > MAXIMUM_NAME:
            raise MidiMapError(
                f"A MIDI map's name has at most {MAXIMUM_NAME} letters, not {len(name)}."
            )
        former = self._find(name)
        path = former or self._folder / file_name(name, SUFFIX)
        named = msgspec.structs.replace(midi_map, name=path.stem)
        with _saying(f'Could not save the MIDI map "{name}"'):
            write_whole(path, encode_midi_map(named))
        return named

    def delete(self, name: str) -> None:
        """Delete a profile.

        Raises:
            MidiMapError: If there is none, or it can't be deleted.
        """
        path = self._path(name)
        with _saying(f'Could not delete the MIDI map "{name}"'):
            path.unlink()

    def load_present(self) -> MidiMap:
        """Read what was mapped in the last session; nothing before the first.

        Raises:
            MidiMapError: If it can't be read.
        """
        return _read(self._present) if self._present.exists() else MidiMap()

    def keep_present(self, midi_map: MidiMap) -> None:
        """Write what is mapped now, for the next session.

        Raises:
            MidiMapError: If it can't be written; the former one stays.
        """
        with _saying("The MIDI map could not be kept for the next session"):
            write_whole(self._present, encode_midi_map(midi_map))

    def _find(self, name: str) -> Path | None:
        there = {name_key(known): known for known in self.names()}
        known = there.get(name_key(file_name(name, "")))
        return self._folder / f"{known}{SUFFIX}" if known is not None else None

    def _path(self, name: str) -> Path:
        path = self._find(name)
        if path is None:
            known = ", ".join(f'"{name}"' for name in self.names()) or "none yet"
            raise MidiMapError(f'There is no MIDI map "{name}". There are: {known}.')
        return path


def _read(path: Path) -> MidiMap:
    with _saying(f'Could not read "{path}"'), path.open("rb") as file:
        return decode_midi_map(file.read(MAXIMUM_BYTES + 1), f'"{path}"')


@contextlib.contextmanager
def _saying(what: str) -> Iterator[None]:
    """Turn what the file system says into a line for the player."""
    try:
        yield
    except OSError as error:
        raise MidiMapError(f"{what}: {reason_of(error)}.") from error
