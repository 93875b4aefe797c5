"""What a keyboard costs: as much as its notes, and no more where many notes are cached already.

Costs are counted, not timed: requests to the renderer, operations of the network, steps of Python.
"""

import functools
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from instrument.engine.pool import NoteInfo
from instrument.notes.cache import NoteCache
from instrument.notes.target import Target, make_target
from model.config import NetworkConfig
from model.cpu_generator import CPUGenerator
from model.generator import Generator
from model.gpu_generator import GPUGenerator

LOWEST, HIGHEST = 48, 72
N_PITCHES = HIGHEST - LOWEST + 1
NOTE = NoteInfo(1, 1000)


class Keyboard:
    """A cache whose renderer and engine cost nothing."""

    def __init__(self, n_slots: int) -> None:
        self.cache = NoteCache(n_slots, 48000.0, clock=lambda: self.now)
        self.cache.set_pitches(LOWEST, HIGHEST)
        self.cache.set_ready("model")
        self.now = 0.0
        self.n_requests = 0
        self.n_cells = 0

    def make(self, target: Target) -> None:
        """Make all notes of a place on the pad that are not there."""
        self.now += 1000.0
        self.cache.want(target)
        while jobs := self.cache.next_jobs(2, set()):
            for job in jobs:
                self.n_requests += 1
                self.cache.note_rendered(job.job, NOTE)
                self.cache.publish_to(lambda pitch, note, layer: True)
                self.now += 1.0

    def fill(self, n_notes: int) -> None:
        while self.cache.n_slots_held < n_notes:
            self.make(self.somewhere_new())

    def somewhere_new(self) -> Target:
        self.n_cells += 1
        return make_target("model", [[float(self.n_cells)]], 0.0, 0.0)


def steps_of(work: Callable[[], None]) -> int:
    """Count the instructions that Python runs."""
    n = 0

    def count(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal n
        frame.f_trace_opcodes = True
        n += event == "opcode"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        work()
    finally:
        sys.settrace(before)
    return n


@pytest.mark.parametrize("n_cached", [0, 100, 2000])
def test_each_missing_note_is_one_request_however_many_are_cached(n_cached: int) -> None:
    keyboard = Keyboard(n_cached + 2 * N_PITCHES + 1)
    keyboard.fill(n_cached)
    before, place = keyboard.n_requests, keyboard.somewhere_new()
    keyboard.make(place)
    assert keyboard.n_requests - before == N_PITCHES
    keyboard.make(place)
    assert keyboard.n_requests - before == N_PITCHES


def test_the_policy_takes_as_many_steps_with_thousands_of_cached_notes_as_with_a_hundred() -> None:
    steps = []
    for n_slots in (100, 3000):
        keyboard = Keyboard(n_slots)
        keyboard.fill(n_slots - N_PITCHES)
        keyboard.make(keyboard.somewhere_new())
        place = keyboard.somewhere_new()  # for whose notes others are let go
        steps.append(steps_of(functools.partial(keyboard.make, place)))
    assert steps[0] > 1000
    assert steps[1] == pytest.approx(steps[0], rel=0.02)


@pytest.fixture(scope="module")
def generator() -> Generator:
    torch.manual_seed(0)
    config = NetworkConfig(latent_size=4, n_pitches=61, channels=(8,) * 5)
    return Generator(config).requires_grad_(False)


@pytest.mark.parametrize("form", [CPUGenerator, GPUGenerator])
def test_a_network_does_as_many_operations_for_each_note_of_a_batch(
    generator: Generator, form: Callable[[Generator], CPUGenerator | GPUGenerator]
) -> None:
    network = form(generator)

    def flops(n: int) -> int:
        with FlopCounterMode(display=False) as counter:
            network(torch.ones(n, 4), torch.arange(24, 24 + n))
        return int(counter.get_total_flops())

    assert flops(1) > 0
    assert [flops(n) for n in (4, 16, 61)] == [n * flops(1) for n in (4, 16, 61)]
