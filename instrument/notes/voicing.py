"""What the layers of rendered notes should sound like, by the knobs; and whose slide moves its own.

`layers.py` says which layer a strike plays, in the engine and here alike.
"""

from collections.abc import Mapping

import msgspec

from instrument.engine.layers import (
    SLIDE_LAYER,
    layer_of,
    neighbour_of,
    softness_of,
    strength_of,
)
from instrument.values.parameters import AXES, SLIDE_TARGETS

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
        *AXES,
    )
)
WIDEST = 0.4  # of the way to another timbre, at either side, of the widest ensemble
TURN_SWAY = 0.12  # of strikes that take turns: another strike, and the same instrument
Moved = tuple[int, float, float, float]  # note, x, y, softness
PAD_X, PAD_Y = SLIDE_TARGETS.index("pad X"), SLIDE_TARGETS.index("pad Y")


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


class Slides:
    """Which notes of MPE zones have slid away from the pad's place, and how far.

    Attributes:
        revision: Counts up whenever that changes.
    """

    def __init__(self) -> None:
        self.revision = 0
        self._places: dict[int, float] = {}  # by channel, -1..1
        self._notes: dict[int, tuple[int, int]] = {}  # by channel: note that slides, its velocity

    def slide(self, channel: int, place: float) -> None:
        """A member channel's slide has moved, to -1..1."""
        self._places[channel] = place
        self.revision += 1

    def strike(self, channel: int, note: int, velocity: int) -> None:
        """A note begins on a member channel, where its slide already stands."""
        self._notes[channel] = (note, velocity)
        self.revision += 1

    def reset(self, channel: int | None = None) -> None:
        """Put one channel's slide back, or forget all channels and their notes."""
        if channel is not None:
            self._places.pop(channel, None)
        else:
            self._places.clear()
            self._notes.clear()
        self.revision += 1

    def moved(
        self, values: Values, x: float, y: float
    ) -> dict[int, tuple[int, float, float, float]]:
        """Give the layers of slides: note, place on the pad and softness of each.

        A channel that has not slid since its zone was laid has none: its note is the pad's own.

        Args:
            values: Of the parameters.
            x: The pad's place, 0..1.
            y: Likewise.
        """
        way = int(values["slide_to"])
        if way not in (PAD_X, PAD_Y):
            return {}
        softnesses = _softnesses(values)
        moved = {}
        for channel, (note, velocity) in self._notes.items():
            if channel in self._places:
                step = self._places[channel] * values["slide_timbre"]
                there = (x + step, y) if way == PAD_X else (x, y + step)
                softness = softnesses[_softness(velocity, values)]
                moved[SLIDE_LAYER + channel] = (note, *there, softness)
        return moved
