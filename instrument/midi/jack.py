"""What RtMidi does not tell of JACK: that its server has gone; and quiet about its absence."""

import ctypes
import ctypes.util
import functools
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import rtmidi

NO_START_SERVER = 1

_callbacks: list[Any] = []
_Shutdown = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class JackShutdown:
    """Waits for the end of the JACK server.

    A client of RtMidi is not told of it: its lists stay as they were and messages just stop. This
    is a client without ports and without a part in the processing, so it costs nothing. Clients
    that outlive their server must not be closed: libjack takes away the memory that they share.

    Attributes:
        happened: Whether the server has gone since. Written by JACK's thread.
    """

    def __init__(self) -> None:
        """Begin to watch.

        Raises:
            ConnectionError: If there is no server to watch (yet).
        """
        self.happened = False
        self._callback = _Shutdown(self._on_shutdown)
        self._library = _rtmidis_library()
        self._client = None
        if self._library is not None:
            self._client = self._library.jack_client_open(b"Timbrepad watch", NO_START_SERVER, None)
            if not self._client:
                raise ConnectionError("There is no JACK server now.")
            _callbacks.append(self._callback)  # JACK keeps its address for as long as it likes
            self._library.jack_on_shutdown(self._client, self._callback, None)

    def close(self) -> None:
        """Leave the server; not after `happened`."""
        client, self._client = self._client, None
        if client:
            self._library.jack_client_close(client)

    def _on_shutdown(self, _argument: object) -> None:
        self.happened = True


def silence_jack() -> None:
    """Keep libjack from writing lines to the terminal each time that it finds no server."""
    if sys.platform == "win32":
        return
    nothing = ctypes.cast(ctypes.CDLL(None).strlen, ctypes.c_void_p)  # takes a text, does nothing
    for library in _libraries():
        library.jack_set_error_function(nothing)
        library.jack_set_info_function(nothing)


@functools.cache
def _rtmidis_library() -> Any:  # ctypes has no types for a library's functions
    """Load the libjack that RtMidi uses, or None where there is none."""
    return next(_libraries(), None)


def _libraries() -> Iterator[Any]:
    """Load each libjack that this process may use: RtMidi's wheel brings its own."""
    bundled = sorted(Path(rtmidi.__file__).parents[1].glob("python_rtmidi*/libjack*"))
    system = ctypes.util.find_library("jack")
    for name in [*map(str, bundled), *([system] if system else [])]:
        library: Any = ctypes.CDLL(name)
        library.jack_client_open.restype = ctypes.c_void_p
        library.jack_client_open.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p]
        library.jack_on_shutdown.argtypes = [ctypes.c_void_p, _Shutdown, ctypes.c_void_p]
        library.jack_client_close.argtypes = [ctypes.c_void_p]
        library.jack_set_error_function.argtypes = [ctypes.c_void_p]
        library.jack_set_info_function.argtypes = [ctypes.c_void_p]
        yield library
