"""What goes to the device, as a meter sees it: true peak and spectrum of the latest frames.

The audio thread only copies each block into a small ring. All that is worked out of it is worked
out by whoever asks how everything stands, thirty times a second, on a thread of its own.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .kernels import fence, inlined
from .state import HEARD_FRAMES, Machine

N_SPECTRUM = 4096  # frames that a spectrum is made of
N_BANDS = 72
LOWEST_HZ, HIGHEST_HZ = 30.0, 18000.0
FLOOR_DB = -90.0
N_TAPS, N_PHASES = 12, 4
MARGIN = 1024  # frames that may be written while the others are read

# Interpolating filter for four times the rate: ITU-R BS.1770-4, annex 2. The other two phases
# are these backwards.
_PHASES = (
    (
        *(0.0017089843750, 0.0109863281250, -0.0196533203125, 0.0332031250000),
        *(-0.0594482421875, 0.1373291015625, 0.9721679687500, -0.1022949218750),
        *(0.0476074218750, -0.0266113281250, 0.0148925781250, -0.0083007812500),
    ),
    (
        *(-0.0291748046875, 0.0292968750000, -0.0517578125000, 0.0891113281250),
        *(-0.1665039062500, 0.4650878906250, 0.7797851562500, -0.2003173828125),
        *(0.1015625000000, -0.0582275390625, 0.0330810546875, -0.0189208984375),
    ),
)
_FILTER = np.array(
    [*_PHASES, *(phase[::-1] for phase in reversed(_PHASES))], dtype=np.float32
).T  # [tap, phase]


class Heard(NamedTuple):
    """What was heard since the last look.

    Attributes:
        true_peak_left: Largest value of the wave between and at its samples; 1 is full scale.
        true_peak_right: As `true_peak_left`.
        spectrum: One byte a band of both channels, from `LOWEST_HZ` up in equal ratios: 0 is
            `FLOOR_DB` and less, 255 a sine of full scale; empty for silence.
    """

    true_peak_left: float = 0.0
    true_peak_right: float = 0.0
    spectrum: bytes = b""


@inlined
def hear(m: Machine, out: NDArray[np.float32]) -> None:
    """Keep a block that goes to the device, float32 [frame, 2], for the next look."""
    state = m.state[0]
    place = state.heard_frames % HEARD_FRAMES
    for i in range(out.shape[0]):
        state.heard[place, 0] = out[i, 0]
        state.heard[place, 1] = out[i, 1]
        place += 1
        if place == HEARD_FRAMES:
            place = 0
    fence()
    state.heard_frames += out.shape[0]


class Monitor:
    """Looks at what an engine plays. One thread at a time."""

    def __init__(self, machine: Machine, sample_rate: float) -> None:
        """Begin to look at a machine's output."""
        self._state = machine.state[0]
        self._edges = _band_edges(sample_rate)
        self._window = np.hanning(N_SPECTRUM).astype(np.float32)
        self._read = int(self._state["heard_frames"])

    def look(self) -> Heard:
        """Say what was heard since the last look; of a long time only the end."""
        written = int(self._state["heard_frames"])
        n_new = min(written - self._read, HEARD_FRAMES - MARGIN - N_TAPS)
        self._read = written
        if n_new <= 0:
            return Heard()
        n = min(max(n_new + N_TAPS - 1, N_SPECTRUM), written)
        frames = self._state["heard"][np.arange(written - n, written) % HEARD_FRAMES]
        if not frames.any():
            return Heard()
        left, right = (true_peak(frames[-(n_new + N_TAPS - 1) :, side]) for side in (0, 1))
        return Heard(left, right, self._spectrum(frames))

    def _spectrum(self, frames: NDArray[np.float32]) -> bytes:
        mono = np.zeros(N_SPECTRUM, dtype=np.float32)
        latest = frames[-N_SPECTRUM:].mean(axis=1)
        mono[-len(latest) :] = latest
        magnitude = np.abs(np.fft.rfft(mono * self._window)) * (2.0 / self._window.sum())
        bands = np.maximum.reduceat(magnitude, self._edges)
        level = 20.0 * np.log10(np.maximum(bands, 1e-9))
        return np.rint(np.clip(255.0 * (1.0 - level / FLOOR_DB), 0, 255)).astype(np.uint8).tobytes()


def true_peak(wave: NDArray[np.float32]) -> float:
    """Give the true peak of a wave: the largest value at four times its rate.

    Args:
        wave: float32 [frame]; the first eleven only lead in.

    Returns:
        The largest absolute value, at the samples or between them; 1 is full scale.

    Source: ITU-R BS.1770-4, annex 2: a filter of 48 taps in four phases. The samples themselves
    count, too, as no phase of the filter goes through them.
    """
    if len(wave) < N_TAPS:
        return float(np.abs(wave).max(initial=0.0))
    spans = np.lib.stride_tricks.sliding_window_view(wave[::-1], N_TAPS)
    between = np.abs(spans @ _FILTER).max()
    return float(max(between, np.abs(wave[N_TAPS - 1 :]).max()))


def _band_edges(sample_rate: float) -> NDArray[np.intp]:
    """Give the first bin of each band, at least one bin each; intp [band]."""
    bins = np.geomspace(LOWEST_HZ, HIGHEST_HZ, N_BANDS) * N_SPECTRUM / sample_rate
    return np.minimum(bins.astype(np.intp), N_SPECTRUM // 2)
