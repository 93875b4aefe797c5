"""The sound card: list the outputs, open a stream on an engine, see whether it still runs."""

import atexit
import contextlib
import difflib
import importlib
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from instrument.engine.engine import Engine
from instrument.values.status import AudioDevice, AudioSettings, AudioStatus

from .rate_watch import RateWatch

N_CHANNELS = 2
ALIVE_SECONDS = 1.0  # without a callback for so long, a stream is dead
CLOSE_SECONDS = 2.0  # closing may hang
MOVES_SECONDS = 0.3  # the next block of a living stream comes sooner
POLL_SECONDS = 0.002
_JACK = "JACK"
LISTED = 4  # devices named in an error

# What to do when PortAudio itself is missing, by the start of sys.platform.
_INSTALL = {
    "linux": "install it: sudo apt-get install libportaudio2",
    "darwin": "install it: brew install portaudio",
    "win": "install it again: pip install --force-reinstall sounddevice",
}

# What PortAudio's error codes mean for a player.
_INVALID_CHANNELS, _INVALID_RATE, _INVALID_DEVICE = -9998, -9997, -9996
_BUFFER_TOO_BIG, _BUFFER_TOO_SMALL, _UNAVAILABLE, _HOST_ERROR = -9991, -9990, -9985, -9999
_ADVICE = {
    _INVALID_CHANNELS: "it has no stereo output. Choose another output.",
    _INVALID_RATE: "it does not run at {rate:g} Hz. Its own rate is {own:g} Hz: choose that.",
    _INVALID_DEVICE: "it is gone. Choose another output.",
    _BUFFER_TOO_BIG: "a block of {block} frames is too large for it. Choose a smaller one.",
    _BUFFER_TOO_SMALL: "a block of {block} frames is too small for it. Choose a larger one.",
    _UNAVAILABLE: "it is in use by another program, or gone. Close that program, or choose "
    "another output.",
    _HOST_ERROR: "the sound system refused it ({text}). Choose another output.",
}

_open_streams: set[int] = set()  # ids of the `AudioStream`s that are open
_given_up: list[Any] = []  # streams that can't be closed, and the libraries that run them


class DeviceError(Exception):
    """An output can't be opened; the message is one line that says what to do."""


def _library() -> Any:
    """Import sounddevice, which finds and starts PortAudio.

    Raises:
        DeviceError: If there is no PortAudio.
    """
    try:
        return importlib.import_module("sounddevice")
    except (ImportError, OSError) as error:
        advice = next((a for p, a in _INSTALL.items() if sys.platform.startswith(p)), "install it.")
        raise DeviceError(f"The sound library PortAudio is missing; {advice}") from error


def _outputs(library: Any) -> list[tuple[int, AudioDevice]]:
    """Give every output with PortAudio's number for it."""
    apis = library.query_hostapis()
    default = _default_output(library, apis)
    outputs = []
    for index, device in enumerate(library.query_devices()):
        if device["max_output_channels"] > 0:
            found = AudioDevice(
                name=device["name"],
                host_api=apis[device["hostapi"]]["name"],
                n_channels=device["max_output_channels"],
                sample_rate=float(device["default_samplerate"]),
                is_default=index == default,
            )
            outputs.append((index, found))
    return outputs


def _default_output(library: Any, apis: Any) -> int:
    """Give the system's default output; where the first sound system has none, the next one's."""
    chosen = library.default.device[1]
    if isinstance(chosen, int) and chosen >= 0:
        return chosen
    return next((api["default_output_device"] for api in apis if _has_output(api)), -1)


def _has_output(api: Any) -> bool:
    return bool(api["default_output_device"] >= 0)


def list_outputs() -> tuple[AudioDevice, ...]:
    """List the outputs; empty when there is none.

    Raises:
        DeviceError: If there is no PortAudio.
    """
    return tuple(device for _, device in _outputs(_library()))


def refresh_outputs() -> bool:
    """Look for outputs that were plugged in since; only possible while no stream is open.

    Returns:
        Whether it could look.
    """
    library = _library()
    if _open_streams:
        return False
    if _given_up and isinstance(_given_up[-1], AudioStream):
        _start_afresh(library)
    else:
        library._terminate()  # PortAudio lists devices only when it starts
        library._initialize()
    return True


def leave_outputs() -> None:
    """Let go of PortAudio for good, as at the end of the program, while its servers still run."""
    library = _library()
    with contextlib.suppress(library.PortAudioError):
        library._terminate()


def _names(device: AudioDevice) -> tuple[str, ...]:
    """Give what a device may be called: its name alone, or with its sound system."""
    name, api = device.name.lower(), device.host_api.lower()
    return name, f"{name}, {api}", f"{api}: {name}"


def find_device(name: str, outputs: list[tuple[int, AudioDevice]]) -> tuple[int, AudioDevice]:
    """Find an output by its name or a part of it, in capitals or not.

    Args:
        name: As in `AudioDevice`, alone or as `name, host API`; "" is the default output.
        outputs: To choose from, with PortAudio's numbers.

    Raises:
        DeviceError: If there is none of that name, or none at all.
    """
    if not outputs:
        raise DeviceError(
            "There is no sound output. Plug one in, or start the sound server, and try again."
        )
    if not name:
        return next((o for o in outputs if o[1].is_default), outputs[0])
    wanted = name.lower()
    exact = [o for o in outputs if wanted in _names(o[1])]
    partial = [o for o in outputs if any(wanted in text for text in _names(o[1]))]
    found = exact or partial
    if found:
        return next((o for o in found if o[1].is_default), found[0])
    known = list(dict.fromkeys(device.name for _, device in outputs))
    near = difflib.get_close_matches(name, known, LISTED, 0.3) or known[:LISTED]
    listed = ", ".join(f'"{text}"' for text in near)
    raise DeviceError(f'There is no sound output "{name}". Choose one of: {listed}.')


def rate_of(settings: AudioSettings) -> float:
    """Give the rate in Hz that an output will run at.

    Raises:
        DeviceError: If there is no such output.
    """
    if settings.sample_rate:
        return float(settings.sample_rate)
    return find_device(settings.device, _outputs(_library()))[1].sample_rate


def open_stream(settings: AudioSettings, make_engine: Callable[[float], Engine]) -> "AudioStream":
    """Open and start an output, also one that was plugged in since the program started.

    Args:
        settings: What to open.
        make_engine: Gives the engine for the rate, in Hz, that the device will run at.

    Raises:
        DeviceError: If that is not possible; nothing is left open.
    """
    refresh_outputs()
    return AudioStream(settings, make_engine)


class AudioStream:
    """A running stream: PortAudio calls the engine's compiled callback, without Python.

    Open and close it from one thread. `alive` is to be asked now and then.
    """

    def __init__(self, settings: AudioSettings, make_engine: Callable[[float], Engine]) -> None:
        """Open an output and start it.

        Args:
            settings: What to open.
            make_engine: Gives the engine for the rate, in Hz, that the device will run at.

        Raises:
            DeviceError: If that is not possible; nothing is left open.
        """
        self._library = _library()
        index, self.device = find_device(settings.device, _outputs(self._library))
        rate = float(settings.sample_rate or self.device.sample_rate)
        self.settings = settings
        self._closing = False
        try:
            self._library.check_output_settings(
                device=index, channels=N_CHANNELS, dtype="float32", samplerate=rate
            )
            self.engine = make_engine(rate)
            self.engine.use_even_timing(settings.is_even)
            self._stream = self._open(index, rate, settings.block)
        except self._library.PortAudioError as error:
            raise self._explain(error, rate) from error
        _open_streams.add(id(self))
        self._watch = RateWatch(rate)
        self._has_ended = False
        self._blocks = self.engine.n_blocks
        self._moved_seconds = time.monotonic()
        try:
            self._stream.start()
        except self._library.PortAudioError as error:
            self.close()
            raise self._explain(error, rate) from error

    def _open(self, index: int, rate: float, block: int) -> Any:
        """Give PortAudio the C callback. The engine must live until the stream is closed."""
        library = self._library
        return library._StreamBase(
            kind="output",
            samplerate=rate,
            blocksize=block,
            device=index,
            channels=N_CHANNELS,
            dtype="float32",
            latency="low",
            clip_off=True,  # the limiter has seen to it
            dither_off=True,
            callback=library._ffi.cast("PaStreamCallback*", self.engine.callback_address),
            userdata=library._ffi.cast("void*", self.engine.userdata),
            wrap_callback=None,
        )

    def _explain(self, error: Exception, rate: float) -> DeviceError:
        """Turn PortAudio's words into a line that helps."""
        code = error.args[1] if len(error.args) > 1 else 0
        text = str(error.args[0]) if error.args else str(error)
        advice = _ADVICE.get(code, "{text}. Choose another output.").format(
            rate=rate, own=self.device.sample_rate, block=self.settings.block, text=text
        )
        return DeviceError(f'Could not open "{self.device.name}": {advice}')

    @property
    def alive(self) -> bool:
        """Whether the device still asks for blocks, and at its rate.

        Not once it is unplugged, its sound server has ended, or it has changed its rate. Only from
        the thread that opens and closes: PortAudio must not be asked about a stream that is gone.
        """
        if not self._closing:
            is_other = self._watch.look(*self.engine.asked()) is not None
            self._has_ended = self._has_ended or is_other or not self._is_active
        return self._is_moving

    @property
    def _is_moving(self) -> bool:
        """As `alive`, as far as is known without asking PortAudio."""
        blocks, now = self.engine.n_blocks, time.monotonic()
        if blocks != self._blocks:
            self._blocks, self._moved_seconds = blocks, now
        is_late = now - self._moved_seconds >= ALIVE_SECONDS
        return not (is_late or self._closing or self._has_ended)

    @property
    def _is_active(self) -> bool:
        """Whether PortAudio says that the stream runs: at once False when its server ends."""
        try:
            return bool(self._stream.active)
        except self._library.PortAudioError:
            return False

    @property
    def status(self) -> AudioStatus:
        """How the output stands."""
        alive = self._is_moving
        stopped = f'"{self.device.name}" has stopped. Plug it in again, or choose another output.'
        return AudioStatus(
            running=alive,
            device=self.device.name,
            host_api=self.device.host_api,
            sample_rate=self.engine.sample_rate,
            block=self.settings.block,
            latency_seconds=float(self._stream.latency) if alive else 0.0,
            message="" if alive else stopped,
            timing=self.settings.timing,
        )

    def close(self) -> bool:
        """Stop and close the stream.

        Returns:
            Whether it is closed. If not, it is given up: it and what its callback needs stay in
            memory, and the next stream gets a PortAudio of its own.
        """
        if self._closing:
            return True
        self._closing = True
        closed = self._try_to_close()
        if not closed:
            _give_up(self)
        _open_streams.discard(id(self))
        return closed

    def _try_to_close(self) -> bool:
        if self.device.host_api.startswith(_JACK) and not (self._is_active and self._moves()):
            return False  # its server has died: closing would wait ten minutes, then crash
        closer = threading.Thread(target=self._close, name="close audio", daemon=True)
        closer.start()
        closer.join(CLOSE_SECONDS)
        return not closer.is_alive()

    def _moves(self) -> bool:
        """Wait for the next block; say whether it comes."""
        before, end = self.engine.n_blocks, time.monotonic() + MOVES_SECONDS
        while self.engine.n_blocks == before and time.monotonic() < end:
            time.sleep(POLL_SECONDS)
        return self.engine.n_blocks != before

    def _close(self) -> None:
        self._stream.abort()
        self._stream.close()


def _give_up(stream: AudioStream) -> None:
    """Keep a stream that can't be closed, and PortAudio from closing it at exit."""
    _given_up.append(stream)
    atexit.unregister(stream._library._exit_handler)


def _start_afresh(library: Any) -> None:
    """Go on with a second PortAudio: the first would wait for its dead stream for ever.

    A library that is loaded from a copy of its file has variables of its own. The first must stay
    loaded, for the threads of the dead stream.
    """
    original = _file_of_loaded("libportaudio")
    if original is None:  # only Linux has JACK, and says which files are loaded
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / original.name
        shutil.copyfile(original, copy)
        fresh = library._ffi.dlopen(str(copy))
    _given_up.append(library._lib)
    library._lib, library._initialized = fresh, 0
    library._initialize()


def _file_of_loaded(name: str) -> Path | None:
    """Find the file of a library that this process has loaded."""
    maps = Path("/proc/self/maps")
    if not maps.exists():
        return None
    for line in maps.read_text().splitlines():
        path = Path(line.rpartition(" ")[2])
        if path.name.startswith(name) and path.exists():
            return path
    return None
