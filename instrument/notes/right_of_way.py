"""Who of the renderer's threads goes first: whole notes wait while a beginning is made."""

import contextlib
import threading
from collections.abc import Iterator


class RightOfWay:
    """Lets the makers of beginnings go first: all others wait while one is asked for."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._n_asked = 0
        self._thread = threading.local()

    @property
    def n_asked(self) -> int:
        """How many beginnings are asked for and not yet made."""
        return self._n_asked

    def ask(self) -> None:
        """Ask for the way, for one beginning; `taken` gives it back."""
        with self._changed:
            self._n_asked += 1

    @contextlib.contextmanager
    def taken(self, n: int) -> Iterator[None]:
        """Go first on this thread, unless `n` is 0; then give back the way asked for so often."""
        self._thread.goes_first = n > 0
        try:
            yield
        finally:
            with self._changed:
                self._n_asked -= n
                self._changed.notify_all()

    def give(self) -> None:
        """Wait until nobody asks for the way, unless this thread goes first."""
        if self._n_asked and not getattr(self._thread, "goes_first", False):
            with self._changed:
                self._changed.wait_for(lambda: not self._n_asked)
