"""The pitches the model knows (MIDI 24 to 84) and their one-hot."""

import torch
from torch import Tensor

PITCHES = range(24, 85)
"""C1 to C6, the classes of the published model; a `pitch` is always such a MIDI number."""


def pitch_one_hot(pitch: Tensor, pitches: range = PITCHES) -> Tensor:
    """Turn pitches into the generator's condition.

    Args:
        pitch: int64 [batch], MIDI numbers.
        pitches: What the model knows, lowest first, without gaps.

    Returns:
        float32 [batch, len(pitches)]: one 1 a row, on the pitch's device.

    Raises:
        ValueError: If a pitch is none of the model's.
    """
    classes = pitch - pitches.start
    if bool(((classes < 0) | (classes >= len(pitches))).any()):
        raise ValueError(
            f"pitch must be {pitches[0]}..{pitches[-1]}, not {int(pitch.min())}..{int(pitch.max())}"
        )
    return torch.nn.functional.one_hot(classes, len(pitches)).to(torch.float32)
