"""A specgram as a picture: brightness is how loud, hue is how the phase turns.

Source: Engel et al., "Neural audio synthesis of musical notes with WaveNet autoencoders", 2017,
appendix, for the idea; drawn here straight from the network's two channels.
"""

import io

import numpy as np
from matplotlib.colors import hsv_to_rgb
from matplotlib.image import imsave
from numpy.typing import NDArray

_DYNAMIC_DB = 60.0
_SIZE = (256, 512)


def rainbowgram(specgram: NDArray[np.float32], db_per_unit: float) -> NDArray[np.uint8]:
    """Draw a specgram, low frequencies at the bottom.

    Args:
        specgram: float32 [2, time, freq], magnitude then phase difference over pi.
        db_per_unit: Decibels of one unit of magnitude.

    Returns:
        uint8 [256, 512, 3], red, green and blue.
    """
    magnitude, ifreq = (channel.T for channel in specgram)  # [freq, time]
    below_db = (magnitude - magnitude.max()) * db_per_unit
    value = np.clip(1 + below_db / _DYNAMIC_DB, 0, 1)
    hue = (ifreq / 2) % 1.0
    hue, value = _strongest(hue, value)
    colours = hsv_to_rgb(np.stack([hue, np.full_like(hue, 0.85), value], -1))
    rows, columns = (np.arange(n) * size // n for n, size in zip(_SIZE, hue.shape, strict=True))
    return np.rint(255 * colours[::-1][rows][:, columns]).astype(np.uint8)


def encode_png(picture: NDArray[np.uint8]) -> bytes:
    """Turn a picture, uint8 [row, column, 3], into a PNG."""
    out = io.BytesIO()
    imsave(out, picture, format="png")
    return out.getvalue()


def _strongest(
    hue: NDArray[np.float32], value: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Keep the loudest of neighbouring bands where there are more than the picture has rows."""
    n_each = max(1, len(value) // _SIZE[0])
    n_rows = len(value) // n_each
    hues, values = (x[: n_rows * n_each].reshape(n_rows, n_each, -1) for x in (hue, value))
    loudest = values.argmax(1)[:, None]
    return tuple(np.take_along_axis(x, loudest, 1)[:, 0] for x in (hues, values))  # type: ignore[return-value]
