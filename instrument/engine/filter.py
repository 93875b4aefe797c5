"""The low-pass filter of a voice, a state-variable filter: how it is set. `lanes` runs it."""

import math

from .kernels import kernel

OPEN_HZ = 20000.0
MAXIMUM_SHARE = 0.45  # of the sample rate; nearer to half of it tan() runs away
LOWEST_HZ = 10.0
BUTTERWORTH_Q = math.sqrt(0.5)
RESONANCE_RANGE = 16.0  # Q 0.7 to 11.3


@kernel
def filter_coefficients(
    cutoff_hz: float, resonance: float, sample_rate: float
) -> tuple[float, float, float]:
    """Turn cutoff and resonance into the filter's three numbers.

    Args:
        cutoff_hz: -3 dB at resonance 0; brought below 0.45 of the rate.
        resonance: 0 (Butterworth) to 1 (a peak of 21 dB).
        sample_rate: In Hz.

    Source: Zavalishin, "The Art of VA Filter Design", topology-preserving state-variable
    filter, in the form of Simper, "Solving the continuous SVF equations", 2013.
    """
    cutoff_hz = min(max(cutoff_hz, LOWEST_HZ), MAXIMUM_SHARE * sample_rate)
    g = math.tan(math.pi * cutoff_hz / sample_rate)
    damping = 1.0 / (BUTTERWORTH_Q * math.pow(RESONANCE_RANGE, resonance))
    a1 = 1.0 / (1.0 + g * (g + damping))
    return a1, g * a1, g * g * a1
