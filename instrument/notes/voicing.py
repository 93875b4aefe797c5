"""What the layers of rendered notes should sound like, by the knobs.

`layers.py` says which layer a strike plays, in the engine and here alike.
"""

from collections.abc import Mapping

import msgspec

from instrument.engine.layers import (
    layer_of,
    neighbour_of,
    softness_of,
    strength_of,
)
from instrument.values.parameters import AXES

from .renderer_protocol import Shade
from .target import Target

Values = Mapping[str, float]  # parameters by name, as they sound

KNOBS = frozenset(
    (
        "velocity_timbre",
        "velocity_layers",
        "ensemble",
        "round_robin",
        "slide_to",
        "slide_timbre",
        "pressure_to",
        "pressure_timbre",
        "motion_per",
        *AXES,
    )
)
WIDEST = 0.4  # of the way to another timbre, at either side, of the widest ensemble
TURN_SWAY = 0.12  # of strikes that take turns: another strike, and the same instrument


class Voicing(msgspec.Struct, frozen=True):
    """What a sound needs to be rendered.

    Attributes:
        target: Of layer 0, the pad's own timbre.
        layers: Targets of the further layers of the whole keyboard, by number.
        slid: Layers of one MIDI note alone, by number: the note and its target.
    """

    target: Target
    layers: Mapping[int, Target] = {}
    slid: Mapping[int, tuple[int, Target]] = {}


def further_layers(target: Target, values: Values) -> dict[int, Target]:
    """Say what each layer beside the pad's own should sound like: none with the knobs at 0."""
    shades = {
        layer_of(softness, neighbour): msgspec.structs.replace(shade, softness=amount)
        for neighbour, shade in _neighbours(values).items()
        for softness, amount in enumerate(_softnesses(values))
    }
    return {layer: target.shaded(shade) for layer, shade in shades.items() if layer}


def struck_layers(velocity: int, values: Values) -> tuple[int, ...]:
    """Give the layers that the voices of a strike may read; never none."""
    softness = _softness(velocity, values)
    has_middle = values["ensemble"] <= 0.0 or values["unison"] in (3.0, 5.0)
    neighbours = [n for n in _neighbours(values) if n or has_middle]
    return tuple(layer_of(softness, neighbour) for neighbour in neighbours)


def _softness(velocity: int, values: Values) -> int:
    strength = strength_of(velocity, int(values["velocity_curve"]))
    return softness_of(strength, values["velocity_timbre"], int(values["velocity_layers"]))


def _softnesses(values: Values) -> tuple[float, ...]:
    """Give how soft each layer of velocity is, 0..1, that of the hardest strikes first."""
    amount, n = values["velocity_timbre"], int(values["velocity_layers"])
    return tuple(amount * k / (n - 1) for k in range(n)) if amount > 0.0 else (0.0,)


def softness_for(velocity: int, values: Values) -> float:
    """Give how soft the layer is that a velocity plays, 0..1."""
    return _softnesses(values)[_softness(velocity, values)]


def _n_turns(values: Values) -> int:
    return int(values["round_robin"])


def _neighbours(values: Values) -> dict[int, Shade]:
    """Give the neighbours of the pad's place that sound, with that place, by number."""
    width, n_turns = values["ensemble"], _n_turns(values)
    if width <= 0.0:
        return {
            turn: Shade(sway=TURN_SWAY, seed=turn) if turn else Shade() for turn in range(n_turns)
        }
    shades = {0: Shade()}
    for turn in range(n_turns):
        for side in (-1.0, 1.0):
            number = neighbour_of(turn, side, width, n_turns)
            shades[number] = Shade(sway=side * width * WIDEST, seed=turn + 1)
    return shades
