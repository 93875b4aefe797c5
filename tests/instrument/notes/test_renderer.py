"""The renderer: notes arrive in the pool ready to play, and nothing that goes wrong stops it."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from instrument.engine.endless import TABLE_FRAMES
from instrument.engine.pool import NotePool
from instrument.notes.note_finish import SLOT_SECONDS, finish_note
from instrument.notes.render_workers import step_back
from instrument.notes.renderer import NoteRenderer, failure
from instrument.notes.renderer_client import MAXIMUM_DEATHS, RendererProcess
from instrument.notes.renderer_protocol import (
    Answer,
    Drawn,
    ModelFailed,
    ModelLoaded,
    NoteDropped,
    NoteRendered,
    RenderFailed,
    RenderNote,
)
from instrument.notes.right_of_way import RightOfWay
from model.config import ModelConfig, NetworkConfig, TimbreConfig
from model.device import CPU, Choice, Device
from model.gansynth import GANSynth, ModelError
from model.warped import WarpedConfig
from tests.instrument.pad_corners import bilinear

N_SLOTS, N_FRAMES = 8, 4 * 48000
LATENT_SIZE = 8
WAIT_SECONDS = 120.0


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model with random weights, in a folder."""
    warped = WarpedConfig()
    network = NetworkConfig(
        latent_size=LATENT_SIZE,
        channels=(8, 8, 8, 4, 4, 4, 4),
        first_head=4,
        output="skip",
        harmonic_maps=True,
        level=True,
    )
    config = ModelConfig(
        name="small",
        sample_rate=warped.sample_rate,
        n_samples=warped.n_samples,
        representation="warped",
        network=network,
        prior="timbres",
        timbres=tuple(TimbreConfig(name=f"timbre {i}", family="string") for i in range(4)),
        warped=warped,
    )
    folder = tmp_path_factory.mktemp("models") / "small"
    GANSynth.create(config, seed=1).save(folder)
    return folder


@pytest.fixture(scope="module")
def renderer(model: Path) -> NoteRenderer:
    return NoteRenderer.open(str(model), "cpu")


def latents(n: int = 4) -> bytes:
    return np.random.default_rng(2).standard_normal((n, LATENT_SIZE)).astype("<f4").tobytes()


def job(renderer_hash: str, number: int = 1, **changes: object) -> RenderNote:
    fields: dict[str, object] = {
        "job": number,
        "model": renderer_hash,
        "latents": latents(),
        "weights": bilinear(0.25, 0.5),
        "pitch": 60,
        "slot": 1 + number % (N_SLOTS - 1),
        "sample_rate": 48000.0,
    }
    return RenderNote(**(fields | changes))  # type: ignore[arg-type]


# A note.


@pytest.mark.parametrize("first_only", [True, False])
@pytest.mark.parametrize("rate", [32000.0, 44100.0, 48000.0])
def test_note_begins_at_zero_and_ends_at_zero_or_in_its_loop(
    renderer: NoteRenderer, rate: float, first_only: bool
) -> None:
    slots = np.ones((2, N_FRAMES), np.float32)
    wanted = job(renderer.info.hash, slot=1, sample_rate=rate, first_only=first_only)
    (note,) = renderer.render([wanted], slots)
    samples = slots[1, : note.n_frames]
    assert samples[0] == 0
    assert 0.1 < np.abs(samples).max() <= 1.0
    assert note.sample_rate == rate
    assert 0 < note.gain < 4
    if note.loop_end == 0:
        assert samples[-1] == 0
    else:
        assert 0 < note.loop_start < note.loop_end < note.n_frames


def test_beginning_is_short_and_not_looped(renderer: NoteRenderer) -> None:
    slots = np.zeros((2, N_FRAMES), np.float32)
    (note,) = renderer.render([job(renderer.info.hash, slot=1, first_only=True)], slots)
    assert note.n_frames == pytest.approx(0.5 * 48000, abs=2)
    assert note.loop_end == 0


def test_sustained_note_is_looped(renderer: NoteRenderer) -> None:
    time_seconds = np.arange(4 * 32000) / 32000
    wave = (0.8 * np.sin(2 * np.pi * 261.63 * time_seconds)).astype(np.float32)
    slot = np.zeros(round(SLOT_SECONDS * 48000), np.float32)
    note = finish_note(wave, 32000, job("", slot=1), 0.5, slot)
    assert note.loop_end > note.loop_start >= 48000
    assert note.gain == 0.5
    assert slot[: note.n_frames].max() == pytest.approx(0.8, abs=0.01)


def test_same_place_gives_the_same_note(renderer: NoteRenderer) -> None:
    slots = np.zeros((3, N_FRAMES), np.float32)
    notes = [renderer.render([job(renderer.info.hash, slot=i)], slots)[0] for i in (1, 2)]
    assert notes[0].loop_end == notes[1].loop_end
    assert (slots[1] == slots[2]).all()


def test_corner_of_the_pad_is_the_latent_of_that_corner(renderer: NoteRenderer) -> None:
    corner = latents()[3 * 4 * LATENT_SIZE :]
    slots = np.zeros((3, N_FRAMES), np.float32)
    renderer.render([job(renderer.info.hash, slot=1, weights=bilinear(1.0, 1.0))], slots)
    renderer.render([job(renderer.info.hash, slot=2, latents=corner, weights=(1.0,))], slots)
    assert np.allclose(slots[1], slots[2], atol=1e-3)


def test_note_longer_than_the_slot_is_cut(renderer: NoteRenderer) -> None:
    slots = np.zeros((2, 24000), np.float32)
    (note,) = renderer.render([job(renderer.info.hash, slot=1)], slots)
    assert note.n_frames == 24000 - TABLE_FRAMES
    assert slots[1, -1] == 0


def test_latents_of_another_size_are_refused(renderer: NoteRenderer) -> None:
    slots = np.zeros((2, N_FRAMES), np.float32)
    with pytest.raises(ValueError, match="latent of this model has 8 numbers"):
        renderer.render([job(renderer.info.hash, slot=1, latents=bytes(12))], slots)


def test_model_says_what_it_is(renderer: NoteRenderer) -> None:
    assert (renderer.info.name, renderer.info.latent_size) == ("small", LATENT_SIZE)
    assert (renderer.info.lowest_pitch, renderer.info.highest_pitch) == (24, 84)
    assert [timbre.name for timbre in renderer.timbres] == [f"timbre {i}" for i in range(4)]
    assert {len(timbre.z) for timbre in renderer.timbres} == {LATENT_SIZE}


def test_missing_model_is_named() -> None:
    with pytest.raises(ModelError, match="nowhere"):
        NoteRenderer.open("nowhere", "cpu")


GPU = Device("cuda:0", "Big GPU")


@pytest.fixture
def gpu(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """A GPU that is there and computes, but fails with this line when it gets a model."""

    def fail(line: str) -> None:
        load = GANSynth.load

        def load_unless_gpu(folder: Path, device: str = "cpu") -> GANSynth:
            if device == GPU.name:
                raise RuntimeError(line)
            return load(folder, device)

        def choose(wanted: str) -> Choice:
            return Choice(CPU if wanted == "cpu" else GPU, "it computes")

        monkeypatch.setattr("instrument.notes.renderer.choose_device", choose)
        monkeypatch.setattr(GANSynth, "load", staticmethod(load_unless_gpu))

    return fail


def test_a_model_that_the_gpu_has_no_room_for_is_run_by_the_cpu(
    model: Path, gpu: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    gpu("CUDA out of memory\nTried to allocate 2 GiB")
    renderer = NoteRenderer.open(str(model))
    assert (renderer.on_gpu, renderer.device_words) == (False, "CPU")
    assert caplog.messages == [
        f"{model} can't be run on cuda:0 (Big GPU): CUDA out of memory. The processor runs it."
    ]


def test_a_forced_gpu_that_can_not_run_a_model_is_said(
    model: Path, gpu: Callable[[str], None]
) -> None:
    gpu("CUDA out of memory")
    with pytest.raises(ModelError, match=r"can't be run on cuda:0 \(Big GPU\): CUDA out of mem"):
        NoteRenderer.open(str(model), "cuda")


def test_a_gpu_with_little_memory_gets_small_batches(
    model: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    renderer = NoteRenderer(GANSynth.load(model, "cpu", "fp32"), str(model))
    renderer.n_batch = 16
    sizes = []

    def lack_memory(jobs: list[RenderNote]) -> None:
        sizes.append(len(jobs))
        if len(jobs) > 4:
            raise RuntimeError("CUDA out of memory\nTried to allocate 2 GiB")

    monkeypatch.setattr(renderer, "waves", lack_memory)
    renderer._warm_up()
    assert (sizes, renderer.n_batch) == ([1, 1, 4, 4, 16], 4)
    assert caplog.messages == ["Notes are made 4 at a time: CUDA out of memory"]


def test_a_device_that_makes_other_notes_than_the_cpu_is_refused(model: Path) -> None:
    renderer = NoteRenderer(GANSynth.load(model, "cpu", "fp32"), str(model))
    renderer.compare_with(GANSynth.load(model))
    other = GANSynth.create(GANSynth.load(model).config, seed=2)
    with pytest.raises(RuntimeError, match="other notes than the processor"):
        renderer.compare_with(other)


def test_lack_of_memory_is_said_in_one_line() -> None:
    for error in (MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory: 9")):
        assert failure(job(""), error) == (
            "Not enough memory to render note 60. Close other programs."
        )
    assert failure(job(""), RuntimeError("one\ntwo")) == "Could not render note 60: one"
    assert failure(job(""), RuntimeError()) == "Could not render note 60: RuntimeError"


def test_whole_notes_wait_while_a_beginning_is_asked_for() -> None:
    way, passed = RightOfWay(), threading.Event()

    def make_whole_note() -> None:
        with way.taken(0):
            way.give()
        passed.set()

    way.ask()
    threading.Thread(target=make_whole_note, daemon=True).start()
    assert not passed.wait(0.1)
    with way.taken(1):
        way.give()  # goes through: this thread makes the beginning
        assert not passed.is_set()
    assert passed.wait(10)


def test_a_beginning_that_fails_gives_the_way_back() -> None:
    way = RightOfWay()
    way.ask()
    with contextlib.suppress(RuntimeError), way.taken(1):
        raise RuntimeError
    way.give()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="niceness of threads is Linux's")
def test_one_thread_steps_back_and_the_others_do_not() -> None:
    found = []

    def be_nice() -> None:
        step_back(7)
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    before = os.getpriority(os.PRIO_PROCESS, 0)
    thread = threading.Thread(target=be_nice)
    thread.start()
    thread.join()
    assert found == [max(7, before)]
    assert os.getpriority(os.PRIO_PROCESS, 0) == before


# The process.


class Host:
    """What the instrument does with the renderer, as far as these tests need it."""

    def __init__(self) -> None:
        self.pool = NotePool(N_SLOTS, N_FRAMES)
        self.woken = threading.Event()
        self.process = RendererProcess(
            self.pool.name, (N_SLOTS, N_FRAMES), wake=self.woken.set, n_threads=1, niceness=0
        )
        self._answers: list[Answer] = []

    def wait(self, is_it: Callable[[Answer], bool]) -> Answer:
        """Wait for an answer; what comes before it is kept for later."""
        end = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < end:
            self._answers += self.process.poll()
            for answer in self._answers:
                if is_it(answer):
                    self._answers.remove(answer)
                    return answer
            self.woken.wait(0.5)
            self.woken.clear()
        raise AssertionError(f"no such answer; there are {self._answers}")

    def wait_until_dead(self) -> None:
        end = time.monotonic() + WAIT_SECONDS
        while self.process.alive and time.monotonic() < end:
            self.woken.wait(0.5)
            self.woken.clear()
        assert not self.process.alive

    def load(self, model: Path) -> ModelLoaded:
        self.process.load_model(str(model))
        return self.wait_for_model()

    def wait_for_model(self) -> ModelLoaded:
        loaded = self.wait(lambda answer: isinstance(answer, ModelLoaded))
        assert isinstance(loaded, ModelLoaded)
        return loaded

    def render(self, wanted: RenderNote) -> Answer:
        assert self.process.submit(wanted)
        return self.wait(lambda answer: getattr(answer, "job", None) == wanted.job)


@pytest.fixture(scope="module")
def host(model: Path) -> Iterator[Host]:
    host = Host()
    host.process.start()
    host.load(model)
    yield host
    host.process.close()
    host.pool.close()


@pytest.fixture(scope="module")
def model_hash(renderer: NoteRenderer) -> str:
    return renderer.info.hash


def test_note_of_the_process_lies_in_the_pool(host: Host, model_hash: str) -> None:
    answer = host.render(job(model_hash, 1))
    assert isinstance(answer, NoteRendered)
    samples = host.pool.samples[answer.note.slot, : answer.note.n_frames]
    assert np.abs(samples).max() > 0.1


def test_process_makes_the_note_that_the_model_makes(host: Host, renderer: NoteRenderer) -> None:
    wanted = job(renderer.info.hash, 2)
    answer = host.render(wanted)
    assert isinstance(answer, NoteRendered)
    slots = np.zeros((N_SLOTS, N_FRAMES), np.float32)
    (note,) = renderer.render([wanted], slots)
    assert note == answer.note
    made = host.pool.samples[note.slot, : note.n_frames]
    assert np.allclose(made, slots[note.slot, : note.n_frames], atol=1e-3)


def test_beginnings_overtake_whole_notes(host: Host, model_hash: str) -> None:
    whole = range(10, 16)
    for number in whole:
        host.process.submit(job(model_hash, number, slot=1))
    host.process.submit(job(model_hash, 16, slot=2, first_only=True))
    order = []
    while len(order) < 7:
        answer = host.wait(lambda answer: isinstance(answer, NoteRendered))
        assert isinstance(answer, NoteRendered)
        order.append(answer.job)
    assert order.index(16) < 4
    assert [number for number in order if number != 16] == list(whole)


def test_note_for_another_model_is_dropped(host: Host) -> None:
    assert host.render(job("another model", 20)) == NoteDropped(20)


def test_failed_note_is_told_and_the_process_lives_on(host: Host, model_hash: str) -> None:
    answer = host.render(job(model_hash, 21, latents=bytes(4)))
    assert answer == RenderFailed(
        21, "Could not render note 60: a latent of this model has 8 numbers"
    )
    assert isinstance(host.render(job(model_hash, 22)), NoteRendered)


def test_pitch_that_the_model_lacks_is_told(host: Host, model_hash: str) -> None:
    answer = host.render(job(model_hash, 23, pitch=100))
    assert answer == RenderFailed(23, "Could not render note 100: pitch must be 24..84, not [100]")


@pytest.mark.parametrize("what", ["missing", "damaged", "foreign"])
def test_model_that_can_not_be_opened_is_told_and_the_old_one_stays(
    host: Host, model: Path, model_hash: str, tmp_path: Path, what: str
) -> None:
    folder = tmp_path / "model"
    if what != "missing":
        folder.mkdir()
        config = (model / "config.json").read_bytes()
        (folder / "config.json").write_bytes(config if what == "damaged" else b"{}")
        (folder / "weights.safetensors").write_bytes(b"not weights at all")
    host.process.load_model(str(folder))
    answer = host.wait(lambda answer: isinstance(answer, ModelFailed))
    assert isinstance(answer, ModelFailed)
    assert answer.path == str(folder)
    assert str(folder) in answer.text
    assert "\n" not in answer.text
    assert isinstance(host.render(job(model_hash, 30)), NoteRendered)
    host.load(model)  # a restart must not find the broken one


def test_latent_is_drawn_as_the_model_draws(host: Host, renderer: NoteRenderer) -> None:
    host.process.draw(7, seed=5)
    answer = host.wait(lambda answer: isinstance(answer, Drawn))
    assert isinstance(answer, Drawn)
    assert answer.request == 7
    assert np.frombuffer(answer.z, "<f4") == pytest.approx(renderer.draw(5))


def test_killed_renderer_is_noticed_and_restarted_with_its_model(
    host: Host, model_hash: str
) -> None:
    first = host.process.process_id
    assert first is not None
    host.process.submit(job(model_hash, 40))
    os.kill(first, getattr(signal, "SIGKILL", signal.SIGTERM))
    host.wait_until_dead()
    assert not host.process.submit(job(model_hash, 41))
    assert host.process.restart()
    assert host.process.process_id != first
    host.wait_for_model()
    answer = host.render(job(model_hash, 42))
    assert isinstance(answer, NoteRendered)
    assert np.abs(host.pool.samples[answer.note.slot, : answer.note.n_frames]).max() > 0.1


def test_renderer_that_dies_again_and_again_is_left_alone() -> None:
    process = RendererProcess("no such pool", (N_SLOTS, N_FRAMES))
    process.start = lambda: None  # type: ignore[method-assign]
    tries = [process.restart() for _ in range(MAXIMUM_DEATHS)]
    assert tries == [True] * (MAXIMUM_DEATHS - 1) + [False]


def test_process_that_is_not_there_takes_no_job() -> None:
    process = RendererProcess("no such pool", (N_SLOTS, N_FRAMES))
    assert not process.alive
    assert not process.submit(job(""))
    assert not process.draw(1, 1)
    assert process.poll() == []
    process.close()


ORPHANING = """
import time
from instrument.engine.pool import NotePool
from instrument.notes.renderer_client import RendererProcess

if __name__ == "__main__":
    pool = NotePool(2, 1000)
    process = RendererProcess(pool.name, (2, 1000), n_threads=1)
    process.start()
    print(process.process_id, flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc")
def test_renderer_ends_when_the_instrument_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "orphaning.py"
    script.write_text(ORPHANING)
    root = str(Path(__file__).parents[3])
    with subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": root},
        text=True,
    ) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    end = time.monotonic() + WAIT_SECONDS
    while _runs(child) and time.monotonic() < end:
        time.sleep(0.1)
    assert not _runs(child)


def _runs(process_id: int) -> bool:
    """Whether a process is there and no zombie that nobody has reaped yet."""
    try:
        os.kill(process_id, 0)
        return Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
