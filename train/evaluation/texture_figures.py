"""Texture family by family: whether generated notes are as alive as the real ones."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .crowd import Row
from .figures import make_figure
from .hearing import Heard
from .texture import Texture

_WITHIN = 0.25
_HEARD_TOP_DB = -60.0
# What lies below is not heard as movement, and a share of it says nothing.
_LEAST = Texture(flux=0.02, jitter_db=0.02, vibrato_cents=2.0)


@dataclass(frozen=True)
class FamilyTexture:
    """The texture of a family's notes, generated and real.

    Attributes:
        n_notes: Of each.
        generated: Means over the generated notes.
        real: Means over the real notes.
        alive: Whether all three are within 25 % of real.
    """

    n_notes: int
    generated: Texture
    real: Texture
    alive: bool


def family_textures(
    generated: Sequence[Heard], real: Sequence[Heard], families: Sequence[str]
) -> dict[str, FamilyTexture]:
    """Compare textures by family.

    Args:
        generated: Notes.
        real: As many real ones.
        families: The family of each place in both.
    """
    return {
        family: _compare(
            [note for note, f in zip(generated, families, strict=True) if f == family],
            [note for note, f in zip(real, families, strict=True) if f == family],
        )
        for family in sorted(set(families))
    }


def texture_rows(
    generated: Sequence[Heard], real: Sequence[Heard], families: dict[str, FamilyTexture]
) -> list[Row]:
    """Take all families together, and say how much is above 10 kHz."""
    if not generated:
        return []
    n = len(generated)
    ours, theirs = _mean(generated), _mean(real)
    alive = float(np.mean([family.alive for family in families.values()]))
    return [
        make_figure("flux", n, ours.flux, theirs.flux),
        make_figure("jitter", n, ours.jitter_db, theirs.jitter_db),
        make_figure("vibrato", n, ours.vibrato_cents, theirs.vibrato_cents),
        make_figure("families_alive", len(families), alive, 1.0),
        *_top_rows(generated, real),
    ]


def _top_rows(generated: Sequence[Heard], real: Sequence[Heard]) -> list[Row]:
    pairs = [
        (ours.top_db, theirs.top_db)
        for ours, theirs in zip(generated, real, strict=True)
        if theirs.top_db > _HEARD_TOP_DB
    ]
    if not pairs:
        return []
    ours_db, theirs_db = np.median(pairs, axis=0)
    return [make_figure("top", len(pairs), float(ours_db), float(theirs_db))]


def _compare(generated: Sequence[Heard], real: Sequence[Heard]) -> FamilyTexture:
    ours, theirs = _mean(generated), _mean(real)
    alive = all(
        abs(getattr(ours, name) - getattr(theirs, name))
        <= _WITHIN * max(getattr(theirs, name), getattr(_LEAST, name))
        for name in ("flux", "jitter_db", "vibrato_cents")
    )
    return FamilyTexture(len(generated), ours, theirs, alive)


def _mean(notes: Sequence[Heard]) -> Texture:
    textures = [note.texture for note in notes]
    return Texture(
        flux=float(np.mean([t.flux for t in textures])),
        jitter_db=float(np.mean([t.jitter_db for t in textures])),
        vibrato_cents=float(np.mean([t.vibrato_cents for t in textures])),
    )
