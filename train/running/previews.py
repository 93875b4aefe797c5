"""Notes of a run, the same at each look, as WAVs and pictures in `previews/`."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import msgspec
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from model.latent import blend, draw_gaussian, on_sphere
from model.layers import upscale
from train.datasets.dataset import TrainingSet
from train.datasets.files import write_whole
from train.datasets.notes import write_error, write_wave
from train.datasets.sampling import spread
from train.pictures.rainbowgram import encode_png, rainbowgram
from train.recipes.config import TrainConfig
from train.recipes.decoder import Decoder
from train.recipes.trainer import Trainer

from .player_sounds import PlayerSound, SoundsError, read_sounds

N_PREVIEWS = 4
_PEAK = 0.8
_ITERATIONS = 2
_INDEX = "previews.json"
_PITCH = 60


class PreviewNote(msgspec.Struct, frozen=True):
    """One fixed note.

    Attributes:
        name: Of its timbre, or of the player's sound.
        pitch: MIDI number.
        wave: Name of its WAV.
        picture: Name of its rainbowgram, a PNG.
        is_own: Whether it is a sound of the player's.
    """

    name: str
    pitch: int
    wave: str
    picture: str
    is_own: bool = False


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
    """Renders the same notes again and again, and the player's sounds."""

    def __init__(
        self,
        config: TrainConfig,
        data: TrainingSet,
        device: torch.device,
        run: Path,
        on_notice: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Choose notes near middle C, of timbres spread over all families.

        Args:
            config: The run's settings.
            data: Its timbres.
            device: Where to render.
            run: The run's folder; its `sounds.json` is read anew each time.
            on_notice: Told, in a line and once, of sounds that can't be used.
        """
        self._run, self._on_notice = run, on_notice
        self._trouble = ""
        self._config = config
        self._device = device
        near: dict[int, int] = {}
        for note in (data.pitch - _PITCH).abs().argsort(stable=True).tolist():
            near.setdefault(int(data.timbre[note]), note)
        families = [data.timbres[number].family for number in range(len(data.timbres))]
        timbres = spread(sorted(near), lambda number: families[number], N_PREVIEWS)
        self._timbre = torch.tensor(timbres)
        self._pitch = torch.tensor([int(data.pitch[near[number]]) for number in timbres])
        names = [data.timbres[number].name for number in timbres]
        self._notes = [
            PreviewNote(name, int(pitch), f"note-{number}.wav", f"note-{number}.png")
            for number, (name, pitch) in enumerate(zip(names, self._pitch, strict=True), 1)
        ]

    def render(self, trainer: Trainer, examples_seen: int) -> list[Preview]:
        """Render the notes with the running mean of the weights."""
        decoder = cast(Decoder, trainer.decoder())
        sounds = self._read_sounds()
        notes = [*self._notes, *(self._own_note(*row) for row in enumerate(sounds, 1))]
        pitch = torch.tensor([note.pitch for note in notes])
        z = torch.cat([self._latents(decoder), self._own_latents(sounds)])
        specgrams = self._specgrams(decoder, z, pitch, trainer.stage(examples_seen))
        representation = self._config.transform
        waves = representation.decode(specgrams, pitch, _ITERATIONS).numpy()
        waves = waves * (_PEAK / np.maximum(np.abs(waves).max(1, keepdims=True), 1e-6))
        return [
            Preview(
                note,
                wave.astype(np.float32),
                representation.sample_rate,
                rainbowgram(specgram.numpy(), self._config.db_per_unit),
            )
            for note, wave, specgram in zip(notes, waves, specgrams, strict=True)
        ]

    def _read_sounds(self) -> tuple[PlayerSound, ...]:
        try:
            return read_sounds(self._run, self._config.latent_size)
        except SoundsError as error:
            if str(error) != self._trouble:
                self._trouble = str(error)
                self._on_notice(self._trouble)
            return ()

    def _own_note(self, number: int, sound: PlayerSound) -> PreviewNote:
        network = self._config.network
        highest = network.lowest_pitch + network.n_pitches - 1
        pitch = min(max(_PITCH, network.lowest_pitch), highest)
        return PreviewNote(sound.name, pitch, f"own-{number}.wav", f"own-{number}.png", is_own=True)

    def _own_latents(self, sounds: tuple[PlayerSound, ...]) -> Tensor:
        """Give what the pad's finger chooses: float32 [sound, latent], on the device."""
        z = [blend(torch.tensor(s.latents), torch.tensor(s.weights)) for s in sounds]
        empty = torch.empty(0, self._config.latent_size)
        return (torch.stack(z) if z else empty).to(self._device)

    @torch.inference_mode()
    def _latents(self, decoder: Decoder) -> Tensor:
        """Give those of the fixed notes: float32 [note, latent], on the device."""
        if len(decoder.latents):
            return on_sphere(decoder.latents[self._timbre.to(self._device)])
        return draw_gaussian(len(self._pitch), self._config.latent_size, 0).to(self._device)

    @torch.inference_mode()
    def _specgrams(self, decoder: Decoder, z: Tensor, pitch: Tensor, stage: int) -> Tensor:
        """Give float32 [note, 2, time, freq] at the full resolution, on the CPU."""
        specgrams = decoder.generator(z, pitch.to(self._device), stage).float().cpu()
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
    named = {name for note in index.notes for name in (note.wave, note.picture)}
    for path in folder.glob("own-*"):  # of a sound that the player has put away
        if path.name not in named:
            path.unlink(missing_ok=True)
