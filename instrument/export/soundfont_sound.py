"""A sampled sound as a SoundFont: what of it the format holds, in its own units."""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from . import soundfont as sf
from .curves import attack_as_line, half_way_seconds
from .sampled import Envelope, ExportError, Region, Sample, SampledSound, Wave

SUFFIX = ".sf2"
_BITS = 24
_ENVELOPE_DB = 100.0  # a decay or release of a time falls so far in it
_OPEN_CENTS = 13500
_VELOCITY_CENTIBELS = 400.0  # 20 log10 of the whole of a velocity's square, a decade
_CONCAVE_WHOLE = 960.0  # the default modulator's amount: level (velocity / 127) squared


def write_soundfont(path: Path, sound: SampledSound, waves: Mapping[Sample, Wave]) -> float:
    """Write a sound as a SoundFont with one preset, bank 0 program 0.

    The level is in the samples: players do not agree about the format's attenuation.

    Args:
        path: The file.
        sound: Of one place of the pad.
        waves: float32 [frame] of each of its samples.

    Returns:
        By how many dB all had to be made softer to stay within full scale; mostly 0.

    Raises:
        ExportError: If it is too long for the format.
        OSError: If it can't be written.
    """
    whole_db = sound.volume_db + 20 * math.log10(max(sound.levels[-1], 1e-9))
    if sound.is_filtered:
        whole_db += sound.resonance_db / 2  # by which the format's filter is softer below its peak
    gains = {s: 10 ** ((whole_db + s.gain_db) / 20) for s in sound.samples}
    peak = max(gain * float(np.abs(waves[s]).max(initial=0.0)) for s, gain in gains.items())
    excess = max(peak, 1.0)
    samples = [
        sf.FontSample(s.name, waves[s] * (gain / excess), sound.sample_rate, s.pitch, 0, s.loop)
        for s, gain in gains.items()
    ]
    places = {sample: number for number, sample in enumerate(gains)}
    zones = [_common(sound), *(_zone(region, places[region.sample]) for region in sound.regions)]
    info = {"IENG": sound.author, "ICOP": sound.license, "ICMT": sound.comment}
    font = sf.Font(sound.name, [sf.FontPreset(sound.name, zones)], samples, info, _BITS)
    try:
        sf.write_font(path, font)
    except ValueError as error:
        raise ExportError(f"{error}. Record fewer notes, with --every.") from error
    return 20 * math.log10(excess)


def _common(sound: SampledSound) -> sf.Zone:
    """Give what all zones share: envelope, vibrato, resonance; and what the player moves."""
    generators = _envelope(sound.envelope) | {
        sf.VIBRATO_RATE: sf.cents_of_hz(sound.vibrato_hz),
        sf.VIBRATO_TO_PITCH: round(sound.vibrato_cents),
    }
    if sound.is_filtered:
        generators[sf.FILTER_Q] = round(10 * sound.resonance_db)
    modulators = [
        sf.Modulator(
            sf.VELOCITY_CONCAVE, sf.ATTENUATION, round(_CONCAVE_WHOLE * sound.velocity_power / 2)
        ),
        sf.Modulator(sf.VELOCITY_LINEAR, sf.FILTER_CUTOFF, round(-1200 * sound.velocity_octaves)),
        sf.Modulator(sf.MODULATION_WHEEL, sf.VIBRATO_TO_PITCH, round(sound.wheel.vibrato_cents)),
    ]
    if sound.wheel.cutoff_cents:
        modulators.append(
            sf.Modulator(sf.MODULATION_WHEEL, sf.FILTER_CUTOFF, round(sound.wheel.cutoff_cents))
        )
    return sf.Zone(generators, modulators)


def _envelope(envelope: Envelope) -> dict[int, int]:
    """Give the envelope: attack a line, decay and release straight in dB."""
    per_second = _ENVELOPE_DB / 60.0  # ours fall 60 dB in their time
    generators = {
        sf.ATTACK: sf.timecents(attack_as_line(envelope.attack_seconds)),
        sf.RELEASE: sf.timecents(per_second * envelope.release_seconds),
    }
    if envelope.sustain < 1.0:
        fall_db = min(-20 * math.log10(max(envelope.sustain, 1e-5)), _ENVELOPE_DB)
        seconds = half_way_seconds(envelope.decay_seconds, envelope.sustain)
        slope_db = 0.5 * min(fall_db, 60.0) / seconds
        generators[sf.SUSTAIN] = round(10 * fall_db)
        generators[sf.DECAY] = sf.timecents(_ENVELOPE_DB / slope_db)
    return generators


def _zone(region: Region, sample: int) -> sf.Zone:
    semitones = math.floor(region.cents / 100 + 0.5)
    generators = {
        sf.KEY_RANGE: sf.key_range(region.key, region.key),
        sf.VELOCITY_RANGE: sf.key_range(*region.velocities),
        sf.PAN: round(500 * region.pan),
        sf.ROOT_KEY: region.key,
        sf.COARSE_TUNE: semitones,
        sf.FINE_TUNE: round(region.cents - 100 * semitones),
        sf.SAMPLE_MODES: sf.LOOPED if region.sample.loop is not None else 0,
        sf.SAMPLE_ID: sample,
    }
    if region.cutoff_hz is not None:
        generators[sf.FILTER_CUTOFF] = min(sf.cents_of_hz(region.cutoff_hz), _OPEN_CENTS)
    return sf.Zone(generators)
