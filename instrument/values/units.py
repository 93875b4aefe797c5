"""Units: MIDI note and Hz, decibels and gain, seconds and frames, semitones and ratio."""

import math

CONCERT_A = 69
CONCERT_A_HZ = 440.0
SEMITONES = 12
NOTE_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def note_to_hz(note: float) -> float:
    """Give the frequency of a MIDI note in equal temperament; fractions are cents."""
    return CONCERT_A_HZ * semitones_to_ratio(note - CONCERT_A)


def hz_to_note(frequency_hz: float) -> float:
    """Give the MIDI note of a frequency, with its fraction; the inverse of `note_to_hz`."""
    return CONCERT_A + ratio_to_semitones(frequency_hz / CONCERT_A_HZ)


def semitones_to_ratio(semitones: float) -> float:
    """Give the frequency ratio of an interval."""
    return math.pow(2.0, semitones / SEMITONES)


def ratio_to_semitones(ratio: float) -> float:
    """Give the interval of a frequency ratio; the inverse of `semitones_to_ratio`."""
    return SEMITONES * math.log2(ratio)


def db_to_gain(level_db: float) -> float:
    """Give the factor that changes a level by so many decibels."""
    return math.pow(10.0, level_db / 20.0)


def gain_to_db(gain: float) -> float:
    """Give a factor's decibels; minus infinity for 0. The inverse of `db_to_gain`."""
    return 20.0 * math.log10(gain) if gain > 0.0 else -math.inf


def seconds_to_frames(seconds: float, sample_rate: float) -> int:
    """Give the whole number of frames nearest to a time."""
    return round(seconds * sample_rate)


def frames_to_seconds(n_frames: float, sample_rate: float) -> float:
    """Give the time that frames take; the inverse of `seconds_to_frames`."""
    return n_frames / sample_rate


def note_name(note: int) -> str:
    """Give the name of a MIDI note: 60 is "C4"."""
    return f"{NOTE_NAMES[note % 12]}{note // 12 - 1}"
