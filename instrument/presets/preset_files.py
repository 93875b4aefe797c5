"""One preset's file: read, named, and what the list of presets shows of it."""

import contextlib
from collections.abc import Iterator
from importlib.resources.abc import Traversable
from pathlib import Path

import msgspec

from instrument.storage.file_names import reason_of

from .preset import MAXIMUM_BYTES, Preset, PresetError, decode_preset

SUFFIX = ".json"
BACKUP_SUFFIX = ".bak"


class PresetEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the list of presets.

    Attributes:
        name: As shown; no two entries have the same, whatever their case.
        path: Where it lies.
        tags: Words to search for.
        author: Who made it.
        licence: On what terms others may use it.
        timbres: Of the corners that came from a named one.
        model_name: The model that it plays.
        is_factory: It came with Timbrepad and can't be changed, only saved anew.
        problem: Why it can't be opened, in one line; "" when it can.
    """

    name: str
    path: str
    tags: tuple[str, ...] = ()
    author: str = ""
    licence: str = ""
    timbres: tuple[str, ...] = ()
    model_name: str = ""
    is_factory: bool = False
    problem: str = ""


def backup_of(path: Path) -> Path:
    """Give where a preset is kept as it was before it was last saved."""
    return path.with_name(path.name + BACKUP_SUFFIX)


def json_files(folder: Traversable) -> list[Traversable]:
    """List the files of a folder that look like presets; a folder that is not there has none."""
    try:
        return [
            file
            for file in folder.iterdir()
            if file.name.endswith(SUFFIX) and not file.name.startswith(".") and file.is_file()
        ]
    except OSError:  # no folder yet: no presets
        return []


def read_preset(file: Traversable) -> Preset:
    """Read a preset's file, never more of it than a preset can have.

    Raises:
        PresetError: If it can't be read, or is no preset.
    """
    with saying(f'Could not read "{file}"'), file.open("rb") as opened:
        text = opened.read(MAXIMUM_BYTES + 1)
    return decode_preset(text, f'"{file}"')


def read_entry(file: Traversable, *, is_factory: bool) -> PresetEntry:
    """Read what the list shows of a file; of a damaged one, why it can't be opened."""
    try:
        return entry_of(read_preset(file), str(file), is_factory=is_factory)
    except PresetError as error:
        name = file.name.removesuffix(SUFFIX)
        return PresetEntry(name=name, path=str(file), is_factory=is_factory, problem=str(error))


def entry_of(preset: Preset, path: str, *, is_factory: bool) -> PresetEntry:
    """Give what the list shows of a preset."""
    return PresetEntry(
        name=preset.name.strip() or Path(path).stem,
        path=path,
        tags=preset.tags,
        author=preset.author,
        licence=preset.licence,
        timbres=tuple(corner.timbre for corner in preset.corners if corner.timbre),
        model_name=preset.model_name,
        is_factory=is_factory,
    )


@contextlib.contextmanager
def saying(what: str) -> Iterator[None]:
    """Turn what the file system says into a line for the player."""
    try:
        yield
    except OSError as error:
        raise PresetError(f"{what}: {reason_of(error)}.") from error
