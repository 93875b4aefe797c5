"""What moves the pad by itself: path, oscillators, envelope and drift, around the hand's place.

It knows the player's controls and the transport, and neither engine nor threads: it is told the
time, in the instrument thirty times a second, offline at the times of the song. All of it is added
to where the hand has put the pad, so a hand on the pad shifts the motion and ends nothing.

Oscillators and the envelope are one for all notes, or each note's own from its beginning; then they
move that note alone (`own_notes.py`). The path and the drift are the pad's.
"""

from dataclasses import dataclass, field

from instrument.pad.motion_shapes import drift, envelope, oscillation
from instrument.values.divisions import MOTION_BEATS
from instrument.values.events import (
    AnyEvent,
    ContinueSong,
    FollowTempo,
    LocateSong,
    MidiClock,
    RecordPath,
    SetParameter,
    SetPath,
    StartSong,
    StopSong,
    TapTempo,
)
from instrument.values.pad_path import Sample, path_of
from instrument.values.parameters import BY_NAME, LFO_SHAPES, MOTION_SCOPES, PATH_MODES

from .controls import Controls
from .tap_tempo import TapTempo as TapCounter
from .transport import Transport

STEP_SECONDS = 1.0 / 30.0
LONGEST_SECONDS = 120.0  # of a path that is recorded
SPAN = 0.5  # of the pad, to each side, at full depth
AXES = ("x", "y")

OWN_EVENTS = (
    MidiClock,
    StartSong,
    ContinueSong,
    StopSong,
    LocateSong,
    FollowTempo,
    TapTempo,
    RecordPath,
    SetPath,
)
"""Events that `PadMotion.take` is for."""


@dataclass
class _NoteMotion:
    """Where the motion of one note is."""

    struck_at: float  # seconds
    struck_beat: float
    phases: dict[str, float] = field(default_factory=lambda: dict.fromkeys(AXES, 0.0))


class PadMotion:
    """Moves the pad. Not for several threads at once: it shares the lock of the controls.

    Attributes:
        share: How much of the path has been gone, 0..1; -1 when none is played.
        recording: "path" while one is recorded, "drawing" while one is drawn, or "".
    """

    def __init__(self, controls: Controls) -> None:
        self.share = -1.0
        self.recording = ""
        self._controls = controls
        self._transport = Transport(controls.parameters["tempo"])
        self._taps = TapCounter()
        self._song_tempo: float | None = None
        self._samples: list[Sample] = []
        self._stepped_at: float | None = None
        self._phases = {"x": 0.0, "y": 0.0, "drift": 0.0}
        self._notes: dict[int, _NoteMotion] = {}  # by the number of the strike
        self._n_phrases = 0
        self._struck_at: float | None = None  # the last phrase's beginning, in seconds
        self._struck_beat = 0.0
        self._path_seen: object = (None, 0)  # the path that is played, and how
        self._path_from = 0.0  # the beat at which it began

    @property
    def is_active(self) -> bool:
        """Whether anything may move, so that `step` is due thirty times a second."""
        values = self._controls.parameters
        return (
            bool(self.recording)
            or self._transport_is_outside
            or self._controls.has_shift
            or (self._controls.path is not None and values["path_mode"] > 0.0)
            or any(values[name] != 0.0 for name in _DEPTHS)
        )

    def tempo(self, now: float) -> float:
        """Give the tempo that counts, in beats a minute."""
        return self._transport.tempo(now)

    def is_following(self, now: float) -> bool:
        """Say whether a clock from outside gives the tempo."""
        return self._transport.is_following(now)

    def take(self, event: AnyEvent, now: float) -> tuple[AnyEvent, ...]:
        """Take one of `OWN_EVENTS`; give the engine's events that come of it.

        Raises:
            ValueError: If a path or a tempo in it is not possible.
        """
        transport = self._transport
        match event:
            case MidiClock():
                transport.clock(now)
            case StartSong():
                transport.start(now)
                self._path_from = 0.0
            case ContinueSong():
                transport.go_on()
            case StopSong():
                transport.stop()
            case LocateSong(sixteenths=sixteenths):
                transport.locate(sixteenths)
            case FollowTempo(tempo=tempo):
                self._song_tempo = BY_NAME["tempo"].clip(tempo)
            case TapTempo():
                tempo_of_taps = self._taps.tap(now)
                if tempo_of_taps is not None:
                    told = SetParameter(name="tempo", value=round(tempo_of_taps, 1))
                    return self._controls.play(told)
            case RecordPath(is_on=is_on, is_even=is_even):
                return self._record(now, is_on=is_on, is_even=is_even)
            case SetPath(path=path):
                self._controls.set_path(path)
            case _:
                return ()
        return self._tell_tempo(now)

    def step(self, now: float) -> tuple[AnyEvent, ...]:
        """Move the pad to where it is now; give the engine's events that come of it."""
        past = 0.0 if self._stepped_at is None else max(now - self._stepped_at, 0.0)
        self._stepped_at = now
        told = self._tell_tempo(now)
        if self.recording:
            told += self._sample(now)
        beat = self._transport.beat(now)
        self._look_for_phrase(now, beat)
        right, up = self._path_shift(beat)
        values = self._controls.parameters
        self._advance(self._phases, past)
        if MOTION_SCOPES[round(values["motion_per"])] == "note":
            self._move_notes(now, beat, past)
        else:
            self._notes.clear()
            since = float("inf") if self._struck_at is None else now - self._struck_at
            own_right, own_up = self._shift_since(since, beat, self._phases, 0)
            right, up = right + own_right, up + own_up
        self._phases["drift"] += past * values["drift_rate"]
        depth = SPAN * values["drift_depth"]
        if depth:
            right += depth * drift(self._phases["drift"], 1)
            up += depth * drift(self._phases["drift"], 5)
        self._controls.shift_pad(right, up)
        return told

    def _move_notes(self, now: float, beat: float, past: float) -> None:
        """Move each note that may have a place of its own, from when it was first seen."""
        moving = dict(self._controls.own_notes.moving())
        before = self._notes
        self._notes = {
            strike: before.get(strike) or _NoteMotion(now, beat) for strike in moving.values()
        }
        for key, strike in moving.items():
            motion = self._notes[strike]
            if strike in before:
                self._advance(motion.phases, past)
            since, beats = now - motion.struck_at, beat - motion.struck_beat
            self._controls.own_notes.shift(
                key, *self._shift_since(since, beats, motion.phases, strike * len(AXES))
            )

    def _shift_since(
        self, seconds: float, beats: float, phases: dict[str, float], salt: int
    ) -> tuple[float, float]:
        """Give how far envelope and oscillators are from the hand's place.

        Args:
            seconds: Since what begins the envelope.
            beats: Since what begins oscillators that go by tempo.
            phases: Of those that do not.
            salt: Tells random ones apart.
        """
        values = self._controls.parameters
        right, up = (self._oscillate(axis, beats, phases[axis], salt) for axis in AXES)
        if values["pad_attack_x"] or values["pad_attack_y"]:
            level = envelope(seconds, values["pad_attack"], values["pad_decay"])
            right += level * values["pad_attack_x"]
            up += level * values["pad_attack_y"]
        return right, up

    def _advance(self, phases: dict[str, float], past: float) -> None:
        for axis in AXES:
            phases[axis] += past * self._controls.parameters[f"lfo_{axis}_rate"]

    @property
    def _transport_is_outside(self) -> bool:
        return self._controls.outer_tempo is not None and self._song_tempo is None

    def _tell_tempo(self, now: float) -> tuple[AnyEvent, ...]:
        """Let the engine hear of another tempo."""
        own = self._song_tempo or self._controls.parameters["tempo"]
        self._transport.set_tempo(own, now)
        outer = self._song_tempo
        if self._transport.is_following(now):
            outer = round(self._transport.tempo(now), 2)
        return self._controls.follow_tempo(outer)

    def _oscillate(self, axis: str, beat: float, own_phase: float, salt: int) -> float:
        values = self._controls.parameters
        beats = MOTION_BEATS[round(values[f"lfo_{axis}_division"])]
        depth = SPAN * values[f"lfo_{axis}_depth"]
        if not depth:
            return 0.0
        phase = beat / beats if beats else own_phase
        shape = LFO_SHAPES[round(values[f"lfo_{axis}_shape"])]
        return depth * oscillation(shape, phase, salt + AXES.index(axis))

    def _look_for_phrase(self, now: float, beat: float) -> None:
        """See whether a key went down while none was: the envelope and a path begin with it."""
        if self._controls.n_phrases != self._n_phrases:
            self._n_phrases = self._controls.n_phrases
            self._struck_at, self._struck_beat = now, beat

    def _path_shift(self, beat: float) -> tuple[float, float]:
        """Give how far the path is from its own beginning now, and note how much of it is gone."""
        values, path = self._controls.parameters, self._controls.path
        mode = PATH_MODES[round(values["path_mode"])]
        if (path, mode) != self._path_seen:
            self._path_seen = (path, mode)
            is_ours = self._controls.outer_tempo is None
            self._path_from = beat if is_ours else 0.0  # else the song says where it is
        self.share = -1.0
        if path is None or mode == "off" or self.recording:
            return 0.0, 0.0
        lengths = (beat - self._path_from) / values["path_beats"]
        if mode == "loop":
            self.share = lengths % 1.0
        elif mode == "once":
            if self._struck_at is None:
                return 0.0, 0.0
            self.share = min(max((beat - self._struck_beat) / values["path_beats"], 0.0), 1.0)
        else:
            self.share = 1.0 - abs(lengths % 2.0 - 1.0)
        x, y = path.place(self.share)
        depth = values["path_depth"]
        return depth * (x - path.points[0][1]), depth * (y - path.points[0][2])

    def _record(self, now: float, *, is_on: bool, is_even: bool) -> tuple[AnyEvent, ...]:
        if is_on:
            self.recording = "drawing" if is_even else "path"
            self._samples = [(now, self._controls.pad_x, self._controls.pad_y)]
            return ()
        if not self.recording:
            return ()
        self._samples.append((now, self._controls.pad_x, self._controls.pad_y))
        samples, self._samples = self._samples, []
        was_drawn, self.recording = self.recording == "drawing", ""
        path = path_of(samples, is_even=was_drawn)
        if path is None:
            return ()
        self._controls.set_path(path)
        self._controls.move_pad(*path.points[0][1:])
        told: tuple[AnyEvent, ...] = ()
        if not was_drawn:
            beats = (samples[-1][0] - samples[0][0]) * self._transport.tempo(now) / 60.0
            length = BY_NAME["path_beats"].clip(beats)
            told = self._controls.play(SetParameter(name="path_beats", value=length))
        if self._controls.parameters["path_mode"] == 0.0:
            told += self._controls.play(SetParameter(name="path_mode", value=1.0))
        return told

    def _sample(self, now: float) -> tuple[AnyEvent, ...]:
        """Note where the hand is; a path that lasts too long is over."""
        if now - self._samples[0][0] > LONGEST_SECONDS:
            return self._record(now, is_on=False, is_even=False)
        self._samples.append((now, self._controls.pad_x, self._controls.pad_y))
        return ()


_DEPTHS = ("lfo_x_depth", "lfo_y_depth", "pad_attack_x", "pad_attack_y", "drift_depth")
