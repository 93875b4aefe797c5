"""What a run was trained on, so that data that changed under it is noticed."""

import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from .notes import Example


class InstrumentIdentity(msgspec.Struct, frozen=True):
    """The notes of one instrument in one folder.

    Attributes:
        n_notes: How many.
        labels: A sum of all that `examples.json` says of them.
        files: A sum of the WAVs' sizes and times of change.
    """

    n_notes: int
    labels: int
    files: int


class DataIdentity(msgspec.Struct, frozen=True):
    """All notes of a run's data; `data.json` in its folder.

    Attributes:
        n_notes: How many.
        instruments: By the instrument's name.
    """

    n_notes: int
    instruments: dict[str, InstrumentIdentity]


def identify(examples: Iterable[Example]) -> DataIdentity:
    """Take the identity of notes; it does not depend on where their folder lies.

    The WAVs are not read: their sizes and times of change stand for them.
    """
    notes: dict[str, list[Example]] = defaultdict(list)
    for example in examples:
        notes[example.instrument_str].append(example)
    instruments = {name: _identify(notes[name]) for name in sorted(notes)}
    return DataIdentity(sum(i.n_notes for i in instruments.values()), instruments)


def difference(before: DataIdentity, now: DataIdentity) -> str:
    """Say in half a sentence what changed, naming the first instrument; "" for nothing."""
    changed = [
        (name, what)
        for name in sorted({*before.instruments, *now.instruments})
        if (what := _difference(before.instruments, now.instruments, name))
    ]
    if not changed:
        return ""
    name, what = changed[0]
    more = f", and {len(changed) - 1} more instruments changed" if len(changed) > 1 else ""
    return f"{name} {what}{more}"


def _identify(examples: Iterable[Example]) -> InstrumentIdentity:
    labels = files = n_notes = 0
    for example in sorted(examples, key=lambda e: e.note_str):
        said = {name: value for name, value in vars(example).items() if name != "path"}
        status = example.path.stat()
        labels = zlib.crc32(repr(sorted(said.items())).encode(), labels)
        files = zlib.crc32(f"{status.st_size} {status.st_mtime_ns}".encode(), files)
        n_notes += 1
    return InstrumentIdentity(n_notes, labels, files)


def _difference(
    before: Mapping[str, InstrumentIdentity], now: Mapping[str, InstrumentIdentity], name: str
) -> str:
    old, new = before.get(name), now.get(name)
    if old == new:
        return ""
    if old is None:
        return "is new"
    if new is None:
        return "is gone"
    if old.n_notes != new.n_notes:
        return f"had {old.n_notes} notes and has {new.n_notes}"
    return "has other labels" if old.labels != new.labels else "has WAVs that were written again"
