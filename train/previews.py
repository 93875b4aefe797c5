"""Fixed notes of a run as WAVs and pictures in `previews/`, for a window and for TensorBoard."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.latent import draw_gaussian, on_sphere
from model.layers import upscale

from .config import TrainConfig
from .dataset import TrainingSet
from .decoder import Decoder
from .files import write_whole
from .notes import write_error, write_wave
from .rainbowgram import encode_png, rainbowgram
from .sampling import spread
from .trainer import Trainer

N_PREVIEWS = 4
_PEAK = 0.8
_ITERATIONS = 2
_INDEX = "previews.json"
_PITCH = 60


class PreviewNote(msgspec.Struct, frozen=True):
    """One fixed note.

    Attributes:
        name: Of its timbre, or of the latent that was drawn.
        pitch: MIDI number.
        wave: Name of its WAV.
        picture: Name of its rainbowgram, a PNG.
    """

    name: str
    pitch: int
    wave: str
    picture: str


class PreviewIndex(msgspec.Struct, frozen=True):
    """What lies in `previews/`; written after all that it names."""

    examples_seen: int
    stage: int
    notes: tuple[PreviewNote, ...]


@dataclass(frozen=True)
class Preview:
    """One fixed note as it sounds now.

    Attributes:
        note: What it is.
        wave: float32 [sample], peak 0.8.
        sample_rate: In Hz.
        picture: uint8 [row, column, 3].
    """

    note: PreviewNote
    wave: NDArray[np.float32]
    sample_rate: int
    picture: NDArray[np.uint8]


class Previews:
    """Renders the same notes again and again."""

    def __init__(self, config: TrainConfig, data: TrainingSet, device: torch.device) -> None:
        """Choose notes near middle C, of timbres spread over all families."""
        self._config = config
        self._device = device
        near: dict[int, int] = {}
        for note in (data.pitch - _PITCH).abs().argsort(stable=True).tolist():
            near.setdefault(int(data.timbre[note]), note)
        families = [data.timbres[number].family for number in range(len(data.timbres))]
        timbres = spread(sorted(near), lambda number: families[number], N_PREVIEWS)
        self._timbre = torch.tensor(timbres)
        self._pitch = torch.tensor([int(data.pitch[near[number]]) for number in timbres])
        self._names = [data.timbres[number].name for number in timbres]

    def render(self, trainer: Trainer, examples_seen: int) -> list[Preview]:
        """Render the notes with the running mean of the weights."""
        decoder = cast(Decoder, trainer.decoder())
        specgrams = self._specgrams(decoder, trainer.stage(examples_seen))
        representation = self._config.transform
        waves = representation.decode(specgrams, self._pitch, _ITERATIONS).numpy()
        waves = waves * (_PEAK / np.maximum(np.abs(waves).max(1, keepdims=True), 1e-6))
        return [
            Preview(
                PreviewNote(name, int(pitch), f"note-{number}.wav", f"note-{number}.png"),
                wave.astype(np.float32),
                representation.sample_rate,
                rainbowgram(specgram.numpy(), self._config.db_per_unit),
            )
            for number, (name, pitch, wave, specgram) in enumerate(
                zip(self._names, self._pitch, waves, specgrams, strict=True), 1
            )
        ]

    @torch.inference_mode()
    def _specgrams(self, decoder: Decoder, stage: int) -> Tensor:
        """Give float32 [note, 2, time, freq] at the full resolution, on the CPU."""
        if len(decoder.latents):
            z = on_sphere(decoder.latents[self._timbre.to(self._device)])
        else:
            z = draw_gaussian(len(self._pitch), self._config.latent_size, 0).to(self._device)
        specgrams = decoder.generator(z, self._pitch.to(self._device), stage).float().cpu()
        return upscale(specgrams, 2 ** (len(self._config.network.channels) - stage))


def write_previews(folder: Path, previews: list[Preview], examples_seen: int, stage: int) -> None:
    """Write the notes over the former ones, each file whole or not at all, the index last.

    Raises:
        DatasetError: If the disk is full or may not be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise write_error(folder, error) from error
    for preview in previews:
        write_wave(folder / preview.note.wave, preview.wave, preview.sample_rate)
        write_whole(folder / preview.note.picture, encode_png(preview.picture))
    index = PreviewIndex(examples_seen, stage, tuple(preview.note for preview in previews))
    write_whole(folder / _INDEX, msgspec.json.format(msgspec.json.encode(index), indent=2))
