"""What differs between two sounds, field by field; knows no field by name that need not be.

A preset may get new fields without this being told: they are compared as they are found.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from instrument import BY_NAME, MidiMap, Preset

_NOT_SOUND = {"version", "unknown"}
_WORDS = {
    "pad_x": "pad",
    "pad_y": "pad",
    "corners": "timbres",
    "mod_depth": "mod wheel",
    "midi_map": "MIDI controllers",
    "model_name": "model",
    "model_hash": "model",
    "latent_space": "model",
}

Leaves = dict[str, tuple[object, object]]


class Moment(NamedTuple):
    """All that a step changes.

    Attributes:
        preset: The sound.
        midi_map: What MIDI controllers move.
        is_changed: Whether the sound is not as on disk.
    """

    preset: Preset
    midi_map: MidiMap = MidiMap()
    is_changed: bool = False


def differences(before: Moment, after: Moment) -> Leaves:
    """Find what differs: by path, as "parameters.cutoff" or "corners.2.z", the old and the new."""
    leaves = {
        path: pair
        for path, pair in _leaves("", before.preset, after.preset)
        if path.split(".")[-1] not in _NOT_SOUND
    }
    if before.midi_map.mappings != after.midi_map.mappings:
        leaves["midi_map"] = (before.midi_map, after.midi_map)
    return leaves


def words_of(leaves: Leaves, after: Moment) -> str:
    """Say in a few words what a step changes."""
    if "name" in leaves:
        return f"open {after.preset.name}"
    names = dict.fromkeys(_name_of(path) for path in leaves)
    return ", ".join(names) if len(names) <= 2 else f"{next(iter(names))} and more"


def _name_of(path: str) -> str:
    first, *rest = path.split(".")
    if first == "parameters" and rest and rest[0] in BY_NAME:
        return BY_NAME[rest[0]].label
    return _WORDS.get(first, first.replace("_", " "))


def control_of(path: str) -> str:
    """Name the control that a path belongs to: both ways of the pad are one."""
    return "pad" if path in ("pad_x", "pad_y") else ".".join(path.split(".")[:2])


def _leaves(path: str, before: Any, after: Any) -> Iterator[tuple[str, tuple[object, object]]]:
    if before is after or before == after:
        return
    if isinstance(before, msgspec.Struct) and type(before) is type(after):
        pairs = {n: (getattr(before, n), getattr(after, n)) for n in before.__struct_fields__}
    elif isinstance(before, dict) and isinstance(after, dict):
        pairs = {n: (before.get(n), after.get(n)) for n in dict.fromkeys((*before, *after))}
    elif _are_alike(before, after):
        pairs = {str(i): pair for i, pair in enumerate(zip(before, after, strict=True))}
    else:
        yield path, (before, after)
        return
    for name, pair in pairs.items():
        yield from _leaves(f"{path}.{name}" if path else str(name), *pair)


def _are_alike(before: Any, after: Any) -> bool:
    """Whether two tuples hold as many structs, so that each can be compared with its own."""
    return (
        isinstance(before, tuple)
        and isinstance(after, tuple)
        and len(before) == len(after)
        and all(isinstance(value, msgspec.Struct) for value in (*before, *after))
    )


def only_fills_in(leaves: Leaves) -> bool:
    """Whether a model has only said what a name or a seed means: no hand did that."""
    return all(path.endswith(".z") and before == () for path, (before, _) in leaves.items())


def is_continuous(leaves: Leaves) -> bool:
    """Whether something was moved, and not chosen or drawn anew."""
    values = [value for pair in leaves.values() for value in pair]
    is_text = any(isinstance(value, str | bool) for value in values)
    moved = [path for path, pair in leaves.items() if all(isinstance(v, float) for v in pair)]
    return bool(moved) and not is_text


def shared(preset: Preset, former: Preset) -> Preset:
    """Give a preset that shares with a former one what is the same, as latents mostly are."""
    same: dict[str, Any] = {}
    for name in preset.__struct_fields__:
        now, was = getattr(preset, name), getattr(former, name)
        if now == was:
            same[name] = was
        elif _are_alike(was, now):
            same[name] = tuple(
                old if old == new else new for old, new in zip(was, now, strict=True)
            )
    return msgspec.structs.replace(preset, **same)
