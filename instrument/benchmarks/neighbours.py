"""Does a misbehaving neighbour change when and how notes sound? Measured in turns with none."""

import contextlib
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from instrument.options import InstrumentOptions
from instrument.storage.paths import playing_on_file
from instrument.values.events import MovePad, SetParameter
from instrument.values.status import AudioSettings

from .jack_dummy import JackServer, jack_server
from .jack_recorder import Recording
from .key_probe import BenchError, KeyProbe, environment_of, recording
from .process_family import NoRendererError, children_of, renderer_of
from .window_player import WindowPlayer

NEIGHBOURS = ("python", "renderer", "renderer killed", "window killed")
NOTES = (60, 62, 64, 65, 67, 69, 71, 72)
HOLD_SECONDS, PAUSE_SECONDS = 0.2, (0.08, 0.1)
N_NOTES = 16  # of a stretch
LONGEST_SECONDS = 0.1
BEGUN_SECONDS = 0.05  # after its key a note sounds, or is counted as lost
READY_SECONDS, END_SECONDS = 300.0, 20.0
PAD_STEPS = 10  # of a note, that the pad is moved by
SILENT = 1e-5
KILL_REST_SECONDS = 16.0  # renderers that die oftener than four times a minute are given up
WARM_SECONDS, N_WARM_NOTES = 8.0, 8  # after a window's start, before anything counts


def bench_neighbours(
    window: list[str],
    neighbours: tuple[str, ...] = NEIGHBOURS,
    n_rounds: int = 3,
    block: int = 128,
    progress: Callable[[float, float, str], None] = lambda *_: None,
) -> dict[str, Any]:
    """Play notes through JACK, in turns without and with each neighbour: A, B, A, B.

    "python" is a thread of the window's process that never rests; "renderer" a pad that moves
    all the time, so that notes are made without end; the renderer is killed at the beginning of a
    stretch, and so is the window, after which the instrument plays on by itself. Each neighbour
    begins with a window of its own, which has warmed up; a window that is killed, each round.

    Args:
        window: Command that opens the window, as `WindowPlayer` takes it.
        neighbours: Of `NEIGHBOURS`.
        n_rounds: Stretches without and with each neighbour.
        block: Frames a period.
        progress: Told what is done, of how much, and in which unit.

    Returns:
        `block`, and `neighbours`: by name `without` and `with`, each {notes, lost, p50_ms, p99_ms,
        spread_ms (1st to 99th percentile), gaps (silent blocks inside of held notes)};
        `change_ms` {p50, p99}, from without to with; and `floor_ms` {p50, p99}, the greatest
        difference between two stretches without: a smaller change is none.

    Raises:
        JackServerError: If no server can be started.
        BenchError: If the instrument does not play.
    """
    if not sys.platform.startswith("linux"):
        raise BenchError("Neighbours are measured with JACK's dummy driver, on Linux only.")
    figures, total = {}, len(neighbours) * n_rounds
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(jack_server(block))
        stack.enter_context(environment_of(server))
        probe = stack.enter_context(KeyProbe())
        for number, name in enumerate(neighbours):
            windows = n_rounds if name == "window killed" else 1
            without: list[_Stretch] = []
            beside: list[_Stretch] = []
            for _ in range(windows):
                with _opened(window, server, probe, block) as stage:
                    for _ in range(n_rounds // windows):
                        progress(number * n_rounds + len(beside), total, "rounds")
                        without.append(stage.play(N_NOTES))
                        with stage.neighbour(name):
                            beside.append(stage.play(N_NOTES))
            figures[name] = _compared(without, beside)
    return {"block": block, "neighbours": figures}


@contextlib.contextmanager
def _opened(
    window: list[str], server: JackServer, probe: KeyProbe, block: int
) -> Iterator["_Stage"]:
    """Open a window, and wait until it and its instrument have nothing to do but what is asked."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="timbrepad-bench-")))
        options = InstrumentOptions(
            audio=AudioSettings(block=block), data_folder=str(folder), remember=False
        )
        player = WindowPlayer(window, options)
        family: list[int] = []
        stack.callback(_end, player, folder, family)
        _wait_until_ready(player)
        family += children_of(player.process_id)
        stage = _Stage(player, server, probe, folder, block)
        time.sleep(WARM_SECONDS)
        stage.play(N_WARM_NOTES)
        yield stage


class _Stretch:
    """What was heard of some notes."""

    def __init__(self, latencies: NDArray[np.float64], n_notes: int, n_gaps: int) -> None:
        self.latencies = latencies
        self.n_notes = n_notes
        self.n_gaps = n_gaps


class _Stage:
    """The window, its keyboard and who listens."""

    def __init__(
        self, player: WindowPlayer, server: JackServer, probe: KeyProbe, folder: Path, block: int
    ) -> None:
        self._player, self._server, self._probe = player, server, probe
        self._file, self._block = folder / "recording.npz", block
        self._random = Random(0)
        self._moves_pad = False
        self._to_kill = 0  # a process, after the first note of the stretch
        self._killed_at = -KILL_REST_SECONDS

    def play(self, n_notes: int) -> _Stretch:
        """Play notes, and listen."""
        self._probe.forget()
        with recording(self._server, self._file):
            for number in range(n_notes):
                if self._to_kill and number == 1:
                    os.kill(self._to_kill, signal.SIGKILL)
                    self._to_kill = 0
                self._probe.strike(NOTES[number % len(NOTES)], HOLD_SECONDS)
                self._pause()
        latencies, heard = self._probe.latencies(self._file, LONGEST_SECONDS)
        gaps = [
            _n_gaps(heard, moment + BEGUN_SECONDS, moment + HOLD_SECONDS, self._block)
            for moment in self._probe.moments
        ]
        return _Stretch(latencies, n_notes, sum(gaps))

    def _pause(self) -> None:
        end = time.monotonic() + self._random.uniform(*PAUSE_SECONDS)
        for _ in range(PAD_STEPS if self._moves_pad else 0):
            self._player.post(MovePad(x=self._random.random(), y=self._random.random()))
        time.sleep(max(end - time.monotonic(), 0.0))

    @contextlib.contextmanager
    def neighbour(self, name: str) -> Iterator[None]:
        """Have a neighbour misbehave."""
        match name:
            case "python":
                self._player.spin(True)
            case "renderer":
                self._moves_pad = True
            case "renderer killed":
                time.sleep(max(self._killed_at + KILL_REST_SECONDS - time.monotonic(), 0.0))
                self._killed_at = time.monotonic()
                try:
                    self._to_kill = renderer_of(self._player.process_id)
                except NoRendererError as error:
                    raise BenchError(f"{error}. Try: timbrepad doctor") from error
            case "window killed":
                self._to_kill = self._player.process_id
            case _:
                raise ValueError(f'there is no neighbour "{name}": {", ".join(NEIGHBOURS)}')
        yield
        if name == "python":
            self._player.spin(False)
        self._moves_pad = False


def _n_gaps(heard: Recording, start: float, end: float, block: int) -> int:
    """Count the silent blocks between two moments on time.monotonic."""
    wave = np.abs(heard.between(start, end))
    whole = wave[: len(wave) // block * block].reshape(-1, block)
    return int((whole.max(axis=1) < SILENT).sum())


def _summary(stretches: list[_Stretch]) -> dict[str, float]:
    """Give the figures of all stretches of one kind.

    Raises:
        BenchError: If no note was heard.
    """
    latencies = 1000.0 * np.concatenate([stretch.latencies for stretch in stretches])
    n_notes = sum(stretch.n_notes for stretch in stretches)
    if not len(latencies):
        raise BenchError("No note was heard. Try: timbrepad doctor")
    low, median, high = (float(np.percentile(latencies, share)) for share in (1, 50, 99))
    return {
        "notes": n_notes,
        "lost": n_notes - len(latencies),
        "p50_ms": round(median, 2),
        "p99_ms": round(high, 2),
        "spread_ms": round(high - low, 2),
        "gaps": sum(stretch.n_gaps for stretch in stretches),
    }


def _compared(without: list[_Stretch], beside: list[_Stretch]) -> dict[str, dict[str, float]]:
    """Give the figures of stretches without and with a neighbour, and what is between them."""
    before, after = _summary(without), _summary(beside)
    each = [_summary([stretch]) for stretch in without]
    names = {"p50": "p50_ms", "p99": "p99_ms"}
    return {
        "without": before,
        "with": after,
        "change_ms": {short: round(after[name] - before[name], 2) for short, name in names.items()},
        "floor_ms": {
            short: round(max(s[name] for s in each) - min(s[name] for s in each), 2)
            for short, name in names.items()
        },
    }


def _wait_until_ready(player: WindowPlayer) -> None:
    end = time.monotonic() + READY_SECONDS
    while True:
        status = player.status()
        if status.audio.running and status.midi_inputs and 0 < status.n_notes == status.n_fresh:
            break
        if time.monotonic() > end:
            raise BenchError(f"The instrument is not ready after {READY_SECONDS:.0f} s.")
        time.sleep(0.05)
    # a sound that begins and ends at once, and is never silent while it is held
    for name, value in {"attack": 0.001, "release": 0.005, "volume": 0.0}.items():
        player.post(SetParameter(name=name, value=value))
    time.sleep(1.0)


def _end(player: WindowPlayer, folder: Path, family: list[int]) -> None:
    """Close the window; an instrument that has lost it, too, before its JACK server ends."""
    player.close()
    end = time.monotonic() + END_SECONDS
    while any(Path(f"/proc/{process}").exists() for process in family):
        if time.monotonic() > end:
            return
        playing_on_file(folder).unlink(missing_ok=True)
        time.sleep(0.1)
