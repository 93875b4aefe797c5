"""The player's favourites and the presets that were open lately, as a small file beside them."""

from pathlib import Path

import msgspec

from instrument.storage.file_names import name_key
from instrument.storage.files import write_whole

SHELF_FILE = ".shelf.json"
DAMAGED_SUFFIX = ".damaged"
MAXIMUM_SHELF_BYTES = 1_000_000
N_RECENT = 24


class _Shelf(msgspec.Struct, frozen=True):
    favourites: tuple[str, ...] = ()
    recent: tuple[str, ...] = ()


class PresetShelf:
    """Names of presets, which may be gone by now: one that is brought back is a favourite again.

    Losing this file loses no sound, so a damaged one is set aside and nobody is asked.
    """

    def __init__(self, folder: Path) -> None:
        """Read the shelf of a folder of presets, which need not exist yet."""
        self._path = folder / SHELF_FILE
        self._shelf = self._read()

    @property
    def favourites(self) -> tuple[str, ...]:
        """In the order in which they became favourites."""
        return self._shelf.favourites

    @property
    def recent(self) -> tuple[str, ...]:
        """The one that was opened last first."""
        return self._shelf.recent

    def is_favourite(self, name: str) -> bool:
        """Whether a preset is a favourite, whatever the case of its name."""
        return name_key(name) in {name_key(known) for known in self.favourites}

    def toggle(self, name: str) -> bool:
        """Make a preset a favourite, or no favourite any more; says which.

        Raises:
            OSError: If the file can't be written.
        """
        was = self.is_favourite(name)
        others = _without(self.favourites, name)
        self._keep(favourites=others if was else (*others, name))
        return not was

    def opened(self, name: str) -> None:
        """Put a preset at the front of those that were open lately.

        Raises:
            OSError: If the file can't be written.
        """
        if self.recent[:1] != (name,):
            self._keep(recent=(name, *_without(self.recent, name))[:N_RECENT])

    def renamed(self, name: str, new_name: str) -> None:
        """Follow a preset to its new name.

        Raises:
            OSError: If the file can't be written.
        """

        def follow(names: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(new_name if name_key(n) == name_key(name) else n for n in names)

        self._keep(favourites=follow(self.favourites), recent=follow(self.recent))

    def _keep(self, **changes: tuple[str, ...]) -> None:
        shelf = msgspec.structs.replace(self._shelf, **changes)
        if shelf != self._shelf:
            self._shelf = shelf  # holds for this session, even where the disk is full
            write_whole(self._path, msgspec.json.encode(shelf))

    def _read(self) -> _Shelf:
        try:
            with self._path.open("rb") as file:
                return msgspec.json.decode(file.read(MAXIMUM_SHELF_BYTES), type=_Shelf)
        except OSError:  # none yet
            return _Shelf()
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            try:
                self._path.replace(self._path.with_name(SHELF_FILE + DAMAGED_SUFFIX))
            except OSError:  # then it is written over with the next favourite
                return _Shelf()
            return _Shelf()


def _without(names: tuple[str, ...], name: str) -> tuple[str, ...]:
    return tuple(known for known in names if name_key(known) != name_key(name))
