"""Batches of notes, drawn at random from those that are trained on."""

from dataclasses import dataclass

import torch
from torch import Tensor

from .config import TrainConfig
from .dataset import TrainingSet
from .loss import blend_specgrams, downscale


@dataclass(frozen=True)
class Batch:
    """Notes, some of them blends of two timbres at one pitch.

    Attributes:
        pitch: int64 [batch], MIDI numbers.
        first: int64 [batch], numbers of the timbres.
        second: int64 [batch], numbers of the timbres blended in.
        t: float32 [batch], 0 all of the first timbre to 1 all of the second.
        specgram: float32 [batch, 2, time, freq], at the stage's resolution.
        level: float32 [batch], in dB re the loudest note of the set.
    """

    pitch: Tensor
    first: Tensor
    second: Tensor
    t: Tensor
    specgram: Tensor
    level: Tensor


class Notes:
    """The notes that are trained on; those held out are never drawn."""

    def __init__(self, data: TrainingSet, config: TrainConfig, device: torch.device) -> None:
        self.data = data
        self.device = device
        self.db_per_unit = -config.warped.floor_db / 1.6
        self._last_stage = len(config.network.channels)
        self._mixup = config.mixup
        self.trained = torch.nonzero(~data.held_out)[:, 0]
        pitches = data.pitch[self.trained]
        self.of_pitch = {p: self.trained[pitches == p] for p in set(pitches.tolist())}

    def draw(self, size: int, stage: int, random: torch.Generator) -> Batch:
        """Draw notes of all timbres and pitches alike, as many as each has."""
        first = self.trained[torch.randint(len(self.trained), (size,), generator=random)]
        pitch = self.data.pitch[first]
        second = torch.stack([self._same_pitch(int(p), random) for p in pitch])
        mixed = torch.rand(size, generator=random) < self._mixup
        t = torch.where(mixed, torch.rand(size, generator=random), torch.zeros(size))
        level = (1 - t) * self.data.level_db[first] + t * self.data.level_db[second]
        specgram = self._blended(first, second, t, mixed)
        return Batch(
            pitch=pitch.to(self.device),
            first=self.data.timbre[first].to(self.device),
            second=self.data.timbre[second].to(self.device),
            t=t.to(self.device),
            specgram=downscale(specgram, 2 ** (self._last_stage - stage), self.db_per_unit),
            level=level.to(self.device),
        )

    def _blended(self, first: Tensor, second: Tensor, t: Tensor, mixed: Tensor) -> Tensor:
        specgram = self.data.read(first).to(self.device)
        if bool(mixed.any()):
            other = self.data.read(second[mixed]).to(self.device)
            t, mixed = t[mixed].to(self.device), mixed.to(self.device)
            specgram[mixed] = blend_specgrams(specgram[mixed], other, t, self.db_per_unit)
        return specgram

    def _same_pitch(self, pitch: int, random: torch.Generator) -> Tensor:
        notes = self.of_pitch[pitch]
        return notes[torch.randint(len(notes), (), generator=random)]
