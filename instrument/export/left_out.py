"""What of a preset an export does not hold, said in lines for the musician."""

from instrument.engine.layers import HARD_TOUCH, SOFT_TOUCH
from instrument.presets.preset import Preset
from instrument.values.parameters import BY_NAME, MOD_WHEEL

_NOWHERE = {
    "key_mode": "mono and legato playing",
    "portamento": "portamento",
    "release_kind": "the release that is the note's own",
    "release_velocity": "what the speed of a key that comes up does",
    "pressure_level": "pressure's part in the level",
    "ensemble": "the ensemble's other timbres",
    "round_robin": "strikes that take turns",
    "unison": "the small delays between the voices of a unison",
}
_PER_FORMAT: dict[str, dict[str, str]] = {
    "sf2": {},
    "sfz": {},
    "decentsampler": {
        "vibrato_depth": "vibrato",
        "velocity_cutoff": "velocity's part in the filter",
        "key_tracking": "the filter's key tracking: all keys have middle C's cutoff",
    },
}
_WHEEL = (None, "vibrato_depth", "cutoff")
_BENT_TOUCHES = (SOFT_TOUCH, HARD_TOUCH)


def left_out(preset: Preset, format_name: str, softer_db: float = 0.0) -> tuple[str, ...]:
    """Say what is missing or different.

    Args:
        preset: Whose parameters count where they do something.
        format_name: "sf2", "sfz" or "decentsampler".
        softer_db: By how much a SoundFont's samples had to be made softer.
    """
    absent = {**_NOWHERE, **_PER_FORMAT[format_name]}
    lines = [f"Without {what}." for name, what in absent.items() if _acts(preset, name)]
    if format_name != "sfz" and _acts(preset, "bend_range"):
        lines.append("The pitch wheel bends as far as the player is set to, not as the preset.")
    if format_name != "decentsampler" and preset.controllers.get(MOD_WHEEL) not in _WHEEL:
        lines.append("The modulation wheel does nothing.")
    has_bent_touch = preset.parameters.get("velocity_curve", 0.0) in _BENT_TOUCHES
    if format_name != "decentsampler" and has_bent_touch and _acts(preset, "velocity_cutoff"):
        lines.append("Velocity moves the filter evenly, not by the preset's touch.")
    if softer_db > 0.05:
        lines.append(f"All is {softer_db:.1f} dB softer, to stay within full scale.")
    return tuple(lines)


def _acts(preset: Preset, name: str) -> bool:
    row = BY_NAME[name]
    return row.clip(preset.parameters.get(name, row.default)) != row.default
