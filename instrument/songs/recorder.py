"""Recording while playing: the sound by a thread of its own, the performance as it happens.

| thread | does |
|---|---|
| audio callback | puts each block on the tape, in memory |
| writer | takes the tape off, and writes the sound file |
| whoever plays | `take`: notes what was played, and its place among the engine's events |
| housekeeper | `look`: finds the frame of each event; says what went wrong |
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import msgspec

from instrument.engine.engine import NEEDS_NO_PLACE, Engine
from instrument.engine.envelope import BLOCK
from instrument.presets.preset import Preset
from instrument.storage.file_names import file_name, reason_of
from instrument.storage.files import write_whole
from instrument.values.status import RecordError, RecordSettings, RecordStatus

from .performance import BeginPerformance, PerformedEvent, UsePreset, performance_bytes
from .sound_file import SUFFIX, SoundFile, part_of

WRITE_SECONDS = 0.05  # between two looks at the tape
KEEP_SECONDS = 10.0  # between two copies of a performance that goes on


class Recorder:
    """Records one take at a time.

    `take` may be called by any thread; the others by one at a time.
    """

    def __init__(self, notify: Callable[..., None], folder: Path) -> None:
        """Be ready.

        Args:
            notify: Says a line to the player; `is_error` says what it is.
            folder: Where takes go that have no path of their own.
        """
        self._notify = notify
        self._folder = folder
        self._take: _Take | None = None

    @property
    def is_running(self) -> bool:
        """Whether something is being recorded."""
        return self._take is not None

    @property
    def status(self) -> RecordStatus:
        """How it stands."""
        take = self._take
        return RecordStatus() if take is None else take.status()

    def start(
        self,
        engine: Engine,
        settings: RecordSettings,
        preset: Preset,
        standing: tuple[PerformedEvent, ...],
    ) -> None:
        """Begin a take; one that runs is ended.

        Args:
            engine: That plays.
            settings: What to record, and where to.
            preset: That sounds now.
            standing: Events that say where pedals, wheels and zones are.

        Raises:
            RecordError: If nothing is to be recorded, or a file can't be opened.
        """
        self.stop()
        if not settings.sound and not settings.performance:
            raise RecordError("There is nothing to record: choose the sound, the notes or both.")
        name = f"{time.strftime('%Y-%m-%d %H.%M.%S')} {preset.name}".strip()
        sound = performance = None
        if settings.sound:
            sound = self._path(settings.sound_path, name, SUFFIX[settings.format])
        if settings.performance:
            performance = self._path(settings.performance_path, name, ".mid")
        self._take = _Take(engine, settings, sound, performance, preset, standing)

    def _path(self, wanted: str, name: str, suffix: str) -> Path:
        path = Path(wanted).expanduser() if wanted else self._folder / file_name(name, suffix)
        number = 1
        while not wanted and path.exists():
            number += 1
            path = self._folder / file_name(f"{name} {number}", suffix)
        return path

    def take(self, event: PerformedEvent, place: int) -> None:
        """Note what was played, and its place among the engine's events."""
        take = self._take  # another thread may end it
        if take is not None:
            take.note(event, place)

    def use(self, preset: Preset) -> None:
        """Note that another sound plays from now on."""
        self.take(UsePreset(preset=preset), NEEDS_NO_PLACE)

    def look(self) -> None:
        """Find the frames of what was played, and end a take that went wrong; now and then."""
        take = self._take
        if take is None:
            return
        take.place()
        if take.problem:
            self.stop()
            return
        try:
            take.keep()
        except OSError as error:
            self._notify(f"The performance could not be kept: {reason_of(error)}.")

    def stop(self) -> None:
        """End the take and say where it is; or what went wrong."""
        take, self._take = self._take, None
        if take is None:
            return
        paths, problems = take.finish()
        for problem in problems:
            self._notify(problem)
        if take.n_lost:
            self._notify(
                f"{take.n_lost} frames of the recording are missing: the disk was too slow."
            )
        if paths:
            beside = [f'"{path.name}"' for path in paths[1:] if path.parent == paths[0].parent]
            where = f'"{paths[0]}"' + "".join(f" and beside it {name}" for name in beside)
            where += "".join(f' and "{p}"' for p in paths[1:] if p.parent != paths[0].parent)
            self._notify(f"Recorded {_clock(take.seconds)}: {where}", is_error=False)


class _Take:
    """One take."""

    def __init__(
        self,
        engine: Engine,
        settings: RecordSettings,
        sound: Path | None,
        performance: Path | None,
        preset: Preset,
        standing: tuple[PerformedEvent, ...],
    ) -> None:
        self._engine, self._tape = engine, engine.tape
        self._performance = performance
        self.problem = ""
        self._file = None
        if sound is not None:
            self._file = SoundFile(sound, round(engine.sample_rate), settings.format)
        self._lock = threading.Lock()
        self._placed: list[tuple[int, PerformedEvent]] = []
        self._waiting: deque[tuple[PerformedEvent, int, int]] = deque()
        self._kept_at = time.monotonic()
        self._stopping = threading.Event()
        self._begun_frame = engine.next_frame
        self._begin = BeginPerformance(
            preset=preset,
            sample_rate=engine.sample_rate,
            n_struck=engine.n_struck,
            vibrato_phase=engine.vibrato_phase,
            is_placed=True,
        )
        for event in standing:
            self._placed.append((0, event))  # before the first frame
        self._writer = threading.Thread(target=self._write, name="recorder", daemon=True)
        if self._file is not None:
            self._tape.start()
            self._writer.start()

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self._n_frames / self._engine.sample_rate

    @property
    def _n_frames(self) -> int:
        if self._file is not None:
            return self._file.n_frames
        return self._engine.next_frame - self._begun_frame

    @property
    def _first_frame(self) -> int:
        """The engine's number of the first frame."""
        if self._file is None:
            return self._begun_frame
        first = self._tape.first_frame
        return self._begun_frame if first is None else first

    @property
    def n_lost(self) -> int:
        """Frames that did not fit on the tape."""
        return self._tape.n_lost if self._file is not None else 0

    def status(self) -> RecordStatus:
        """How it stands."""
        path = self._file.path if self._file is not None else self._performance
        return RecordStatus(
            is_running=True, seconds=self.seconds, path=str(path), n_lost=self.n_lost
        )

    def note(self, event: PerformedEvent, place: int) -> None:
        """Keep an event until its frame is known."""
        if self._performance is not None:
            self._waiting.append((event, place, self._engine.next_frame))

    def place(self) -> None:
        """Find the frames of the events that have happened; the rest waits."""
        with self._lock:
            while self._waiting:
                event, place, frame = self._waiting[0]
                if place > 0:
                    placed = self._engine.placed_frame(place)
                    if placed is None:
                        return
                    frame = placed
                self._placed.append((frame, event))
                self._waiting.popleft()

    def keep(self) -> None:
        """Write the performance so far beside its place, now and then.

        Raises:
            OSError: If it can't be written.
        """
        if self._performance is None or time.monotonic() - self._kept_at < KEEP_SECONDS:
            return
        self._kept_at = time.monotonic()
        write_whole(part_of(self._performance), self._encoded())

    def finish(self) -> tuple[list[Path], list[str]]:
        """Close the files; give where they are, and what went wrong."""
        paths: list[Path] = []
        problems = [self.problem] if self.problem else []
        if self._file is not None:
            self._tape.stop()
            self._stopping.set()
            self._writer.join()
            try:
                self._file.close()
                paths.append(self._file.path)
            except RecordError as error:
                problems.append(str(error))
        self.place()
        if self._performance is not None:
            try:
                write_whole(self._performance, self._encoded())
                part_of(self._performance).unlink(missing_ok=True)
                paths.append(self._performance)
            except OSError as error:
                problems.append(f'Could not write "{self._performance}": {reason_of(error)}.')
        return paths, problems

    def _encoded(self) -> bytes:
        with self._lock:
            first = self._first_frame
            begin = msgspec.structs.replace(
                self._begin, phase=first % BLOCK, n_frames=self._n_frames
            )
            if self._file is not None:
                begin = msgspec.structs.replace(
                    begin, n_struck=self._tape.n_struck, vibrato_phase=self._tape.vibrato_phase
                )
            return performance_bytes(begin, [(at - first, event) for at, event in self._placed])

    def _write(self) -> None:
        """Write what comes off the tape until there is no more; on the writer's thread."""
        assert self._file is not None
        try:
            while not self._stopping.wait(WRITE_SECONDS):
                self._file.write(self._tape.read())
            time.sleep(WRITE_SECONDS)  # a block that was being made is there now
            self._file.write(self._tape.read())
        except RecordError as error:
            self._tape.stop()
            self.problem = f"{error}. What was recorded is kept."


def _clock(seconds: float) -> str:
    """Write a length as minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"
