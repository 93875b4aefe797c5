"""The figures of an evaluation, and the table of what is to be reached."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Unit = Literal["share", "cents", "dB", ""]


@dataclass(frozen=True)
class Goal:
    """What a figure should be.

    Attributes:
        sign: Whether it should be at least or at most the limit.
        limit: The limit.
        of_real: Whether the limit is a multiple of the real notes' figure.
    """

    sign: Literal["at least", "at most"]
    limit: float
    of_real: bool = False

    def reached(self, value: float, real: float | None) -> bool | None:
        """Say whether it is reached; None when there are no real notes to say it by."""
        if self.of_real and real is None:
            return None
        limit = self.limit * (real if self.of_real and real is not None else 1.0)
        return value >= limit if self.sign == "at least" else value <= limit

    def text(self, unit: Unit) -> str:
        """Say it in words."""
        if self.of_real:
            return f"{self.sign} {self.limit:g} x real"
        return f"{self.sign} {format_figure(self.limit, unit)}"


@dataclass(frozen=True)
class Kind:
    """A row of the table of figures.

    Attributes:
        title: As shown.
        unit: Of the figure.
        goal: What is to be reached, if it is a matter of more or less.
    """

    title: str
    unit: Unit
    goal: Goal | None = None


KINDS: dict[str, Kind] = {
    # At random latents.
    "in_tune": Kind("within 50 cents (f0)", "share", Goal("at least", 0.98)),
    "in_tune_folded": Kind("the same, octaves aside", "share"),
    "unpitched": Kind("no pitch heard", "share"),
    "cents": Kind("distance from the pitch, median", "cents", Goal("at most", 3.0)),
    "in_tune_half_way": Kind(
        "within 50 cents half-way on a slerp", "share", Goal("at least", 0.97)
    ),
    "cents_half_way": Kind("distance from the pitch there, median", "cents"),
    "path_evenness": Kind("slerp's largest step / mean step", ""),
    "silent": Kind("silent notes", "share", Goal("at most", 0.0)),
    "clipped": Kind("clipped notes", "share", Goal("at most", 0.0)),
    "dc": Kind("notes with DC", "share", Goal("at most", 0.0)),
    "jumps": Kind("notes that begin or end in a jump", "share", Goal("at most", 0.0)),
    "clicks": Kind("notes with clicks", "share", Goal("at most", 0.0)),
    # By the classifier.
    "pitch_accuracy": Kind("pitch accuracy", "share", Goal("at least", 0.98, of_real=True)),
    "pitch_entropy": Kind("pitch entropy, nats", ""),
    "inception_score_pitch": Kind("inception score, pitch", ""),
    "inception_score_family": Kind("inception score, family", ""),
    # As a crowd.
    "fid": Kind("FID, 256 features", "", Goal("at most", 5.0, of_real=True)),
    "kid": Kind("KID, 256 features", ""),
    "ndb": Kind("NDB / k", "", Goal("at most", 0.5)),
    "diversity": Kind("diversity in a pitch, log-mel", "dB", Goal("at least", 0.7, of_real=True)),
    "diversity_features": Kind("diversity in a pitch, features", ""),
    "nearest": Kind("nearest training note, median", "dB"),
    "nearest_to_neighbour": Kind("the same / semitone's distance", "", Goal("at least", 0.5)),
    # Pitches never heard, of known timbres.
    # The real column is the yardstick: what lies a semitone beside, what another instrument plays.
    "held_out": Kind("held-out note (real: semitone)", "dB", Goal("at most", 3.0)),
    "held_out_other": Kind("(real: another instrument)", "dB"),
    "held_out_nearer": Kind("nearer than the semitone", "share"),
    "held_out_convergence": Kind("spectral convergence", ""),
    "held_out_in_tune": Kind("held-out notes within 50 cents", "share"),
    # Along the keyboard.
    "timbre_recognised": Kind("timbre known again a fifth up", "share"),
    "timbre_shift": Kind("a fifth's shift / between timbres", ""),
    "level_spread": Kind("level across the keyboard", "dB", Goal("at most", 6.0)),
    # Texture, all families.
    "flux": Kind("spectral flux", ""),
    "jitter": Kind("envelope jitter", "dB"),
    "vibrato": Kind("vibrato depth", "cents"),
    "families_alive": Kind("families within 25 % in all three", "share", Goal("at least", 1.0)),
    "top": Kind("10 to 15 kHz, where the real note has it", "dB"),
}
"""All figures, in the order in which they are shown."""


@dataclass(frozen=True)
class Figure:
    """One figure, of generated notes and of real ones.

    Attributes:
        title: What it is.
        unit: "share" is 0..1.
        n_notes: How many generated notes it is of; paths, timbres or families where these count.
        value: Of generated notes; None where it can't be said.
        real: Of real notes.
        interval: 95 % confidence of `value`, where it is known.
        real_interval: 95 % confidence of `real`.
        goal: What is to be reached, in words; "" where there is nothing.
        reached: Whether it is.
    """

    title: str
    unit: Unit
    n_notes: int
    value: float | None
    real: float | None
    interval: tuple[float, float] | None = None
    real_interval: tuple[float, float] | None = None
    goal: str = ""
    reached: bool | None = None


def make_figure(
    name: str,
    n_notes: int,
    value: float | None,
    real: float | None = None,
    *,
    interval: tuple[float, float] | None = None,
    real_interval: tuple[float, float] | None = None,
) -> tuple[str, Figure]:
    """Make a row of `KINDS`; what is not a number becomes None."""
    kind = KINDS[name]
    value, real = (x if x is not None and math.isfinite(x) else None for x in (value, real))
    reached = None
    if kind.goal is not None and value is not None:
        reached = kind.goal.reached(value, real)
    return name, Figure(
        title=kind.title,
        unit=kind.unit,
        n_notes=n_notes,
        value=value,
        real=real,
        interval=interval,
        real_interval=real_interval,
        goal=kind.goal.text(kind.unit) if kind.goal else "",
        reached=reached,
    )


def in_order(figures: Iterable[tuple[str, Figure]]) -> dict[str, Figure]:
    """Put figures in the order of `KINDS`."""
    found = dict(figures)
    return {name: found[name] for name in KINDS if name in found}


def format_figure(value: float | None, unit: Unit) -> str:
    """Write a figure for a table."""
    if value is None:
        return "-"
    if unit == "share":
        return f"{100 * value:.1f} %"
    return format_number(value) + (f" {unit}" if unit else "")


def format_number(value: float) -> str:
    """Write a number with three figures."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
