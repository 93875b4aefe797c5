"""A model at work: jobs in, notes out. The one file here that imports torch and `model`."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.flop_counter import FlopCounterMode

from instrument.engine.pool import NoteInfo
from instrument.values.status import ModelInfo, Timbre, TimbreAxis
from model.device import AUTO, CPU, Device, DeviceMissingError, choose_device
from model.gansynth import GANSynth, ModelError
from model.generator import Generator
from model.gpu_generator import BATCH_SIZES
from model.latent import blend, brightness_direction, slerp, turn
from model.onward import Junction
from model.plain_generator import is_plain, plain_specgrams
from model.roofline import best_seconds, measure_peak, network_flops, roofline_seconds

from .note_finish import Wave, finish_crop, finish_note
from .renderer_protocol import Heard, Leaning, RenderNote, Shade

__all__ = ["DeviceMissingError", "ModelError", "NoteRenderer", "failure", "one_line"]

FIRST_SECONDS = 0.5
LARGE_FLOPS = 2e9  # of a beginning; smaller layers are done before they are shared out
BRIGHTNESS = "brightness"  # the name of the measured axis
DARKEST_ANGLE = 0.6
"""Radians that the softest strike turns a latent: on the bundled model 0.6 octaves of centroid."""

SILENT = 1e-5

LARGEST_ERROR = 0.02
"""Of a GPU's images, re their root mean square: ten times what tf32 rounds."""

_log = logging.getLogger(__name__)


class NoteRenderer:
    """An open model, and the way from a job to a note that can be played."""

    def __init__(self, gansynth: GANSynth, path: str, device_words: str = "CPU") -> None:
        """Put a model to work on the device that it is on.

        Args:
            gansynth: The model.
            path: Its folder.
            device_words: What the device is.
        """
        self._gansynth = gansynth
        self.on_gpu = gansynth.device.type != "cpu"
        self.device_words = device_words
        self._brighter = brighter_way(gansynth)
        self.n_batch = BATCH_SIZES[-1] if self.on_gpu else 1
        self.is_large = False  # so that the cores should share a beginning's layers
        wanted = min(round(FIRST_SECONDS * gansynth.sample_rate), gansynth.n_samples)
        n_frames = gansynth.config.network.size[0]
        self._first_frames = next(
            (n for n in range(1, n_frames) if gansynth.n_samples_of(n) >= wanted), n_frames
        )
        self._n_first = wanted
        self.info = ModelInfo(
            name=gansynth.name,
            hash=gansynth.hash,
            path=path,
            info=gansynth.info,
            sample_rate=gansynth.sample_rate,
            n_timbres=len(gansynth.timbres),
            latent_size=gansynth.latent_size,
            lowest_pitch=gansynth.pitches[0],
            highest_pitch=gansynth.pitches[-1],
            latent_space=gansynth.config.latent_space or gansynth.hash,
            axes=tuple(
                TimbreAxis(axis.name, axis.low, axis.high, axis.correlation, axis.agreement)
                for axis in gansynth.config.axes
            ),
        )
        self.timbres = tuple(
            Timbre(
                name=timbre.name,
                family=timbre.family,
                z=tuple(z.tolist()),
                brightness=timbre.brightness,
                attack=timbre.attack,
                decay=timbre.decay,
                noisiness=timbre.noisiness,
            )
            for timbre, z in zip(gansynth.timbres, gansynth.latents, strict=True)
        )

    @property
    def between_layers(self) -> Callable[[], None]:
        """Called between a model's layers, on the thread that makes the note."""
        return self._gansynth.between_layers

    @between_layers.setter
    def between_layers(self, call: Callable[[], None]) -> None:
        self._gansynth.between_layers = call

    @classmethod
    def open(cls, path: str, wanted: str = AUTO) -> "NoteRenderer":
        """Open a model folder.

        Args:
            path: The folder.
            wanted: The device, as `choose_device` takes it. Where the best one can't run the
                model, "auto" is the CPU.

        Raises:
            ModelError: If the model is missing, damaged or foreign, or the device can't run it;
                one line that says so.
            DeviceMissingError: If the device is not there.
        """
        device = choose_device(wanted).device
        try:
            return cls._open_on(path, device)
        except (RuntimeError, TypeError) as error:  # a GPU without room, or some operation or type
            line = f"{path} can't be run on {device.name} ({device.words}): {one_line(error)}"
            if wanted != AUTO or device == CPU:
                raise ModelError(line) from error
        _log.warning("%s. The processor runs it.", line)
        return cls.open(path, CPU.name)

    @classmethod
    def _open_on(cls, path: str, device: Device) -> "NoteRenderer":
        renderer = cls(GANSynth.load(Path(path), device.name), path, device.words)
        renderer._warm_up()
        if renderer.on_gpu:
            renderer.compare_with(GANSynth.load(Path(path)))
        return renderer

    def compare_with(self, reference: GANSynth) -> None:
        """Make sure that this device makes of a latent what another one makes.

        Args:
            reference: The same model, on the CPU.

        Raises:
            RuntimeError: If it does not; operations that are seldom used have had faults on GPUs.
        """
        z = torch.from_numpy(np.stack([reference.draw(seed) for seed in (1, 2)]))
        pitch = torch.tensor([reference.pitches[0], reference.pitches[-1]])
        got, expected = (model.specgrams(z, pitch).cpu() for model in (self._gansynth, reference))
        error = float((got - expected).square().mean() / expected.square().mean())
        if not error < LARGEST_ERROR**2:  # it may be NaN
            raise RuntimeError("it makes other notes than the processor")

    def _warm_up(self) -> None:
        """Let the libraries set themselves up, so that the first note need not wait for it.

        A GPU whose memory is too small for the largest batch gets smaller ones.

        Raises:
            RuntimeError: If not even one note can be made.
        """
        z = np.ones((1, self.info.latent_size), "<f4")
        job = RenderNote(
            0, self.info.hash, z.tobytes(), (1.0,), self.info.lowest_pitch, 1, self.info.sample_rate
        )
        beginning = msgspec.structs.replace(job, first_only=True)
        with FlopCounterMode(display=False) as counter:
            self.waves([beginning])
        self.is_large = counter.get_total_flops() > LARGE_FLOPS
        self.waves([job])
        if self.goes_on:
            slots = np.zeros((1, round(self.info.sample_rate)), np.float32)
            for heard in (Heard(0, 0.0), Heard(0, 0.0, is_whole=True)):
                onward = msgspec.structs.replace(job, slot=0, heard=heard)
                self.render_onward(onward, slots)
        for n, smaller in zip(BATCH_SIZES[1:], BATCH_SIZES, strict=False):
            if n <= self.n_batch:
                try:
                    self.waves([beginning] * n)
                    self.waves([job] * n)
                except RuntimeError as error:
                    _log.warning("Notes are made %d at a time: %s", smaller, one_line(error))
                    self.n_batch = smaller

    def draw(self, seed: int) -> NDArray[np.float32]:
        """Draw a latent the way the model's notes are drawn: float32 [latent]."""
        return np.asarray(self._gansynth.draw(seed), "<f4")

    def run_network(self, job: RenderNote) -> None:
        """Run the network alone, without what makes a wave of its specgram: for benchmarks."""
        self._gansynth.specgrams(self._latent(job)[None], torch.tensor([job.pitch]))

    def run_plain_network(self, job: RenderNote) -> bool:
        """Run the network as a plain port would, for benchmarks; False if it has parts of ours."""
        generator, config = self._gansynth.generator, self._gansynth.config.network
        if not isinstance(generator, Generator) or not is_plain(config):
            return False
        plain_specgrams(generator, self._latent(job)[None], torch.tensor([job.pitch]))
        return True

    def count_flops(self, job: RenderNote) -> int:
        """Count the floating-point operations of `run_network`: two for each multiplication."""
        with FlopCounterMode(display=False) as counter:
            self.run_network(job)
        return int(counter.get_total_flops())

    def network_figures(self) -> dict[str, Any]:
        """Measure the network alone in full batches, and beside what the device could do.

        Returns:
            `precision`; `network_notes_per_second`; `gemm_gflops` and `bandwidth_gbs`, the
            device's best matrix products and copies; `network_gflops`; `fraction_of_peak` and
            `fraction_of_roofline`, see `model.roofline`.
        """
        gansynth, n = self._gansynth, self.n_batch
        z = torch.ones(n, gansynth.latent_size)
        pitch = torch.tensor([gansynth.pitches[i % len(gansynth.pitches)] for i in range(n)])
        seconds = best_seconds(lambda: gansynth.specgrams(z, pitch), gansynth.device)
        peak = measure_peak(gansynth.device, gansynth.precision)
        config = gansynth.config.network
        flops = n * network_flops(config) / seconds
        n_bytes = 2 if gansynth.precision == "bf16" else 4
        return {
            "precision": gansynth.precision,
            "network_notes_per_second": round(n / seconds, 1),
            "gemm_gflops": round(peak.flops / 1e9, 1),
            "bandwidth_gbs": round(peak.bandwidth / 1e9, 1),
            "network_gflops": round(flops / 1e9, 1),
            "fraction_of_peak": round(flops / peak.flops, 3),
            "fraction_of_roofline": round(roofline_seconds(config, n, peak, n_bytes) / seconds, 3),
        }

    def render(self, jobs: Sequence[RenderNote], slots: NDArray[np.float32]) -> list[NoteInfo]:
        """Make notes in one batch and write each into its slot.

        Args:
            jobs: For this model, all of them beginnings or none.
            slots: float32 [slot, frame], the pool.

        Raises:
            ValueError: If a job's latents are not this model's, or its pitch.
        """
        if jobs[0].heard is not None:
            return [self.render_onward(job, slots) for job in jobs]
        waves, gains, crests = self.waves(jobs)
        return [
            finish_note(wave, self.info.sample_rate, job, gain, slots[job.slot], float(crest))
            for wave, gain, crest, job in zip(waves, gains, crests, jobs, strict=True)
        ]

    @property
    def goes_on(self) -> bool:
        """Whether it can make notes that go on from held ones."""
        return self._gansynth.junction_at(0) is not None

    @torch.inference_mode()
    def render_onward(self, job: RenderNote, slots: NDArray[np.float32]) -> NoteInfo:
        """Make a note, or a crop of one, that takes the place of a held one, and write it.

        Args:
            job: With what is heard.
            slots: float32 [slot, frame], the pool.

        Raises:
            ValueError: If the job's latents are not this model's, or its pitch; or if this model
                can't make notes go on.
        """
        heard, rate = job.heard, self.info.sample_rate
        assert heard is not None, "it is asked for by that"
        at = heard.moment if heard.at is None else heard.at
        junction = self._gansynth.junction_at(round(at * rate / job.sample_rate))
        if junction is None:
            raise ValueError("this model can't make notes that go on from others")
        z, pitch = self._latent(job)[None], torch.tensor([job.pitch])
        wave = _heard_wave(heard, slots, junction, job.sample_rate / rate, heard.later)
        gains = self._gains(z, pitch)
        if job.shade != Shade():
            beginnings = self._gansynth.render(z, pitch, n_frames=self._first_frames)
            plain = self._place(job)[None]
            gains = self._matched(beginnings[:, : self._n_first], plain, pitch)
        gain = float(gains[0])
        if heard.is_whole:
            whole, crest = self._gansynth.onward_whole(z, pitch, junction, wave)
            slot = slots[job.slot]
            return finish_note(whole[0].numpy(), rate, job, gain, slot, crest, self.between_layers)
        crop, decay = self._gansynth.onward(z, pitch, junction, wave, heard.crest)
        return finish_crop(crop[0].numpy(), junction.start, rate, job, gain, decay, slots[job.slot])

    @torch.inference_mode()
    def waves(self, jobs: Sequence[RenderNote]) -> tuple[Wave, Wave, Wave]:
        """Make the waves of notes, which `finish_note` makes notes of.

        Args:
            jobs: For this model, all of them beginnings or none.

        Returns:
            float32 [n, sample] at the model's rate; the notes' gains and crests, float32 [n] each.

        Raises:
            ValueError: If a job's latents are not this model's, or its pitch.
            RuntimeError: If there is no memory, or the device has stopped working.
        """
        z = torch.stack([self._latent(job) for job in jobs])
        pitch = torch.tensor([job.pitch for job in jobs])
        if jobs[0].first_only:
            waves = self._gansynth.render(z, pitch, n_frames=self._first_frames)
            waves, crests = waves[:, : self._n_first], torch.zeros(len(jobs))
        else:
            waves, crests = self._gansynth.render_with_crest(z, pitch)
        gains = self._gains(z, pitch)
        shaded = [i for i, job in enumerate(jobs) if job.shade != Shade()]
        if shaded:
            plain = torch.stack([self._place(jobs[i]) for i in shaded])
            gains[shaded] = self._matched(waves[shaded], plain, pitch[shaded])
        return waves.numpy(), gains.numpy(), crests.numpy()

    def _gains(self, z: torch.Tensor, pitch: torch.Tensor) -> torch.Tensor:
        return 10 ** (self._gansynth.level_db(z, pitch) / 20)

    def _matched(
        self, waves: torch.Tensor, plain: torch.Tensor, pitch: torch.Tensor
    ) -> torch.Tensor:
        """Give the gains that make shaded notes as loud as those of their places.

        A shade changes the timbre: how loud a soft strike is says the player's own dynamics, and
        one side of an ensemble must not be louder than the other. It costs a beginning of each.

        Args:
            waves: float32 [n, sample], of the shaded notes; their beginnings at least.
            plain: float32 [n, latent], of their places.
            pitch: int64 [n].

        Returns:
            float32 [n].
        """
        beginnings = self._gansynth.render(plain, pitch, n_frames=self._first_frames)
        wanted = self._gains(plain, pitch) * _rms(beginnings[:, : self._n_first])
        present = _rms(waves[:, : self._n_first])
        return torch.where(present > SILENT, wanted / present.clamp_min(SILENT), wanted)

    def _place(self, job: RenderNote) -> torch.Tensor:
        """Give the latent of a job's place on the pad, float32 [latent]."""
        return place_latent(self._gansynth, job.latents, job.weights, job.leaning)

    def _latent(self, job: RenderNote) -> torch.Tensor:
        """Give the latent of a job, float32 [latent]: that of its place, and its shade."""
        z, shade = self._place(job), job.shade
        if shade.sway:
            drawn = torch.from_numpy(self._gansynth.draw(shade.seed))
            z = slerp(z, drawn, shade.sway)
        if shade.softness and self._brighter is not None:
            z = turn(z, self._brighter, -DARKEST_ANGLE * shade.softness)
        return z


def _heard_wave(
    heard: Heard,
    slots: NDArray[np.float32],
    junction: Junction,
    frames_per_sample: float,
    later: float,
) -> torch.Tensor:
    """Give what a held note plays around a junction, at the model's rate: float32 [1, n_heard].

    Straight lines between frames are good enough to read phases from.

    Args:
        heard: What it plays.
        slots: float32 [slot, frame], the pool.
        junction: Where in the new note.
        frames_per_sample: Of the model.
        later: Frames from a moment of the new note to the held one's at the same time.
    """
    moments = (junction.heard_from + np.arange(junction.n_heard)) * frames_per_sample + later
    places = moments + heard.shift
    wave = slots[heard.slot, max(heard.start, 0) : heard.stop]
    if not len(wave):
        return torch.zeros(1, junction.n_heard)
    found = np.interp(places - heard.start, np.arange(len(wave)), wave, left=0.0, right=0.0)
    return torch.from_numpy(found.astype(np.float32))[None]


def place_latent(
    gansynth: GANSynth, latents: bytes, weights: Sequence[float], leaning: Leaning
) -> torch.Tensor:
    """Give the latent of a place on the pad: the points' mixture, moved along the axes.

    Args:
        gansynth: The model.
        latents: float32 little-endian [point, latent].
        weights: Of the points; sum 1.
        leaning: As in `RenderNote`.

    Returns:
        float32 [latent].

    Raises:
        ValueError: If the latents are not this model's, or there is not a weight for each.
    """
    size = gansynth.latent_size
    if not weights or len(latents) != 4 * size * len(weights):
        raise ValueError(f"a latent of this model has {size} numbers")
    points = torch.from_numpy(np.frombuffer(latents, "<f4").reshape(-1, size).copy())
    z = points[0] if len(points) == 1 else blend(points, torch.tensor(weights))
    return gansynth.lean(z, dict(leaning)) if leaning else z


def brighter_way(gansynth: GANSynth) -> torch.Tensor | None:
    """Give the direction in which a model's notes grow brighter, float32 [latent]; None: unknown.

    The axis that was measured on its notes, where it has one; else what its named timbres tell.
    """
    for axis, direction in zip(gansynth.config.axes, gansynth.axes, strict=True):
        if axis.name == BRIGHTNESS:
            return direction
    brightness = [timbre.brightness for timbre in gansynth.timbres]
    return brightness_direction(gansynth.latents, brightness)


def _rms(waves: torch.Tensor) -> torch.Tensor:
    return waves.square().mean(dim=-1).sqrt()


def failure(job: RenderNote, error: Exception) -> str:
    """Say in one line why a note could not be made, and what to do."""
    if isinstance(error, MemoryError | torch.OutOfMemoryError) or "alloc" in str(error):
        return f"Not enough memory to render note {job.pitch}. Close other programs."
    return f"Could not render note {job.pitch}: {one_line(error)}"


def one_line(error: Exception) -> str:
    """Give the first line of what an error says, or its kind where it says nothing."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def use_threads(n: int) -> None:
    """Make notes on this thread with so many of torch's, and on threads that are yet to begin."""
    torch.set_num_threads(n)


def prepare_thread() -> None:
    """Let this thread round to zero what is too small to matter, and slow: once, at its start."""
    torch.set_flush_denormal(True)
