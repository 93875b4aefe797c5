"""The tape: what goes to the device is copied into a ring in memory, for a thread that writes it.

One producer (whoever makes blocks), one consumer, no locks: each counts its own frames, and counts
them only after they are there. What does not fit is left out, and counted.
"""

import numpy as np
from numpy.typing import NDArray

from .kernels import fence, inlined, kernel
from .state import TAPE_FRAMES, Machine

NOT_BEGUN = -1


@inlined
def begin_tape(m: Machine) -> None:
    """Note where a tape that has been started begins, before its first block is made."""
    state, reel = m.state[0], m.reel[0]
    if reel.is_running == 1 and reel.first_frame == NOT_BEGUN:
        reel.n_struck = state.n_struck
        reel.vibrato_phase = state.vibrato_phase
        reel.first_frame = state.frame - state.left_over


@inlined
def record(m: Machine, out: NDArray[np.float32]) -> None:
    """Put a block that goes to the device, float32 [frame, 2], on the tape while it runs."""
    reel = m.reel[0]
    if reel.is_running == 0 or reel.first_frame == NOT_BEGUN:
        return
    n, written = out.shape[0], reel.written
    if written + n - reel.read > TAPE_FRAMES:
        reel.lost += n
        return
    place = written % TAPE_FRAMES
    for i in range(n):
        if place == TAPE_FRAMES:
            place = 0
        m.tape[place, 0] = out[i, 0]
        m.tape[place, 1] = out[i, 1]
        place += 1
    fence()
    reel.written = written + n


@kernel
def keep_order() -> None:
    """Keep what is read or written after this line from being so before it."""
    fence()


class Tape:
    """The tape as the thread sees it that writes it to disk. One thread at a time."""

    def __init__(self, machine: Machine) -> None:
        """Take the tape of a machine."""
        self._reel = machine.reel[0]
        self._samples = machine.tape

    def start(self) -> None:
        """Let it run from the next block on; what was on it is forgotten."""
        self._samples[...] = 0.0  # maps its pages, so that the audio thread need not
        self._reel["read"] = self._reel["written"]
        self._reel["lost"] = 0
        self._reel["first_frame"] = NOT_BEGUN
        keep_order()
        self._reel["is_running"] = 1

    def stop(self) -> None:
        """Let it run no longer; a block that is just being made may still come."""
        self._reel["is_running"] = 0

    def read(self) -> NDArray[np.float32]:
        """Take what has come since the last time: float32 [frame, 2], perhaps none."""
        read, written = int(self._reel["read"]), int(self._reel["written"])
        keep_order()
        places = np.arange(read, written) % TAPE_FRAMES
        frames: NDArray[np.float32] = self._samples[places]
        keep_order()
        self._reel["read"] = written
        return frames

    @property
    def first_frame(self) -> int | None:
        """The engine's number of the first frame on the tape; None before it is there."""
        first = int(self._reel["first_frame"])
        return None if first == NOT_BEGUN else first

    @property
    def n_struck(self) -> int:
        """Keys that had gone down before the first frame."""
        return int(self._reel["n_struck"])

    @property
    def vibrato_phase(self) -> float:
        """Of the vibrato at the first inner block that was not made before, in cycles."""
        return float(self._reel["vibrato_phase"])

    @property
    def n_lost(self) -> int:
        """Frames that did not fit since it was started."""
        return int(self._reel["lost"])
