"""Colours from measured timbre: alike sounds look alike.

They are chosen in OKLab, where equal steps look equal.
"""

import functools
import math
from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtGui import QColor, QImage

from instrument import Corner, Timbre, pad_weights

N_NEAREST = 3  # named timbres whose features stand in for those of a latent without a name

N_HALVINGS = 8  # until a colour's strength is known to half a per cent

_WORDS = ("dark", "round", "bright")

Lab = tuple[float, float, float]
Light = tuple[float, float, float]
Place = tuple[float, float]


class Features(NamedTuple):
    """What a timbre sounds like, each 0 to 1, as measured by the model's maker."""

    brightness: float = 0.5
    attack: float = 0.3
    decay: float = 0.5
    noisiness: float = 1.0


UNKNOWN = Features()  # a grey of middle brightness


def features_of(timbre: Timbre) -> Features:
    """Give a named timbre's features."""
    return Features(timbre.brightness, timbre.attack, timbre.decay, timbre.noisiness)


def corner_features(corner: Corner, timbres: Sequence[Timbre]) -> Features:
    """Give a corner's features: its timbre's own, or those of the named timbres around it."""
    for timbre in timbres:
        if corner.timbre and timbre.name == corner.timbre:
            return features_of(timbre)
    if not corner.z:
        return UNKNOWN
    near = sorted(
        ((_cosine(corner.z, timbre.z), timbre) for timbre in timbres if timbre.z),
        key=lambda pair: -pair[0],
    )[:N_NEAREST]
    weights = [math.exp(8.0 * cosine) for cosine, _ in near]
    if not weights:
        return UNKNOWN
    columns = zip(*(features_of(timbre) for _, timbre in near), strict=True)
    return Features(
        *(sum(w * v for w, v in zip(weights, c, strict=True)) / sum(weights) for c in columns)
    )


def _cosine(a: Sequence[float], b: Sequence[float]) -> float:
    if len(a) != len(b):
        return -1.0
    product = sum(x * y for x, y in zip(a, b, strict=True))
    return product / (math.hypot(*a) * math.hypot(*b) or 1.0)


@functools.lru_cache(256)
def lab_of(features: Features, *, depth: float = 0.0) -> Lab:
    """Give the colour of a timbre.

    Dark sounds are violet, bright ones red, with blue, green and amber between; breath takes the
    colour out; a sound that falls silent soon is lighter than one that stays.

    Args:
        features: Of the timbre.
        depth: 0 for a point or a line of text, 1 for the dark field behind them.
    """
    hue = math.radians(295.0 - 275.0 * features.brightness - 14.0 * features.attack)
    chroma = 0.155 * (1.0 - 0.75 * features.noisiness**2) * (1.0 - 0.3 * depth)
    lightness = 0.70 + 0.10 * (1.0 - features.decay) - 0.05 * features.attack
    lightness *= 1.0 - 0.38 * depth
    return _on_screen((lightness, chroma * math.cos(hue), chroma * math.sin(hue)))


def colour_of(features: Features, *, depth: float = 0.0) -> QColor:
    """Give the colour of a timbre; `depth` as in `lab_of`."""
    return _to_colour(lab_of(features, depth=depth))


def blend(features: Sequence[Features], weights: Sequence[float]) -> Features:
    """Give the features between timbres; the weights sum to 1."""
    columns = zip(*features, strict=True)
    return Features(*(sum(w * v for w, v in zip(weights, c, strict=True)) for c in columns))


def mixed_colour(
    features: Sequence[Features], weights: Sequence[float], *, depth: float = 0.0
) -> QColor:
    """Give the colour between timbres: their colours mixed as light is, not as numbers of a screen.

    Args:
        features: Of the timbres.
        weights: Of each; sum 1.
        depth: As in `lab_of`.
    """
    return _mix([_linear(lab_of(f, depth=depth)) for f in features], weights)


def field_image(
    features: Sequence[Features],
    places: Sequence[Place | None],
    size: int,
    *,
    depth: float = 1.0,
    view: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0),
) -> QImage:
    """Paint what lies between a pad's points, `size` pixels square, to be scaled up smoothly.

    Args:
        features: Of the points.
        places: Of each, as `pad_weights` takes them.
        size: Pixels of a side.
        depth: As in `lab_of`.
        view: What of the pad is seen: left, bottom, right, top; beyond the edge is as on the edge.
    """
    image = QImage(size, size, QImage.Format.Format_RGB32)
    lights = [_linear(lab_of(f, depth=depth)) for f in features]
    left, bottom, right, top = view
    for row in range(size):
        y = min(max(top + row / (size - 1) * (bottom - top), 0.0), 1.0)
        for column in range(size):
            x = min(max(left + column / (size - 1) * (right - left), 0.0), 1.0)
            weights = pad_weights(places, x, y)
            image.setPixel(column, row, _mix(lights, weights).rgb())
    return image


def words_of(features: Features) -> str:
    """Say in a few words what a timbre sounds like."""
    brightness = _WORDS[min(int(3 * features.brightness), 2)]
    attack = "slow" if features.attack > 0.4 else ""
    decay = "short" if features.decay < 0.3 else "endless" if features.decay > 0.85 else ""
    breath = "breathy" if features.noisiness > 0.4 else ""
    return " · ".join(filter(None, (brightness, attack, decay, breath)))


def _on_screen(lab: Lab) -> Lab:
    """Take colour out until a screen can show it: clipped, it would make edges in a field."""
    lightness, a, b = lab
    least, most = 0.0, 1.0
    if _is_shown(lab):
        return lab
    for _ in range(N_HALVINGS):
        share = (least + most) / 2
        if _is_shown((lightness, share * a, share * b)):
            least = share
        else:
            most = share
    return lightness, least * a, least * b


def _is_shown(lab: Lab) -> bool:
    return all(0.0 <= light <= 1.0 for light in _linear(lab))


def _to_colour(lab: Lab) -> QColor:
    return _mix([_linear(lab)], (1.0,))


def _linear(lab: Lab) -> Light:
    """Turn OKLab into light of a screen's three colours, each 0 to 1 where the screen has it.

    Source: Björn Ottosson, "A perceptual color space for image processing", 2020; its matrices.
    """
    lightness, a, b = lab
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _mix(lights: Sequence[Light], weights: Sequence[float]) -> QColor:
    red, green, blue = (
        _gamma(sum(w * v for w, v in zip(weights, c, strict=True)))
        for c in zip(*lights, strict=True)
    )
    return QColor.fromRgbF(red, green, blue)


def _gamma(linear: float) -> float:
    """Apply the transfer curve of sRGB; what lies outside the screen's colours is clipped."""
    linear = min(max(linear, 0.0), 1.0)
    return 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055
