"""How a preset sounds, in the four measures of a timbre, and how far two sounds lie apart.

The distance is that of Euclid over brightness, attack, decay and noisiness as the model's maker
measured them: blended at the finger's place, and with what the filter and the envelope take away.
"""

import math
import statistics
from collections.abc import Sequence

from gui.widgets.timbre_colour import UNKNOWN, Features, blend, corner_features
from instrument import AXES, BY_NAME, Preset, Timbre, weights_at

FAR = math.dist((0.0,) * 4, (1.0,) * 4)


def preset_features(preset: Preset, timbres: Sequence[Timbre]) -> Features:
    """Give the features of what a preset sounds like when it is opened.

    The axis knobs move it; a low-pass filter leaves no sound brighter than its cutoff's place on
    the knob, no sound begins faster than the envelope, and what the envelope lets
    fall does not last.
    """
    if not preset.corners:
        return UNKNOWN
    points = [corner_features(corner, timbres) for corner in preset.corners]
    heard = blend(points, weights_at(preset.corners, preset.pad_x, preset.pad_y))
    heard = _moved(heard, preset, timbres)
    way = {
        name: BY_NAME[name].to_position(preset.parameters.get(name, BY_NAME[name].default))
        for name in ("attack", "decay", "sustain", "cutoff")
    }
    slowest = max(0.0, way["attack"] - _usual("attack"))
    return Features(
        brightness=min(heard.brightness, way["cutoff"]),
        attack=max(heard.attack, slowest),
        decay=heard.decay * (way["sustain"] + (1.0 - way["sustain"]) * way["decay"]),
        noisiness=heard.noisiness,
    )


def _moved(heard: Features, preset: Preset, timbres: Sequence[Timbre]) -> Features:
    """Move features as the axis knobs do: by as many standard deviations of the named timbres.

    An axis may follow its measure only in part; how well it does the preset does not say.
    """
    turned = {AXES[name]: preset.parameters.get(name, 0.0) for name in AXES}
    if len(timbres) < 2 or not any(turned.values()):
        return heard
    moved = {}
    for name, sigmas in turned.items():
        spread = statistics.pstdev(getattr(timbre, name) for timbre in timbres)
        moved[name] = min(max(getattr(heard, name) + sigmas * spread, 0.0), 1.0)
    return heard._replace(**moved)


def distance(one: Features, other: Features) -> float:
    """Give how far two sounds lie apart, 0 to 1."""
    return math.dist(one, other) / FAR


def _usual(name: str) -> float:
    return BY_NAME[name].to_position(BY_NAME[name].default)
