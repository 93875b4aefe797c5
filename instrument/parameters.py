"""The table of parameters: each row is one knob, one preset entry and one MIDI controller."""

import math
from dataclasses import dataclass
from typing import Literal

Curve = Literal["linear", "logarithmic"]


@dataclass(frozen=True)
class Parameter:
    """One row of the table.

    Attributes:
        name: The key in presets, events and code.
        label: What stands under the knob.
        group: The knobs that stand together.
        unit: As shown: "dB", "s", "Hz", "cents", "semitones", "" for 0..1 (shown in percent).
        minimum: The least value, in the unit.
        maximum: The greatest value, in the unit.
        default: The value of a new preset.
        curve: How the knob's way, 0 to 1, maps to the value.
        controller: The MIDI controller that moves it, or None.
    """

    name: str
    label: str
    group: str
    unit: str
    minimum: float
    maximum: float
    default: float
    curve: Curve = "linear"
    controller: int | None = None

    def from_position(self, position: float) -> float:
        """Turn a knob's position, 0 to 1, into a value in the parameter's unit."""
        position = min(max(position, 0.0), 1.0)
        if self.curve == "logarithmic":
            return self.minimum * math.pow(self.maximum / self.minimum, position)
        return self.minimum + position * (self.maximum - self.minimum)

    def to_position(self, value: float) -> float:
        """Turn a value in the parameter's unit into a knob's position, 0 to 1."""
        value = self.clip(value)
        if self.curve == "logarithmic":
            return math.log(value / self.minimum) / math.log(self.maximum / self.minimum)
        return (value - self.minimum) / (self.maximum - self.minimum)

    def clip(self, value: float) -> float:
        """Bring a value into the parameter's range."""
        return min(max(value, self.minimum), self.maximum)


PARAMETERS: tuple[Parameter, ...] = (
    Parameter("attack", "attack", "envelope", "s", 0.001, 10.0, 0.002, "logarithmic", 73),
    Parameter("decay", "decay", "envelope", "s", 0.005, 20.0, 1.0, "logarithmic", 75),
    Parameter("sustain", "sustain", "envelope", "", 0.0, 1.0, 1.0, "linear", 79),
    Parameter("release", "release", "envelope", "s", 0.005, 20.0, 0.35, "logarithmic", 72),
    Parameter("cutoff", "cutoff", "filter", "Hz", 20.0, 20000.0, 20000.0, "logarithmic", 74),
    Parameter("resonance", "resonance", "filter", "", 0.0, 1.0, 0.0, "linear", 71),
    Parameter("key_tracking", "key track", "filter", "", 0.0, 1.0, 0.0),
    Parameter("velocity_cutoff", "velocity", "filter", "", 0.0, 1.0, 0.0),
    Parameter("vibrato_depth", "vibrato", "motion", "cents", 0.0, 100.0, 0.0),
    Parameter("vibrato_rate", "rate", "motion", "Hz", 0.5, 12.0, 5.5, "logarithmic", 76),
    Parameter("bend_range", "bend", "motion", "semitones", 0.0, 24.0, 2.0),
    Parameter("tune", "tune", "motion", "cents", -100.0, 100.0, 0.0),
    Parameter("velocity_level", "dynamics", "output", "", 0.0, 1.0, 0.7),
    Parameter("pan", "pan", "output", "pan", -1.0, 1.0, 0.0, "linear", 10),
    Parameter("spread", "spread", "output", "", 0.0, 1.0, 0.15),
    Parameter("volume", "volume", "output", "dB", -60.0, 6.0, -6.0, "linear", 7),
)
"""In the order of the knobs. `pan` -1 is left; `spread` pans notes by their place on the keyboard;
`velocity_level` 0 makes every note equally loud; `velocity_cutoff` closes the filter for soft
notes; `key_tracking` 1 moves the cutoff with the note."""

BY_NAME = {parameter.name: parameter for parameter in PARAMETERS}
BY_CONTROLLER = {p.controller: p for p in PARAMETERS if p.controller is not None}

MOD_WHEEL = 1
SUSTAIN_PEDAL = 64
ALL_SOUND_OFF = 120
RESET_CONTROLLERS = 121
ALL_NOTES_OFF = 123


def defaults() -> dict[str, float]:
    """Give every parameter's default by name."""
    return {parameter.name: parameter.default for parameter in PARAMETERS}
