"""A sound as one small JSON text: corners, pad, parameters, mappings; strict and versioned."""

import math
from typing import Any

import msgspec

from .pad_path import PadPath
from .parameters import BY_NAME, MOD_WHEEL, defaults
from .status import Corner
from .tuning import Tuning

VERSION = 1
MAXIMUM_BYTES = 1_000_000
N_CORNERS = 4


class PresetError(Exception):
    """A preset can't be read or written; the message says which and what to do."""


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """All that makes a sound come back.

    Attributes:
        version: Of this layout.
        name: As shown; the file's name is made from it.
        model_name: The model that the latents belong to.
        model_hash: Its identity.
        latent_space: Identity of the model's latent space, where that is not the model's own.
        corners: Four: bottom left, bottom right, top left, top right.
        pad_x: 0..1, rightward.
        pad_y: 0..1, upward.
        parameters: Values by name, each in its own unit; missing ones take their default.
        controllers: MIDI controller number -> parameter name.
        mod_depth: How far the mod wheel moves its parameter, as a share of its whole way.
        tags: Words to search for.
        author: Who made it.
        notes: Free text.
        tuning: Pitches of the keys; None is twelve equal steps, or what the player uses for all.
        path: The pad's, or None.
    """

    version: int = VERSION
    name: str = "Untitled"
    model_name: str = ""
    model_hash: str = ""
    latent_space: str = ""
    corners: tuple[Corner, ...] = ()
    pad_x: float = 0.5
    pad_y: float = 0.5
    parameters: dict[str, float] = msgspec.field(default_factory=defaults)
    controllers: dict[int, str] = msgspec.field(
        default_factory=lambda: {MOD_WHEEL: "vibrato_depth"}
    )
    mod_depth: float = 0.5
    tags: tuple[str, ...] = ()
    author: str = ""
    notes: str = ""
    tuning: Tuning | None = None
    path: PadPath | None = None

    def is_of_space(self, latent_space: str) -> bool:
        """Whether the latents lie in a model's latent space, though another may have made them."""
        return bool(latent_space) and (self.latent_space or self.model_hash) == latent_space


def encode_preset(preset: Preset) -> bytes:
    """Write a preset as indented JSON, UTF-8."""
    return msgspec.json.format(msgspec.json.encode(preset), indent=2) + b"\n"


def decode_preset(text: bytes, origin: str) -> Preset:
    """Read a preset, strictly.

    Args:
        text: JSON, UTF-8.
        origin: What to call it in an error: the file's path, mostly.

    Raises:
        PresetError: If it is not a preset, is too large, is of another version, or holds a value
            that the instrument does not know.
    """
    if len(text) > MAXIMUM_BYTES:
        raise PresetError(f"{origin} is too large to be a preset ({len(text)} bytes).")
    try:
        version = msgspec.json.decode(text, type=dict[str, Any]).get("version")
        if version != VERSION:
            raise PresetError(
                f"{origin} is a preset of version {version}; this Timbrepad reads version "
                f"{VERSION}. Update Timbrepad, or save the preset again with the one that made it."
            )
        preset = msgspec.json.decode(text, type=Preset)
    except msgspec.DecodeError as error:
        raise PresetError(f"{origin} is not a Timbrepad preset: {error}.") from error
    _check(preset, origin)
    return preset


def _check(preset: Preset, origin: str) -> None:
    if len(preset.corners) != N_CORNERS:
        raise PresetError(f"{origin} has {len(preset.corners)} corners; a preset has {N_CORNERS}.")
    for name in [*preset.parameters, *preset.controllers.values()]:
        if name not in BY_NAME:
            raise PresetError(f'{origin} names a parameter "{name}" that does not exist.')
    numbers = [preset.pad_x, preset.pad_y, preset.mod_depth, *preset.parameters.values()]
    numbers += [value for corner in preset.corners for value in corner.z]
    if not all(math.isfinite(number) for number in numbers):
        raise PresetError(f"{origin} holds a number that is not finite.")
    if preset.tuning is not None and preset.tuning.problem():
        raise PresetError(f"{origin}: {preset.tuning.problem()}.")
    if preset.path is not None and preset.path.problem():
        raise PresetError(f"{origin}: {preset.path.problem()}.")
    for name, value in preset.parameters.items():
        row = BY_NAME[name]
        if not row.minimum <= value <= row.maximum:
            raise PresetError(
                f"{origin}: {name} must be {row.minimum:g}..{row.maximum:g} {row.unit}, "
                f"not {value:g}."
            )
