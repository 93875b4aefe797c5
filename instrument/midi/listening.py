"""The MIDI inputs that are listened to, from any thread, and what the player is told of them."""

import threading
from collections.abc import Callable

from instrument.values.events import AnyEvent

from .midi import MidiInputs


class Listening:
    """Holds `MidiInputs` for several threads."""

    def __init__(
        self,
        post: Callable[[AnyEvent], None],
        say: Callable[..., None],
        clock: Callable[[], float],
    ) -> None:
        """Prepare; no port is open before `listen`.

        Args:
            post: Takes each event, on the thread of its port.
            say: Takes a line for the player, and whether it `is_error`.
            clock: Seconds, as in the events.
        """
        self._lock = threading.Lock()
        self._inputs = MidiInputs(post, clock=clock)
        self._say = say
        self._message = ""

    @property
    def connected(self) -> tuple[str, ...]:
        """The ports that are open."""
        return self._inputs.connected

    def ports(self) -> tuple[str, ...]:
        """List the ports that are there now."""
        with self._lock:
            return self._inputs.ports()

    def listen(self, name: str) -> None:
        """Listen to one port by name, to all with "*", to none with ""."""
        with self._lock:
            self._inputs.listen(name)
            self._poll()

    def poll(self, *, is_anew: bool) -> None:
        """See what was plugged in or out; `is_anew` opens all ports again."""
        with self._lock:
            if is_anew:
                self._inputs.reopen()
            self._poll()

    def close(self) -> None:
        """Close all ports."""
        with self._lock:
            self._inputs.close()

    def _poll(self) -> None:
        self._inputs.poll()
        if self._inputs.message != self._message:
            self._message = self._inputs.message
            if self._message and self._inputs.wanted:
                self._say(self._message, is_error=False)
