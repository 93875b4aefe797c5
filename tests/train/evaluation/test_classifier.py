"""The classifier's file, and which notes it learns."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from tests.train.evaluation.instruments import TINY
from train.datasets.dataset import is_held_out
from train.datasets.notes import Example, load_examples
from train.evaluation.classifier import (
    Accuracy,
    ClassifierConfig,
    ClassifierError,
    ClassifierNetwork,
    ClassifierRecipe,
    Judgement,
    NoteClassifier,
)
from train.evaluation.classifier_store import find_classifier
from train.evaluation.classifier_training import (
    classifier_path,
    data_identity,
    learning_rate_share,
    split_notes,
    train_classifier,
)
from train.evaluation.image_store import read_images
from train.evaluation.mel_image import Image, image_size

HASTY = ClassifierRecipe(
    sample_rate=16000, channels=(4, 4, 4, 4, 4, 4), n_features=8, examples=64, batch=16
)


def random_classifier(recipe: ClassifierRecipe = HASTY) -> NoteClassifier:
    torch.manual_seed(0)
    config = ClassifierConfig(
        recipe=recipe, data="d", n_notes=3, new_notes=Accuracy(n_notes=1, pitch=0.5, family=1.0)
    )
    return NoteClassifier(config, ClassifierNetwork(recipe))


def random_images(n: int) -> Image:
    return np.random.default_rng(0).integers(0, 256, (n, *image_size()), np.uint8)


# Judging


def test_judgement_does_not_depend_on_how_many_notes_are_judged_at_once():
    classifier, images = random_classifier(), random_images(70)
    together, alone = classifier.judge(images), classifier.judge(images[69:])
    assert together.features.shape == (70, 8)
    assert np.allclose(together.features[69:], alone.features, atol=1e-5)
    assert np.allclose(together.pitch.sum(axis=1), 1, atol=1e-5)
    assert np.allclose(together.family.sum(axis=1), 1, atol=1e-5)


def test_no_notes_are_judged_as_none():
    judgement = random_classifier().judge(random_images(1)[:0])
    assert judgement.features.shape == (0, 8)
    assert judgement.pitch.shape == (0, 61)


def test_first_pitch_is_midi_24():
    judgement = Judgement(np.zeros((2, 1)), np.eye(61)[[0, 60]], np.eye(11)[[0, 10]])
    assert judgement.pitch_is(np.array([24, 84])).all()
    assert not judgement.pitch_is(np.array([25, 24])).any()
    assert judgement.family_is(np.array([0, 1])).tolist() == [True, False]


# Its file


def test_saved_classifier_is_the_same(tmp_path):
    classifier, images = random_classifier(), random_images(3)
    classifier.save(tmp_path / "new" / "c.safetensors")
    read = NoteClassifier.load(tmp_path / "new" / "c.safetensors")
    assert read.config == classifier.config
    assert read.hash == classifier.hash
    assert np.array_equal(read.judge(images).pitch, classifier.judge(images).pitch)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["c.safetensors"]


def test_other_weights_are_another_classifier():
    first, other = random_classifier(), random_classifier()
    other.network.pitch.bias += 1
    assert first.hash != other.hash


def test_file_that_is_missing_foreign_or_cut_short_is_refused(tmp_path):
    path = tmp_path / "c.safetensors"
    with pytest.raises(ClassifierError, match="Could not read"):
        NoteClassifier.load(path)
    path.write_text("no classifier")
    with pytest.raises(ClassifierError, match="is no classifier, or is damaged"):
        NoteClassifier.load(path)
    save_file({"x": torch.zeros(3)}, path)
    with pytest.raises(ClassifierError, match="is no classifier"):
        NoteClassifier.load(path)
    random_classifier().save(path)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(ClassifierError, match="damaged"):
        NoteClassifier.load(path)


@pytest.mark.parametrize(
    "text", ['{"recipe": 1}', '{"recipe": {"version": 2}, "data": "", "n_notes": 1}', "no JSON"]
)
def test_file_of_another_version_is_refused(tmp_path, text):
    path = tmp_path / "c.safetensors"
    save_file({"x": torch.zeros(3)}, path, {"timbrepad-classifier": text})
    with pytest.raises(ClassifierError, match="another version"):
        NoteClassifier.load(path)


def test_weights_that_do_not_fit_are_refused(tmp_path):
    path = tmp_path / "c.safetensors"
    text = msgspec.json.encode(random_classifier().config).decode()
    save_file({"x": torch.zeros(3)}, path, {"timbrepad-classifier": text})
    with pytest.raises(ClassifierError, match="is damaged"):
        NoteClassifier.load(path)


def test_file_that_cannot_be_written_is_an_error_of_one_line(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ClassifierError, match="Could not write"):
        random_classifier().save(tmp_path / "file" / "c.safetensors")


# Splitting


def notes(n_instruments: int) -> list[Example]:
    return [
        Example(
            note=0,
            note_str=f"bass_acoustic_{i:03d}-{pitch:03d}-100",
            instrument=i,
            instrument_str=f"bass_acoustic_{i:03d}",
            pitch=pitch,
            velocity=100,
            sample_rate=16000,
            instrument_family=0,
            instrument_family_str="bass",
            instrument_source=0,
            instrument_source_str="acoustic",
            qualities=(),
            qualities_str=(),
        )
        for i in range(n_instruments)
        for pitch in range(20, 90)
    ]


def test_no_note_is_learned_and_tested_and_no_tested_instrument_learned():
    split = split_notes(notes(40), 10_000)
    learned = {e.instrument_str for e in split.learned}
    assert not any(is_held_out(e) for e in split.learned)
    assert all(is_held_out(e) and e.instrument_str in learned for e in split.new_notes)
    assert not learned & {e.instrument_str for e in split.new_instruments}
    assert len(split.learned) + len(split.new_notes) + len(split.new_instruments) == 40 * 61
    assert 1 <= len(split.new_instruments) // 61 <= 12


def test_split_of_an_instrument_does_not_depend_on_the_others():
    few, many = (split_notes(notes(n), 10_000) for n in (20, 40))
    learned = {e.note_str for e in many.learned}
    assert {e.note_str for e in few.learned} <= learned


def test_large_data_set_is_learned_in_part():
    split = split_notes(notes(40), 610)
    assert len(split.learned) == 610
    assert len({e.pitch for e in split.learned}) == 61
    assert len(split.new_notes) <= 152


def test_only_instrument_is_learned_whatever_its_name():
    for i in range(30):
        one = [e for e in notes(30) if e.instrument == i]
        assert split_notes(one, 1000).learned


# Training and keeping


def test_learning_rate_rises_shortly_and_falls_to_nothing():
    shares = [learning_rate_share(step, 1000) for step in range(1000)]
    assert shares[0] == pytest.approx(0.01)
    assert 95 < int(np.argmax(shares)) < 105
    assert shares[99] > 0.95
    assert 0 < shares[-1] < 1e-4
    assert [learning_rate_share(0, 1)] == [1]


@pytest.fixture
def reader(store):
    executor = ThreadPoolExecutor(1)

    def read(examples: list[Example], rate: int, seconds: float) -> Image:
        file = store / "images.sqlite"
        return read_images(examples, rate, seconds, file, executor, lambda *_: None)

    yield read
    executor.shutdown()


def test_same_recipe_and_data_make_the_same_classifier(world, reader):
    examples = load_examples(world)
    before = torch.random.get_rng_state()
    first, again = (
        train_classifier(
            examples, HASTY, lambda notes_: reader(notes_, 16000, 4.0), lambda *_: None
        )
        for _ in range(2)
    )
    assert first.hash == again.hash
    assert first.config.data == data_identity(examples)
    assert torch.equal(torch.random.get_rng_state(), before)


def find(examples, rate: int, path: Path | None, folder: Path, reader) -> NoteClassifier:
    return find_classifier(examples, rate, HASTY, path, folder, reader, lambda *_: None)


def test_classifier_is_trained_once_and_found_again(world, reader, tmp_path):
    examples = load_examples(world)
    made = find(examples, 32000, None, tmp_path, reader)
    path = classifier_path(tmp_path, HASTY, data_identity(examples))
    assert made.sample_rate == 16000  # the data hold no more
    assert path.exists()

    def unread(*_: object) -> Image:
        raise AssertionError("it is there already")

    assert find(examples, 16000, None, tmp_path, unread).hash == made.hash
    shipped = tmp_path / "shipped.safetensors"
    path.rename(shipped)
    assert find(examples, 16000, shipped, tmp_path / "empty", unread).hash == made.hash


def test_classifier_that_looks_higher_than_the_notes_reach_is_refused(world, reader, tmp_path):
    path = tmp_path / "c.safetensors"
    random_classifier(ClassifierRecipe(sample_rate=32000, channels=(4,), n_features=4)).save(path)
    with pytest.raises(ClassifierError, match="looks at notes at 32000 Hz; these are at 16000"):
        find(load_examples(world), 16000, path, tmp_path, reader)


def test_other_data_have_another_identity(world):
    examples = load_examples(world)
    assert data_identity(examples) == data_identity(examples[::-1])
    assert data_identity(examples) != data_identity(examples[1:])
    assert classifier_path(Path(), TINY, "d") != classifier_path(Path(), HASTY, "d")
