"""The page: what it links to is there, and is what it should be."""

import itertools
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
import soundfile

from tests.train.evaluation.instruments import NAMES, RATE, FakeModel
from tests.train.evaluation.tones import tone
from train.datasets.notes import DatasetError
from train.evaluation.coverage import CoveragePoint, draw_coverage, principal_places
from train.evaluation.page import Section, Sound, page_text, write_page_of
from train.evaluation.rainbowgram import rainbowgram
from train.evaluation.real_notes import RealNotes


class Links(HTMLParser):
    """Collects what a page links to, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value or "" for name, value in attrs if name in {"src", "href"}]

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def page(perfect, world, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("page") / "new"
    model = FakeModel()
    write_page_of(folder, perfect, model, RealNotes.read(world, model), lambda *_: None)
    return folder


@pytest.fixture(scope="module")
def links(page) -> Links:
    parser = Links()
    parser.feed((page / "index.html").read_text(encoding="utf-8"))
    return parser


def test_all_links_are_relative_and_lead_to_files_and_no_file_is_left_over(page, links):
    files = {path.relative_to(page).as_posix() for path in page.rglob("*") if path.is_file()}
    assert {*links.links, "index.html"} == files


def test_every_figure_stands_on_the_page(links, perfect):
    for figure in perfect.figures.values():
        assert figure.title in links.text
    for family in perfect.families:
        assert family in links.text


def test_each_picture_has_its_sound(links):
    pictures = {Path(link).stem for link in links.links if link.endswith(".png")}
    sounds = {Path(link).stem for link in links.links if link.endswith(".flac")}
    assert pictures == {*sounds, "coverage"}
    assert sum(name.startswith("known-") for name in sounds) == 2 * len(NAMES)


def test_sounds_play_and_pictures_show_something(page):
    for sound in (page / "audio").iterdir():
        wave, rate = soundfile.read(sound)
        assert rate == RATE
        assert 0.1 < np.abs(wave).max() <= 1
    for picture in (page / "pictures").iterdir():
        assert matplotlib.image.imread(picture)[..., :3].std() > 0.01


def test_known_timbres_stand_beside_the_real_ones(page):
    # This model plays the real notes themselves.
    ours, theirs = (
        soundfile.read(page / "audio" / f"known-2-{kind}.flac")[0] for kind in ("generated", "real")
    )
    assert np.abs(ours - theirs).max() < 1e-3


def test_names_that_are_markup_are_shown_as_text(perfect):
    sound = Sound("<b>title</b>", np.zeros(9, np.float32), "name")
    text = page_text(
        replace(perfect, model="<script>alert(1)</script>"),
        [Section("Notes", "Of <i>all</i> kinds.", [[sound]])],
    )
    assert "&lt;script&gt;alert(1)" in text
    assert not any(tag in text for tag in ("<script>", "<b>", "<i>"))


def test_page_that_cannot_be_written_is_an_error_of_one_line(perfect, world, tmp_path):
    (tmp_path / "file").write_text("in the way")
    model = FakeModel()
    real = RealNotes.read(world, model)
    with pytest.raises(DatasetError, match="Could not write"):
        write_page_of(tmp_path / "file", perfect, model, real, lambda *_: None)


# Rainbowgrams


def test_rainbowgram_of_a_steady_tone_is_one_bright_line_of_one_colour():
    picture = rainbowgram(tone(69, partials=1, decay=0), 32000)
    brightness = picture.max(axis=2)
    rows = brightness[:, 60:180].mean(axis=1)
    line = int(rows.argmax())
    assert picture.shape[0] == 36 * 9
    assert picture.shape[0] - 1 - line == 36 * 4  # 440 Hz are four octaves above the lowest band
    assert rows[line] > 250
    assert (rows < 30).mean() > 0.8
    assert picture[line, 60:180].std(axis=0).max() < 8


def test_rainbowgram_of_vibrato_changes_its_colour():
    steady, moving = (rainbowgram(tone(69, partials=1, decay=0, vibrato=v), 32000) for v in (0, 30))
    line = steady.shape[0] - 1 - 36 * 4
    assert moving[line, 60:180].std(axis=0).max() > 3 * steady[line, 60:180].std(axis=0).max() + 5


def test_rainbowgram_of_silence_is_black():
    assert not rainbowgram(np.zeros(64000, np.float32), 16000).any()


# Coverage


def test_coverage_keeps_the_distances_of_real_notes_on_a_plane():
    rng = np.random.default_rng(0)
    axes = np.linalg.qr(rng.standard_normal((512, 2)))[0]
    flat = rng.standard_normal((10, 2))
    points = [CoveragePoint("real", str(i), row) for i, row in enumerate(flat @ axes.T)]
    places = principal_places(points)
    for a, b in itertools.combinations(range(10), 2):
        assert np.linalg.norm(places[a] - places[b]) == pytest.approx(
            np.linalg.norm(flat[a] - flat[b])
        )


def test_coverage_of_nothing_is_a_picture_too(tmp_path):
    draw_coverage([], tmp_path / "empty.png")
    assert matplotlib.image.imread(tmp_path / "empty.png").shape[0] > 100
