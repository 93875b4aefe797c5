"""Has generated and real notes played and measured."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from torch import Tensor

from model.latent import slerp
from train.datasets.notes import Example, Wave

from .hearing import Heard, Listeners, Nearness, compare, hear
from .in_tune import cents_off
from .mel_image import Image, mel_image
from .note_maker import NoteMaker, draw_latents, make_note
from .real_notes import RealNotes, mix

Progress = Callable[[int, int, str], None]
Item = TypeVar("Item")

STEPS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Where along a slerp notes are made."""

_HALF_WAY = 2


@dataclass
class Path:
    """Notes along a slerp.

    Attributes:
        images: Of each, in their order.
        cents: How far the one in the middle is from its pitch; None when no pitch is heard.
    """

    images: "list[Future[Image]]"
    cents: "Future[float | None]"


@dataclass
class KnownNotes:
    """Held-out notes of known timbres, each beside the model's own.

    Attributes:
        examples: The real ones.
        generated: What was measured of the model's.
        real: And of the real ones.
        nearness: How near they are.
    """

    examples: list[Example]
    generated: "list[Future[Heard]]"
    real: "list[Future[Heard]]"
    nearness: "list[Future[Nearness]]"


@dataclass(frozen=True)
class Player:
    """Plays for an evaluation; what it gives is measured elsewhere, and waited for there.

    Attributes:
        model: Who is evaluated.
        real: The data.
        listeners: Who measures.
        image_rate: Hz at which images are drawn.
        rng: Chooses.
        progress: Called with (done, total, what).
    """

    model: NoteMaker
    real: RealNotes
    listeners: Listeners
    image_rate: int
    rng: np.random.Generator
    progress: Progress

    def drawn(self, pitches: Sequence[int]) -> "list[Future[Heard]]":
        """Play these pitches, each at a latent drawn as the instrument draws them."""
        latents = draw_latents(self.model, len(pitches), self.rng)
        pairs = list(zip(latents, pitches, strict=True))
        return [self._make(z, pitch) for z, pitch in self.counted(pairs, "random latents")]

    def held_out(self, examples: Sequence[Example]) -> "list[Future[Heard]]":
        """Play real notes."""
        return [
            self.hear(self.real.wave(example), example.pitch)
            for example in self.counted(examples, "real notes")
        ]

    def paths(self, n: int) -> list[Path]:
        """Play slerps, each at one pitch: between named timbres, or without those drawn ones."""
        pitches = [example.pitch for example in self.real.choose_held_out(n, self.rng)]
        paths = []
        for pitch in self.counted(pitches, "slerps"):
            if len(self.model.latents) > 1:
                start, end = self.model.latents[self.rng.choice(len(self.model.latents), 2, False)]
            else:
                start, end = draw_latents(self.model, 2, self.rng)
            waves = [make_note(self.model, slerp(start, end, t), pitch) for t in STEPS]
            paths.append(self._follow(waves, pitch))
        return paths

    def cross_fades(self, n: int) -> list[Path]:
        """Play what is the same of real notes: two of one pitch, mixed more and more."""
        fades = []
        for pair in self.counted(self.real.choose_pairs(n, self.rng), "cross-fades"):
            waves = self.real.wave(pair[0]), self.real.wave(pair[1])
            fades.append(self._follow([mix(waves, t) for t in STEPS], pair[0].pitch))
        return fades

    def known(self, n: int) -> KnownNotes:
        """Play known timbres at pitches that were held out."""
        notes = KnownNotes(self.real.choose_known(n, self.rng), [], [], [])
        rate = self.real.sample_rate
        for example in self.counted(notes.examples, "held-out notes"):
            neighbour, others = self.real.neighbour(example), self.real.others(example)
            other = others[int(self.rng.integers(len(others)))] if others else None
            truth = self.real.wave(example)
            wave = make_note(
                self.model, self.real.latents[self.real.number(example)], example.pitch
            )
            yardsticks = [None if e is None else self.real.wave(e) for e in (neighbour, other)]
            notes.generated.append(self.hear(wave, example.pitch))
            notes.real.append(self.hear(truth, example.pitch))
            notes.nearness.append(
                self.listeners.submit(compare, wave, truth, yardsticks[0], yardsticks[1], rate)
            )
        return notes

    def hear(self, wave: Wave, pitch: int) -> "Future[Heard]":
        """Have a note measured: float32 [sample], at the model's rate."""
        return self.listeners.submit(hear, wave, self.real.sample_rate, pitch, self.image_rate)

    def counted(self, items: Sequence[Item], what: str) -> Iterator[Item]:
        """Go through items and tell how far it is."""
        for i, item in enumerate(items):
            self.progress(i, len(items), what)
            yield item

    def _make(self, z: Tensor, pitch: int) -> "Future[Heard]":
        return self.hear(make_note(self.model, z, pitch), pitch)

    def _follow(self, waves: Sequence[Wave], pitch: int) -> Path:
        rate = self.real.sample_rate
        return Path(
            [self.listeners.submit(mel_image, wave, rate, self.image_rate) for wave in waves],
            self.listeners.submit(cents_off, waves[_HALF_WAY], rate, pitch),
        )
