import sqlite3
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.train.evaluation.instruments import RATE, play
from tests.train.evaluation.tones import tone
from train.datasets.notes import DatasetError, Example, load_examples, read_wave
from train.evaluation.image_store import read_images
from train.evaluation.mel_image import image_db, image_size, mel_image


@pytest.fixture
def executor():
    with ThreadPoolExecutor(1) as one:
        yield one


@pytest.fixture
def examples(world) -> list[Example]:
    return load_examples(world)[:20]


def read(examples, file, executor, seconds=4.0, progress=lambda *_: None):
    return read_images(examples, RATE, seconds, file, executor, progress)


def test_images_are_those_of_the_waves_in_the_order_asked_for(examples, tmp_path, executor):
    file = tmp_path / "new" / "images.sqlite"
    images = read(examples, file, executor)
    again = read(examples[::-1], file, executor)
    assert images.shape == (20, *image_size())
    assert np.array_equal(images[3], mel_image(read_wave(examples[3]), RATE, RATE))
    assert np.array_equal(again, images[::-1])


def test_notes_drawn_before_are_not_drawn_again(examples, tmp_path, executor, monkeypatch):
    file = tmp_path / "images.sqlite"
    first = read(examples[:5], file, executor)
    drawn: list[str] = []

    def note(example: Example) -> np.ndarray:
        drawn.append(example.note_str)
        return read_wave(example)

    monkeypatch.setattr("train.evaluation.image_store.read_wave", note)
    images = read(examples, file, executor)
    assert np.array_equal(images[:5], first)
    assert sorted(drawn) == sorted(e.note_str for e in examples[5:])


def test_work_done_before_an_error_is_kept(examples, tmp_path, executor, monkeypatch):
    file = tmp_path / "images.sqlite"

    def note(example: Example) -> np.ndarray:
        if example == examples[19]:
            raise DatasetError("damaged")
        return read_wave(example)

    monkeypatch.setattr("train.evaluation.image_store.read_wave", note)
    with pytest.raises(DatasetError, match="damaged"):
        read(examples, file, executor)
    seen: list[int] = []
    read(examples[:16], file, executor, progress=lambda done, *_: seen.append(done))
    assert not seen  # nothing was left to do


def test_another_length_or_rate_is_another_image(examples, tmp_path, executor):
    file = tmp_path / "images.sqlite"
    whole, part = (read(examples[:1], file, executor, seconds) for seconds in (4.0, 0.2))
    assert not np.array_equal(whole, part)
    assert np.array_equal(read(examples[:1], file, executor), whole)


def test_file_that_is_no_data_base_is_an_error_of_one_line(examples, tmp_path, executor):
    (tmp_path / "images.sqlite").write_text("no data base, and longer than a header " * 9)
    with pytest.raises(DatasetError, match="delete the file: it is made again"):
        read(examples, tmp_path / "images.sqlite", executor)


def test_image_cut_short_is_drawn_again(examples, tmp_path, executor):
    file = tmp_path / "images.sqlite"
    images = read(examples[:2], file, executor)
    with sqlite3.connect(file) as store:
        store.execute("UPDATE images SET image = x'00'")
    store.close()
    assert np.array_equal(read(examples[:2], file, executor), images)


def test_folder_in_the_way_is_an_error_of_one_line(examples, tmp_path, executor):
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="Could not write"):
        read(examples, tmp_path / "file" / "images.sqlite", executor)


# The images themselves


def test_image_shows_a_tone_in_its_band_and_nothing_elsewhere():
    image = mel_image(tone(81, partials=1, decay=0), 32000, 32000)
    level_db = image_db(image[:, 60])
    hertz = 700 * (10 ** (np.arange(256) * 3564 / 257 / 2595) - 1)  # HTK's mel scale
    assert hertz[level_db.argmax()] == pytest.approx(880, rel=0.03)
    assert (level_db < -60).mean() > 0.9
    assert image.max() == 255


def test_image_does_not_depend_on_the_level_and_hardly_on_the_rate():
    wave = play(0, 60)
    image = mel_image(wave, RATE, RATE)
    assert np.array_equal(mel_image(0.25 * wave, RATE, RATE), image)
    doubled = np.interp(np.arange(2 * wave.size) / 2, np.arange(wave.size), wave)
    other = mel_image(doubled.astype(np.float32), 2 * RATE, RATE)
    assert np.abs(image_db(other) - image_db(image)).mean() < 3


@pytest.mark.parametrize("wave", [np.zeros(100, "f4"), np.zeros(0, "f4"), np.full(9, np.nan, "f4")])
def test_silence_is_black(wave):
    image = mel_image(wave, RATE, RATE)
    assert image.shape == image_size()
    assert not image.any()
