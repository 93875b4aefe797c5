"""The table of parameters: each row is one knob, one preset entry and one MIDI controller."""

import math
from dataclasses import dataclass
from typing import Literal

from .divisions import DELAY_DIVISIONS, MOTION_DIVISIONS

Curve = Literal["linear", "logarithmic", "whole"]


@dataclass(frozen=True)
class Parameter:
    """One row of the table.

    Attributes:
        name: The key in presets, events and code.
        label: What stands under the knob.
        group: The knobs that stand together.
        unit: As shown: "dB", "s", "Hz", "cents", "semitones", "octaves", "bpm", "beats", "sigma"
            (standard deviations), "" for 0..1 (in percent), "count" for a plain whole number,
            "choice" for one of `choices`.
        minimum: The least value, in the unit.
        maximum: The greatest value, in the unit.
        default: The value of a new preset.
        curve: How the knob's way, 0 to 1, maps to the value; "whole" stops at whole numbers.
        controller: The MIDI controller that moves it, or None.
        choices: What the values 0, 1, 2, ... mean, or none.
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
    choices: tuple[str, ...] = ()

    def from_position(self, position: float) -> float:
        """Turn a knob's position, 0 to 1, into a value in the parameter's unit."""
        position = min(max(position, 0.0), 1.0)
        if self.curve == "logarithmic":
            return self.minimum * math.pow(self.maximum / self.minimum, position)
        return self.clip(self.minimum + position * (self.maximum - self.minimum))

    def to_position(self, value: float) -> float:
        """Turn a value in the parameter's unit into a knob's position, 0 to 1."""
        value = self.clip(value)
        if self.curve == "logarithmic":
            return math.log(value / self.minimum) / math.log(self.maximum / self.minimum)
        return (value - self.minimum) / (self.maximum - self.minimum)

    def clip(self, value: float) -> float:
        """Bring a value into the parameter's range, and to a whole number where only those are."""
        value = min(max(value, self.minimum), self.maximum)
        return float(math.floor(value + 0.5)) if self.curve == "whole" else value


def _choice(
    name: str,
    label: str,
    group: str,
    *choices: str,
    default: int = 0,
    controller: int | None = None,
) -> Parameter:
    return Parameter(
        name,
        label,
        group,
        "choice",
        0.0,
        len(choices) - 1.0,
        float(default),
        "whole",
        controller,
        choices,
    )


def _lfo(axis: str, group: str, rate_hz: float) -> tuple[Parameter, ...]:
    """Give the rows of one of the pad's oscillators."""
    return (
        Parameter(f"lfo_{axis}_depth", "depth", group, "", 0.0, 1.0, 0.0),
        _choice(f"lfo_{axis}_shape", "shape", group, *LFO_SHAPES),
        Parameter(f"lfo_{axis}_rate", "rate", group, "Hz", 0.01, 10.0, rate_hz, "logarithmic"),
        _choice(f"lfo_{axis}_division", "by tempo", group, *MOTION_DIVISIONS),
    )


VELOCITY_CURVES = ("linear", "soft", "hard", "fixed")
KEY_MODES = ("poly", "mono", "legato")
NOTE_ENDINGS = ("natural", "endless", "one-shot")
RELEASE_KINDS = ("envelope", "own")
PORTAMENTO_MODES = ("off", "fingered", "always")
CHORUS_KINDS = ("chorus", "ensemble")
PATH_MODES = ("off", "loop", "once", "to and fro")
LFO_SHAPES = ("sine", "triangle", "rising", "falling", "square", "random")
SLIDE_TARGETS = ("filter", "pad X", "pad Y")
PRESSURE_TARGETS = ("off", "bright", "pad X", "pad Y")
MOTION_SCOPES = ("pad", "note")

AXES = {
    "axis_brightness": "brightness",
    "axis_attack": "attack",
    "axis_decay": "decay",
    "axis_noisiness": "noisiness",
}
"""Parameter -> the measured axis of the model that it moves every timbre along."""

PARAMETERS: tuple[Parameter, ...] = (
    Parameter("axis_brightness", "bright", "timbre axes", "sigma", -3.0, 3.0, 0.0),
    Parameter("axis_attack", "attack", "timbre axes", "sigma", -3.0, 3.0, 0.0),
    Parameter("axis_decay", "decay", "timbre axes", "sigma", -3.0, 3.0, 0.0),
    Parameter("axis_noisiness", "breath", "timbre axes", "sigma", -3.0, 3.0, 0.0),
    Parameter("attack", "attack", "envelope", "s", 0.001, 10.0, 0.002, "logarithmic", 73),
    Parameter("decay", "decay", "envelope", "s", 0.005, 20.0, 1.0, "logarithmic", 75),
    Parameter("sustain", "sustain", "envelope", "", 0.0, 1.0, 1.0, "linear", 79),
    Parameter("release", "release", "envelope", "s", 0.005, 20.0, 0.35, "logarithmic", 72),
    _choice("ending", "notes", "envelope", *NOTE_ENDINGS, default=1),
    Parameter("cutoff", "cutoff", "filter", "Hz", 20.0, 20000.0, 20000.0, "logarithmic", 74),
    Parameter("resonance", "resonance", "filter", "", 0.0, 1.0, 0.0, "linear", 71),
    Parameter("key_tracking", "key track", "filter", "", 0.0, 1.0, 0.0),
    Parameter("velocity_cutoff", "velocity", "filter", "", 0.0, 1.0, 0.0),
    Parameter("vibrato_depth", "vibrato", "motion", "cents", 0.0, 100.0, 0.0),
    Parameter("vibrato_rate", "rate", "motion", "Hz", 0.5, 12.0, 5.5, "logarithmic", 76),
    Parameter("bend_range", "bend", "motion", "semitones", 0.0, 48.0, 2.0),
    Parameter("tune", "tune", "motion", "cents", -100.0, 100.0, 0.0),
    Parameter("velocity_level", "dynamics", "output", "", 0.0, 1.0, 0.7),
    Parameter("pan", "pan", "output", "pan", -1.0, 1.0, 0.0, "linear", 10),
    Parameter("spread", "spread", "output", "", 0.0, 1.0, 0.15),
    Parameter("volume", "volume", "output", "dB", -60.0, 6.0, -6.0, "linear", 7),
    _choice("key_mode", "mode", "keys", *KEY_MODES),
    _choice("portamento", "portamento", "keys", *PORTAMENTO_MODES, controller=65),
    Parameter("portamento_time", "time", "keys", "s", 0.01, 5.0, 0.1, "logarithmic", 5),
    _choice("velocity_curve", "touch", "keys", *VELOCITY_CURVES),
    _choice("release_kind", "release", "keys", *RELEASE_KINDS),
    Parameter("release_velocity", "let go", "keys", "", 0.0, 1.0, 0.0),
    Parameter("transpose", "transpose", "keys", "semitones", -24.0, 24.0, 0.0, "whole"),
    Parameter("octave", "octave", "keys", "octaves", -3.0, 3.0, 0.0, "whole"),
    _choice("microtuning", "tuning", "keys", "equal", "loaded", default=1),
    Parameter("mpe_bend_range", "MPE bend", "keys", "semitones", 0.0, 96.0, 48.0),
    Parameter("pressure_vibrato", "vibrato", "pressure", "cents", 0.0, 100.0, 30.0),
    Parameter("pressure_cutoff", "cutoff", "pressure", "octaves", 0.0, 5.0, 1.0),
    Parameter("pressure_level", "level", "pressure", "", 0.0, 1.0, 0.0),
    Parameter("slide_cutoff", "slide", "pressure", "octaves", 0.0, 5.0, 2.5),
    Parameter("expression_level", "expression", "pedals, breath", "", 0.0, 1.0, 1.0),
    Parameter("soft_level", "soft pedal", "pedals, breath", "dB", -24.0, 0.0, -5.0),
    Parameter("breath_level", "breath", "pedals, breath", "", 0.0, 1.0, 1.0),
    Parameter("breath_cutoff", "cutoff", "pedals, breath", "octaves", 0.0, 5.0, 2.0),
    Parameter("unison", "voices", "unison", "count", 1.0, 5.0, 1.0, "whole"),
    Parameter("unison_detune", "detune", "unison", "cents", 0.0, 50.0, 12.0),
    Parameter("unison_spread", "spread", "unison", "", 0.0, 1.0, 0.7),
    Parameter("velocity_timbre", "velocity", "timbre", "", 0.0, 1.0, 0.0),
    Parameter("velocity_layers", "layers", "timbre", "count", 2.0, 4.0, 3.0, "whole"),
    Parameter("ensemble", "ensemble", "timbre", "", 0.0, 1.0, 0.0),
    Parameter("round_robin", "turns", "timbre", "count", 1.0, 4.0, 1.0, "whole"),
    _choice("slide_to", "slide to", "timbre", *SLIDE_TARGETS),
    Parameter("slide_timbre", "slide", "timbre", "", 0.0, 1.0, 0.5),
    _choice("pressure_to", "press to", "timbre", *PRESSURE_TARGETS),
    Parameter("pressure_timbre", "press", "timbre", "", 0.0, 1.0, 0.5),
    Parameter("chorus_mix", "mix", "chorus", "", 0.0, 1.0, 0.0),
    Parameter("chorus_rate", "rate", "chorus", "Hz", 0.05, 5.0, 0.6, "logarithmic"),
    Parameter("chorus_depth", "depth", "chorus", "", 0.0, 1.0, 0.4),
    _choice("chorus_kind", "kind", "chorus", *CHORUS_KINDS),
    Parameter("delay_mix", "mix", "delay", "", 0.0, 1.0, 0.0),
    _choice("delay_division", "by tempo", "delay", *DELAY_DIVISIONS, default=8),
    Parameter("delay_time", "time", "delay", "s", 0.01, 4.0, 0.35, "logarithmic"),
    Parameter("delay_feedback", "feedback", "delay", "", 0.0, 0.98, 0.4),
    Parameter("delay_cutoff", "damping", "delay", "Hz", 200.0, 20000.0, 6000.0, "logarithmic"),
    _choice("delay_crossing", "sides", "delay", "straight", "ping-pong", default=1),
    Parameter("reverb_mix", "mix", "reverb", "", 0.0, 1.0, 0.0),
    Parameter("reverb_time", "time", "reverb", "s", 0.2, 20.0, 2.0, "logarithmic"),
    Parameter("reverb_damping", "damping", "reverb", "", 0.0, 1.0, 0.5),
    Parameter("reverb_before", "pre-delay", "reverb", "s", 0.0, 0.25, 0.02),
    Parameter("tempo", "tempo", "tempo, path", "bpm", 20.0, 300.0, 120.0),
    _choice("path_mode", "path", "tempo, path", *PATH_MODES, default=1),
    Parameter("path_beats", "length", "tempo, path", "beats", 1.0, 64.0, 4.0, "whole"),
    Parameter("path_depth", "depth", "tempo, path", "", 0.0, 1.0, 1.0),
    *_lfo("x", "pad, left to right", 0.25),
    *_lfo("y", "pad, up and down", 0.17),
    Parameter("pad_attack", "attack", "pad envelope", "s", 0.01, 10.0, 0.5, "logarithmic"),
    Parameter("pad_decay", "decay", "pad envelope", "s", 0.01, 20.0, 2.0, "logarithmic"),
    Parameter("pad_attack_x", "right", "pad envelope", "", -1.0, 1.0, 0.0),
    Parameter("pad_attack_y", "up", "pad envelope", "", -1.0, 1.0, 0.0),
    _choice("motion_per", "of each", "pad envelope", *MOTION_SCOPES),
    Parameter("drift_depth", "depth", "pad drift", "", 0.0, 1.0, 0.0),
    Parameter("drift_rate", "rate", "pad drift", "Hz", 0.01, 2.0, 0.1, "logarithmic"),
)
"""In the order of the knobs. `pan` -1 is left; `spread` pans notes by their place on the keyboard;
`velocity_level` 0 makes every note equally loud; `velocity_cutoff` closes the filter for soft
notes; `key_tracking` 1 moves the cutoff with the note. docs/playing.md tells what the rest do."""

BY_NAME = {parameter.name: parameter for parameter in PARAMETERS}
BY_CONTROLLER = {p.controller: p for p in PARAMETERS if p.controller is not None}

MOD_WHEEL = 1
BREATH = 2
EXPRESSION = 11
PAD_X_CONTROLLER = 16
PAD_Y_CONTROLLER = 17
SUSTAIN_PEDAL = 64
SOSTENUTO_PEDAL = 66
SOFT_PEDAL = 67
SLIDE = 74  # on a member channel of an MPE zone; elsewhere it moves what the table says
ALL_SOUND_OFF = 120
RESET_CONTROLLERS = 121
ALL_NOTES_OFF = 123
PORTAMENTO_FROM = 84
MONO_MODE = 126
POLY_MODE = 127


def defaults() -> dict[str, float]:
    """Give every parameter's default by name."""
    return {parameter.name: parameter.default for parameter in PARAMETERS}
