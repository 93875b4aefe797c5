"""Whether dropped blocks are trouble: one is not, trouble that lasts is; knows no widgets."""

from collections import deque

WINDOW_SECONDS = 12.0  # that are looked at
BURST_SECONDS = 1.0  # drops closer together than this are one burst: a moment's hitch
BURSTS = 3  # in the window make trouble
CALM_SECONDS = 30.0  # without a drop end it


class TimingWatch:
    """Takes the count of dropped blocks and says when it speaks of trouble that lasts.

    A block that drops once, as when a laptop wakes or a device is opened, says nothing. Three
    bursts within twelve seconds do, until half a minute has gone by without one.
    """

    _count: int
    _block: int
    _bursts: deque[float]
    _last: float
    _is_trouble: bool

    def __init__(self) -> None:
        self._begin(0, 0)

    def take(self, count: int, block: int, now: float) -> bool:
        """Take the present count.

        Args:
            count: Of blocks dropped since the output was opened.
            block: Frames in one; with another size everything begins anew.
            now: Seconds, on any clock that does not go back.

        Returns:
            Whether it is trouble that lasts.
        """
        if block != self._block or count < self._count:
            self._begin(count, block)
            return False
        if count > self._count:
            self._count = count
            if now - self._last >= BURST_SECONDS:
                self._bursts.append(now)
            self._last = now
        elif self._is_trouble and now - self._last >= CALM_SECONDS:
            self._is_trouble = False
        if len(self._bursts) == BURSTS and now - self._bursts[0] <= WINDOW_SECONDS:
            self._is_trouble = True
        return self._is_trouble

    def _begin(self, count: int, block: int) -> None:
        self._count, self._block = count, block
        self._bursts = deque(maxlen=BURSTS)
        self._last = float("-inf")
        self._is_trouble = False
