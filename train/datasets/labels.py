"""What a note's pitch is, when its file's name says one thing and its sound another."""

from dataclasses import dataclass
from typing import Literal

from .note_names import NameLabels, pitch_name
from .pitch import HeardPitch, cents_off, octaves_off

Trust = Literal["name", "sound", "neither"]

_IN_TUNE_CENTS = 50.0
_CLEARLY_CENTS = 35.0


@dataclass(frozen=True)
class Decision:
    """The pitch a note gets.

    Attributes:
        pitch: MIDI number, or None if the note is left out.
        remark: What is worth saying of it, to stand after the file's name; or "".
    """

    pitch: int | None
    remark: str = ""


def decide_pitch(
    labels: NameLabels, heard: HeardPitch | None, trust: Trust, middle_c: int = 4
) -> Decision:
    """Choose between the pitch in a name and the one that is heard.

    Args:
        labels: What the name says.
        heard: What the note sounds, if that is clear.
        trust: Which counts when they disagree; with "neither" the note is left out. A bare
            number in a name counts only where nothing is heard.
        middle_c: The octave of MIDI note 60 in the remarks.
    """
    if len(labels.pitches) > 1:
        return _decide_among(labels.pitches, heard, middle_c)
    if labels.pitch is None:
        return _decide_by_ear(heard, middle_c)
    if heard is None or abs(cents_off(heard, labels.pitch)) <= _IN_TUNE_CENTS:
        return Decision(labels.pitch)
    sound = round(heard.midi)
    says = f"says {pitch_name(labels.pitch, middle_c)} and sounds {pitch_name(sound, middle_c)}"
    if not labels.sure and not octaves_off(heard, labels.pitch):
        return Decision(
            sound, f"holds a number that is not its pitch; it {_taken(sound, middle_c)}"
        )
    if trust == "neither":
        return Decision(None, f"{says}. Rename it, or choose --trust name or --trust sound")
    if trust == "sound":
        return Decision(sound, f"{says}; it {_taken(sound, middle_c)}")
    return Decision(labels.pitch, f"{says}; the name counts. If it is wrong, rename the file")


def _decide_among(pitches: tuple[int, ...], heard: HeardPitch | None, middle_c: int) -> Decision:
    names = " and ".join(pitch_name(pitch, middle_c) for pitch in pitches)
    if heard is None:
        return Decision(None, f"names {names}, and none is heard. Leave one in its name")
    sound = round(heard.midi)
    return Decision(sound, f"names {names}; it {_taken(sound, middle_c)}")


def _decide_by_ear(heard: HeardPitch | None, middle_c: int) -> Decision:
    if heard is None:
        return Decision(
            None, "has no pitch in its name and none is heard. Name it as in name_C4.wav"
        )
    sound = round(heard.midi)
    cents = cents_off(heard, sound)
    if abs(cents) > _CLEARLY_CENTS:
        return Decision(
            sound,
            f"sounds {cents:+.0f} cents beside {pitch_name(sound, middle_c)}, "
            "as which it was taken",
        )
    return Decision(sound)


def _taken(pitch: int, middle_c: int) -> str:
    return f"was taken as it sounds, {pitch_name(pitch, middle_c)}"
