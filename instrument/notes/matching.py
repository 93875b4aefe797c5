"""A recorded note matched: the latent whose note is nearest, found in a process of its own.

Imports the model, and so torch: what plays does not import this, but runs `timbrepad match`.
"""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import numpy as np
import soundfile
import torch
from numpy.typing import NDArray

from model.gansynth import GANSynth
from model.inversion import Found, search_latent
from model.note_distance import note_distance_db

from .recorded_note import RecordedNote, read_note

Wave = NDArray[np.float32]

MOST_SECONDS = 12.0  # of the search: on a busy machine what is found by then must do
RECORDING, MATCH = "recording.wav", "match.wav"


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """What has been found so far.

    Attributes:
        share: Of the work that is done, 0..1; 1 is the end.
        z: The latent; none while nothing better has been found since the last one.
        off_db: How far its note is from the recording: mean difference of log-mel specgrams.
        pitch: MIDI number at which both were compared.
        heard: What the recording sounds, a MIDI number with its fraction.
        timbre: The named timbre that comes nearest; "" for a model without.
        timbre_off_db: How far that one is; None without one.
        seconds: Since the search began.
    """

    share: float
    z: tuple[float, ...] = ()
    off_db: float | None = None
    pitch: int = 0
    heard: float = 0.0
    timbre: str = ""
    timbre_off_db: float | None = None
    seconds: float = 0.0


class Matcher:
    """A recording and a model, and the way from one to the other."""

    def __init__(self, model: GANSynth, note: RecordedNote) -> None:
        """Use `Matcher.open`.

        Args:
            model: On the CPU.
            note: At the model's rate and one of its pitches.
        """
        self._model = model
        self.note = note
        self._wave = torch.from_numpy(note.wave)

    @classmethod
    def open(cls, file: Path, model: GANSynth, pitch: int | None = None) -> "Matcher":
        """Read a recording for a model; `pitch` says what it sounds where that is known.

        Raises:
            RecordedNoteError: If it is no note.
        """
        note = read_note(file, model.sample_rate, model.pitches, model.n_samples, pitch=pitch)
        return cls(model, note)

    def search(
        self,
        seconds: float = MOST_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> Iterator[Match]:
        """Search; who has enough may stop.

        Args:
            seconds: When to end at the latest, but never before the nearest candidate is found.
            clock: Gives the time in seconds.

        Yields:
            The nearest candidate, then how far the descent is, at the end the best of all.
        """
        began = clock()
        found: Found | None = None
        first: Match | None = None
        for found in search_latent(self._model, self._wave, self.note.pitch):
            if first is None:
                first = self._first(found, clock() - began)
                yield first
            else:
                yield Match(share=min(found.share, 0.99), seconds=clock() - began)
            if clock() - began > seconds:
                break
        assert found is not None, "a search gives the nearest candidate at least"
        assert first is not None
        assert first.off_db is not None
        off_db = self.off_db(found.z)
        best = first
        if off_db < first.off_db:  # what the network's images say is not quite what is heard
            best = msgspec.structs.replace(first, z=tuple(found.z.tolist()), off_db=off_db)
        yield msgspec.structs.replace(best, share=1.0, seconds=clock() - began)

    def off_db(self, z: torch.Tensor) -> float:
        """Say how far the note of a latent, float32 [latent], is from the recording, in dB."""
        wave = torch.from_numpy(self.note_of(tuple(z.tolist())))
        return note_distance_db(wave, self._wave, self._model.sample_rate)

    def note_of(self, z: tuple[float, ...]) -> Wave:
        """Make the note of a latent at the recording's pitch: float32 [sample], peak 0.8."""
        made = self._model.render(torch.tensor([z]), torch.tensor([self.note.pitch]))
        return made[0].numpy()

    def write_sounds(self, folder: Path, z: tuple[float, ...]) -> None:
        """Write the recording, as it was compared, and the note of a latent, to be heard.

        Raises:
            OSError: If they can't be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        for name, wave in ((RECORDING, 0.8 * self.note.wave), (MATCH, self.note_of(z))):
            part = folder / f".{name}"
            with part.open("wb") as file:
                soundfile.write(file, wave, self._model.sample_rate, "PCM_24", format="WAV")
            part.replace(folder / name)

    def _first(self, found: Found, seconds: float) -> Match:
        off_db = self.off_db(found.z)
        z, timbre, timbre_db = found.z, "", None
        if found.nearest_timbre is not None:
            timbre = self._model.timbres[found.nearest_timbre].name
            latent = self._model.latents[found.nearest_timbre]
            timbre_db = self.off_db(latent)
            if timbre_db < off_db:
                z, off_db = latent, timbre_db
        return Match(
            share=found.share,
            z=tuple(z.tolist()),
            off_db=off_db,
            pitch=self.note.pitch,
            heard=self.note.heard,
            timbre=timbre,
            timbre_off_db=timbre_db,
            seconds=seconds,
        )
