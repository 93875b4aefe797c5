"""Record what is played into a JACK server's outputs; a process of its own, until SIGTERM.

Usage: python recorder.py FILE.npz
"""

import signal
import sys
import threading
import time

import jack
import numpy as np

MAXIMUM_SECONDS = 300


def main(path: str) -> None:
    client = jack.Client("recorder", no_start_server=True)
    inputs = [client.inports.register(f"in_{side}") for side in ("left", "right")]
    block = client.blocksize  # 0 when the client is closed
    n_blocks = MAXIMUM_SECONDS * client.samplerate // block
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
        print("recording", file=sys.stderr, flush=True)
        while not ended.wait(0.05):
            # Whoever plays into the card is heard here too, whenever it comes.
            cards = client.get_ports(is_physical=True, is_input=True, is_audio=True)
            for card, our in zip(cards[:2], inputs, strict=True):
                for source in client.get_all_connections(card):
                    if source not in client.get_all_connections(our):
                        client.connect(source, our)
    frames = np.arange(position) * block
    wave = waves[:, : position * block].mean(axis=0)
    np.savez(path, wave=wave, seconds=seconds[:position], frames=frames)


if __name__ == "__main__":
    main(sys.argv[1])
