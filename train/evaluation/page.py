"""A page that shows an evaluation and lets its notes be heard: a folder with relative links."""

import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
import numpy as np
import soundfile
from matplotlib.image import imsave
from torch import Tensor

from model.gansynth import GANSynth
from model.latent import slerp
from train.datasets.dataset import is_held_out
from train.datasets.notes import Wave, write_error

from .coverage import draw_coverage_of
from .figures import format_figure
from .note_maker import NoteMaker, draw_latents, make_note
from .page_template import PAGE
from .player import STEPS
from .rainbowgram import rainbowgram
from .real_notes import PITCHES, RealNotes
from .report import MARKS, EvaluationReport, interval_text, notes_on, report_json

Progress = Callable[[int, int, str], None]

_N_PAIRS = 12
_N_DRAWN = 8
_N_PATHS = 3
_MIDDLE_PITCH = 60
_OCTAVES = (36, 48, 60, 72, 84)


@dataclass(frozen=True)
class Sound:
    """A note on the page.

    Attributes:
        title: Above it.
        wave: float32 [sample].
        name: Of its files, without their endings.
    """

    title: str
    wave: Wave
    name: str


@dataclass(frozen=True)
class Section:
    """Notes side by side.

    Attributes:
        title: Of the section.
        text: What is seen in it.
        rows: Each a row of notes.
    """

    title: str
    text: str
    rows: list[list[Sound]]


def write_page(
    folder: Path,
    report: EvaluationReport,
    model_folder: Path,
    data_folder: Path,
    progress: Progress,
) -> None:
    """Write the page of an evaluation; `index.html` comes last, when all it shows is there.

    Args:
        folder: Made when missing; files of an earlier page are replaced.
        report: What was found.
        model_folder: The model that it is about.
        data_folder: The real notes.
        progress: Called with (done, total, what).

    Raises:
        ModelError: If the model can't be read.
        DatasetError: If a note can't be read, or the folder can't be written.
    """
    model = GANSynth.load(model_folder)
    write_page_of(folder, report, model, RealNotes.read(data_folder, model), progress)


def write_page_of(
    folder: Path,
    report: EvaluationReport,
    model: NoteMaker,
    real: RealNotes,
    progress: Progress,
) -> None:
    """Write the page of a model that is open already; see `write_page`."""
    sections = list(_sections(model, real, np.random.default_rng(report.seed)))
    sounds = [sound for section in sections for row in section.rows for sound in row]
    try:
        for part in ("pictures", "audio"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        for done, sound in enumerate(sounds):
            progress(done, len(sounds), "page")
            _write_sound(folder, sound, model.sample_rate)
        picture = folder / "pictures" / "coverage.png"
        draw_coverage_of(model, real, picture, report.classifier.sample_rate, report.seed)
        _write(folder / "report.json", report_json(report))
        _write(folder / "index.html", page_text(report, sections).encode())
    except OSError as error:
        raise write_error(folder, error) from error


def page_text(report: EvaluationReport, sections: Sequence[Section]) -> str:
    """Write the page itself, as HTML."""
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    return environment.from_string(PAGE).render(
        report=report,
        notes=[*report.remarks, *notes_on(report)],
        sections=sections,
        format=format_figure,
        interval=interval_text,
        marks=MARKS,
    )


def _sections(model: NoteMaker, real: RealNotes, rng: np.random.Generator) -> Iterator[Section]:
    if real.latents:
        yield _known(model, real)
        yield _octaves(model, real)
    yield _real(real, rng)
    yield _drawn(model, rng)
    yield _paths(model, rng)


def _known(model: NoteMaker, real: RealNotes) -> Section:
    """Take timbres from all over the list, each at the held-out pitch nearest to middle C."""
    numbers = sorted(real.latents)
    places = np.linspace(0, len(numbers) - 1, min(_N_PAIRS, len(numbers)), dtype=int)
    rows: list[list[Sound]] = []
    for number in (numbers[i] for i in places):
        notes = [example for (i, _), example in real.by_key.items() if i == number]
        if notes:
            example = min(notes, key=lambda e: (not is_held_out(e), abs(e.pitch - _MIDDLE_PITCH)))
            title = f"{real.timbre_names[number]} {example.pitch}"
            title += "" if is_held_out(example) else " (trained on)"
            wave = make_note(model, real.latents[number], example.pitch)
            rows.append(
                [
                    Sound(f"{title}: real", real.wave(example), f"known-{len(rows)}-real"),
                    Sound("generated", wave, f"known-{len(rows)}-generated"),
                ]
            )
    text = "Known timbres at pitches that the model never heard, beside the real notes."
    return Section("Real and generated", text, rows)


def _octaves(model: NoteMaker, real: RealNotes) -> Section:
    number = max(real.latents, key=lambda i: sum((i, pitch) in real.by_key for pitch in _OCTAVES))
    generated, recorded = [], []
    for pitch in _OCTAVES:
        wave = make_note(model, real.latents[number], pitch)
        generated.append(Sound(f"{pitch}: generated", wave, f"octave-{pitch}-generated"))
        example = real.by_key.get((number, pitch))
        if example:
            recorded.append(Sound(f"{pitch}: real", real.wave(example), f"octave-{pitch}-real"))
    text = f"{real.timbre_names[number]}, an octave from each to the next."
    return Section("One timbre over five octaves", text, [generated, recorded])


def _real(real: RealNotes, rng: np.random.Generator) -> Section:
    examples = real.choose_held_out(_N_DRAWN, rng)
    sounds = [
        Sound(f"{e.preset_name or e.instrument_str} {e.pitch}", real.wave(e), f"real-{i}")
        for i, e in enumerate(examples)
    ]
    return Section("Real notes", "Held-out notes at random.", [sounds[:4], sounds[4:]])


def _drawn(model: NoteMaker, rng: np.random.Generator) -> Section:
    sounds = []
    for i, z in enumerate(draw_latents(model, _N_DRAWN, rng)):
        pitch = int(rng.choice(PITCHES))
        sounds.append(Sound(f"pitch {pitch}", make_note(model, z, pitch), f"drawn-{i}"))
    return Section("Random latents", "As the dice draw them.", [sounds[:4], sounds[4:]])


def _paths(model: NoteMaker, rng: np.random.Generator) -> Section:
    rows = []
    for i in range(_N_PATHS):
        start, end, names = _ends(model, rng)
        rows.append(
            [
                Sound(
                    {0.0: names[0], 1.0: names[1]}.get(t, f"{t:.0%}"),
                    make_note(model, slerp(start, end, t), _MIDDLE_PITCH),
                    f"path-{i}-{step}",
                )
                for step, t in enumerate(STEPS)
            ]
        )
    return Section("From one timbre to another", "Slerps at middle C.", rows)


def _ends(model: NoteMaker, rng: np.random.Generator) -> tuple[Tensor, Tensor, tuple[str, str]]:
    if len(model.latents) > 1:
        a, b = (int(i) for i in rng.choice(len(model.latents), 2, replace=False))
        return (
            model.latents[a],
            model.latents[b],
            (model.timbres[a].name, model.timbres[b].name),
        )
    start, end = draw_latents(model, 2, rng)
    return start, end, ("one latent", "another")


def _write_sound(folder: Path, sound: Sound, sample_rate: int) -> None:
    """Write a note as FLAC, which all browsers play, and its rainbowgram."""
    wave = np.clip(np.nan_to_num(sound.wave), -1, 1)
    encoded = io.BytesIO()
    soundfile.write(encoded, wave, sample_rate, format="FLAC", subtype="PCM_16")
    _write(folder / "audio" / f"{sound.name}.flac", encoded.getvalue())
    picture = io.BytesIO()
    imsave(picture, rainbowgram(wave, sample_rate), format="png")
    _write(folder / "pictures" / f"{sound.name}.png", picture.getvalue())


def _write(path: Path, data: bytes) -> None:
    partial = path.with_name(f".{path.name}.partial")
    partial.write_bytes(data)
    partial.replace(path)
