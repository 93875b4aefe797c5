"""`python -m train.evaluation.showcase MODEL DATA FOLDER`: a model's notes to see in documents.

Three pictures, and as many recordings of some seconds: known timbres beside the real notes, the
pad between four timbres, and one timbre over five octaves.
"""

import argparse
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soundfile
import torch
from matplotlib.figure import Figure
from torch import Tensor

from model.gansynth import GANSynth
from model.latent import blend, pad_weights
from train.datasets.files import write_whole
from train.datasets.notes import Wave
from train.pictures.pictures import save_figure

from .note_maker import make_note
from .rainbowgram import rainbowgram
from .real_notes import RealNotes

OCTAVES = (36, 48, 60, 72, 84)
PITCH = 60

_FAMILIES = 8
_GRID = 5
_CORNERS = ("Flute", "Harpsichord", "Strings", "Trumpet")
_HEARD_SECONDS = 1.6
_FADE_SECONDS = 0.2


def draw_known(model: GANSynth, real: RealNotes, path: Path) -> list[Wave]:
    """Draw a timbre of each family beside its real note, and give both, in turns.

    Args:
        model: Has timbres of the data set's.
        real: The data set.
        path: Of the picture.
    """
    families: dict[str, int] = {}
    for number in real.latents:
        note = real.by_key.get((number, PITCH))
        if note is not None:
            families.setdefault(note.instrument_family_str, number)
    numbers = list(families.values())[:_FAMILIES]
    recorded = [real.wave(real.by_key[number, PITCH]) for number in numbers]
    generated = [make_note(model, real.latents[number], PITCH) for number in numbers]
    titles = [real.timbre_names[number] for number in numbers]
    _draw([recorded, generated], ["real", "generated"], titles, model.sample_rate, path)
    return [wave for pair in zip(recorded, generated, strict=True) for wave in pair]


def draw_pad(model: GANSynth, path: Path) -> list[Wave]:
    """Draw middle C all over a pad, and give the notes from bottom left to top right."""
    names = [timbre.name for timbre in model.timbres]
    wanted = [next((n for n in names if n.startswith(c)), names[0]) for c in _CORNERS]
    corners = torch.stack([model.latents[names.index(name)] for name in wanted])
    places = [step / (_GRID - 1) for step in range(_GRID)]
    rows = [[_at(model, corners, x, y) for x in places] for y in places[::-1]]
    left_and_right = [f"{wanted[2]} above\n{wanted[0]} below", *[""] * (_GRID - 2)]
    titles = [*left_and_right, f"{wanted[3]} above\n{wanted[1]} below"]
    _draw(rows, [f"y {y:g}" for y in places[::-1]], titles, model.sample_rate, path)
    return [rows[_GRID - 1 - i][i] for i in range(_GRID)]


def draw_octaves(model: GANSynth, real: RealNotes, path: Path) -> list[Wave]:
    """Draw one timbre over five octaves beside its real notes, and give the generated ones."""
    number = max(real.latents, key=lambda i: sum((i, pitch) in real.by_key for pitch in OCTAVES))
    pitches = [pitch for pitch in OCTAVES if (number, pitch) in real.by_key]
    recorded = [real.wave(real.by_key[number, pitch]) for pitch in pitches]
    generated = [make_note(model, real.latents[number], pitch) for pitch in pitches]
    titles = [f"{real.timbre_names[number]}, MIDI {pitch}" for pitch in pitches]
    _draw([recorded, generated], ["real", "generated"], titles, model.sample_rate, path)
    return generated


def write_recording(waves: Sequence[Wave], sample_rate: int, path: Path) -> None:
    """Write the beginnings of notes, one after the other and equally loud, as Ogg Vorbis.

    Args:
        waves: float32 [sample] each.
        sample_rate: In Hz.
        path: Of the file, replaced when it is there.
    """
    n, n_fade = (round(seconds * sample_rate) for seconds in (_HEARD_SECONDS, _FADE_SECONDS))
    fade = np.minimum(1, np.arange(n)[::-1] / n_fade)
    notes = [np.pad(wave[:n], (0, max(0, n - wave.size))) * fade for wave in waves]
    loudness = [max(float(np.sqrt(np.mean(np.square(note)))), 1e-6) for note in notes]
    joined = np.concatenate([note / rms for note, rms in zip(notes, loudness, strict=True)])
    encoded = io.BytesIO()
    wave = 0.9 * joined / max(float(np.abs(joined).max()), 1e-6)
    soundfile.write(encoded, wave, sample_rate, format="OGG", subtype="VORBIS")
    write_whole(path, encoded.getvalue())


def _at(model: GANSynth, corners: Tensor, x: float, y: float) -> Wave:
    return make_note(model, blend(corners, pad_weights(x, y)), PITCH)


def _draw(
    rows: Sequence[Sequence[Wave]],
    names: Sequence[str],
    titles: Sequence[str],
    sample_rate: int,
    path: Path,
) -> None:
    figure = Figure(figsize=(1.9 * len(titles), 1.9 * len(rows) + 0.5), layout="constrained")
    axes = figure.subplots(len(rows), len(titles), squeeze=False)
    for row, waves in enumerate(rows):
        axes[row, 0].set_ylabel(names[row])
        for column, wave in enumerate(waves):
            axes[row, column].imshow(rainbowgram(wave, sample_rate), aspect="auto")
            axes[row, column].set(xticks=[], yticks=[])
    for place, title in zip(axes[0], titles, strict=True):
        place.set_title(title, fontsize=8)
    save_figure(figure, path)


def main() -> None:
    """Draw and write everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("model", "data", "folder"):
        parser.add_argument(name, type=Path)
    arguments = parser.parse_args()
    model = GANSynth.load(arguments.model)
    real = RealNotes.read(arguments.data, model)
    pictures, audio = (arguments.folder / part for part in ("pictures", "audio"))
    for part in (pictures, audio):
        part.mkdir(parents=True, exist_ok=True)
    recordings = {
        "known": draw_known(model, real, pictures / "model-known.png"),
        "pad": draw_pad(model, pictures / "model-pad.png"),
        "octaves": draw_octaves(model, real, pictures / "model-octaves.png"),
    }
    for name, waves in recordings.items():
        write_recording(waves, model.sample_rate, audio / f"model-{name}.ogg")


if __name__ == "__main__":
    main()
