"""A tuning: the pitch of each of the 128 keys, as presets keep it."""

import math

import msgspec

N_KEYS = 128
LOWEST_PITCH, HIGHEST_PITCH = -24.0, 152.0  # beyond these nobody hears a difference


class Tuning(msgspec.Struct, frozen=True):
    """The pitch of each key.

    Attributes:
        name: As shown; mostly the file's.
        pitches: 128, in MIDI notes and parts of them (69 is 440 Hz, 69.5 a quarter tone more);
            None for a key that is silent.
    """

    name: str
    pitches: tuple[float | None, ...]

    def problem(self) -> str:
        """Say in words what is wrong with it; "" if nothing is."""
        if len(self.pitches) != N_KEYS:
            return f"a tuning has {N_KEYS} keys, not {len(self.pitches)}"
        for key, pitch in enumerate(self.pitches):
            if pitch is not None and not LOWEST_PITCH <= pitch <= HIGHEST_PITCH:
                return (
                    f"key {key} must be tuned to {LOWEST_PITCH:g}..{HIGHEST_PITCH:g}, not {pitch:g}"
                )
        return ""


def equal_tuning() -> tuple[float, ...]:
    """Give the pitches of twelve equal steps."""
    return tuple(float(key) for key in range(N_KEYS))


def hz_to_pitch(frequency_hz: float) -> float:
    """Turn a frequency into MIDI notes and parts of them."""
    return 69.0 + 12.0 * math.log2(frequency_hz / 440.0)
