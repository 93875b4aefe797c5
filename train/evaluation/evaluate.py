"""An evaluation from beginning to end: a model and real notes in, a report out."""

from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch

from model.gansynth import GANSynth

from .classifier import ClassifierRecipe, NoteClassifier
from .classifier_store import find_classifier
from .crowd import Crowd, classifier_rows, diversity_rows, fault_rows, tuning_rows
from .figures import in_order
from .hearing import Listeners
from .held_out_figures import held_out_rows
from .image_store import read_images
from .in_tune import PITCH_ESTIMATOR
from .keyboard import keyboard_rows, play_keyboards
from .likeness import FEWEST_NOTES, RealCrowd, likeness_rows, memory_rows
from .note_maker import NoteMaker
from .path_figures import path_rows
from .player import KnownNotes, Player
from .real_notes import PITCHES, RealNotes
from .report import ClassifierFigures, EvaluationReport
from .texture_figures import family_textures, texture_rows

Progress = Callable[[int, int, str], None]

_MOST_PATHS = 50
_NOTES_A_PATH = 4
_MOST_TIMBRES = 16
_NOTES_A_TIMBRE = 10


class EvaluationError(Exception):
    """A model can't be evaluated; says what to do."""


@dataclass(frozen=True)
class Options:
    """How an evaluation is done.

    Attributes:
        n_notes: Notes at random latents, held out, and real, each; with them 50 paths and 16
            timbres along the keyboard, or fewer with few notes.
        seed: The same seed asks for the same notes.
        workers: Processes that measure beside this one; with 0 a thread of this one does.
        classifier: A file to use; when it is not there, the classifier is written to it.
        recipe: How a classifier is trained where there is none.
    """

    n_notes: int = 400
    seed: int = 0
    workers: int = 2
    classifier: Path | None = None
    recipe: ClassifierRecipe = field(default_factory=ClassifierRecipe)


QUICK = Options(n_notes=60, recipe=ClassifierRecipe(examples=10_000, maximum_notes=4000))
"""A rough look; its classifier is another one than the usual."""


def evaluate(
    model_folder: Path,
    data_folder: Path,
    store: Path,
    options: Options | None = None,
    progress: Progress | None = None,
) -> EvaluationReport:
    """Evaluate a model beside real notes.

    Args:
        model_folder: The model.
        data_folder: Real notes in NSynth's layout; of those it was trained on, the held-out ones
            are compared.
        store: A folder for classifiers and images of notes, used again the next time.
        options: How; None for the usual way.
        progress: Called with (done, total, what).

    Raises:
        ModelError: If the folder is not a model.
        DatasetError: If the data can't be used.
        ClassifierError: If the classifier can't be used.
        EvaluationError: If the model can't make the pitches, or a process was killed.
        ValueError: If `n_notes` is below 1.
    """
    return evaluate_model(GANSynth.load(model_folder), data_folder, store, options, progress)


def evaluate_model(
    model: NoteMaker,
    data_folder: Path,
    store: Path,
    options: Options | None = None,
    progress: Progress | None = None,
) -> EvaluationReport:
    """Evaluate a model that is open already; see `evaluate`."""
    options = options or Options()
    progress = progress or (lambda *_: None)
    if options.n_notes < 1:
        raise ValueError(f"n_notes must be at least 1, not {options.n_notes}")
    if not set(PITCHES) <= set(model.pitches):
        raise EvaluationError(
            f"{model.name} makes pitches {model.pitches[0]}..{model.pitches[-1]}; "
            f"an evaluation needs {PITCHES[0]}..{PITCHES[-1]}."
        )
    real = RealNotes.read(data_folder, model)
    n_threads = torch.get_num_threads()
    try:
        with Listeners(options.workers) as listeners:
            read = partial(
                read_images,
                file=store / "images.sqlite",
                workers=listeners.executor,
                progress=progress,
            )
            classifier = find_classifier(
                real.everything,
                model.sample_rate,
                options.recipe,
                options.classifier,
                store / "classifiers",
                read,
                progress,
            )
            rng = np.random.default_rng(options.seed)
            rate = classifier.sample_rate
            crowd = RealCrowd.read(
                real, classifier, lambda notes: read(notes, rate, real.seconds), rng
            )
            torch.set_num_threads(1)  # the other cores are listening
            player = Player(model, real, listeners, rate, rng, progress)
            return _report(player, classifier, crowd, options, data_folder)
    except BrokenProcessPool as error:
        raise EvaluationError(
            "A listening process was killed, perhaps for lack of memory. Free some and try again."
        ) from error
    finally:
        torch.set_num_threads(n_threads)


def _report(
    player: Player,
    classifier: NoteClassifier,
    crowd: RealCrowd,
    options: Options,
    data_folder: Path,
) -> EvaluationReport:
    """Play everything, wait for the measurements, and put the figures together."""
    # Play: each note is measured elsewhere while the next one is made.
    n = options.n_notes
    n_paths = min(_MOST_PATHS, max(1, n // _NOTES_A_PATH))
    examples = player.real.choose_held_out(n, player.rng)
    heard_real = player.held_out(examples[: len(player.real.held_out)])  # each once
    heard_drawn = player.drawn([example.pitch for example in examples])
    paths, fades = player.paths(n_paths), player.cross_fades(n_paths)
    known = player.known(n)
    keyboards = play_keyboards(player, min(_MOST_TIMBRES, max(2, n // _NOTES_A_TIMBRE)))

    # Put together.
    real, drawn = (Crowd.of(heard, classifier) for heard in (heard_real, heard_drawn))
    likeness = likeness_rows(drawn, crowd, player.rng)
    if known.examples:
        ours, theirs = (
            [future.result() for future in notes] for notes in (known.generated, known.real)
        )
        names = [example.instrument_family_str for example in known.examples]
    else:
        ours, theirs, names = drawn.heard[: real.n], real.heard, ["all"] * real.n
    families = family_textures(ours, theirs, names)
    rows = [
        *tuning_rows(drawn, real),
        *fault_rows(drawn, real),
        *path_rows(paths, fades),
        *classifier_rows(drawn, real),
        *likeness,
        *diversity_rows(drawn, real),
        *memory_rows(drawn, real, crowd),
        *held_out_rows(known),
        *keyboard_rows(*keyboards),
        *texture_rows(ours, theirs, families),
    ]
    return EvaluationReport(
        model=player.model.name,
        model_hash=player.model.hash,
        data=str(data_folder),
        seed=options.seed,
        pitches=(PITCHES[0], PITCHES[-1]),
        pitch_estimator=PITCH_ESTIMATOR,
        classifier=ClassifierFigures(
            hash=classifier.hash,
            sample_rate=classifier.sample_rate,
            n_learned=classifier.config.n_notes,
            new_notes=classifier.config.new_notes,
            new_instruments=classifier.config.new_instruments,
        ),
        figures=in_order(rows),
        families=families,
        remarks=_remarks(drawn, crowd, known, bool(likeness)),
    )


def _remarks(drawn: Crowd, crowd: RealCrowd, known: KnownNotes, has_likeness: bool) -> list[str]:
    remarks = []
    if not has_likeness:
        remarks.append(
            f"FID, KID and NDB need {2 * FEWEST_NOTES} held-out notes and {FEWEST_NOTES} generated "
            f"ones; there are {len(crowd.held_out)} and {drawn.n}."
        )
    if not known.examples:
        remarks.append("The data has no held-out notes of this model's timbres to compare with.")
    return remarks
