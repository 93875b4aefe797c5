"""A sampled sound for DecentSampler: XML with groups of samples, and knobs where the pad moves.

Format: the DecentSampler Developers' Guide, version 1.23.
"""

import math
import xml.etree.ElementTree as ET

from instrument.engine.filter import BUTTERWORTH_Q
from instrument.engine.voice_sound import MIDDLE_C
from instrument.values.parameters import PAD_X_CONTROLLER, PAD_Y_CONTROLLER

from .curves import attack_as_line
from .sampled import HIGHEST, Region, SampledSound

SUFFIX = ".dspreset"
_OLDEST_PLAYER = "1.11.0"  # that knows tags, tables and the shapes of envelopes
_FADE_POINTS = 8  # straight pieces of an equal-power fade: within 0.1 dB
_MIDDLE_VELOCITY = 64


def decent_sampler_text(sound: SampledSound, folder: str, suffix: str) -> str:
    """Write a sound as a DecentSampler preset.

    A column of the pad fades by the volume of its groups, a row by that of its tag: two faders one
    after the other, so the levels multiply.

    Args:
        sound: With any number of places on the pad.
        folder: Where the samples are, seen from the text, with a / at its end.
        suffix: Of the samples' files.
    """
    root = ET.Element("DecentSampler", minVersion=_OLDEST_PLAYER)
    words = [sound.name, sound.author, sound.license, sound.comment]
    # XML ends a comment at two hyphens
    root.append(ET.Comment(" " + "; ".join(filter(None, words)).replace("--", "- -") + " "))
    if sound.grid > 1:
        _add_pad(root, sound)
    groups = ET.SubElement(root, "groups", _common(sound))
    for row in range(sound.grid):
        for column in range(sound.grid):
            name = {"name": f"x{column} y{row}", "tags": _tag(row)} if sound.grid > 1 else {}
            group = ET.SubElement(groups, "group", name)
            for region in sound.at(column, row):
                path = f"{folder}{region.sample.name}{suffix}"
                ET.SubElement(group, "sample", _sample(region, path))
    if sound.is_filtered:
        _add_filter(root, sound)
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def _common(sound: SampledSound) -> dict[str, str]:
    envelope = sound.envelope
    middle = sound.levels[_MIDDLE_VELOCITY] / max(sound.levels[-1], 1e-9)
    track = (1 - middle) / (1 - _MIDDLE_VELOCITY / HIGHEST)
    volume_db = sound.volume_db + 20 * math.log10(max(sound.levels[-1], 1e-9))
    return {
        "volume": f"{volume_db:.3f}dB",
        "ampVelTrack": f"{min(track, 1.0):.3f}",
        "attack": f"{attack_as_line(envelope.attack_seconds):.5f}",
        "attackCurve": "0",
        "decay": f"{envelope.decay_seconds:.5f}",
        "sustain": f"{envelope.sustain:.5f}",
        "release": f"{envelope.release_seconds:.5f}",
    }


def _sample(region: Region, path: str) -> dict[str, str]:
    sample = region.sample
    attributes = {
        "path": path,
        "rootNote": str(region.key),
        "loNote": str(region.key),
        "hiNote": str(region.key),
        "loVel": str(region.velocities[0]),
        "hiVel": str(region.velocities[1]),
        "tuning": f"{region.cents / 100:.5f}",
        "pan": f"{100 * region.pan:.2f}",
        "loopEnabled": "true" if sample.loop else "false",
    }
    if sample.gain_db:
        attributes["volume"] = f"{sample.gain_db:.3f}dB"
    if sample.loop is not None:
        start, end = sample.loop
        attributes |= {"loopStart": str(start), "loopEnd": str(end - 1), "loopCrossfade": "0"}
    return attributes


def _add_pad(root: ET.Element, sound: SampledSound) -> None:
    """Add a knob for each side of the pad, and the controllers that turn them."""
    tab = ET.SubElement(ET.SubElement(root, "ui", width="812", height="375"), "tab", name="main")
    sides = (("Pad X", sound.pad_x, "250"), ("Pad Y", sound.pad_y, "450"))
    for number, (label, value, left) in enumerate(sides):
        place = {"x": left, "y": "120", "width": "110", "textSize": "18"}
        reach = {"type": "float", "minValue": "0", "maxValue": "1", "value": f"{value:.4f}"}
        knob = ET.SubElement(tab, "labeled-knob", {**place, "label": label, **reach})
        for place_on_side in range(sound.grid):
            table = _fade(place_on_side, sound.grid)
            for target in _faded(number, place_on_side, sound.grid):
                binding = {"type": "amp", **target, "parameter": "AMP_VOLUME"}
                table_words = {"translation": "table", "translationTable": table}
                ET.SubElement(knob, "binding", {**binding, **table_words})
    midi = ET.SubElement(root, "midi")
    for number, controller in enumerate((PAD_X_CONTROLLER, PAD_Y_CONTROLLER)):
        cc = ET.SubElement(midi, "cc", number=str(controller))
        words = {"level": "ui", "type": "control", "parameter": "VALUE", "position": str(number)}
        reach = {"translationOutputMin": "0", "translationOutputMax": "1"}
        ET.SubElement(cc, "binding", {**words, "translation": "linear", **reach})
    tags = ET.SubElement(root, "tags")
    for row in range(sound.grid):
        ET.SubElement(tags, "tag", name=_tag(row), volume="1.0")


def _faded(side: int, place: int, grid: int) -> list[dict[str, str]]:
    """Say what a place of a side fades: the groups of a column, or the tag of a row."""
    if side == 0:
        return [{"level": "group", "position": str(row * grid + place)} for row in range(grid)]
    return [{"level": "tag", "identifier": _tag(place)}]


def _tag(row: int) -> str:
    return f"row{row}"


def _fade(place: int, grid: int) -> str:
    """Give the level of a place along a side, 0..1, as a table of straight pieces."""
    n = (grid - 1) * _FADE_POINTS
    points = []
    for i in range(n + 1):
        distance = min(abs(i / _FADE_POINTS - place), 1.0)
        points.append(f"{i / n:.5f},{math.cos(distance * math.pi / 2):.5f}")
    return ";".join(points)


def _add_filter(root: ET.Element, sound: SampledSound) -> None:
    """Add one filter for all keys: that of the key nearest to middle C."""
    filtered = [region for region in sound.regions if region.cutoff_hz is not None]
    middle = min(filtered, key=lambda region: abs(region.key - MIDDLE_C))
    q = BUTTERWORTH_Q * 10 ** (sound.resonance_db / 20)
    effects = ET.SubElement(root, "effects")
    words = {"type": "lowpass", "resonance": f"{q:.4f}", "frequency": f"{middle.cutoff_hz:.1f}"}
    ET.SubElement(effects, "effect", words)
