"""One timbre along the keyboard: whether it stays itself, and as loud."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor

from .crowd import Row
from .diversity import recognised
from .figures import make_figure
from .hearing import Character, characterise
from .note_maker import draw_latents, make_note
from .player import Player
from .real_notes import PITCHES, sample

KEYS = tuple(PITCHES[::7])
"""Fifths from E1 to C6."""

_FIFTH = (KEYS[3], KEYS[4])
_LEAST_KEYS = 7


@dataclass
class Keyboard:
    """One timbre's notes, by their pitch.

    Attributes:
        notes: What was measured.
        gain_db: What is added to each for its level.
    """

    notes: "dict[int, Future[Character]]" = field(default_factory=dict)
    gain_db: dict[int, float] = field(default_factory=dict)

    def spread_db(self) -> float:
        """Give the difference between the loudest key and the softest."""
        levels = [note.result().level_db + self.gain_db[p] for p, note in self.notes.items()]
        return float(np.ptp(levels))

    def has(self, pitches: Sequence[int]) -> bool:
        """Say whether there are notes of all these pitches."""
        return all(pitch in self.notes for pitch in pitches)


def play_keyboards(player: Player, n_timbres: int) -> tuple[list[Keyboard], list[Keyboard]]:
    """Play timbres along the keyboard.

    Returns:
        Generated and real. They are the same timbres where the model knows the data's; else the
        generated ones are drawn.
    """
    real = player.real
    candidates = real.timbres_with(KEYS, _LEAST_KEYS)
    chosen = sample(candidates, min(n_timbres, len(candidates)), player.rng)
    if chosen and chosen[0] in real.latents:
        latents = torch.stack([real.latents[i] for i in chosen])
    else:
        latents = draw_latents(player.model, n_timbres, player.rng)
    generated = [_play(player, z) for z in player.counted(list(latents), "keyboards")]
    return generated, [_read(player, i) for i in player.counted(chosen, "real keyboards")]


def keyboard_rows(generated: Sequence[Keyboard], real: Sequence[Keyboard]) -> list[Row]:
    """Measure whether timbres stay themselves along the keyboard."""
    ours, theirs = _recognised(generated), _recognised(real)
    spreads = [
        float(np.median([keyboard.spread_db() for keyboard in keyboards]))
        if keyboards
        else float("nan")
        for keyboards in (generated, real)
    ]
    n = len(generated)
    return [
        make_figure("timbre_recognised", n, ours[0], theirs[0]),
        make_figure("timbre_shift", n, ours[1], theirs[1]),
        make_figure("level_spread", n, *spreads),
    ]


def _play(player: Player, z: Tensor) -> Keyboard:
    keyboard = Keyboard()
    for pitch in KEYS:
        wave = make_note(player.model, z, pitch)
        keyboard.notes[pitch] = player.listeners.submit(characterise, wave, player.real.sample_rate)
        level_db = player.model.level_db(z[None], torch.tensor([pitch]))
        keyboard.gain_db[pitch] = float(level_db[0])
    return keyboard


def _read(player: Player, timbre: int) -> Keyboard:
    keyboard = Keyboard()
    for pitch in KEYS:
        example = player.real.by_key.get((timbre, pitch))
        if example is not None:
            wave = player.real.wave(example)
            keyboard.notes[pitch] = player.listeners.submit(
                characterise, wave, player.real.sample_rate
            )
            keyboard.gain_db[pitch] = example.level_db or 0.0
    return keyboard


def _recognised(keyboards: Sequence[Keyboard]) -> tuple[float, float]:
    whole = [keyboard for keyboard in keyboards if keyboard.has(_FIFTH)]
    if len(whole) < 2:
        return float("nan"), float("nan")
    low, high = (
        np.stack([keyboard.notes[pitch].result().timbre for keyboard in whole]) for pitch in _FIFTH
    )
    return recognised(low, high)
