"""The soak through a JACK server in freewheel mode: through PortAudio, faster than real time."""

import contextlib
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from instrument.devices.audio import leave_outputs
from instrument.instrument import Instrument
from instrument.presets.library import PresetLibrary
from instrument.values.status import AudioSettings

from .jack_dummy import jack_server
from .key_probe import BenchError, environment_of
from .soak import BLOCK, TAIL_SECONDS, RandomPlayer, ready_instrument

LOOK_SECONDS = 0.02
CONNECT_SECONDS = 10.0
STALLED_LOOKS = 1000  # without a block: the server or the stream has died


def bench_soak_jack(
    minutes: float, progress: Callable[[float, float, str], None] = lambda *_: None
) -> dict[str, Any]:
    """As `bench_soak`, through PortAudio and JACK, whose clock waits for nobody meanwhile.

    Args:
        minutes: Of music.
        progress: Told what is done, of how much, and in which unit.

    Returns:
        As `bench_soak`, and `streams`: how many were opened; 1 unless one died.

    Raises:
        JackServerError: If no server can be started.
        BenchError: If the instrument is not ready in time, or its sound stops.
    """
    if not sys.platform.startswith("linux"):
        raise BenchError("This is measured with JACK's dummy driver, on Linux only.")
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(jack_server(BLOCK))
        stack.callback(leave_outputs)  # PortAudio must have left the server before that ends
        stack.enter_context(environment_of(server))
        settings = AudioSettings(block=BLOCK)
        instrument = stack.enter_context(ready_instrument(settings))
        return _soak(instrument, minutes, progress)


def _soak(
    instrument: Instrument, minutes: float, progress: Callable[[float, float, str], None]
) -> dict[str, Any]:
    player = RandomPlayer(instrument, PresetLibrary(), minutes)
    engines = {id(instrument.engine): instrument.engine}
    with _listening(player) as ear:
        while not player.is_over:
            player.change_sounds()
            progress(player.seconds, minutes * 60, "s")
            engines[id(instrument.engine)] = instrument.engine
            ear.wait()
        player.change_sounds()
        player.let_go()
        end = player.seconds + TAIL_SECONDS
        while player.seconds < end:
            ear.wait()
    return {**player.figures(loudest_at_end=ear.loudest), "streams": len(engines)}


class _Ear:
    """Plays from and listens on JACK's own thread: while it freewheels, nobody is in a hurry."""

    def __init__(self, player: RandomPlayer) -> None:
        """Register with the server of this process's environment."""
        import jack  # noqa: PLC0415  # JACK-Client, which only measuring and testing need

        self.loudest = 0.0  # of the last block
        self._player = player
        self._n_blocks, self._n_stalled = player.n_blocks, 0
        self._is_heard = threading.Event()
        self.client = jack.Client("soak", no_start_server=True)
        self._inputs = [self.client.inports.register(f"in_{side}") for side in ("left", "right")]
        self._block = np.zeros((BLOCK, 2), np.float32)
        self.client.set_process_callback(self._process)

    def connect(self) -> None:
        """Listen to whoever plays into the card.

        Raises:
            BenchError: If nobody does.
        """
        end = time.monotonic() + CONNECT_SECONDS
        while True:
            cards = self.client.get_ports(is_physical=True, is_input=True, is_audio=True)[:2]
            sources = [self.client.get_all_connections(card) for card in cards]
            if len(sources) == len(self._inputs) and all(sources):
                break
            if time.monotonic() > end:
                raise BenchError("The instrument does not play through JACK. Try: timbrepad doctor")
            time.sleep(LOOK_SECONDS)
        for (source, *_), our in zip(sources, self._inputs, strict=True):
            self.client.connect(source, our)
        self._is_heard.set()

    def wait(self) -> None:
        """Wait a moment.

        Raises:
            BenchError: If nothing comes any more.
        """
        time.sleep(LOOK_SECONDS)
        n_blocks = self._player.n_blocks
        self._n_stalled = self._n_stalled + 1 if n_blocks == self._n_blocks else 0
        self._n_blocks = n_blocks
        if self._n_stalled > STALLED_LOOKS:
            raise BenchError("The sound through JACK has stopped. Is the machine asleep or paused?")

    def _process(self, _n_frames: int) -> None:
        if not self._is_heard.is_set():
            return
        for side, port in enumerate(self._inputs):
            self._block[:, side] = port.get_array()
        self.loudest = float(np.abs(self._block).max())
        self._player.hear(self._block)
        self._player.before_block()


@contextlib.contextmanager
def _listening(player: RandomPlayer) -> Iterator[_Ear]:
    """Have a server freewheel, and a client there that plays and listens."""
    ear = _Ear(player)
    with ear.client:
        ear.connect()
        ear.client.set_freewheel(True)
        try:
            yield ear
        finally:
            ear.client.set_freewheel(False)
