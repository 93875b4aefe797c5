"""The presets that are there: the factory's, which can't be changed, and the player's folder."""

import contextlib
import difflib
import functools
import importlib.resources
import time
from collections.abc import Iterator, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path

import msgspec

from instrument.storage.file_names import MAXIMUM_NAME, file_name, name_key, tidy_name
from instrument.storage.files import write_whole
from instrument.storage.paths import presets_folder

from .preset import Preset, PresetError, decode_preset, encode_preset, fingerprint
from .preset_files import (
    SUFFIX,
    PresetEntry,
    backup_of,
    entry_of,
    json_files,
    read_entry,
    read_preset,
    saying,
)
from .preset_pack import MAXIMUM_PACK_BYTES, PACK_SUFFIX, decode_pack, encode_pack

TRASH = ".trash"
PROGRAMS_OF_A_BANK = 128


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
            return read_preset(Path(name))
        return self.read(self.find(name))

    def file_of(self, name: str) -> Path:
        """Give the file that `load` reads; one that is not there where there is no such preset."""
        with contextlib.suppress(PresetError):
            return Path(self.find(name).path)
        return Path(name)

    def read(self, entry: PresetEntry) -> Preset:
        """Read the preset of an entry of the list, without looking at the others.

        Raises:
            PresetError: If it can't be read.
        """
        return msgspec.structs.replace(read_preset(self._file(entry)), name=entry.name)

    def save(self, preset: Preset) -> PresetEntry:
        """Write a preset under its name, in place of the player's former one, kept as `.bak`.

        Raises:
            PresetError: If it has no name or can't be written; the former one stays.
        """
        name = _checked_name(preset.name)
        preset = msgspec.structs.replace(preset, name=name)
        former = self._user_path(name)
        path = former or self._free_path(name)
        text = encode_preset(preset)
        decode_preset(text, f'"{name}"')  # what can't be read again is not written over what can
        with saying(f'Could not save "{name}"'):
            if former is not None:
                write_whole(backup_of(former), former.read_bytes())
            write_whole(path, text)
        return entry_of(preset, str(path), is_factory=False)

    def has_backup(self, name: str) -> bool:
        """Whether one of the player's presets can be as it was before it was last saved."""
        former = self._user_path(name)
        return former is not None and backup_of(former).is_file()

    def revert(self, name: str) -> PresetEntry:
        """Bring back what a preset was before it was last saved; again brings the later one back.

        This also mends a file that another program has damaged.

        Raises:
            PresetError: If it is the factory's or has no backup, or the files can't be written.
        """
        path = Path(self._own(name, "reverted").path)
        backup = backup_of(path)
        if not backup.is_file():
            raise PresetError(f'There is no earlier "{name}". It has been saved once only.')
        earlier = read_preset(backup)
        with saying(f'Could not bring the earlier "{name}" back'):
            later = path.read_bytes()
            write_whole(path, encode_preset(earlier))
            write_whole(backup, later)
        return entry_of(earlier, str(path), is_factory=False)

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
        preset = msgspec.structs.replace(read_preset(old_path), name=new_name)
        new_path = old_path if name_key(new_name) == name_key(name) else self._free_path(new_name)
        with saying(f'Could not rename "{name}"'):
            write_whole(new_path, encode_preset(preset))
            if new_path != old_path:
                old_path.unlink()
        return entry_of(preset, str(new_path), is_factory=False)

    def delete(self, name: str) -> PresetEntry:
        """Move one of the player's presets to the trash, from where `undelete` brings it back.

        Raises:
            PresetError: If it is the factory's or can't be moved.
        """
        entry = self._own(name, "deleted")
        path = Path(entry.path)
        with saying(f'Could not delete "{name}"'):
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
        deleted = sorted(json_files(self.user_folder / TRASH), key=lambda file: file.name)
        if not deleted:
            raise PresetError("There is no deleted preset to bring back.")
        with saying("Could not bring the preset back"):
            preset = read_preset(deleted[-1])
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
        preset = read_preset(path)
        name = self.unique_name(preset.name.strip() or path.stem)
        return self.save(msgspec.structs.replace(preset, name=name))

    def import_pack(self, path: Path) -> tuple[PresetEntry, ...]:
        """Copy all presets of a pack into the player's folder, or none.

        One that is there already, the same in name and sound, is not copied again; one whose name
        alone is taken gets another.

        Returns:
            The entries that are new.

        Raises:
            PresetError: If the pack can't be read whole, or a preset of it can't be written; those
                that were written are then taken away again.
        """
        with saying(f'Could not read "{path}"'), path.open("rb") as file:
            packed = file.read(MAXIMUM_PACK_BYTES + 1)
        there = {name_key(entry.name): entry for entry in self.list()}
        taken, fresh = set(there), []
        for preset in decode_pack(packed, f'"{path}"'):
            name = _checked_name(preset.name)
            same = there.get(name_key(name))
            if same is not None and self._is_same(same, preset):
                continue
            name = _unique(name, taken)
            taken.add(name_key(name))
            fresh.append(msgspec.structs.replace(preset, name=name))
        return self._write_all(fresh)

    def export_pack(self, names: Sequence[str], destination: Path) -> Path:
        """Write presets into one zip file; give the file.

        Args:
            names: Of the presets; none for all of the player's own.
            destination: The file; one without a suffix gets that of packs.

        Raises:
            PresetError: If there is no such preset, one is damaged, or the file can't be written.
        """
        if names:
            presets = [self.load(name) for name in names]
        else:
            own = [entry for entry in self.list() if not entry.is_factory and not entry.problem]
            presets = [self.read(entry) for entry in own]
        if not presets:
            raise PresetError("You have no presets of your own yet. Save one, or name some.")
        path = destination if destination.suffix else destination.with_suffix(PACK_SUFFIX)
        with saying(f'Could not write "{path}"'):
            write_whole(path, encode_pack(presets))
        return path

    def _is_same(self, entry: PresetEntry, preset: Preset) -> bool:
        return not entry.problem and fingerprint(self.read(entry)) == fingerprint(preset)

    def _write_all(self, presets: Sequence[Preset]) -> tuple[PresetEntry, ...]:
        entries: list[PresetEntry] = []
        try:
            for preset in presets:
                path = self._free_path(preset.name)
                with saying(f'Could not save "{preset.name}"; none was imported'):
                    write_whole(path, encode_preset(preset))
                entries.append(entry_of(preset, str(path), is_factory=False))
        except BaseException:
            for entry in entries:
                Path(entry.path).unlink(missing_ok=True)
            raise
        return tuple(entries)

    def export_file(self, name: str, destination: Path) -> Path:
        """Copy a preset to a file, or into a folder under a name of its own; give the file.

        Raises:
            PresetError: If there is no such preset, it is damaged, or the file can't be written.
        """
        preset = self.load(name)
        path = destination / file_name(preset.name, SUFFIX) if destination.is_dir() else destination
        with saying(f'Could not write "{path}"'):
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
        files = sorted(json_files(self._factory), key=lambda file: file.name)
        return tuple(read_entry(file, is_factory=True) for file in files)

    def _user_entries(self) -> Iterator[PresetEntry]:
        entries = [self._entry_of(path) for path in json_files(self.user_folder)]
        yield from sorted(entries, key=lambda entry: (name_key(entry.name), entry.path))

    def _entry_of(self, file: Traversable) -> PresetEntry:
        """Read the entry of a file, or recall it while the file is as it was."""
        path = Path(str(file))
        with contextlib.suppress(OSError):  # a file that can't be read says so when it is read
            state = path.stat()
            stamp = (state.st_mtime_ns, state.st_size)
            known = self._known.get(path.name)
            if known is None or known[0] != stamp:
                known = self._known[path.name] = (stamp, read_entry(path, is_factory=False))
            return known[1]
        return read_entry(path, is_factory=False)

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
        there = {name_key(file.name) for file in json_files(self.user_folder)}
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
