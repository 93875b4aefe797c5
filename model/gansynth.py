"""`GANSynth`: latents and pitches in, notes out; all that playing needs of a model."""

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .checkpoint import ModelError, model_hash, read_model, write_model
from .config import ModelConfig, TimbreConfig
from .cpu_generator import CPUGenerator
from .factory import AnyGenerator, make_generator
from .generator import Generator
from .gpu_generator import GPUGenerator, Precision
from .latent import draw_among, draw_gaussian, lean
from .normalizer import FrequencyNormalizer, Normalizer, make_normalizer
from .onward import Junction, decode_crop, decode_onward, junction_at
from .representation import GANSynthRepresentation, Representation, WarpedRepresentation
from .warped import warped_codec, warped_frequencies

__all__ = ["GANSynth", "ModelError"]

RENDERED_PEAK = 0.8
AXES_TENSOR = "axes"
DEFAULT_ITERATIONS = 2
_FADE_IN_SECONDS = 0.002
_FADE_SECONDS = (0.22, 0.1)  # before the end
_SILENT_PEAK = 1e-4
_LARGEST_PART_GAIN = 3.0
_USUAL_CREST = 0.047  # of a note of the bundled model: the median
_STEADY_SECONDS = (1.0, 2.9)  # of a note: how it decays is measured there
_OUTLINE_BELOW = 2  # blocks above the one that gives a small image of a whole note
_ORDINARY_DB = 16.0
_TIMBRES = "timbres"
_GENERATOR = "generator."
_NORMALIZER = ("normalizer.scale", "normalizer.offset")


class GANSynth:
    """A model that is ready to make notes, on one device.

    Calls may come from several threads: nothing in it changes once notes are made.

    Attributes:
        config: What it says of itself.
        generator: The network, frozen.
        normalizer: What the network's images are brought back with, of GANSynth's own kinds.
        latents: float32 [timbre, latent], those of the named timbres.
        axes: float32 [axis, latent], directions of length 1, those of the measured axes.
        hash: Its identity; "" for a model that was never written.
        precision: Of the convolutions; a device without tf32 takes float32 in its place.
        between_layers: Called between layers on a CPU; it may wait, to let another thread go
            first.
    """

    def __init__(
        self,
        config: ModelConfig,
        generator: AnyGenerator,
        latents: Tensor,
        identity: str = "",
        device: torch.device | str = "cpu",
        normalizer: Normalizer | None = None,
        precision: Precision | None = None,
        axes: Tensor | None = None,
    ) -> None:
        self.config = config
        self.device = torch.device(device)
        self.generator = generator.requires_grad_(False).eval().to(self.device)
        self.generator.freeze()
        self.normalizer = normalizer or make_normalizer(config.normalizer)
        # Apple's GPUs have no float64, which phases are worked out in.
        self._decoding_device = torch.device("cpu" if self.device.type == "mps" else self.device)
        self.between_layers: Callable[[], None] = lambda: None
        self.precision: Precision = "fp32"
        self._run: AnyGenerator | CPUGenerator | GPUGenerator = self.generator
        if isinstance(self.generator, Generator):
            on_cpu = self.device.type == "cpu" and precision is None
            if on_cpu and CPUGenerator.suits(config.network):
                self._run = CPUGenerator(self.generator, self._let_others_go_first)
            elif not on_cpu and GPUGenerator.suits(config.network):
                self.precision = precision or "tf32"
                self._run = GPUGenerator(self.generator, self.precision)
        self.latents = latents.float()
        self.axes = torch.zeros(0, config.network.latent_size) if axes is None else axes.float()
        self.hash = identity

    @classmethod
    def create(cls, config: ModelConfig, seed: int = 0) -> "GANSynth":
        """Make a model with random weights and random latents for its timbres."""
        torch.manual_seed(seed)
        generator = make_generator(config.network, band_frequencies(config))
        if config.network.output == "skip":  # whose heads begin at zero
            for head in generator.to_rgb.values():
                torch.nn.init.normal_(head.get_parameter("weight"))
        latents = draw_gaussian(len(config.timbres), config.network.latent_size, seed)
        normalizer = None
        if config.normalizer.kind == "freq":
            numbers = (config.normalizer.scale, config.normalizer.offset)
            n_freqs = config.network.size[1]
            scale, offset = (torch.tensor(x)[:, None].repeat(1, n_freqs) for x in numbers)
            normalizer = FrequencyNormalizer(scale, offset)
        return cls(config, generator, latents, normalizer=normalizer)

    @classmethod
    def load(
        cls,
        folder: Path,
        device: torch.device | str = "cpu",
        precision: Precision | None = None,
    ) -> "GANSynth":
        """Read a model from its folder.

        Args:
            folder: The model's.
            device: That is to make the notes.
            precision: Of the convolutions on a GPU; tf32 without it, and float32 on a device that
                has no tf32. On a CPU float32, unless another is given: then the generator is the
                GPU's, for measurements.

        Raises:
            ModelError: If the folder is not a model, is damaged, or its weights do not fit.
        """
        config, tensors = read_model(folder)
        tensors = {name: tensor.float() for name, tensor in tensors.items()}
        n = config.network.latent_size
        latents, axes = (tensors.pop(x, torch.zeros(0, n)) for x in (_TIMBRES, AXES_TENSOR))
        if latents.shape != (len(config.timbres), n):
            raise ModelError(f"{folder} is damaged: its timbres' latents do not fit its config.")
        if axes.shape != (len(config.axes), n):
            raise ModelError(f"{folder} is damaged: its axes do not fit its config.")
        finite = (bool(torch.isfinite(x).all()) for x in (latents, axes, *tensors.values()))
        if not all(finite):
            raise ModelError(f"{folder} is damaged: it holds numbers that are not finite.")
        normalizer = _read_normalizer(folder, config, tensors)
        generator = make_generator(config.network, band_frequencies(config))
        weights = {name.removeprefix(_GENERATOR): tensor for name, tensor in tensors.items()}
        try:
            generator.load_state_dict(weights)
        except RuntimeError as error:
            line = str(error).splitlines()[-1].strip()
            raise ModelError(f"{folder} is damaged: its weights do not fit: {line}") from error
        identity = model_hash(folder)
        return cls(config, generator, latents, identity, device, normalizer, precision, axes)

    def save(self, folder: Path, *, half: bool = False) -> None:
        """Write the model to a folder, whole or not at all.

        Args:
            folder: A model that is there is replaced.
            half: Write float16, half the size; the error is far below audible.

        Raises:
            ModelError: If it can't be written.
        """
        dtype = torch.float16 if half else torch.float32
        state = self.generator.state_dict()
        tensors = {f"{_GENERATOR}{name}": value.to("cpu", dtype) for name, value in state.items()}
        if len(self.latents):
            tensors[_TIMBRES] = self.latents
        if len(self.axes):
            tensors[AXES_TENSOR] = self.axes
        if isinstance(self.normalizer, FrequencyNormalizer):
            numbers = (self.normalizer.scale, self.normalizer.offset)
            tensors.update(zip(_NORMALIZER, numbers, strict=True))
        write_model(folder, self.config, tensors)

    def lean(self, z: Tensor, sigmas: Mapping[str, float]) -> Tensor:
        """Move latents along the measured axes, and keep how long they are.

        Args:
            z: float32 [..., latent].
            sigmas: By an axis's name, how far, in standard deviations of drawn latents. Axes that
                this model does not have are passed over.

        Returns:
            float32 [..., latent].
        """
        usual = self.latent_size**-0.5  # of a latent drawn from N(0, 1)
        amounts = [sigmas.get(axis.name, 0.0) * (axis.sigma or usual) for axis in self.config.axes]
        return lean(z, self.axes, torch.tensor(amounts)) if any(amounts) else z

    @property
    def name(self) -> str:
        """What it is called."""
        return self.config.name

    @property
    def info(self) -> str:
        """What it is, for people."""
        return self.config.info

    @property
    def sample_rate(self) -> int:
        """Of its notes, in Hz."""
        return self.config.sample_rate

    @property
    def n_samples(self) -> int:
        """Of each note."""
        return self.config.n_samples

    @property
    def latent_size(self) -> int:
        """Numbers in a latent."""
        return self.config.network.latent_size

    @property
    def pitches(self) -> range:
        """The MIDI numbers that it can make."""
        network = self.config.network
        return range(network.lowest_pitch, network.lowest_pitch + network.n_pitches)

    @cached_property
    def representation(self) -> Representation:
        """The transform between its notes and its network's images."""
        config = self.config
        if config.representation == "warped":
            assert config.warped is not None, "checked by the configuration"
            return WarpedRepresentation(config.name, config.warped)
        assert config.gansynth is not None, "checked by the configuration"
        return GANSynthRepresentation(
            config.name, config.gansynth, config.data_type, self.normalizer
        )

    @property
    def timbres(self) -> tuple[TimbreConfig, ...]:
        """The named timbres; `latents` has their latents, in the same order."""
        return self.config.timbres

    def draw(self, seed: int) -> NDArray[np.float32]:
        """Draw a latent as this model's latents lie: float32 [latent], the same for a seed."""
        if self.config.prior == "timbres":
            z = draw_among(self.latents, 1, seed)
        else:
            z = draw_gaussian(1, self.latent_size, seed)
        return z[0].numpy()

    @torch.inference_mode()
    def specgrams(self, z: Tensor, pitch: Tensor, n_frames: int | None = None) -> Tensor:
        """Make specgrams, normalised as the network gives them.

        Args:
            z: float32 [batch, latent].
            pitch: int64 [batch], MIDI numbers.
            n_frames: Give only this many columns.

        Returns:
            float32 [batch, 2, time, freq].

        Raises:
            ValueError: If a pitch is outside the model's range.
        """
        self._check(pitch)
        return self._run(z.to(self.device), pitch.to(self.device), n_times=n_frames)

    def _check(self, pitch: Tensor) -> None:
        low, high = self.pitches[0], self.pitches[-1]
        if int(pitch.min()) < low or int(pitch.max()) > high:
            raise ValueError(f"pitch must be {low}..{high}, not {pitch.tolist()}")

    @torch.inference_mode()
    def generate(
        self,
        z: Tensor,
        pitch: Tensor,
        *,
        n_iterations: int = DEFAULT_ITERATIONS,
        n_frames: int | None = None,
    ) -> Tensor:
        """Make notes as the network means them: no level, no fade, no normalising.

        Args:
            z: float32 [batch, latent].
            pitch: int64 [batch], MIDI numbers.
            n_iterations: Griffin-Lim iterations of the warped transform.
            n_frames: Make only the first columns; see `n_samples_of`.

        Returns:
            float32 [batch, sample], on the CPU; with `n_frames` at least `n_samples_of` them.

        Raises:
            ValueError: If a pitch is outside the model's range.
        """
        specgrams = self.specgrams(z, pitch, n_frames)
        return self._decode(specgrams, pitch, n_iterations, is_part=n_frames is not None).cpu()

    def _decode(
        self, specgrams: Tensor, pitch: Tensor, n_iterations: int, *, is_part: bool
    ) -> Tensor:
        """Turn specgrams into notes, and leave them on the device that decodes."""
        specgrams = specgrams.to(self._decoding_device)
        self.between_layers()
        # The transforms of a part are so short that sharing them out takes longer.
        with threads(1 if is_part else torch.get_num_threads()):
            return self._to_waves(specgrams, pitch, n_iterations, is_part=is_part)

    def _to_waves(
        self, specgrams: Tensor, pitch: Tensor, n_iterations: int, *, is_part: bool
    ) -> Tensor:
        if self.config.representation == "warped":
            assert self.config.warped is not None, "checked by the configuration"
            codec = warped_codec(self.config.warped, str(self._decoding_device))
            if is_part:
                return codec.specgrams_to_beginnings(specgrams, pitch, n_iterations)
            return codec.specgrams_to_waves(specgrams, pitch, n_iterations)
        return self.representation.decode(specgrams, pitch)

    def render(
        self,
        z: Tensor,
        pitch: Tensor,
        *,
        n_iterations: int = DEFAULT_ITERATIONS,
        n_frames: int | None = None,
    ) -> Tensor:
        """Make notes for playing: all equally loud at their peak, silent at both ends.

        A part of a note, with `n_frames`, is as loud as that part of the whole, as far as a small
        image of the whole tells; without one its own peak is brought to the same height, unless it
        is so soft that the whole note must peak later.

        Args:
            z: float32 [batch, latent].
            pitch: int64 [batch], MIDI numbers.
            n_iterations: Griffin-Lim iterations of the warped transform.
            n_frames: Make only the first columns; see `n_samples_of`.

        Returns:
            float32 [batch, sample], peak 0.8, on the CPU.

        Raises:
            ValueError: If a pitch is outside the model's range.
        """
        growth: Tensor | float = 1.0
        if n_frames is None:
            specgrams = self.specgrams(z, pitch)
        else:
            specgrams, growth = self._part(z, pitch, n_frames)
        waves = self._decode(specgrams, pitch, n_iterations, is_part=n_frames is not None)
        if not waves.numel():
            return waves.cpu()
        waves = waves - waves.mean(-1, keepdim=True)
        waves = waves * self._fade()[: waves.shape[-1]]
        peak = waves.abs().amax(-1, keepdim=True) * growth
        gain = torch.where(peak > _SILENT_PEAK, RENDERED_PEAK / peak, 0.0)
        gain = gain if n_frames is None else gain.clamp_max(_LARGEST_PART_GAIN)
        return (waves * gain).cpu()

    def _part(self, z: Tensor, pitch: Tensor, n_frames: int) -> tuple[Tensor, Tensor | float]:
        """Make the first columns, and say how much higher the whole note peaks: [batch, 1].

        The small image of the whole is that of a lower head; a model with one head has none.
        """
        specgrams, energy = self._with_energy(z, pitch, n_frames)
        if energy is None:
            return specgrams, 1.0
        n_part = max(1, n_frames * energy.shape[1] // self.config.network.size[0])
        growth = (energy.amax(1) / energy[:, :n_part].amax(1).clamp_min(_SILENT_PEAK**2)).sqrt()
        return specgrams, growth[:, None].to(self._decoding_device)

    @property
    def _outline_stage(self) -> int | None:
        """Block whose head gives a small image of a whole note; None where there is none."""
        network = self.config.network
        stage = len(network.channels) - _OUTLINE_BELOW
        has_outline = network.output == "skip" and stage >= network.first_head
        return stage if has_outline and self.config.warped is not None else None

    def _with_energy(
        self, z: Tensor, pitch: Tensor, n_frames: int | None, first: int = 0
    ) -> tuple[Tensor, Tensor | None]:
        """Make some columns, and the course of the whole note's energy: [batch, time] or None."""
        stage, warped = self._outline_stage, self.config.warped
        self._check(pitch)
        z, pitch = z.to(self.device), pitch.to(self.device)
        outline = None
        if isinstance(self._run, CPUGenerator):
            if stage is None or warped is None:
                return self._run(z, pitch, n_frames, first), None
            specgrams, outline = self._run.with_outline(z, pitch, n_frames, stage, first)
        else:
            # A crop from anywhere is cut from the whole: a GPU has a graph for each length.
            specgrams = self._run(z, pitch, n_times=None if first else n_frames)
            specgrams = specgrams[:, :, first : first + (n_frames or specgrams.shape[2])]
            if stage is not None:
                outline = self.generator(z, pitch, stage=stage)
        if outline is None or warped is None:
            return specgrams, None
        return specgrams, warped.level(outline[:, 0].float()).square().sum(-1)

    def junction_at(self, sample: int) -> Junction | None:
        """Find where a note can take over from another one; None if this model's can't.

        Args:
            sample: Of the note, near which.
        """
        if self._outline_stage is None or self.config.warped is None:
            return None
        return junction_at(self.config.warped, sample)

    @torch.inference_mode()
    def onward(
        self, z: Tensor, pitch: Tensor, junction: Junction, heard: Tensor, crest: float
    ) -> tuple[Tensor, float]:
        """Make a crop of a note that goes on in the phases of what is heard.

        Args:
            z: float32 [1, latent].
            pitch: int64 [1], MIDI number.
            junction: Where, of `junction_at`.
            heard: float32 [1, n_heard].
            crest: How high notes like it peak, of `render_with_crest`; 0 where it is not known.

        Returns:
            float32 [1, sample], as loud as that part of the whole, and the factor on its level
            in a second if it decays.

        Raises:
            ValueError: If the pitch is outside the model's range.
        """
        assert self.config.warped is not None, "or there were no junction"
        specgrams, energy = self._with_energy(z, pitch, junction.n_times, junction.first)
        specgrams, heard = (x.to(self._decoding_device) for x in (specgrams, heard))
        self.between_layers()
        with threads(1):
            waves = decode_crop(
                self.config.warped, specgrams, pitch, junction, heard, DEFAULT_ITERATIONS
            )
        assert energy is not None, "or there were no junction"
        fade = self._fade()[junction.start : junction.stop]
        gain = (crest or _USUAL_CREST) / float(energy.amax().sqrt().clamp_min(_SILENT_PEAK))
        return (waves * fade * gain).cpu(), self._decay(energy[0])

    @torch.inference_mode()
    def onward_whole(
        self, z: Tensor, pitch: Tensor, junction: Junction, heard: Tensor
    ) -> tuple[Tensor, float]:
        """Make a whole note that goes on in the phases of what is heard.

        Args:
            z: float32 [1, latent].
            pitch: int64 [1], MIDI number.
            junction: Where, of `junction_at`.
            heard: float32 [1, n_heard].

        Returns:
            float32 [1, sample], as loud as the note that `render` makes; and its crest.

        Raises:
            ValueError: If the pitch is outside the model's range.
        """
        assert self.config.warped is not None, "or there were no junction"
        specgrams, energy = self._with_energy(z, pitch, None)
        specgrams, heard = (x.to(self._decoding_device) for x in (specgrams, heard))
        gain = self._gain(self._decode(specgrams, pitch, DEFAULT_ITERATIONS, is_part=False))
        self.between_layers()
        waves = decode_onward(
            self.config.warped, specgrams, pitch, junction, heard, DEFAULT_ITERATIONS
        )
        waves = (waves - waves.mean(-1, keepdim=True)) * self._fade()
        return (waves * gain).cpu(), float(self._crests(gain, energy)[0])

    def render_with_crest(self, z: Tensor, pitch: Tensor) -> tuple[Tensor, Tensor]:
        """Make whole notes as `render` does, and say how high they peak re a small image of them.

        Returns:
            float32 [batch, sample], and the crests, [batch]; 0 for models without small images.
        """
        specgrams, energy = self._with_energy(z, pitch, None)
        waves = self._decode(specgrams, pitch, DEFAULT_ITERATIONS, is_part=False)
        gain = self._gain(waves)
        waves = (waves - waves.mean(-1, keepdim=True)) * self._fade()
        return (waves * gain).cpu(), self._crests(gain, energy)

    def _gain(self, waves: Tensor) -> Tensor:
        """Give the factors that bring decoded whole notes to the height of rendered ones."""
        waves = (waves - waves.mean(-1, keepdim=True)) * self._fade()
        peak = waves.abs().amax(-1, keepdim=True)
        return torch.where(peak > _SILENT_PEAK, RENDERED_PEAK / peak, 0.0)

    @staticmethod
    def _crests(gain: Tensor, energy: Tensor | None) -> Tensor:
        if energy is None:
            return torch.zeros(len(gain))
        return gain[:, 0].cpu() * energy.amax(1).sqrt().cpu()

    def _decay(self, energy: Tensor) -> float:
        """Give the factor on a note's level in a second of its steady part, by its energy."""
        warped = self.config.warped
        assert warped is not None, "or there were no energy"
        n = len(energy)
        seconds = torch.arange(n) * (warped.n_total / warped.sample_rate / n)
        seconds = seconds - warped.lead_in / warped.sample_rate
        steady = (seconds >= _STEADY_SECONDS[0]) & (seconds <= _STEADY_SECONDS[1])
        if int(steady.sum()) < 2:
            return 1.0
        level = 0.5 * torch.log(energy.cpu()[steady].clamp_min(_SILENT_PEAK**2))
        time = seconds[steady] - seconds[steady].mean()
        return float(torch.exp((time * level).sum() / time.square().sum()))

    @torch.inference_mode()
    def level_db(self, z: Tensor, pitch: Tensor) -> Tensor:
        """Say how much louder or softer than an ordinary note each is: [batch], in dB.

        The loudest notes of a training set are rare; 16 dB under them counts as ordinary, so
        that a player need not turn everything up. Zero for a model that was not trained to say.
        """
        if self.generator.level is None:
            return torch.zeros(len(z))
        inputs = self.generator.inputs(z.to(self.device), pitch.to(self.device))
        return (10.0 * self.generator.level(inputs) + _ORDINARY_DB).clamp(-30.0, 10.0).cpu()

    def magnitude_db(self, images: Tensor) -> Tensor:
        """Give the magnitudes of the network's images in dB, up to a constant: [batch, time, freq].

        Args:
            images: float32 [batch, 2, time, freq], at the network's full size.
        """
        if self.config.warped is not None and self.config.representation == "warped":
            return -self.config.warped.floor_db / 1.6 * images[:, 0]
        nepers = self.normalizer.denormalize(images)[:, 0]
        per_neper = 20 / math.log(10) * (0.5 if self.config.data_type == "mel" else 1.0)
        return per_neper * nepers

    def n_samples_of(self, n_frames: int) -> int:
        """Say how many samples the first columns make that the rest would not change much."""
        if self.config.warped is not None:
            return self.config.warped.beginning_samples(n_frames)
        config = self.config.gansynth
        assert config is not None, "checked by the configuration"
        if n_frames >= config.n_times:
            return self.n_samples
        return max(0, min(self.n_samples, n_frames * config.hop - config.n_padding))

    def _let_others_go_first(self) -> None:
        self.between_layers()

    def _fade(self) -> Tensor:
        """Fade in, and out before the end.

        A network that does not know the phases of an attack lets all bands meet at the note's
        first sample: a spike that clicks, and by whose height the note would be normalised. At
        the end the circular transform leaves a ghost of the attack.
        """
        seconds = torch.arange(self.n_samples, device=self._decoding_device) / self.sample_rate
        start, end = (self.n_samples / self.sample_rate - seconds for seconds in _FADE_SECONDS)
        fade_in = 0.5 - 0.5 * torch.cos(math.pi * (seconds / _FADE_IN_SECONDS).clamp_max(1))
        return fade_in * ((end - seconds) / (end - start)).clamp(0, 1)


@contextlib.contextmanager
def threads(n: int) -> Iterator[None]:
    """Let this thread compute with so many of torch's threads for a while."""
    former = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(former)


def _read_normalizer(folder: Path, config: ModelConfig, tensors: dict[str, Tensor]) -> Normalizer:
    """Make a model's normaliser, taking its numbers out of the tensors.

    Raises:
        ModelError: If they do not fit.
    """
    if config.normalizer.kind != "freq":
        return make_normalizer(config.normalizer)
    scale, offset = (tensors.pop(name, None) for name in _NORMALIZER)
    try:
        normalizer = make_normalizer(config.normalizer, scale, offset)
    except ValueError as error:
        raise ModelError(f"{folder} is damaged: {error}.") from error
    assert scale is not None, "made of it"
    if scale.shape[1] != config.network.size[1]:
        raise ModelError(f"{folder} is damaged: its normaliser does not fit its config.")
    return normalizer


def band_frequencies(config: ModelConfig) -> Tensor | None:
    """Give the centres of the bands in Hz, float64 [freq], where the network needs them."""
    if config.warped is None or not config.network.harmonic_maps:
        return None
    return warped_frequencies(config.warped)
