"""From a movement of the pad to the first changed sound of a held note, in real time."""

import threading
import time
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
LONGEST_SECONDS = 1.0
LOOK_SECONDS = 0.05
PITCHES = (48, 60, 67)


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
        n_keys: Held, 1 to 3; the time is that of the first one that changes.
        device: That renders.

    Returns:
        `p50`, `p95` and `max`, in milliseconds; `missed`, how many did not change in a second.

    Raises:
        RendererError: If the model can't be opened.
    """
    live = _Live(model, threads, device)
    try:
        live.wait_until_ready()
        return live.time_moves(n_moves, PITCHES[:n_keys])
    finally:
        live.close()


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
        self._changed_at = 0.0
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
        """Make blocks in time; note when a voice begins to go over to another note."""
        out = np.zeros((BLOCK, 2), np.float32)
        due = time.monotonic()
        was_fading = False
        while not self._ends.is_set():
            self._engine.process(out)
            is_fading = any(voice.is_fading for voice in self._engine.held_voices())
            if is_fading and not was_fading:
                self._changed_at = time.monotonic()
            was_fading = is_fading
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
        end = time.monotonic() + READY_SECONDS
        while not self._latents:
            if time.monotonic() > end:
                raise RendererError("The model does not open.")
            time.sleep(0.01)

    def time_moves(self, n_moves: int, keys: tuple[int, ...]) -> dict[str, Any]:
        self._go(0, 1, 0.0)
        for key in keys:
            event = NoteOn(note=key, velocity=100)
            self._engine.post(event)
            self._supply.play(event)
        self._wake.set()
        time.sleep(3.0)
        random = np.random.default_rng(0)
        delays, missed = [], 0
        for number in range(n_moves):
            self._changed_at = 0.0
            began = time.monotonic()
            self._go(number * 7, number * 7 + 3, (1 + number % 63) / 64)
            while not self._changed_at and time.monotonic() - began < LONGEST_SECONDS:
                time.sleep(0.002)
            if self._changed_at:
                delays.append(self._changed_at - began)
            else:
                missed += 1
            time.sleep(float(random.uniform(*REST_SECONDS)))
        ms = 1000 * np.array(delays or [LONGEST_SECONDS])
        return {
            "p50": round(float(np.percentile(ms, 50)), 1),
            "p95": round(float(np.percentile(ms, 95)), 1),
            "max": round(float(ms.max()), 1),
            "missed": missed,
        }
