from pathlib import Path

import pytest

from tests.train.evaluation.instruments import FAMILIES as FAMILY_OF
from tests.train.evaluation.instruments import KEYBOARD, NAMES, NUMBERS, RATE, TINY, FakeModel, play
from train.datasets.notes import AUDIO_FOLDER, FAMILIES, Note, note_name, write_examples, write_wave
from train.evaluation.evaluate import Options, evaluate_model
from train.evaluation.report import EvaluationReport


def write_world(folder: Path, pitches: list[int]) -> Path:
    """Write all instruments at some pitches."""
    (folder / AUDIO_FOLDER).mkdir(parents=True)
    notes = []
    for timbre, family in enumerate(FAMILY_OF):
        for pitch in pitches:
            instrument_str = f"{family}_acoustic_{NUMBERS[timbre]:03d}"
            name = note_name(instrument_str, pitch, 100)
            write_wave(folder / AUDIO_FOLDER / f"{name}.wav", play(timbre, pitch), RATE)
            notes.append(
                Note(
                    note=len(notes),
                    note_str=name,
                    instrument=timbre,
                    instrument_str=instrument_str,
                    pitch=pitch,
                    velocity=100,
                    sample_rate=RATE,
                    instrument_family=FAMILIES.index(family),
                    instrument_family_str=family,
                    instrument_source=0,
                    instrument_source_str="acoustic",
                    qualities=(0,) * 10,
                    qualities_str=(),
                    preset_name=NAMES[timbre],
                    level_db=0.0,
                )
            )
    write_examples(folder, notes)
    return folder


@pytest.fixture(scope="session")
def world(tmp_path_factory) -> Path:
    """Seven instruments at 26 pitches."""
    return write_world(tmp_path_factory.mktemp("world") / "data", list(KEYBOARD))


@pytest.fixture(scope="session")
def store(tmp_path_factory) -> Path:
    """Classifiers and images, kept from test to test."""
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="session")
def perfect(world, store) -> EvaluationReport:
    """The real notes themselves, as if a model made them."""
    return evaluate_model(FakeModel(), world, store, Options(n_notes=16, workers=0, recipe=TINY))


@pytest.fixture
def quick_ear(monkeypatch):
    """Every note is in tune: for tests of what is no matter of pitch."""
    for module in ("hearing", "player"):
        monkeypatch.setattr(f"train.evaluation.{module}.cents_off", lambda wave, rate, pitch: 0.0)
