"""The renderer's threads with a GPU: batches, and a GPU that dies in the midst of playing."""

import queue
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from instrument.notes.render_workers import Workers
from instrument.notes.renderer import ModelError, NoteRenderer
from instrument.notes.renderer_protocol import (
    Answer,
    DeviceLost,
    LoadModel,
    ModelFailed,
    ModelLoaded,
    NoteRendered,
    RenderFailed,
    RenderNote,
)
from instrument.values.status import ModelInfo
from model.config import ModelConfig, NetworkConfig
from model.device import DeviceMissingError
from model.gansynth import GANSynth
from model.warped import WarpedConfig

N_SLOTS, N_FRAMES = 70, 4 * 16000
RATE = 16000
WAIT_SECONDS = 60.0
FAULT = "CUDA error: unspecified launch failure\nCUDA kernel errors might be reported later"

Waves = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


class PretendRenderer:
    """A model at work: a note is its pitch, held for two seconds."""

    def __init__(self, *, on_gpu: bool, fault: "Callable[[Sequence[RenderNote]], None]") -> None:
        self.info = ModelInfo(name="pretend", hash="abc", path="folder", sample_rate=RATE)
        self.timbres = ()
        self.on_gpu = on_gpu
        self.goes_on = False
        self.n_batch = 16 if on_gpu else 1
        self.is_large = True
        self.device_words = "Big GPU" if on_gpu else "CPU"
        self.between_layers: Callable[[], None] = lambda: None
        self.batches: list[list[int]] = []
        self._fault = fault

    def waves(self, jobs: Sequence[RenderNote]) -> Waves:
        self.batches.append([job.job for job in jobs])
        self._fault(jobs)
        waves = np.zeros((len(jobs), 2 * RATE), np.float32)
        waves += np.array([[job.pitch / 128] for job in jobs], np.float32)
        return waves, np.ones(len(jobs), np.float32), np.zeros(len(jobs), np.float32)


class Bench:
    """Workers on pretended devices, and what they answer."""

    def __init__(self, device: str = "auto") -> None:
        self.slots = np.zeros((N_SLOTS, N_FRAMES), np.float32)
        self.answers: queue.SimpleQueue[Answer] = queue.SimpleQueue()
        self.opened: list[tuple[str, PretendRenderer]] = []
        self.has_cpu = True
        self.fault: Callable[[Sequence[RenderNote]], None] = lambda _: None
        self.on_cpu: Callable[[Sequence[RenderNote]], None] = lambda _: None
        self.workers = Workers(
            self.slots,
            self.answers.put,
            n_threads=2,
            device=device,
            open_renderer=self._open,  # type: ignore[arg-type]
        )

    def _open(self, path: str, device: str) -> PretendRenderer:
        if device == "mps":
            raise DeviceMissingError('There is no device "mps" here. There are: cpu (CPU).')
        if device == "cpu" and not self.has_cpu:
            raise ModelError(f"{path} is gone.")
        on_gpu = device != "cpu"
        renderer = PretendRenderer(on_gpu=on_gpu, fault=self._fail if on_gpu else self._calculate)
        self.opened.append((device, renderer))
        return renderer

    def _fail(self, jobs: Sequence[RenderNote]) -> None:
        self.fault(jobs)

    def _calculate(self, jobs: Sequence[RenderNote]) -> None:
        self.on_cpu(jobs)

    def next(self) -> Answer:
        return self.answers.get(timeout=WAIT_SECONDS)

    def load(self) -> Answer:
        self.workers.submit(LoadModel("folder"))
        return self.next()

    def play(self, n: int, **changes: bool) -> dict[int, Answer]:
        """Ask for notes, and wait for what becomes of each; other answers come under -1."""
        for number in range(1, n + 1):
            job = RenderNote(number, "abc", b"", (1.0,), 20 + number, number, RATE, **changes)
            self.workers.submit(job)
        got: dict[int, Answer] = {}
        while len(got.keys() - {-1}) < n:
            answer = self.next()
            got[getattr(answer, "job", -1)] = answer
        return got


def die(_: Sequence[RenderNote]) -> None:
    raise RuntimeError(FAULT)


def test_a_gpu_is_kept_busy_with_some_batches_and_named() -> None:
    loaded = Bench().load()
    assert isinstance(loaded, ModelLoaded)
    assert (loaded.n_jobs, loaded.device) == (64, "Big GPU")


def test_a_cpu_is_kept_busy_with_a_note_for_each_thread_and_named() -> None:
    loaded = Bench("cpu").load()
    assert isinstance(loaded, ModelLoaded)
    assert (loaded.n_jobs, loaded.device) == (2, "CPU, 2 threads")


@pytest.mark.parametrize(("first_only", "n_threads"), [(True, 2), (False, 1)])
def test_a_beginning_asked_for_alone_gets_all_cores_and_a_whole_note_one(
    first_only: bool, n_threads: int
) -> None:
    bench = Bench("cpu")
    bench.load()
    counts: list[int] = []
    bench.on_cpu = lambda _: counts.append(torch.get_num_threads())
    for _ in range(3):
        bench.play(1, first_only=first_only)
    assert counts == [n_threads] * 3


def test_a_small_network_is_faster_alone_even_for_a_beginning() -> None:
    bench = Bench("cpu")
    bench.load()
    bench.opened[0][1].is_large = False
    counts: list[int] = []
    bench.on_cpu = lambda _: counts.append(torch.get_num_threads())
    bench.play(1, first_only=True)
    assert counts == [1]


def test_beginnings_asked_for_together_share_the_cores() -> None:
    bench = Bench("cpu")
    bench.load()
    counts: list[int] = []
    together = threading.Barrier(2, timeout=WAIT_SECONDS)

    def count(_: Sequence[RenderNote]) -> None:
        counts.append(torch.get_num_threads())
        together.wait()

    bench.on_cpu = count
    bench.workers._way.ask()  # as long as somebody else asks, too
    bench.play(2, first_only=True)
    assert counts == [1, 1]


def test_a_keyboard_is_made_in_few_batches_and_each_note_lies_in_its_slot() -> None:
    bench = Bench()
    bench.load()
    got = bench.play(61)
    assert {type(answer) for answer in got.values()} == {NoteRendered}
    levels = bench.slots[1:62, RATE // 2]
    assert levels == pytest.approx(np.arange(21, 82) / 128)
    batches = bench.opened[0][1].batches
    assert sum(map(len, batches)) == 61
    assert max(map(len, batches)) <= 16


def test_when_the_gpu_dies_the_cpu_makes_its_notes_and_the_player_is_told() -> None:
    bench = Bench()
    bench.load()
    bench.fault = die
    got = bench.play(9)
    lost = got.pop(-1)
    assert lost == DeviceLost(
        "Big GPU has stopped working (CUDA error: unspecified launch failure). From now on the "
        "processor makes the notes, more slowly. Start Timbrepad anew to try it again.",
        2,
        "CPU, 2 threads",
    )
    assert {type(answer) for answer in got.values()} == {NoteRendered}
    assert bench.slots[1:10, RATE // 2] == pytest.approx(np.arange(21, 30) / 128)
    assert [device for device, _ in bench.opened] == ["auto", "cpu"]


def test_a_beginning_on_a_gpu_that_dies_is_made_on_the_cpu() -> None:
    bench = Bench()
    bench.load()
    bench.fault = die
    got = bench.play(1, first_only=True)
    assert isinstance(got[1], NoteRendered)
    assert isinstance(got[-1], DeviceLost)
    assert {type(answer) for answer in bench.play(3).values()} == {NoteRendered}


def test_a_gpu_that_died_is_not_tried_again_for_another_model() -> None:
    bench = Bench()
    bench.load()
    bench.fault = die
    bench.play(1)
    bench.load()
    assert [device for device, _ in bench.opened] == ["auto", "cpu", "cpu"]


def test_a_batch_too_large_for_the_memory_is_made_note_by_note_on_the_gpu() -> None:
    bench = Bench()
    bench.load()

    def lack_memory(jobs: Sequence[RenderNote]) -> None:
        if len(jobs) > 1:
            raise RuntimeError("CUDA out of memory")

    bench.fault = lack_memory
    got = bench.play(20)
    assert {type(answer) for answer in got.values()} == {NoteRendered}
    assert len(bench.opened) == 1


def test_one_wrong_job_does_not_spoil_its_batch() -> None:
    bench = Bench()
    bench.load()

    def refuse_one(jobs: Sequence[RenderNote]) -> None:
        if any(job.pitch == 25 for job in jobs):
            raise ValueError("pitch must be 26..84")

    bench.fault = refuse_one
    got = bench.play(12)
    assert got.pop(5) == RenderFailed(5, "Could not render note 25: pitch must be 26..84")
    assert {type(answer) for answer in got.values()} == {NoteRendered}


def test_without_a_way_to_the_cpu_the_notes_fail_and_say_why() -> None:
    bench = Bench()
    bench.load()
    bench.fault, bench.has_cpu = die, False
    got = bench.play(2)
    assert {getattr(answer, "text", "") for answer in got.values()} == {
        "Could not render note 21: CUDA error: unspecified launch failure",
        "Could not render note 22: CUDA error: unspecified launch failure",
    }


def test_a_forced_device_that_is_not_there_is_told_as_it_is() -> None:
    failed = Bench("mps").load()
    assert failed == ModelFailed("folder", 'There is no device "mps" here. There are: cpu (CPU).')


def test_a_real_model_in_batches_makes_the_notes_that_it_makes_alone(tmp_path: Path) -> None:
    warped = WarpedConfig()
    config = ModelConfig(
        name="small",
        sample_rate=warped.sample_rate,
        n_samples=warped.n_samples,
        representation="warped",
        network=NetworkConfig(latent_size=4, channels=(4,) * 7, output="skip"),
        warped=warped,
    )
    GANSynth.create(config, seed=1).save(tmp_path / "model")
    alone = NoteRenderer.open(str(tmp_path / "model"), "cpu")
    together = NoteRenderer(GANSynth.load(tmp_path / "model", "cpu", "fp32"), "")
    z = np.ones((1, 4), "<f4").tobytes()
    jobs = [RenderNote(n, alone.info.hash, z, (1.0,), 60 + n, n, 48000.0) for n in range(3)]
    waves, gains, _ = together.waves(jobs)
    expected = np.concatenate([alone.waves([job])[0] for job in jobs])
    # Rounding turns the phase of what is nearly silent, and networks as small as this one
    # make much of it.
    assert np.square(waves - expected).mean() < 1e-4 * np.square(expected).mean()
    assert gains == pytest.approx(np.ones(3))
