"""MIDI in: ports that come and go."""

import contextlib
import ctypes
import math
import re
import sys
import time
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path

import rtmidi

from instrument.values.events import AnyEvent

from .jack import JackShutdown, silence_jack
from .midi_messages import MessageParser, event_of

CLIENT = "Timbrepad"
EVERY_PORT = "*"
NO_PORT = ""
RETRY_SECONDS = 2.0  # between two tries to reach a MIDI system that is not there
CLOCK_BYTES = frozenset((0xF8, 0xFA, 0xFB, 0xFC))  # clock, start, continue, stop
CLOCK_SECONDS = 0.5  # without the input that gives the clock: then another one may
ECHO_SECONDS = 0.005  # the same message by two of our inputs within this time is one message

ALSA_SEQUENCER = Path("/dev/snd/seq")

# What each system offers, the first that answers is taken. ALSA needs a kernel with a sequencer;
# a machine without one may have JACK.
_APIS: dict[str, tuple[int, ...]] = {
    "linux": (rtmidi.API_LINUX_ALSA, rtmidi.API_UNIX_JACK),
    "darwin": (rtmidi.API_MACOSX_CORE, rtmidi.API_UNIX_JACK),
    "win32": (rtmidi.API_WINDOWS_MM,),
}
_WITHOUT_VIRTUAL_PORTS = (rtmidi.API_WINDOWS_MM,)
# ALSA ends a name with "client:port" and Windows with the port's number; both change when the
# plug is pulled and put back.
_NUMBER_AT_THE_END = {
    rtmidi.API_LINUX_ALSA: re.compile(r" \d+:\d+$"),
    rtmidi.API_WINDOWS_MM: re.compile(r" \d+$"),
}


class MidiInputs:
    """The MIDI inputs of the instrument, kept as asked for while ports come and go.

    Everything but the messages themselves happens in `poll`, which one thread calls some times a
    second. Where the system has virtual ports there is always one named Timbrepad, which other
    programs can connect to.

    Attributes:
        wanted: The name of the port that was asked for, "*" for all, "" for none.
        message: Why there is no MIDI at all or the wanted port not open, in one line; else "".
    """

    def __init__(
        self,
        post: Callable[[AnyEvent], object],
        *,
        clock: Callable[[], float] = time.monotonic,
        apis: Sequence[int] | None = None,
    ) -> None:
        """Prepare; nothing is open before `poll`.

        Args:
            post: Takes each event, on the MIDI thread; must not block.
            clock: Seconds, for the events' time and for the tries.
            apis: RtMidi's numbers of the systems to try; None is what this system offers.
        """
        self.message = ""
        self._post = post
        self._clock = clock
        self._apis = apis
        silence_jack()  # it would complain at each try
        self.wanted = NO_PORT
        self._system: _System | None = None
        self._next_try = -math.inf
        # Written by RtMidi's threads only: they hold Python's lock while they are in `_received`.
        self._parsers: dict[int, MessageParser] = {}
        self._last: tuple[int, bytes, float] = (0, b"", -math.inf)
        self._clock_from: tuple[int, float] = (0, -math.inf)  # which input gives the clock, since

    @property
    def connected(self) -> tuple[str, ...]:
        """The names of the inputs that are open and whose source is there."""
        return () if self._system is None else self._system.connected

    def ports(self) -> tuple[str, ...]:
        """List the ports that are there now."""
        return () if self._system is None else tuple(self._system.ports())

    def listen(self, name: str) -> None:
        """Ask for one port by name, for all with "*", for none with ""; `poll` sees to it."""
        self.wanted = name

    def poll(self) -> bool:
        """Open what is wanted and there, close what is gone; say whether anything changed."""
        before = (self.connected, self.message)
        if self._system is not None and not self._system.alive:
            self.close()
        if self._system is None and self._clock() >= self._next_try:
            self._next_try = self._clock() + RETRY_SECONDS
            self._system = self._open_system()
        if self._system is not None:
            self.message = self._system.connect(self.wanted, self._clock())
        return (self.connected, self.message) != before

    def reopen(self) -> None:
        """Begin anew at the next `poll`: the MIDI system went away and came back."""
        self.close()
        self._next_try = -math.inf

    def close(self) -> None:
        """Close every port."""
        system, self._system = self._system, None
        if system is not None:
            system.close()

    def _open_system(self) -> "_System | None":
        for api in available_apis() if self._apis is None else self._apis:
            # a system that is not there raises, and the next one is asked
            with contextlib.suppress(rtmidi.RtMidiError, ConnectionError):
                return _System(api, self._received)
        self.message = "There is no MIDI on this computer now; the keys on the screen play."
        return None

    def _received(self, source: int, data: list[int]) -> None:
        """Hand on what came; on RtMidi's thread. `source` tells the inputs apart."""
        at = self._clock()
        if len(data) == 1 and data[0] in CLOCK_BYTES:
            if not self._is_clock(source, at):
                return
        elif self._is_echo(source, bytes(data), at):
            return
        for message in self._parsers.setdefault(source, MessageParser()).feed(data):
            event = event_of(message, at)
            if event is not None:
                self._post(event)

    def _is_clock(self, source: int, at: float) -> bool:
        """Say whether an input gives the clock; of two at once came a tempo of neither."""
        former, heard_at = self._clock_from
        if source != former and at - heard_at < CLOCK_SECONDS:
            return False
        self._clock_from = (source, at)
        return True

    def _is_echo(self, source: int, data: bytes, at: float) -> bool:
        """Say whether another input has just brought the same.

        A keyboard that is wired to the port named Timbrepad and listened to directly, too, would
        play each note twice.
        """
        last_source, last_data, last_at = self._last
        if data == last_data and source != last_source and at - last_at < ECHO_SECONDS:
            return True
        self._last = (source, data, at)
        return False


class _Input:
    """One open input: RtMidi's client and the number that tells its messages from others'."""

    _numbers = count(1)

    def __init__(self, api: int, received: Callable[[int, list[int]], None]) -> None:
        self.number = next(self._numbers)
        self.midi_in = rtmidi.MidiIn(api, name=CLIENT)
        self._received = received
        self.midi_in.ignore_types(sysex=False, timing=False)  # tunings and the clock come so
        self.midi_in.set_callback(self._take)

    def _take(self, message: tuple[list[int], float], _data: object = None) -> None:
        self._received(self.number, message[0])

    def close(self) -> None:
        self.midi_in.cancel_callback()
        self.midi_in.close_port()
        # not left to the garbage collector: the port would stay in other programs' lists
        self.midi_in.delete()

    def abandon(self) -> None:
        """Let go of it for good without touching it: closing it would crash."""
        self.midi_in.cancel_callback()
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(self.midi_in))


class _System:
    """One of RtMidi's systems (ALSA, JACK, CoreMIDI, WinMM) and what is open in it."""

    def __init__(self, api: int, received: Callable[[int, list[int]], None]) -> None:
        """Open the port named Timbrepad.

        Raises:
            rtmidi.RtMidiError: If the system is not there.
            ConnectionError: If it is one that must be watched and is not there yet.
        """
        self._api = api
        self._received = received
        # First, or a server that starts just now would have ports of ours and nobody to watch it.
        self._shutdown = JackShutdown() if api == rtmidi.API_UNIX_JACK else None
        self._inputs: dict[str, _Input] = {}  # by the system's name of the source
        self._shown: dict[str, str] = {}  # the system's name -> as shown
        self._next_try: dict[str, float] = {}
        # the one that is asked for the ports: another client for each question would cost 30 ms
        try:
            self._monitor = _Input(api, received)
        except rtmidi.RtMidiError:
            if self._shutdown is not None and self.alive:
                self._shutdown.close()
            raise
        if api not in _WITHOUT_VIRTUAL_PORTS:
            self._monitor.midi_in.open_virtual_port(CLIENT)

    @property
    def alive(self) -> bool:
        """False when the server has gone; JACK's lists of ports stay as they were, then."""
        return self._shutdown is None or not self._shutdown.happened

    @property
    def connected(self) -> tuple[str, ...]:
        return tuple(self._shown[name] for name in self._inputs)

    def ports(self) -> dict[str, str]:
        """List the sources: as shown -> the system's name."""
        pattern = _NUMBER_AT_THE_END.get(self._api)
        ports: dict[str, str] = {}
        for name in self._monitor.midi_in.get_ports():
            shown = base = pattern.sub("", name) if pattern else name
            number = 1
            while shown in ports:  # two keyboards of one make
                number += 1
                shown = f"{base} {number}"
            ports[shown] = name
        return ports

    def connect(self, wanted: str, now: float) -> str:
        """Open and close inputs until they are what is wanted; give what stands in the way."""
        ports = self.ports()
        self._shown = {name: shown for shown, name in ports.items()}
        targets = [ports[shown] for shown in _matching(wanted, list(ports))]
        for name in [name for name in self._inputs if name not in targets]:
            self._inputs.pop(name).close()
        problem = ""
        for name in targets:
            if name not in self._inputs and now >= self._next_try.get(name, -math.inf):
                problem = self._open(name) or problem
                self._next_try[name] = now + RETRY_SECONDS if problem else -math.inf
        if wanted not in {EVERY_PORT, NO_PORT} and not targets:
            there = ", ".join(f'"{shown}"' for shown in ports) or "none"
            problem = (
                f'There is no MIDI input "{wanted}"; it plays as soon as it is plugged in. '
                f"Inputs now: {there}."
            )
        return problem

    def close(self) -> None:
        alive = self.alive
        for opened in [*self._inputs.values(), self._monitor]:
            if alive:
                opened.close()
            else:
                opened.abandon()
        self._inputs.clear()
        if self._shutdown is not None and alive:
            self._shutdown.close()

    def _open(self, name: str) -> str:
        opened = _Input(self._api, self._received)
        try:
            opened.midi_in.open_port(opened.midi_in.get_ports().index(name), name="input")
        except (rtmidi.RtMidiError, ValueError) as error:
            opened.close()
            return (
                f'Could not open the MIDI input "{self._shown[name]}": {error}. '
                "Close the program that uses it, or choose another input."
            )
        self._inputs[name] = opened
        return ""


def available_apis() -> tuple[int, ...]:
    """Give RtMidi's numbers of the systems to try here, in order."""
    possible = set(rtmidi.get_compiled_api())
    if sys.platform == "linux" and not ALSA_SEQUENCER.exists():
        possible.discard(rtmidi.API_LINUX_ALSA)  # it would complain on the terminal
    return tuple(api for api in _APIS.get(sys.platform, ()) if api in possible)


def _matching(wanted: str, shown: list[str]) -> list[str]:
    """Give the names that are meant: all, none, the same name, or the one that contains it."""
    if wanted in {EVERY_PORT, NO_PORT}:
        return shown if wanted == EVERY_PORT else []
    if wanted in shown:
        return [wanted]
    containing = [name for name in shown if wanted.casefold() in name.casefold()]
    return containing[:1]
