"""From a movement of the pad to the first changed sound of a held note, in real time."""

import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from instrument.engine.engine import Engine
from instrument.notes.renderer_client import RendererError, RendererProcess
from instrument.notes.renderer_protocol import ModelLoaded
from instrument.notes.supply import NoteSupply
from instrument.notes.target import make_target
from instrument.notes.voicing import Voicing
from instrument.values.events import NoteOn, SetParameter
from instrument.values.parameters import NOTE_ENDINGS
from instrument.values.status import ModelInfo

SAMPLE_RATE = 48000.0
BLOCK = 128
MEGABYTES = 128
READY_SECONDS = 60.0
REST_SECONDS = (0.7, 1.3)  # between two movements
SWITCH_SECONDS = 0.0005  # between threads, as in the instrument's process
HELD_SECONDS = 1.0  # before the first of them
LONGEST_SECONDS = 1.0
LOOK_SECONDS = 0.05
HEARD_WAY = 0.2  # of a cross-fade: then a tenth of the new note sounds, 20 dB under what it will
PITCHES = (48, 60, 67, 55, 64, 72)


def measure_delays(
    model: ModelInfo, threads: int | None, n_moves: int, *, n_keys: int = 1, device: str = "auto"
) -> dict[str, Any]:
    """Hold keys, move the pad now and then, and time when the sound begins to change.

    The engine makes a block whenever one is due, by the clock, on a thread of its own; the policy
    and the renderer process are the instrument's. What the sound card adds is not in it.

    Args:
        model: Its folder and hash.
        threads: Notes made side by side on a CPU; None: one a core.
        n_moves: Of the pad, each to a place that has not been rendered.
        n_keys: Held, 1 to 6.
        device: That renders.

    Returns:
        `first`: when the first of the keys began to go over to another note; `heard`: when the
        first one had gone a fifth of that way; `all`: when the last one began. Each has `p50`,
        `p95` and `max`, in milliseconds. `missed`: how many did not all change in a second.

    Raises:
        RendererError: If the model can't be opened.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_SECONDS)
    live = _Live(model, threads, device)
    try:
        live.wait_until_ready()
        return live.time_moves(n_moves, PITCHES[:n_keys])
    finally:
        live.close()
        sys.setswitchinterval(before)


class _Live:
    """A supply of notes and an engine, each on a thread of its own."""

    def __init__(self, model: ModelInfo, threads: int | None, device: str) -> None:
        self._wake = threading.Event()
        self._ends = threading.Event()
        self._latents: list[tuple[float, ...]] = []
        self._model = model
        self._supply = NoteSupply(
            SAMPLE_RATE,
            megabytes=MEGABYTES,
            make_renderer=lambda name, shape: RendererProcess(
                name, shape, wake=self._wake.set, n_threads=threads, device=device
            ),
            bakes=None,
            clock=time.monotonic,
            say=lambda _: None,
        )
        self._engine = Engine(SAMPLE_RATE, self._supply.pool, n_voices=8)
        self._engine.post(SetParameter(name="ending", value=NOTE_ENDINGS.index("endless")))
        self._began: dict[int, float] = {}  # by note, since then
        self._heard: dict[int, float] = {}
        self._supply.open_model(model)
        self._runners = [threading.Thread(target=run) for run in (self._play, self._keep_house)]
        for runner in self._runners:
            runner.start()

    def close(self) -> None:
        self._ends.set()
        self._wake.set()
        for runner in self._runners:
            runner.join()
        self._supply.close()

    def _play(self) -> None:
        """Make blocks in time; note when voices begin to go over to other notes."""
        out = np.zeros((BLOCK, 2), np.float32)
        due = time.monotonic()
        were_fading: set[int] = set()
        while not self._ends.is_set():
            self._engine.process(out)
            held, now = self._engine.held_voices(), time.monotonic()
            fading = {voice.note for voice in held if voice.is_fading}
            began = self._began
            for note in fading - were_fading:
                began.setdefault(note, now)
            for voice in held:
                if voice.note in began and voice.way >= HEARD_WAY:
                    self._heard.setdefault(voice.note, now)
            were_fading = fading
            due += BLOCK / SAMPLE_RATE
            time.sleep(max(due - time.monotonic(), 0.0))

    def _keep_house(self) -> None:
        while not self._ends.is_set():
            wait = self._supply.wait_seconds()
            self._wake.wait(LOOK_SECONDS if wait is None else min(wait, LOOK_SECONDS))
            self._wake.clear()
            for answer in self._supply.work(self._engine):
                if isinstance(answer, ModelLoaded):
                    self._latents = [timbre.z for timbre in answer.timbres]

    def _go(self, first: int, second: int, x: float) -> None:
        corners = [self._latents[i % len(self._latents)] for i in (first, second, first, second)]
        self._supply.want(Voicing(make_target(self._model.hash, corners, x, 0.0)))
        self._wake.set()

    def wait_until_ready(self) -> None:
        """Wait for the model.

        Raises:
            RendererError: If it does not come.
        """
        self._wait(lambda: bool(self._latents), "The model does not open.")

    @staticmethod
    def _wait(until: Callable[[], bool], or_else: str) -> None:
        end = time.monotonic() + READY_SECONDS
        while not until():
            if time.monotonic() > end:
                raise RendererError(or_else)
            time.sleep(0.01)

    def _hold(self, keys: tuple[int, ...]) -> None:
        """Strike keys whose notes are there, so that none ends before the rest of it comes."""
        self._go(0, 1, 0.0)

        def are_there() -> bool:
            stock = self._supply.stock()
            return stock.n_fresh == stock.n_notes > 0

        self._wait(are_there, "The notes take too long: close other programs.")
        for key in keys:
            event = NoteOn(note=key, velocity=100)
            self._engine.post(event)
            self._supply.play(event)
        self._wake.set()
        time.sleep(HELD_SECONDS)

    def time_moves(self, n_moves: int, keys: tuple[int, ...]) -> dict[str, Any]:
        """Move the pad so often, and give the figures of `measure_delays`."""
        self._hold(keys)
        random = np.random.default_rng(0)
        delays: dict[str, list[float]] = {"first": [], "heard": [], "all": []}
        missed = 0
        for number in range(n_moves):
            moved_at = time.monotonic()
            self._heard, self._began = {}, {}
            self._go(number * 7, number * 7 + 3, (1 + number % 63) / 64)
            while len(self._heard) < len(keys) and time.monotonic() - moved_at < LONGEST_SECONDS:
                time.sleep(0.002)
            began, heard = sorted(self._began.values()), sorted(self._heard.values())
            if len(heard) == len(keys):
                for name, at in zip(delays, (began[0], heard[0], began[-1]), strict=True):
                    delays[name].append(at - moved_at)
            else:
                missed += 1
            time.sleep(float(random.uniform(*REST_SECONDS)))
        return {name: _figures(some) for name, some in delays.items()} | {"missed": missed}


def _figures(seconds: list[float]) -> dict[str, float]:
    ms = 1000 * np.array(seconds or [LONGEST_SECONDS])
    return {
        "p50": round(float(np.percentile(ms, 50)), 1),
        "p95": round(float(np.percentile(ms, 95)), 1),
        "max": round(float(ms.max()), 1),
    }
