"""A sound as one small JSON text: corners, pad, parameters, mappings; strict and versioned."""

import hashlib
import math
from collections.abc import Sequence
from typing import Any

import msgspec

from instrument.pad.nearness import MOST_POINTS
from instrument.storage.json_text import to_lines
from instrument.values.pad_path import PadPath
from instrument.values.parameters import BY_NAME, MOD_WHEEL, PARAMETERS, defaults
from instrument.values.status import Corner
from instrument.values.tuning import Tuning

from .preset_migration import VERSION, migrate

MAXIMUM_BYTES = 1_000_000
MAXIMUM_GENERATIONS = 8  # of ancestors that a preset tells of
N_CORNERS = 4
_POINTS = "points"  # in the text
_IN_MODEL = {"model_name": "name", "model_hash": "hash", "latent_space": "latent_space"}


class PresetError(Exception):
    """A preset can't be read or written; the message says which and what to do."""


class Ancestor(msgspec.Struct, frozen=True):
    """A preset that another was bred from.

    Attributes:
        name: As it was called then.
        hash: Its `fingerprint`.
        made: How it was made itself, in a few words; "" for one that was not bred.
        parents: That it was bred from in turn.
    """

    name: str
    hash: str
    made: str = ""
    parents: tuple["Ancestor", ...] = ()


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """All that makes a sound come back.

    Attributes:
        version: Of this layout.
        name: As shown; the file's name is made from it.
        model_name: The model that the latents belong to.
        model_hash: Its identity.
        latent_space: Identity of the model's latent space, where that is not the model's own.
        corners: Its timbre points, "points" in the text, 1 to 16; four without places stand in the
            pad's corners: bottom left, bottom right, top left, top right.
        pad_x: 0..1, rightward.
        pad_y: 0..1, upward.
        parameters: Values by name, each in its own unit; missing ones take their default.
        controllers: MIDI controller number -> parameter name.
        mod_depth: How far the mod wheel moves its parameter, as a share of its whole way.
        tags: Words to search for.
        author: Who made it.
        licence: On what terms others may use it; "" says nothing.
        notes: Free text.
        tuning: Pitches of the keys; None is twelve equal steps, or what the player uses for all.
        path: The pad's, or None.
        made: How it was bred, in a few words; "" when it was not.
        parents: That it was bred from.
        unknown: Fields of a newer Timbrepad, as they were in the text: they are written again.
    """

    version: int = VERSION
    name: str = "Untitled"
    model_name: str = ""
    model_hash: str = ""
    latent_space: str = ""
    corners: tuple[Corner, ...] = msgspec.field(default=(), name=_POINTS)
    pad_x: float = 0.5
    pad_y: float = 0.5
    parameters: dict[str, float] = msgspec.field(default_factory=defaults)
    controllers: dict[int, str] = msgspec.field(
        default_factory=lambda: {MOD_WHEEL: "vibrato_depth"}
    )
    mod_depth: float = 0.5
    tags: tuple[str, ...] = ()
    author: str = ""
    licence: str = ""
    notes: str = ""
    tuning: Tuning | None = None
    path: PadPath | None = None
    made: str = ""
    parents: tuple[Ancestor, ...] = ()
    unknown: dict[str, Any] = {}

    def is_of_space(self, latent_space: str) -> bool:
        """Whether the latents lie in a model's latent space, though another may have made them."""
        return bool(latent_space) and (self.latent_space or self.model_hash) == latent_space


def encode_preset(preset: Preset) -> bytes:
    """Write a preset as indented JSON, UTF-8, always in the same order."""
    table: dict[str, Any] = msgspec.to_builtins(preset, str_keys=True)
    unknown = table.pop("unknown")
    table["parameters"] = {
        row.name: table["parameters"][row.name]
        for row in PARAMETERS
        if row.name in table["parameters"]
    }
    table["controllers"] = dict(sorted(table["controllers"].items(), key=lambda pair: int(pair[0])))
    points = [_with_unknown(point, point.pop("unknown")) for point in table[_POINTS]]
    ordered: dict[str, Any] = {}
    for name, value in table.items():
        if name in _IN_MODEL:
            ordered.setdefault("model", {})[_IN_MODEL[name]] = value
        else:
            ordered[name] = points if name == _POINTS else value
    return to_lines(_with_unknown(ordered, unknown))


def decode_preset(text: bytes, origin: str) -> Preset:
    """Read a preset of this version or an older one, strictly; what is new to us is kept.

    Fields and parameters that this Timbrepad does not know are from a newer one: they do nothing
    here, and are written again when the preset is saved.

    Args:
        text: JSON, UTF-8.
        origin: What to call it in an error: the file's path, mostly.

    Raises:
        PresetError: If it is not a preset, is too large, is of a newer version, or holds a value
            that the instrument can't play.
    """
    if len(text) > MAXIMUM_BYTES:
        raise PresetError(f"{origin} is too large to be a preset ({len(text)} bytes).")
    try:
        table = msgspec.json.decode(text, type=dict[str, Any])
        version = table.get("version")
        if type(version) is not int or not 1 <= version <= VERSION:
            raise PresetError(
                f"{origin} is a preset of version {_short(version)}; this Timbrepad reads versions "
                f"1 to {VERSION}. Update Timbrepad, or save it again with the one that made it."
            )
        preset = _to_preset(migrate(table))
    except UnicodeDecodeError as error:
        raise PresetError(f"{origin} is not a Timbrepad preset: not UTF-8 text.") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise PresetError(f"{origin} is not a Timbrepad preset: {error}.") from error
    _check(preset, origin)
    _check_unknown(preset, origin)
    return preset


def decode_pasted(text: str) -> Preset:
    """Read a preset out of a text that a player pasted: a mail's words around it do no harm.

    Raises:
        PresetError: If there is no preset in it.
    """
    start, end = text.find("{"), text.rfind("}")
    if start < 0 or end < start:
        raise PresetError("There is no preset in what was pasted. Copy all of its text first.")
    inner = text[start : end + 1]
    return decode_preset(inner.encode(errors="replace"), "What was pasted")


def fingerprint(preset: Preset) -> str:
    """Give what two presets have in common that sound the same: 16 hexadecimal digits.

    The name, the words about it and its ancestors do not count.
    """
    sound = Preset(
        model_hash=preset.model_hash,
        corners=preset.corners,
        pad_x=preset.pad_x,
        pad_y=preset.pad_y,
        parameters=preset.parameters,
        controllers=preset.controllers,
        mod_depth=preset.mod_depth,
        tuning=preset.tuning,
        path=preset.path,
    )
    return hashlib.sha256(encode_preset(sound)).hexdigest()[:16]


def points_problem(points: Sequence[Corner]) -> str:
    """Say what is wrong with timbre points as a pad's, or ""."""
    places = [point.place for point in points if point.place is not None]
    if not 1 <= len(points) <= MOST_POINTS:
        return f"it has {len(points)} timbre points; a pad has 1 to {MOST_POINTS}"
    if not places:
        many = f"it has {len(points)} timbre points without a place"
        return "" if len(points) == N_CORNERS else f"{many}; {N_CORNERS} stand in the corners"
    if len(places) != len(points):
        return "some of its timbre points have a place, and some have none"
    if not all(0.0 <= number <= 1.0 for place in places for number in place):
        return "a timbre point's place must be 0..1"
    return ""


def _with_unknown(table: dict[str, Any], unknown: dict[str, Any]) -> dict[str, Any]:
    """Put fields that were kept back; what is known has the last word."""
    whole = dict(table)
    for name in sorted(unknown):
        kept = unknown[name]
        if name not in whole:
            whole[name] = kept
        elif isinstance(whole[name], dict) and isinstance(kept, dict):
            whole[name] = _with_unknown(whole[name], kept)
    return whole


def _to_preset(table: dict[str, Any]) -> Preset:
    fields = set(Preset.__struct_encode_fields__) - set(_IN_MODEL) - {"unknown"} | {"model"}
    known, unknown = _split(table, fields)
    for name, names in (
        ("model", set(_IN_MODEL.values())),
        ("parameters", set(BY_NAME)),
        ("tuning", set(Tuning.__struct_fields__)),
    ):
        if isinstance(known.get(name), dict):
            known[name], kept = _split(known[name], names)
            if kept:
                unknown[name] = kept
    _check_kept_parameters(unknown.get("parameters", {}))
    controllers = known.get("controllers")
    if isinstance(controllers, dict):
        strange = {key: kept for key, kept in controllers.items() if _is_new_parameter(kept)}
        known["controllers"] = {k: v for k, v in controllers.items() if k not in strange}
        if strange:
            unknown["controllers"] = strange
    if isinstance(known.get(_POINTS), list):
        known[_POINTS] = [_to_corner(point) for point in known[_POINTS]]
    model = known.pop("model", {})
    if not isinstance(model, dict):
        raise msgspec.ValidationError("Expected `object` - at `$.model`")
    known |= {name: model[key] for name, key in _IN_MODEL.items() if key in model}
    return msgspec.convert({**known, "unknown": unknown}, Preset, str_keys=True)


def _to_corner(corner: Any) -> Any:
    if not isinstance(corner, dict):
        return corner  # the conversion says what is wrong with it
    known, unknown = _split(corner, set(Corner.__struct_fields__) - {"unknown"})
    return {**known, "unknown": unknown}


def _split(table: dict[str, Any], names: set[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    known = {name: value for name, value in table.items() if name in names}
    return known, {name: value for name, value in table.items() if name not in names}


def _is_new_parameter(name: object) -> bool:
    return isinstance(name, str) and name not in BY_NAME


def _check_kept_parameters(parameters: dict[str, Any]) -> None:
    for name, value in parameters.items():
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise msgspec.ValidationError(f"Expected `float` - at `$.parameters.{_short(name)}`")


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:40]}…"


def _check(preset: Preset, origin: str) -> None:
    if problem := points_problem(preset.corners):
        raise PresetError(f"{origin}: {problem}.")
    for controller in preset.controllers:
        if not 0 <= controller <= 127:
            raise PresetError(f"{origin}: a MIDI controller must be 0..127, not {controller}.")
    for corner in preset.corners:
        if corner.seed is not None and not 0 <= corner.seed < 2**63:
            raise PresetError(f"{origin}: a seed must be 0 or more, and below 2 to the 63rd.")
    numbers = [preset.pad_x, preset.pad_y, preset.mod_depth, *preset.parameters.values()]
    numbers += [value for corner in preset.corners for value in corner.z]
    if not all(math.isfinite(number) for number in numbers):
        raise PresetError(f"{origin} holds a number that is not finite.")
    for place in (preset.pad_x, preset.pad_y, preset.mod_depth):
        if not 0.0 <= place <= 1.0:
            raise PresetError(f"{origin}: a place on the pad must be 0..1, not {place:g}.")
    if preset.tuning is not None and preset.tuning.problem():
        raise PresetError(f"{origin}: {preset.tuning.problem()}.")
    if _generations(preset.parents) > MAXIMUM_GENERATIONS:
        raise PresetError(f"{origin} tells of more than {MAXIMUM_GENERATIONS} generations.")
    if preset.path is not None and preset.path.problem():
        raise PresetError(f"{origin}: {preset.path.problem()}.")
    for name, value in preset.parameters.items():
        row = BY_NAME[name]
        if not row.minimum <= value <= row.maximum:
            raise PresetError(
                f"{origin}: {name} must be {row.minimum:g}..{row.maximum:g} {row.unit}, "
                f"not {value:g}."
            )


def _check_unknown(preset: Preset, origin: str) -> None:
    """Refuse fields that could be read, but neither written again nor sent to another process."""
    if not preset.unknown and not any(corner.unknown for corner in preset.corners):
        return
    try:
        encode_preset(preset)
        msgspec.msgpack.encode(preset)
    except (RecursionError, OverflowError, msgspec.EncodeError) as error:
        raise PresetError(f"{origin} is not a Timbrepad preset: {error}.") from error


def _generations(parents: tuple[Ancestor, ...]) -> int:
    return 1 + max(_generations(parent.parents) for parent in parents) if parents else 0
