"""A sampled sound as SFZ: a text that says how samples are played.

Opcodes: SFZ 1 and 2, and ARIA's for what controllers are at first and how they are called, as
sfzformat.com tells; players leave out what they do not know.
"""

import math
from collections.abc import Mapping

from instrument.engine.filter import BUTTERWORTH_Q
from instrument.values.parameters import PAD_X_CONTROLLER, PAD_Y_CONTROLLER

from .curves import attack_as_line, sfz_decay, sfz_release
from .sampled import HIGHEST, Region, SampledSound, controller_steps

SUFFIX = ".sfz"
_VELOCITIES = (1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 80, 96, 112, 127)
_HIGHEST_RESONANCE_DB = 40.0
_BUTTERWORTH_DB = 20 * math.log10(BUTTERWORTH_Q)

Opcodes = Mapping[str, str | float | int]


def sfz_text(sound: SampledSound, folder: str, suffix: str) -> str:
    """Write a sound as SFZ.

    Args:
        sound: With any number of places on the pad.
        folder: Where the samples are, seen from the text, with a / at its end.
        suffix: Of the samples' files.
    """
    words = ("Author: " + sound.author, "License: " + sound.license, sound.comment)
    lines = [f"// {_one_line(text)}" for text in (sound.name, *words) if text.split(": ")[-1]]
    lines += ["", *_header("control", _control(sound)), "", *_header("global", _global(sound))]
    for row in range(sound.grid):
        for column in range(sound.grid):
            fades = _fades(column, PAD_X_CONTROLLER, sound.grid)
            fades |= _fades(row, PAD_Y_CONTROLLER, sound.grid)
            lines += ["", *_header("group", fades)]
            for region in sound.at(column, row):
                opcodes = _region(sound, region, f"{folder}{region.sample.name}{suffix}")
                lines.append(" ".join(_header("region", opcodes)))
    return "\n".join(lines) + "\n"


def _control(sound: SampledSound) -> Opcodes:
    if sound.grid == 1:
        return {}
    return {
        f"label_cc{PAD_X_CONTROLLER}": "Pad X",
        f"label_cc{PAD_Y_CONTROLLER}": "Pad Y",
        f"set_cc{PAD_X_CONTROLLER}": round(HIGHEST * sound.pad_x),
        f"set_cc{PAD_Y_CONTROLLER}": round(HIGHEST * sound.pad_y),
    }


def _global(sound: SampledSound) -> Opcodes:
    """Give what all regions share."""
    envelope = sound.envelope
    opcodes: dict[str, str | float | int] = {
        "volume": sound.volume_db,
        "amp_veltrack": 100,
        **{f"amp_velcurve_{v}": sound.levels[v] for v in _VELOCITIES},
        "ampeg_attack": attack_as_line(envelope.attack_seconds),
        "ampeg_decay": sfz_decay(envelope.decay_seconds, envelope.sustain),
        "ampeg_sustain": 100 * envelope.sustain,
        "ampeg_release": sfz_release(envelope.release_seconds),
        "bend_up": sound.bend_cents,
        "bend_down": -sound.bend_cents,
        "pitchlfo_freq": sound.vibrato_hz,
        "pitchlfo_depth": sound.vibrato_cents,
        "pitchlfo_depthcc1": sound.wheel.vibrato_cents,
    }
    if sound.grid > 1:
        opcodes |= {"xf_cccurve": "power"}
    if sound.is_filtered:
        opcodes |= {
            "fil_type": "lpf_2p",
            # of the level at the cutoff, where a Butterworth filter has -3 dB
            "resonance": min(sound.resonance_db + _BUTTERWORTH_DB, _HIGHEST_RESONANCE_DB),
            "fil_veltrack": round(1200 * sound.velocity_octaves),
            "cutoff_cc1": round(sound.wheel.cutoff_cents),
        }
    return opcodes


def _fades(place: int, controller: int, grid: int) -> dict[str, int]:
    """Give where a place of the pad comes up and goes down again, by one controller."""
    steps = controller_steps(grid)
    fades: dict[str, int] = {}
    if place > 0:
        fades |= {
            f"xfin_locc{controller}": steps[place - 1],
            f"xfin_hicc{controller}": steps[place],
        }
    if place < grid - 1:
        fades |= {
            f"xfout_locc{controller}": steps[place],
            f"xfout_hicc{controller}": steps[place + 1],
        }
    return fades


def _region(sound: SampledSound, region: Region, path: str) -> Opcodes:
    sample = region.sample
    semitones = round(region.cents / 100)
    opcodes: dict[str, str | float | int] = {
        "sample": path,
        "lokey": region.key,
        "hikey": region.key,
        "pitch_keycenter": region.key,
        "transpose": semitones,
        "tune": round(region.cents - 100 * semitones),
        "pan": 100 * region.pan,
    }
    if region.velocities != (1, HIGHEST):
        opcodes |= {"lovel": region.velocities[0], "hivel": region.velocities[1]}
    if sample.gain_db:
        opcodes["volume"] = sound.volume_db + sample.gain_db
    if sample.loop is None:
        opcodes["loop_mode"] = "no_loop"
    else:
        start, end = sample.loop
        opcodes |= {"loop_mode": "loop_continuous", "loop_start": start, "loop_end": end - 1}
    if region.cutoff_hz is not None:
        opcodes["cutoff"] = region.cutoff_hz * 2**-sound.velocity_octaves
    return opcodes


def _header(name: str, opcodes: Opcodes) -> list[str]:
    """Give a header and its opcodes, one a line."""
    return [f"<{name}>", *(f"{opcode}={_value(value)}" for opcode, value in opcodes.items())]


def _value(value: str | float) -> str:
    return f"{round(value, 5):.10g}" if isinstance(value, float) else str(value)


def _one_line(text: str) -> str:
    return " ".join(text.split())
