"""What MIDI controllers move: mappings as one small JSON text, strict and versioned."""

from typing import Any

import msgspec

from .events import StepPreset, TapTempo
from .midi_source import Source
from .parameters import PAD_X_CONTROLLER, PAD_Y_CONTROLLER, PARAMETERS

FORMAT = "timbrepad-midi-map"
VERSION = 1
MAXIMUM_BYTES = 200_000

PAD_X, PAD_Y = "pad_x", "pad_y"
ACTIONS: dict[str, StepPreset | TapTempo] = {
    "previous_preset": StepPreset(step=-1),
    "next_preset": StepPreset(step=1),
    "tap_tempo": TapTempo(),
}
"""Done by a button -> what it does."""

TARGETS: dict[str, str] = {
    PAD_X: "pad, left to right",
    PAD_Y: "pad, bottom to top",
    "previous_preset": "previous preset",
    "next_preset": "next preset",
    "tap_tempo": "tap of the tempo",
} | {row.name: f"{row.group}: {row.label}" for row in PARAMETERS}
"""Everything that a controller can move -> as shown."""

USUAL_CONTROLLERS: dict[str, int] = {
    row.name: row.controller for row in PARAMETERS if row.controller is not None
} | {PAD_X: PAD_X_CONTROLLER, PAD_Y: PAD_Y_CONTROLLER}
"""Target -> the controller that moves it where the player and the preset say nothing else."""


class MidiMapError(Exception):
    """A profile of mappings can't be read or written; the message says which and what to do."""


class Mapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One controller moves one thing.

    Attributes:
        source: The controller.
        target: A key of `TARGETS`.
        low: Where the target is at the controller's least value, 0..1 of its way.
        high: Where it is at the greatest; less than `low` is inverted.
        takeover: Soft takeover: the controller does nothing before it comes by the present value.
    """

    source: Source
    target: str
    low: float = 0.0
    high: float = 1.0
    takeover: bool = True

    def problem(self) -> str:
        """Say what is wrong with it, or ""."""
        if self.target not in TARGETS:
            return f'there is no "{self.target}" to move'
        if not (0.0 <= self.low <= 1.0 and 0.0 <= self.high <= 1.0):  # what is no number, too
            return f"the range must lie in 0..1, not {self.low:g}..{self.high:g}"
        return self.source.problem()

    def place(self, position: float) -> float:
        """Turn the controller's position, 0..1, into the target's."""
        return self.low + position * (self.high - self.low)


class MidiMap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All mappings: each controller moves one thing, and each thing has one controller.

    Attributes:
        format: What the file is.
        version: Of this layout.
        name: Of the profile that it was loaded from or saved to last; "" for none.
        mappings: In the order of `TARGETS`.
    """

    format: str = FORMAT
    version: int = VERSION
    name: str = ""
    mappings: tuple[Mapping, ...] = ()

    def of(self, target: str) -> Mapping | None:
        """Give the mapping that moves a target."""
        return next((mapping for mapping in self.mappings if mapping.target == target), None)

    def with_mapping(self, mapping: Mapping) -> "MidiMap":
        """Give the map with one more, and without those that it takes the place of."""
        kept = [other for other in self.mappings if not _is_replaced(other, mapping)]
        return self._of([*kept, mapping])

    def without(self, target: str) -> "MidiMap":
        """Give the map without the mapping of a target."""
        return self._of([mapping for mapping in self.mappings if mapping.target != target])

    def replaced_by(self, mapping: Mapping) -> tuple[Mapping, ...]:
        """Give the mappings of other things that would go for one: they have its controller."""
        return tuple(
            other
            for other in self.mappings
            if other.target != mapping.target and _is_replaced(other, mapping)
        )

    def problem(self) -> str:
        """Say what is wrong, or ""."""
        for place, mapping in enumerate(self.mappings):
            if problem := mapping.problem():
                return problem
            for other in self.mappings[:place]:
                if other.target == mapping.target:
                    return f'"{mapping.target}" has two controllers'
                if other.source.overlaps(mapping.source):
                    return f"{mapping.source} moves two things"
        return ""

    def _of(self, mappings: list[Mapping]) -> "MidiMap":
        order = list(TARGETS)
        ordered = sorted(mappings, key=lambda mapping: order.index(mapping.target))
        return msgspec.structs.replace(self, mappings=tuple(ordered))


def _is_replaced(other: Mapping, mapping: Mapping) -> bool:
    return other.target == mapping.target or other.source.overlaps(mapping.source)


def encode_midi_map(midi_map: MidiMap) -> bytes:
    """Write a map as indented JSON, UTF-8."""
    return msgspec.json.format(msgspec.json.encode(midi_map), indent=2) + b"\n"


def decode_midi_map(text: bytes, origin: str) -> MidiMap:
    """Read a map, strictly.

    Args:
        text: JSON, UTF-8.
        origin: What to call it in an error: the file's path, mostly.

    Raises:
        MidiMapError: If it is not a map, is too large, is of another version, or holds something
            that the instrument does not know.
    """
    if len(text) > MAXIMUM_BYTES:
        raise MidiMapError(f"{origin} is too large to be a MIDI map ({len(text)} bytes).")
    try:
        head = msgspec.json.decode(text, type=dict[str, Any])
        if head.get("format") != FORMAT:
            raise MidiMapError(f"{origin} is not a MIDI map of Timbrepad. Choose another file.")
        if head.get("version") != VERSION:
            raise MidiMapError(
                f"{origin} is a MIDI map of version {head.get('version')}; this Timbrepad reads "
                f"version {VERSION}. Update Timbrepad, or learn the controllers anew."
            )
        midi_map = msgspec.json.decode(text, type=MidiMap)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise MidiMapError(f"{origin} is not a MIDI map of Timbrepad: {error}.") from error
    if problem := midi_map.problem():
        raise MidiMapError(f"{origin}: {problem}.")
    return midi_map


def check_target(target: str) -> None:
    """Raise ValueError if nothing of this name can be moved."""
    if target not in TARGETS:
        raise ValueError(f'there is no "{target}" to move: {", ".join(TARGETS)}')
