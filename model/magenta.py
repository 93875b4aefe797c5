"""A GANSynth checkpoint becomes a model of ours: its settings, its weights, its normaliser.

What the tensors' shapes say is believed before what `experiment.json` says.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .checkpoint import MAXIMUM_WEIGHTS_BYTES, ModelError, write_model
from .config import MAXIMUM_BLOCKS, ModelConfig, NetworkConfig, NormalizerConfig
from .gansynth import GANSynth
from .magenta_assets import read_normalizer
from .magenta_files import CheckpointFiles, Progress, find_checkpoint, unpacked
from .magenta_settings import PUBLISHED, progress_of, read_settings
from .specgram import SpecgramConfig
from .tensor_bundle import TensorBundle

LOWEST_PITCH = 24
PUBLISHED_PITCHES = 61
N_CHANNELS = 2
AVERAGED = "/ExponentialMovingAverage"
_GENERATOR = "Generator/progressive_gan_generator/"
_CLASSIFIER_BIAS = "Discriminator/discriminator_cond/classification_logits/bias"
_STEP = "global_step"
_TRAIN_TIME = "Variable"
_DATA_TYPES = ("mel", "linear", "phase")
_PREFIX = "specgrams_"
_MAXIMUM_FREQS = 4096  # the mel matrix has its square

_Shape = tuple[int, ...]


@dataclass(frozen=True)
class ImportedModel:
    """What came of a checkpoint.

    Attributes:
        config: Of the model that was written.
        origin: The checkpoint, in words.
        remarks: What a person should know: one line each.
    """

    config: ModelConfig
    origin: str
    remarks: tuple[str, ...]


def import_checkpoint(
    path: Path,
    destination: Path,
    name: str = "",
    progress: Progress = lambda _done, _total, _word: None,
) -> ImportedModel:
    """Write the model of a checkpoint into a folder of its own.

    Args:
        path: The checkpoint: a training's folder, one of its stages, one of its files, or a zip
            archive of it.
        destination: The model's folder; it is written whole or not at all.
        name: The model's name; that of the checkpoint's folder without it.
        progress: Told what is done, the whole, and what is being done.

    Raises:
        ModelError: If it is no checkpoint of GANSynth's, is damaged, or is of a kind that can't
            be played here; one line that says which.
    """
    with unpacked(path, progress) as folder:
        checkpoint = _Checkpoint(find_checkpoint(folder))
        config = checkpoint.config(name)
        tensors = dict(checkpoint.tensors(config, progress))
        write_model(destination, config, tensors)
        return ImportedModel(config, checkpoint.files.origin, tuple(checkpoint.remarks))


def check_sound(folder: Path) -> None:
    """Let a model make a note, before anybody plays it.

    Raises:
        ModelError: If the model can't be opened, or what it makes are no finite numbers.
    """
    model = GANSynth.load(folder)
    z = torch.from_numpy(model.draw(0))[None]
    pitch = torch.tensor([model.pitches[len(model.pitches) // 2]])
    if not bool(torch.isfinite(model.generate(z, pitch)).all()):
        raise ModelError(f'The notes of "{model.name}" are not finite: its weights are damaged.')


@dataclass
class _Checkpoint:
    """A checkpoint's parts, and what there is to remark about them."""

    files: CheckpointFiles
    remarks: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bundle = TensorBundle(self.files.prefix)
        self.settings, self.given = PUBLISHED, frozenset[str]()
        if self.files.experiment is None:
            self.remarks.append(
                "There is no experiment.json: what the weights do not say is taken from the "
                "published models (mel, 16 kHz, 4 s)."
            )
        else:
            self.settings, self.given = read_settings(self.files.experiment, self.files.name)
        self._check_kind()

    # What it is

    def config(self, name: str) -> ModelConfig:
        """Say what the model is.

        Raises:
            ModelError: If such a model can't be played here.
        """
        settings = self.settings
        try:
            network = self._network()
            n_times, n_freqs = network.size
            if n_freqs > _MAXIMUM_FREQS or not 1000 <= settings.sample_rate <= 384_000:
                raise ValueError(f"{n_freqs} frequencies at {settings.sample_rate} Hz are too many")
            transform = SpecgramConfig(
                n_samples=settings.audio_length,
                sample_rate=settings.sample_rate,
                n_fft=2 * n_freqs,
                n_times=n_times,
                n_freqs=n_freqs,
            )
            return ModelConfig(
                name=name or self.files.name,
                info=self._info(),
                sample_rate=settings.sample_rate,
                n_samples=settings.audio_length,
                representation="gansynth",
                network=network,
                prior="gaussian",
                gansynth=transform,
                data_type=cast(Literal["mel", "linear", "phase"], settings.data_type),
                normalizer=self._normalizer(),
                figures={"images seen in training": float(self._n_images())},
            )
        except ValueError as error:
            raise self._unplayable(str(error)) from error

    def _info(self) -> str:
        return (
            f"Imported from the GANSynth checkpoint {self.files.origin} "
            f"({'averaged' if self._is_averaged() else 'raw'} weights). GANSynth's code is "
            "Magenta's, Apache-2.0; the weights are under the terms of whoever published them."
        )

    def _check_kind(self) -> None:
        """Refuse what is no GANSynth, or none that can be played here."""
        names = self.bundle.names()
        if not any(name.startswith(_GENERATOR) for name in names):
            first = next(iter(names), "nothing")
            raise ModelError(
                f'"{self.files.prefix}" is a checkpoint of another network: it has no '
                f'GANSynth generator, but "{first[:80]}". Only GANSynth\'s can be imported.'
            )
        settings = self.settings
        known: dict[str, tuple[str, ...]] = {
            "data_type": _DATA_TYPES,
            "g_fn": ("specgram",),
            "scale_mode": ("ALL", "H"),
            "to_rgb_activation": ("tanh", "linear"),
            "data_normalizer": (
                "none",
                *(f"{_PREFIX}{kind}_normalizer" for kind in ("prespecified", "simple", "freq")),
            ),
        }
        for key, values in known.items():
            value = getattr(settings, key)
            if value not in values:
                raise self._unplayable(
                    f'its {key} is "{str(value)[:40]}", and only {", ".join(values)} are known here'
                )

    def _unplayable(self, reason: str) -> ModelError:
        return ModelError(f'"{self.files.origin}" can\'t be played by Timbrepad: {reason}.')

    # The network's shape, from the tensors

    def _network(self) -> NetworkConfig:
        settings = self.settings
        simple = self._has(1, "dense/kernel")
        if simple != settings.simple_arch:
            self._correct("simple_arch", settings.simple_arch, simple)
        n_blocks = self._n_blocks(simple)
        channels = tuple(self._head_shape(block, simple) for block in range(1, n_blocks + 1))
        latent_size, n_pitches = self._inputs(simple)
        start = self._start(simple, channels[0])
        n_resolutions = max(settings.num_resolutions, n_blocks)
        if n_resolutions != settings.num_resolutions:
            self._correct("num_resolutions", settings.num_resolutions, n_resolutions)
        base = settings.scale_base
        progress = self._progress(n_blocks)
        return NetworkConfig(
            latent_size=latent_size,
            lowest_pitch=LOWEST_PITCH,
            n_pitches=n_pitches,
            channels=channels,
            start=start,
            upscaling=(base, base) if settings.scale_mode == "ALL" else (base, 1),
            kernel_size=self._kernel_size(simple, n_blocks),
            output="tanh" if settings.to_rgb_activation == "tanh" else "linear",
            architecture="simple" if simple else "progressive",
            progress=None if progress == n_blocks - 1 else progress,
            n_resolutions=None if n_resolutions == n_blocks else n_resolutions,
        )

    def _n_blocks(self, simple: bool) -> int:
        layer = "conv2d_transpose/kernel" if simple else "conv0/conv2d/kernel"
        n_blocks = 1
        while self._has(n_blocks + 1, layer):
            n_blocks += 1
        if n_blocks > MAXIMUM_BLOCKS:
            raise self._unplayable(f"it has {n_blocks} blocks, more than {MAXIMUM_BLOCKS}")
        return n_blocks

    def _head_shape(self, block: int, simple: bool) -> int:
        """Give a block's channels: what its output head takes."""
        name = _name(block, "to_rgb/kernel" if simple else "to_rgb/conv2d/kernel")
        shape = self._shape(name, 4)
        if shape[:2] != (1, 1) or shape[3] != N_CHANNELS:
            raise self._unplayable(f"{name} is {_words(shape)}, not 1 x 1 x channels x 2")
        return shape[2]

    def _inputs(self, simple: bool) -> tuple[int, int]:
        """Give the latent's size and the number of pitches, which the network takes side by side.

        Only the discriminator's classifier tells them apart.
        """
        n_inputs = (
            self._shape(_name(1, "dense/kernel"), 2)[0]
            if simple
            else self._shape(_name(1, "conv0/conv2d/kernel"), 4)[2]
        )
        if _CLASSIFIER_BIAS in self.bundle and len(self.bundle.shape(_CLASSIFIER_BIAS)) == 1:
            n_pitches = self.bundle.shape(_CLASSIFIER_BIAS)[0]
        elif "latent_vector_size" in self.given:
            n_pitches = n_inputs - self.settings.latent_vector_size
        else:
            n_pitches = PUBLISHED_PITCHES
        latent_size = n_inputs - n_pitches
        if latent_size < 1 or n_pitches < 1:
            raise self._unplayable(
                f"its network takes {n_inputs} numbers, too few for a latent and "
                f"{n_pitches} pitches"
            )
        if latent_size != self.settings.latent_vector_size:
            self._correct("latent_vector_size", self.settings.latent_vector_size, latent_size)
        if n_pitches != PUBLISHED_PITCHES:
            self.remarks.append(
                f"It knows {n_pitches} pitches, and no file says which: the lowest is taken for "
                f"MIDI note {LOWEST_PITCH}."
            )
        return latent_size, n_pitches

    def _start(self, simple: bool, n_channels: int) -> tuple[int, int]:
        """Give time and freq of the first block."""
        said = self.settings.start
        if not simple:
            shape = self._shape(_name(1, "conv0/conv2d/kernel"), 4)
            start = (shape[0], shape[1])
            if start != said:
                self._correct("start_height, start_width", said, start)
            return start
        n_outputs = self._shape(_name(1, "dense/kernel"), 2)[1]
        if said[0] * said[1] * n_channels != n_outputs:
            raise self._unplayable(
                f"its first block has {n_outputs} numbers, which is not {said[0]} x {said[1]} x "
                f"{n_channels} as experiment.json says"
            )
        return said

    def _kernel_size(self, simple: bool, n_blocks: int) -> int:
        if simple and n_blocks == 1:
            return self.settings.kernel_size
        layer = _name(2, "conv2d_transpose/kernel") if simple else _name(1, "conv1/conv2d/kernel")
        shape = self._shape(layer, 4)
        if shape[0] != self.settings.kernel_size:
            self._correct("kernel_size", self.settings.kernel_size, shape[0])
        return shape[0]

    def _progress(self, n_blocks: int) -> float:
        """Say how far the growing had come."""
        last = n_blocks - 1.0
        settings = self.settings
        if not settings.train_progressive:
            return last
        needed = _STEP if settings.train_time_limit is None else _TRAIN_TIME
        if needed not in self.bundle:
            self.remarks.append(
                f"The weights do not say how long they were trained ({needed} is missing): the "
                "last block alone is used."
            )
            return last
        seconds = self._scalar(_TRAIN_TIME) if _TRAIN_TIME in self.bundle else 0.0
        progress = progress_of(settings, n_blocks, self._n_images(), seconds)
        if progress < last:
            self.remarks.append(
                f"Training had not ended: {n_blocks} of {settings.num_resolutions} blocks, "
                f"progress {progress:.2f}."
            )
        elif n_blocks < settings.num_resolutions:
            self.remarks.append(
                f"Training had not ended: {n_blocks} of {settings.num_resolutions} blocks."
            )
        return progress

    def _n_images(self) -> int:
        return int(self._scalar(_STEP)) if _STEP in self.bundle else 0

    def _scalar(self, name: str) -> float:
        if math.prod(self.bundle.shape(name)) != 1:
            raise self._unplayable(f"{name} is {_words(self.bundle.shape(name))}, not one number")
        value = float(self.bundle.read(name).reshape(()))
        if not math.isfinite(value):
            raise self._unplayable(f"{name} is not finite")
        return value

    def _correct(self, what: str, said: object, seen: object) -> None:
        """Remark that the tensors say something else than the settings do."""
        if set(what.split(", ")) & self.given:
            self.remarks.append(
                f"experiment.json has {what} {said}, the weights {seen}: the weights are believed."
            )

    def _has(self, block: int, layer: str) -> bool:
        name = _name(block, layer)
        return name in self.bundle or name + AVERAGED in self.bundle

    def _shape(self, name: str, n_axes: int) -> _Shape:
        for candidate in (name + AVERAGED, name):
            if candidate in self.bundle:
                shape = self.bundle.shape(candidate)
                if len(shape) != n_axes:
                    raise self._unplayable(f"{name} is {_words(shape)}")
                return shape
        raise ModelError(f'"{self.files.origin}" is not whole: {name} is missing.')

    def _is_averaged(self) -> bool:
        return any(name.endswith(AVERAGED) for name in self.bundle.names())

    # The weights

    def tensors(self, config: ModelConfig, progress: Progress) -> Iterator[tuple[str, Tensor]]:
        """Read the weights as our generator names and orders them.

        Raises:
            ModelError: If one is missing, damaged, of another shape, or not finite.
        """
        wanted = list(_parameters(config.network))
        total = sum(4 * math.prod(shape) for _, _, shape in wanted)
        if total > MAXIMUM_WEIGHTS_BYTES:
            raise self._unplayable(f"its weights are {total} bytes, more than a model may have")
        averaged = self._is_averaged()
        if not averaged:
            self.remarks.append(
                "It has no averaged weights, only those of the last step: it will sound rougher "
                "than its training meant."
            )
        done = 0
        for ours, theirs, shape in wanted:
            array = self._read(theirs + AVERAGED if averaged else theirs, shape)
            yield f"generator.{ours}", _in_our_order(array)
            done += 4 * math.prod(shape)
            progress(done, total, "reading")
        yield from self._normalizer_tensors(config.network.size[1])

    def _read(self, name: str, shape: _Shape) -> NDArray[np.float32]:
        if name not in self.bundle:
            raise ModelError(f'"{self.files.origin}" is not whole: {name} is missing.')
        if self.bundle.shape(name) != shape:
            raise self._unplayable(
                f"{name} is {_words(self.bundle.shape(name))}, not {_words(shape)}"
            )
        array = self.bundle.read(name)
        if array.dtype.kind != "f":
            raise self._unplayable(f"{name} holds {array.dtype}, not floats")
        if not np.isfinite(array).all():
            raise self._unplayable(f"{name} holds numbers that are not finite")
        with np.errstate(over="ignore"):
            single = array.astype(np.float32)
        if not np.isfinite(single).all():
            raise self._unplayable(f"{name} holds numbers beyond what float32 can hold")
        return single

    # The normaliser

    def _normalizer(self) -> NormalizerConfig:
        settings = self.settings
        kind = settings.data_normalizer.removeprefix(_PREFIX).removesuffix("_normalizer")
        if kind == "none":
            return NormalizerConfig(kind="none")
        if kind == "freq":
            return NormalizerConfig(kind="freq")
        numbers = (
            self._assets((4,)).tolist()
            if kind == "simple"
            else [
                settings.mag_normalizer_a,
                settings.mag_normalizer_b,
                settings.p_normalizer_a,
                settings.p_normalizer_b,
            ]
        )
        scale, offset = (numbers[0], numbers[2]), (numbers[1], numbers[3])
        return NormalizerConfig(kind="channel", scale=scale, offset=offset)

    def _normalizer_tensors(self, n_freqs: int) -> Iterator[tuple[str, Tensor]]:
        if self.settings.data_normalizer != f"{_PREFIX}freq_normalizer":
            return
        numbers = self._assets((n_freqs, 4))
        if numbers[:, ::2].min() <= 0:
            raise self._unplayable("its normaliser's scales are not above 0")
        for name, columns in (("scale", [0, 2]), ("offset", [1, 3])):
            yield f"normalizer.{name}", torch.from_numpy(numbers[:, columns].T.astype(np.float32))

    def _assets(self, shape: _Shape) -> NDArray[np.float64]:
        """Read the normaliser that the training measured, from its assets."""
        name = f"{self.settings.data_normalizer}.npz"
        folders = (self.files.root / "assets", self.files.root, self.files.prefix.parent)
        file = next((folder / name for folder in folders if (folder / name).is_file()), None)
        if file is None:
            raise ModelError(
                f'"{self.files.origin}" needs {name}, which training put into the folder '
                f'"assets". Put it beside the checkpoint.'
            )
        return read_normalizer(file, shape)


def _name(block: int, layer: str) -> str:
    return f"{_GENERATOR}progressive_gan_block_{block}/{layer}"


def _words(shape: _Shape) -> str:
    return " x ".join(map(str, shape)) or "one number"


def _parameters(network: NetworkConfig) -> Iterator[tuple[str, str, _Shape]]:
    """Give each parameter's name in our generator, its variable's name, and that one's shape."""
    if network.architecture == "simple":
        yield from _simple_parameters(network)
        return
    n_in = network.latent_size + network.n_pitches
    size = (network.kernel_size, network.kernel_size)
    for block, n_out in enumerate(network.channels, 1):
        ours = "first" if block == 1 else f"blocks.{block - 2}"
        first = network.start if block == 1 else size
        for layer, kernel, n in (("conv0", first, n_in), ("conv1", size, n_out)):
            theirs = _name(block, layer)
            yield f"{ours}.{layer}.weight", f"{theirs}/conv2d/kernel", (*kernel, n, n_out)
            yield f"{ours}.{layer}.bias", f"{theirs}/bias", (n_out,)
        head = _name(block, "to_rgb")
        yield f"to_rgb.{block}.weight", f"{head}/conv2d/kernel", (1, 1, n_out, N_CHANNELS)
        yield f"to_rgb.{block}.bias", f"{head}/bias", (N_CHANNELS,)
        n_in = n_out


def _simple_parameters(network: NetworkConfig) -> Iterator[tuple[str, str, _Shape]]:
    """As `_parameters`, with the layers' own names: TensorFlow gave them from their kinds."""
    n_in = network.latent_size + network.n_pitches
    n_first = math.prod(network.start) * network.channels[0]
    size = network.kernel_size
    for block, n_out in enumerate(network.channels, 1):
        if block == 1:
            ours, theirs = "dense", _name(block, "dense")
            kernel: _Shape = (n_in, n_first)
        else:  # a transposed convolution's kernel has its outputs before its inputs
            ours, theirs = f"blocks.{block - 2}", _name(block, "conv2d_transpose")
            kernel = (size, size, n_out, n_in)
        yield f"{ours}.weight", f"{theirs}/kernel", kernel
        yield f"{ours}.bias", f"{theirs}/bias", (n_first if block == 1 else n_out,)
        head = _name(block, "to_rgb")
        yield f"to_rgb.{block}.weight", f"{head}/kernel", (1, 1, n_out, N_CHANNELS)
        yield f"to_rgb.{block}.bias", f"{head}/bias", (N_CHANNELS,)
        n_in = n_out


def _in_our_order(array: NDArray[np.float32]) -> Tensor:
    """Turn a kernel [time, freq, in, out] into [out, in, time, freq], a matrix round."""
    axes = {4: (3, 2, 0, 1), 2: (1, 0), 1: (0,)}[array.ndim]
    return torch.from_numpy(np.array(array.transpose(axes), dtype=np.float32, order="C"))
