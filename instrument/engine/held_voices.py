"""What the voices play whose notes are held, for the policy that decides how they go on."""

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from .envelope import IDLE, RELEASE, WAITING
from .voice_wave import N_READERS, TAIL


class HeldVoice(msgspec.Struct, frozen=True):
    """What a voice plays.

    Attributes:
        layer: Of rendered notes.
        note: MIDI note whose rendered note it plays.
        timbre: `NoteInfo.timbre` of that.
        slot: In which it lies.
        first_frame: `NoteInfo.first_frame` of it: above 0 while the voice plays a crop.
        n_frames: Of it.
        steady_end: The end of its steady part.
        moment: Of the note, in its frames.
        elapsed: Since the note began, likewise: more than `moment` when it has wandered.
        shift: Frames from a moment to the slot's frame; above 0 in the note's endless part.
        pace: Frames of the note for one of the output.
        is_fading: Whether it is on its way to this note from another one.
        way: How much of that is behind it, 0..1; 1 when it is not on its way.
    """

    layer: int
    note: int
    timbre: int
    slot: int
    first_frame: int
    n_frames: int
    steady_end: int
    moment: float
    elapsed: float
    shift: int
    pace: float
    is_fading: bool
    way: float = 1.0


def held_voices(voices: NDArray[Any], readers: NDArray[Any]) -> list[HeldVoice]:
    """Give the voices that sound and whose keys or pedals are down.

    Args:
        voices: [voice] of `voice_dtype`.
        readers: [voice, reader] of `reader_dtype`.
    """
    stage = voices["stage"]
    is_held = (voices["gated"] == 1) | (voices["sustained"] == 1) | (voices["one_shot"] == 1)
    is_held &= (stage != IDLE) & (stage != WAITING) & (stage != RELEASE)
    is_held &= voices["kill_step"] == 0.0
    found = []
    for v in np.flatnonzero(is_held):
        voice = voices[v]
        is_fading = bool(voice["fading"])
        front = int(voice["front"])
        reader = readers[v, (1 - front if is_fading else front) % (N_READERS - TAIL)]
        slot, ratio = int(reader["slot"]), float(reader["ratio"])
        if slot == 0 or int(voice["source"]) < 0:
            continue
        found.append(
            HeldVoice(
                layer=int(voice["source_layer"]),
                note=int(voice["source"]),
                timbre=int(voice["timbre"]),
                slot=slot,
                first_frame=int(reader["first_frame"]),
                n_frames=int(reader["n_frames"]),
                steady_end=int(reader["steady_end"]),
                moment=float(reader["position"]),
                elapsed=float(voice["elapsed"]) * ratio,
                shift=int(reader["shift"]),
                pace=float(voice["step"]) * ratio,
                is_fading=is_fading,
                way=float(voice["fade"]) if is_fading else 1.0,
            )
        )
    return found
