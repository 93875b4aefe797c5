"""Where the music is: beats by a tempo of one's own, or by the clock that comes by MIDI."""

import math

CLOCKS_A_BEAT = 24
CLOCKS_A_SIXTEENTH = 6
MOST_COUNTED = 64  # clocks that a straight line is laid through: more than two beats
STRAY_SHARE = 0.25  # of the time between two clocks; a clock further off does not fit the line
MOST_STRAYS = 3  # in a row: then the tempo has changed, and it begins anew
GONE_SECONDS = 0.5  # without a clock: it has stopped
SLOWEST, FASTEST = 20.0, 300.0  # beats a minute
STILL_SHARE = 0.0005  # of the tempo: a smaller change is not passed on
FEWEST_COUNTED = 12  # clocks before the tempo is believed: half a beat


class ClockFollower:
    """Finds the tempo of MIDI clocks that come unevenly.

    A straight line through the times of the clocks, by least squares that forget: with the n-th
    clock the line moves by 2(2n-1)/n(n+1) of the error, and its slope by 6/n(n+1) of it, where n
    stops at 64. So it is found within half a beat, and at 120 beats a minute an unevenness of a
    millisecond then moves it by a tenth of a beat a minute or so.

    Source: the growing-memory and then fixed-gain form of the alpha-beta filter; Brookner,
    "Tracking and Kalman Filtering Made Easy", 1998, chapter 1.
    """

    def __init__(self) -> None:
        self._n = 0
        self._last = 0.0  # the line's time of the last clock
        self._period = 0.0  # its slope, seconds a clock
        self._strays = 0
        self._heard_at = -math.inf

    @property
    def tempo(self) -> float | None:
        """Beats a minute; None before enough clocks came."""
        if self._n < FEWEST_COUNTED:
            return None
        return min(max(60.0 / (CLOCKS_A_BEAT * self._period), SLOWEST), FASTEST)

    def is_there(self, now: float) -> bool:
        """Say whether clocks come."""
        return now - self._heard_at < GONE_SECONDS

    def since_last(self, now: float) -> float:
        """Give how many clocks have passed since the last one by the line, 0..1."""
        if self.tempo is None or self._period <= 0.0:
            return 0.0
        return min(max((now - self._last) / self._period, 0.0), 1.0)

    def take(self, at: float) -> None:
        """Take a clock that came at a time, in seconds."""
        if not self.is_there(at):
            self._n = 0
        self._heard_at = at
        if self._n == 0:
            self._last, self._strays, self._n = at, 0, 1
            return
        if self._n == 1:
            self._period, self._last, self._n = max(at - self._last, 1e-6), at, 2
            return
        expected = self._last + self._period
        error = at - expected
        is_stray = abs(error) > STRAY_SHARE * self._period and self._n >= FEWEST_COUNTED
        self._strays = self._strays + 1 if is_stray else 0
        if self._strays >= MOST_STRAYS:
            self._last, self._strays, self._n = at, 0, 1
            return
        n = self._n = min(self._n + 1, MOST_COUNTED)
        self._last = expected + error * 2 * (2 * n - 1) / (n * (n + 1))
        self._period = max(self._period + error * 6 / (n * (n + 1)), 1e-6)


class Transport:
    """Counts beats, quarter notes. Not for several threads at once.

    Without a clock from outside beats go by at the tempo that was set. With one they go by as it
    says: from its start, on from a song position, and not at all after its stop. A clock that comes
    without a start goes on from where the beats are, as many machines send it always.

    Attributes:
        starts: Counts the starts from outside.
    """

    def __init__(self, tempo: float = 120.0) -> None:
        self.starts = 0
        self._own_tempo = tempo
        self._own_beat, self._own_at = 0.0, 0.0  # by the own tempo
        self._clock = ClockFollower()
        self._followed: float | None = None  # the clock's tempo, as far as it was passed on
        self._clocks = 0  # of the clock's song
        self._is_located = False  # the clock has said where its song is
        self._is_running = True
        self._is_waiting = False  # the next clock is the first to count

    def set_tempo(self, tempo: float, now: float) -> None:
        """Set the tempo that counts while there is no clock from outside, from now on."""
        if tempo != self._own_tempo:
            self._own_beat, self._own_at = self._by_own_tempo(now), now
            self._own_tempo = tempo

    def tempo(self, now: float) -> float:
        """Give the tempo that counts, in beats a minute."""
        return self._look(now) or self._own_tempo

    def is_following(self, now: float) -> bool:
        """Say whether a clock from outside counts."""
        return self._look(now) is not None

    def beat(self, now: float) -> float:
        """Give how many beats have gone by."""
        if self._look(now) is None:
            return self._by_own_tempo(now)
        since = self._clock.since_last(now) if self._is_running and not self._is_waiting else 0.0
        return (self._clocks + since) / CLOCKS_A_BEAT

    def clock(self, at: float) -> None:
        """Take a MIDI clock."""
        self._look(at)
        self._clock.take(at)
        if self._is_waiting:
            self._is_waiting = False
        elif self._is_running:
            self._clocks += 1
        tempo = self._clock.tempo
        if tempo is None:
            return
        if self._followed is None and not self._is_located:
            self._clocks = round(self._by_own_tempo(at) * CLOCKS_A_BEAT)
        if self._followed is None or abs(tempo - self._followed) > STILL_SHARE * tempo:
            self._followed = tempo

    def start(self, at: float) -> None:
        """Begin the song at its beginning, with the next clock."""
        self.starts += 1
        self.locate(0)
        self.go_on()
        self._own_beat, self._own_at = 0.0, at  # until the tempo of the clocks is known

    def go_on(self) -> None:
        """Go on from where the song is, with the next clock."""
        self._is_running = self._is_waiting = True

    def stop(self) -> None:
        """Stand still."""
        self._is_running = False

    def locate(self, sixteenths: int) -> None:
        """Go to a place of the song, in sixteenths from its beginning."""
        self._clocks = sixteenths * CLOCKS_A_SIXTEENTH
        self._is_located = True

    def _by_own_tempo(self, now: float) -> float:
        return self._own_beat + max(now - self._own_at, 0.0) * self._own_tempo / 60.0

    def _look(self, now: float) -> float | None:
        """Give the clock's tempo; when it has gone, beats go on from there by the own one."""
        if self._followed is not None and not self._clock.is_there(now):
            self._followed = None
            self._own_beat, self._own_at = self._clocks / CLOCKS_A_BEAT, now
            self._is_running, self._is_waiting, self._is_located = True, False, False
        return self._followed
