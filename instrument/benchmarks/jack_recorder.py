"""Record what is played into a JACK server's outputs, and when; a process of its own.

Usage: python -m instrument.jack_recorder FILE.npz     (until SIGTERM; says when it has begun)
"""

import signal
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

MAXIMUM_SECONDS = 300
LOOK_SECONDS = 0.05


@dataclass(frozen=True)
class Recording:
    """What was heard, and when: JACK's own clock leaps when the machine is late.

    Attributes:
        wave: float32 [frame], the mean of left and right.
        block_seconds: float64 [block], time.monotonic at the beginning of each block.
        block_frames: int64 [block], where each block begins in `wave`.
        sample_rate: In Hz.
    """

    wave: NDArray[np.float32]
    block_seconds: NDArray[np.float64]
    block_frames: NDArray[np.int64]
    sample_rate: int

    def seconds_of(self, moment: float) -> float:
        """Turn a moment on time.monotonic into seconds from the recording's beginning."""
        frame = np.interp(moment, self.block_seconds, self.block_frames.astype(float))
        return float(frame) / self.sample_rate

    def moment_of(self, frame: int) -> float:
        """Turn a frame into a moment on time.monotonic: its block's, and its place in there."""
        block = int(np.searchsorted(self.block_frames, frame, side="right")) - 1
        place = frame - self.block_frames[block]
        return float(self.block_seconds[block] + place / self.sample_rate)

    def between(self, start: float, end: float) -> NDArray[np.float32]:
        """Cut out what was heard between two moments on time.monotonic."""
        first, last = (round(self.seconds_of(at) * self.sample_rate) for at in (start, end))
        return self.wave[first:last]


def read_recording(file: Path) -> Recording:
    """Read what the recorder's process has written."""
    with np.load(file, allow_pickle=False) as arrays:
        return Recording(
            arrays["wave"], arrays["seconds"], arrays["frames"], int(arrays["sample_rate"])
        )


def record(file: Path) -> None:
    """Record until SIGTERM."""
    import jack  # noqa: PLC0415  # JACK-Client, which only measuring and testing need

    client = jack.Client("recorder", no_start_server=True)
    inputs = [client.inports.register(f"in_{side}") for side in ("left", "right")]
    block, sample_rate = client.blocksize, client.samplerate  # 0 when the client is closed
    n_blocks = MAXIMUM_SECONDS * sample_rate // block
    waves = np.zeros((2, n_blocks * block), np.float32)
    seconds = np.zeros(n_blocks)
    position = 0
    ended = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: ended.set())

    @client.set_process_callback
    def process(_n_frames: int) -> None:
        nonlocal position
        if position < n_blocks:
            seconds[position] = time.monotonic()
            start = position * block
            for wave, port in zip(waves, inputs, strict=True):
                wave[start : start + block] = port.get_array()
            position += 1

    with client:
        sys.stderr.write("recording\n")
        sys.stderr.flush()
        while not ended.wait(LOOK_SECONDS):
            # Whoever plays into the card is heard here too, whenever it comes.
            cards = client.get_ports(is_physical=True, is_input=True, is_audio=True)
            for card, our in zip(cards[:2], inputs, strict=True):
                for source in client.get_all_connections(card):
                    if source not in client.get_all_connections(our):
                        client.connect(source, our)
    np.savez(
        file,
        wave=waves[:, : position * block].mean(axis=0),
        seconds=seconds[:position],
        frames=np.arange(position) * block,
        sample_rate=sample_rate,
    )


if __name__ == "__main__":
    record(Path(sys.argv[1]))
