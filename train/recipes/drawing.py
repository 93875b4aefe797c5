"""Batches of notes, drawn at random from those that are trained on."""

from dataclasses import dataclass

import torch
from torch import Tensor

from train.datasets.dataset import TrainingSet
from train.datasets.residence import hold_specgrams

from .distributed import n_workers
from .loss import blend_specgrams, downscale


@dataclass(frozen=True)
class Batch:
    """Notes, some of them blends of two timbres at one pitch.

    Attributes:
        pitch: int64 [batch], MIDI numbers.
        first: int64 [batch], numbers of the timbres.
        second: int64 [batch], numbers of the timbres blended in.
        t: float32 [batch], 0 all of the first timbre to 1 all of the second.
        specgram: float32 [batch, 2, time, freq], at the wanted resolution.
        level: float32 [batch], in dB re the loudest note of the set.
    """

    pitch: Tensor
    first: Tensor
    second: Tensor
    t: Tensor
    specgram: Tensor
    level: Tensor

    def __len__(self) -> int:
        return len(self.pitch)

    def part(self, size: int) -> "Batch":
        """Give the first notes."""
        columns = (self.pitch, self.first, self.second, self.t, self.specgram, self.level)
        return Batch(*(column[:size] for column in columns))


class Notes:
    """A worker's share of the notes that are trained on; those held out are never drawn.

    Attributes:
        trained: int64 [share], their numbers in the training set.
        of_pitch: The same by pitch.
    """

    def __init__(self, data: TrainingSet, seed: int, rank: int, device: torch.device) -> None:
        """Take a share.

        Args:
            data: All notes, the same on every worker.
            seed: The run's; shuffles the notes before they are shared out.
            rank: The worker's number.
            device: Where batches are wanted.
        """
        self.data = data
        self.device = device
        trained = torch.nonzero(~data.held_out)[:, 0]
        shuffled = trained[
            torch.randperm(len(trained), generator=torch.Generator().manual_seed(seed))
        ]
        share = shuffled[rank :: n_workers()]
        self.trained = share if len(share) else shuffled  # fewer notes than workers: all have all
        pitches = data.pitch[self.trained]
        self.of_pitch = {p: self.trained[pitches == p] for p in set(pitches.tolist())}
        self._specgrams = hold_specgrams(data.specgrams, self.trained, device)

    def draw(self, size: int, random: torch.Generator) -> Tensor:
        """Draw notes, int64 [size]: all alike, so timbres and pitches as often as they have any."""
        return self.trained[torch.randint(len(self.trained), (size,), generator=random)]

    def draw_pitches(self, size: int, random: torch.Generator) -> Tensor:
        """Draw pitches as often as they occur: int64 [size]."""
        return self.pitches(self.draw(size, random))

    def pitches(self, notes: Tensor) -> Tensor:
        """Give the pitches of notes: int64 [batch]."""
        return self._send(self.data.pitch[notes])

    def specgrams(self, notes: Tensor) -> Tensor:
        """Give the specgrams of notes: float32 [batch, 2, time, freq]."""
        return self._specgrams.read(notes)

    def batch(
        self,
        size: int,
        random: torch.Generator,
        db_per_unit: float,
        *,
        factor: int = 1,
        mixup: float = 0.0,
    ) -> Batch:
        """Draw notes with all that is known of them.

        Args:
            size: How many.
            random: Where numbers are drawn from.
            db_per_unit: Decibels of one unit of a specgram's magnitude.
            factor: How much smaller the specgrams are wanted.
            mixup: Share of blends among them.
        """
        first = self.draw(size, random)
        second = self._partners(first, random) if mixup > 0 else first
        mixed = torch.rand(size, generator=random) < mixup
        t = torch.where(mixed, torch.rand(size, generator=random), torch.zeros(size))
        level = (1 - t) * self.data.level_db[first] + t * self.data.level_db[second]
        specgram = self.specgrams(first)
        if bool(mixed.any()):
            other = self.specgrams(second[mixed])
            where, ts = self._send(torch.nonzero(mixed)[:, 0]), self._send(t[mixed])
            specgram[where] = blend_specgrams(specgram[where], other, ts, db_per_unit)
        return Batch(
            pitch=self.pitches(first),
            first=self._send(self.data.timbre[first]),
            second=self._send(self.data.timbre[second]),
            t=self._send(t),
            specgram=downscale(specgram, factor, db_per_unit),
            level=self._send(level),
        )

    def _partners(self, notes: Tensor, random: torch.Generator) -> Tensor:
        """Draw a note of the same pitch for each: int64 [batch]."""
        sets = [self.of_pitch[int(pitch)] for pitch in self.data.pitch[notes]]
        return torch.stack([s[torch.randint(len(s), (), generator=random)] for s in sets])

    def _send(self, numbers: Tensor) -> Tensor:
        """Bring a few numbers to the device without waiting for what it is doing."""
        return numbers.to(self.device, non_blocking=True)
