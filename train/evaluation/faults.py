"""What is wrong with a note besides its pitch: silence, clipping, DC, jumps, clicks."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import maximum_filter1d, median_filter
from scipy.signal import butter, sosfilt

from train.datasets.notes import Wave

CLIP_PEAK = 1.0
DC_SHARE = 0.01
JUMP_SHARE = 0.02
SILENT_PEAK = 0.01
# A normalised click is not a note either: its power over the whole is next to nothing.
SILENT_RMS = 0.005

_CLICK_BLOCK_SECONDS = 0.001
_CLICK_AROUND_BLOCKS = 41
_CLICK_ABOVE_DB = 26.0
_CLICK_FLOOR_DB = -50.0  # re the note's peak: softer ones are not heard beside the note
_ATTACK_SECONDS = 0.1


@dataclass(frozen=True)
class Faults:
    """What is wrong with a note besides its pitch.

    Attributes:
        silent: It has no sound, or holds what is not a number.
        clipped: It reaches full scale.
        dc: Its mean is more than a hundredth of its root mean square.
        jumps: It begins or ends with more than a fiftieth of its peak, from or to nothing.
        clicks: A spike stands out of the held part.
    """

    silent: bool = False
    clipped: bool = False
    dc: bool = False
    jumps: bool = False
    clicks: bool = False


def find_faults(wave: Wave, sample_rate: int) -> Faults:
    """Look for faults in float32 [sample], full scale ±1."""
    if not wave.size or not np.isfinite(wave).all():
        return Faults(silent=True)
    peak = float(np.abs(wave).max())
    rms = float(np.sqrt(np.mean(np.square(wave, dtype=np.float64))))
    if peak < SILENT_PEAK or rms < SILENT_RMS:
        return Faults(silent=True)
    mean = abs(float(np.mean(wave, dtype=np.float64)))
    return Faults(
        clipped=peak >= CLIP_PEAK,
        dc=mean > DC_SHARE * rms,
        jumps=max(abs(float(wave[0])), abs(float(wave[-1]))) > JUMP_SHARE * peak,
        clicks=_has_clicks(wave / peak, sample_rate),
    )


def _has_clicks(wave: Wave, sample_rate: int) -> bool:
    """Look for a millisecond far above those around it.

    Only what is above a quarter of the rate counts: a click is white, a note is not.
    """
    high = sosfilt(butter(6, 0.5, "highpass", output="sos"), wave)
    n = max(1, round(_CLICK_BLOCK_SECONDS * sample_rate))
    blocks = np.abs(high[: high.size // n * n]).reshape(-1, n).max(axis=1)
    if blocks.size < _CLICK_AROUND_BLOCKS:
        return False
    around = median_filter(blocks, _CLICK_AROUND_BLOCKS, mode="nearest")
    above = 10 ** (_CLICK_ABOVE_DB / 20)
    floor = 10 ** (_CLICK_FLOOR_DB / 20)
    spikes = (blocks > above * around) & (blocks > floor)
    # A pluck or a second stroke rings on; a click is over at once.
    rings = maximum_filter1d(np.roll(blocks, -4), 5, mode="nearest") > blocks / 4
    attack = round(_ATTACK_SECONDS / _CLICK_BLOCK_SECONDS)
    return bool((spikes & ~rings)[attack:-4].any())
