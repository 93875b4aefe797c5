"""The presets that are there: the factory's, which can't be changed, and the player's folder."""

import contextlib
import difflib
import functools
import importlib.resources
import time
from collections.abc import Iterator
from importlib.resources.abc import Traversable
from pathlib import Path

import msgspec

from .file_names import MAXIMUM_NAME, file_name, name_key, reason_of, tidy_name
from .files import write_whole
from .paths import presets_folder
from .preset import MAXIMUM_BYTES, Preset, PresetError, decode_preset, encode_preset

SUFFIX = ".json"
TRASH = ".trash"
PROGRAMS_OF_A_BANK = 128


class PresetEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list of presets.

    Attributes:
        name: As shown; no two entries have the same, whatever their case.
        path: Where it lies.
        tags: Words to search for.
        author: Who made it.
        model_name: The model that it plays.
        is_factory: It came with Timbrepad and can't be changed, only saved anew.
        problem: Why it can't be opened, in one line; "" when it can.
    """

    name: str
    path: str
    tags: tuple[str, ...] = ()
    author: str = ""
    model_name: str = ""
    is_factory: bool = False
    problem: str = ""


class PresetLibrary:
    """A folder of the player's presets over the factory's.

    A preset of the player hides the factory's of the same name and takes its place in the list;
    when it is deleted the factory's is back. What is deleted goes to a folder inside and can be
    had again. Other programs may change the folder at any time: each call looks anew.
    """

    def __init__(self, user_folder: Path | None = None, factory: Traversable | None = None) -> None:
        """Look at a folder, which need not exist yet.

        Args:
            user_folder: The player's; None is the usual place.
            factory: A folder or package data; None is what came with Timbrepad.
        """
        self.user_folder = user_folder if user_folder is not None else presets_folder()
        self._factory = factory if factory is not None else importlib.resources.files("presets")
        self._known: dict[str, tuple[tuple[int, int], PresetEntry]] = {}

    def list(self) -> tuple[PresetEntry, ...]:
        """List the factory's presets in the factory's order, then the player's by name."""
        entries = {name_key(entry.name): entry for entry in self._factory_entries}
        taken: set[str] = set()
        for entry in self._user_entries():
            shown = _unique(entry.name, taken)
            taken.add(name_key(shown))
            entries[name_key(shown)] = msgspec.structs.replace(entry, name=shown)
        return tuple(entries.values())

    def find(self, name: str) -> PresetEntry:
        """Find an entry by its name, whatever its case.

        Raises:
            PresetError: If there is none; the message names those that come near.
        """
        entries = {name_key(entry.name): entry for entry in self.list()}
        entry = entries.get(name_key(name))
        if entry is not None:
            return entry
        near = difflib.get_close_matches(name_key(name), entries, n=3, cutoff=0.5)
        hint = ", ".join(f'"{entries[key].name}"' for key in near) or "the list of presets"
        raise PresetError(f'There is no preset "{name}". Try {hint}.')

    def load(self, name: str) -> Preset:
        """Read a preset by its name in the list, or by the path of its file.

        Raises:
            PresetError: If there is none, or it can't be read.
        """
        if name.endswith(SUFFIX) and Path(name).is_file():
            return _read(Path(name))
        entry = self.find(name)
        preset = _read(self._file(entry))
        return msgspec.structs.replace(preset, name=entry.name)

    def save(self, preset: Preset) -> PresetEntry:
        """Write a preset under its name, in place of the player's former one, kept as `.bak`.

        Raises:
            PresetError: If it has no name or can't be written; the former one stays.
        """
        name = _checked_name(preset.name)
        preset = msgspec.structs.replace(preset, name=name)
        former = self._user_path(name)
        path = former or self._free_path(name)
        with _saying(f'Could not save "{name}"'):
            if former is not None:
                write_whole(former.with_name(former.name + ".bak"), former.read_bytes())
            write_whole(path, encode_preset(preset))
        return _entry(preset, str(path), is_factory=False)

    def save_as(self, preset: Preset, name: str) -> PresetEntry:
        """Write a preset under a name that is not in the list yet.

        Raises:
            PresetError: If the name is taken or empty, or the file can't be written.
        """
        name = _checked_name(name)
        if name_key(name) in self._keys():
            raise PresetError(f'There is a preset "{name}" already. Choose another name.')
        return self.save(msgspec.structs.replace(preset, name=name))

    def unique_name(self, name: str) -> str:
        """Give the name itself, or with the next number where it is taken."""
        return _unique(name, self._keys())

    def rename(self, name: str, new_name: str) -> PresetEntry:
        """Give one of the player's presets another name.

        Raises:
            PresetError: If it is the factory's, or damaged, or the new name is taken or empty, or
                the files can't be written; the preset is then still there under its old name.
        """
        entry = self._own(name, "renamed")
        new_name = _checked_name(new_name)
        if name_key(new_name) != name_key(name) and name_key(new_name) in self._keys():
            raise PresetError(f'There is a preset "{new_name}" already. Choose another name.')
        old_path = Path(entry.path)
        preset = msgspec.structs.replace(_read(old_path), name=new_name)
        new_path = old_path if name_key(new_name) == name_key(name) else self._free_path(new_name)
        with _saying(f'Could not rename "{name}"'):
            write_whole(new_path, encode_preset(preset))
            if new_path != old_path:
                old_path.unlink()
        return _entry(preset, str(new_path), is_factory=False)

    def delete(self, name: str) -> PresetEntry:
        """Move one of the player's presets to the trash, from where `undelete` brings it back.

        Raises:
            PresetError: If it is the factory's or can't be moved.
        """
        entry = self._own(name, "deleted")
        path = Path(entry.path)
        with _saying(f'Could not delete "{name}"'):
            trash = self.user_folder / TRASH
            trash.mkdir(exist_ok=True)
            # the time first, so that the newest is last in the order of names
            path.rename(trash / f"{time.time_ns():020d} {path.name}")
        return entry

    def undelete(self) -> PresetEntry:
        """Bring back the preset that was deleted last; under a new name where its own is taken.

        Raises:
            PresetError: If the trash is empty or the file can't be moved.
        """
        deleted = sorted(_json_files(self.user_folder / TRASH), key=lambda file: file.name)
        if not deleted:
            raise PresetError("There is no deleted preset to bring back.")
        with _saying("Could not bring the preset back"):
            preset = _read(deleted[-1])
            entry = self.save(
                msgspec.structs.replace(preset, name=_unique(preset.name, self._user_keys()))
            )
            Path(str(deleted[-1])).unlink()
        return entry

    def import_file(self, path: Path) -> PresetEntry:
        """Copy a preset file into the player's folder; under a new name where its own is taken.

        Raises:
            PresetError: If it can't be read, is not a preset, or can't be written.
        """
        preset = _read(path)
        name = self.unique_name(preset.name.strip() or path.stem)
        return self.save(msgspec.structs.replace(preset, name=name))

    def export_file(self, name: str, destination: Path) -> Path:
        """Copy a preset to a file, or into a folder under a name of its own; give the file.

        Raises:
            PresetError: If there is no such preset, it is damaged, or the file can't be written.
        """
        preset = self.load(name)
        path = destination / file_name(preset.name, SUFFIX) if destination.is_dir() else destination
        with _saying(f'Could not write "{path}"'):
            write_whole(path, encode_preset(preset))
        return path

    def by_program(self, program: int, bank: int = 0) -> PresetEntry:
        """Give the entry at a place of the list: program 0..127 of a bank of 128 each.

        Raises:
            PresetError: If the list is shorter.
        """
        entries = self.list()
        place = PROGRAMS_OF_A_BANK * bank + program
        if not 0 <= place < len(entries):
            of_bank = f" of bank {bank}" if bank else ""
            raise PresetError(
                f"Program {program}{of_bank} asks for a preset; there are {len(entries)}."
            )
        return entries[place]

    def neighbour(self, name: str, step: int) -> PresetEntry:
        """Give the entry `step` places after `name`, round the ends; the first for no such name.

        Raises:
            PresetError: If the list is empty.
        """
        entries = [entry for entry in self.list() if not entry.problem]
        if not entries:
            raise PresetError("There are no presets yet. Save one first.")
        places = {name_key(entry.name): place for place, entry in enumerate(entries)}
        place = places.get(name_key(name))
        return entries[0 if place is None else (place + step) % len(entries)]

    def next(self, name: str) -> PresetEntry:
        """Give the entry after `name`; as `neighbour`."""
        return self.neighbour(name, 1)

    def previous(self, name: str) -> PresetEntry:
        """Give the entry before `name`; as `neighbour`."""
        return self.neighbour(name, -1)

    @functools.cached_property
    def _factory_entries(self) -> tuple[PresetEntry, ...]:
        files = sorted(_json_files(self._factory), key=lambda file: file.name)
        return tuple(_read_entry(file, is_factory=True) for file in files)

    def _user_entries(self) -> Iterator[PresetEntry]:
        entries = [self._entry_of(path) for path in _json_files(self.user_folder)]
        yield from sorted(entries, key=lambda entry: (name_key(entry.name), entry.path))

    def _entry_of(self, file: Traversable) -> PresetEntry:
        """Read the entry of a file, or recall it while the file is as it was."""
        path = Path(str(file))
        with contextlib.suppress(OSError):  # a file that can't be read says so when it is read
            state = path.stat()
            stamp = (state.st_mtime_ns, state.st_size)
            known = self._known.get(path.name)
            if known is None or known[0] != stamp:
                known = self._known[path.name] = (stamp, _read_entry(path, is_factory=False))
            return known[1]
        return _read_entry(path, is_factory=False)

    def _keys(self) -> set[str]:
        return {name_key(entry.name) for entry in self.list()}

    def _user_keys(self) -> set[str]:
        return {name_key(entry.name) for entry in self.list() if not entry.is_factory}

    def _user_path(self, name: str) -> Path | None:
        for entry in self.list():
            if name_key(entry.name) == name_key(name) and not entry.is_factory:
                return Path(entry.path)
        return None

    def _own(self, name: str, done: str) -> PresetEntry:
        entry = self.find(name)
        if entry.is_factory:
            raise PresetError(
                f'"{entry.name}" came with Timbrepad and can\'t be {done}. '
                "Save it under another name first."
            )
        return entry

    def _free_path(self, name: str) -> Path:
        there = {name_key(file.name) for file in _json_files(self.user_folder)}
        stem = file_name(name, SUFFIX).removesuffix(SUFFIX)
        number = 1
        while name_key(candidate := f"{stem}{f' {number}' if number > 1 else ''}{SUFFIX}") in there:
            number += 1
        return self.user_folder / candidate

    def _file(self, entry: PresetEntry) -> Traversable:
        if not entry.is_factory:
            return Path(entry.path)
        return self._factory.joinpath(Path(entry.path).name)


def _unique(name: str, taken: set[str]) -> str:
    candidate, number = name, 1
    while name_key(candidate) in taken:
        number += 1
        candidate = f"{name} {number}"
    return candidate


def _checked_name(name: str) -> str:
    name = tidy_name(name)
    if not name:
        raise PresetError("A preset needs a name. Type one.")
    if len(name) > MAXIMUM_NAME:
        raise PresetError(f"A preset's name has at most {MAXIMUM_NAME} letters, not {len(name)}.")
    return name


def _json_files(folder: Traversable) -> list[Traversable]:
    try:
        return [
            file
            for file in folder.iterdir()
            if file.name.endswith(SUFFIX) and not file.name.startswith(".") and file.is_file()
        ]
    except OSError:  # no folder yet: no presets
        return []


def _read(file: Traversable) -> Preset:
    with _saying(f'Could not read "{file}"'), file.open("rb") as opened:
        text = opened.read(MAXIMUM_BYTES + 1)  # never more, however large the file
    try:
        return decode_preset(text, f'"{file}"')
    except UnicodeDecodeError as error:
        raise PresetError(f'"{file}" is not a Timbrepad preset: not UTF-8 text.') from error


def _read_entry(file: Traversable, *, is_factory: bool) -> PresetEntry:
    try:
        return _entry(_read(file), str(file), is_factory=is_factory)
    except PresetError as error:
        name = file.name.removesuffix(SUFFIX)
        return PresetEntry(name=name, path=str(file), is_factory=is_factory, problem=str(error))


def _entry(preset: Preset, path: str, *, is_factory: bool) -> PresetEntry:
    return PresetEntry(
        name=preset.name.strip() or Path(path).stem,
        path=path,
        tags=preset.tags,
        author=preset.author,
        model_name=preset.model_name,
        is_factory=is_factory,
    )


@contextlib.contextmanager
def _saying(what: str) -> Iterator[None]:
    """Turn what the file system says into a line for the player."""
    try:
        yield
    except OSError as error:
        raise PresetError(f"{what}: {reason_of(error)}.") from error
