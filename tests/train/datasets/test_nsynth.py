"""NSynth's download becomes a data set of the notes that were wished for, and no others."""

import errno
import os
import shutil
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from tests.train.nsynth_part import TEST, TRAIN, write_part
from train.datasets import notes
from train.datasets.notes import DatasetError, load_examples, read_wave
from train.datasets.nsynth import NSynthReport, Selection, prepare_nsynth, select_notes
from train.datasets.nsynth_filter import SPLIT_LIST, Filters, drawn_split

NAMES = {"flute-060": "flute_acoustic_002-060-100", "brass-084": "brass_acoustic_003-084-025"}

EVERYTHING = Filters(split="all")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = tmp_path / "nsynth"
    write_part(folder / "nsynth-train", TRAIN)
    write_part(folder / "nsynth-test", TEST)
    return folder


@pytest.fixture
def destination(tmp_path: Path) -> Path:
    return tmp_path / "notes"


def pack(folder: Path) -> Path:
    """Make the archive that is downloaded of a part, and remove the part."""
    path = folder.with_name(f"{folder.name}.jsonwav.tar.gz")
    with tarfile.open(path, "w:gz") as archive:
        archive.add(folder, folder.name)
    shutil.rmtree(folder)
    return path


def prepare(source: Path, destination: Path, filters: Filters = EVERYTHING) -> NSynthReport:
    return prepare_nsynth(select_notes(source, filters), destination, workers=1)


def names(folder: Path) -> set[str]:
    return {example.note_str for example in load_examples(folder)}


def kept(selection: Selection) -> set[str]:
    return {name for _, rows in selection.parts for name in rows}


def texts(report: NSynthReport) -> list[str]:
    return [fault.text for fault in report.faults]


# Which notes


def test_papers_notes_are_acoustic_and_of_its_pitches(source: Path) -> None:
    assert kept(select_notes(source, EVERYTHING)) == {
        "flute_acoustic_002-060-100",
        "flute_acoustic_002-061-100",
        "brass_acoustic_003-084-025",
    }


@pytest.mark.parametrize(
    ("filters", "n_notes"),
    [
        (Filters(split="all", sources=("electronic",)), 1),
        (Filters(split="all", sources=("acoustic", "synthetic"), lowest=0, highest=127), 6),
        (Filters(split="all", families=("brass",)), 1),
        (Filters(split="all", velocities=(100,)), 2),
        (Filters(split="train", split_of="nsynth"), 2),
        (Filters(split="test", split_of="nsynth"), 1),
    ],
)
def test_other_notes_can_be_wished_for(source: Path, filters: Filters, n_notes: int) -> None:
    assert len(kept(select_notes(source, filters))) == n_notes


def test_papers_list_decides_its_split_across_the_folders(source: Path) -> None:
    (source / SPLIT_LIST).write_text(
        f"id,split\n{NAMES['brass-084']},train\n{NAMES['flute-060']},test\n"
    )
    assert kept(select_notes(source, Filters(split="train"))) == {NAMES["brass-084"]}
    assert kept(select_notes(source, Filters(split="test"))) == {NAMES["flute-060"]}


def test_without_the_list_notes_are_drawn_in_the_papers_proportions(source: Path) -> None:
    drawn = [drawn_split(f"flute_acoustic_{i:03d}-060-100") for i in range(1000)]
    shares = [drawn.count(split) / 1000 for split in ("train", "valid", "test")]
    assert shares == pytest.approx([0.7, 0.2, 0.1], abs=0.05)
    everywhere = [kept(select_notes(source, EVERYTHING))]
    parts = []
    for split in ("train", "valid", "test"):
        try:
            parts.append(kept(select_notes(source, Filters(split=split))))
        except DatasetError:  # of three notes none may be in it
            parts.append(set())
    assert set.union(*parts) == everywhere[0]
    assert sum(map(len, parts)) == 3


def test_account_says_what_each_filter_does(source: Path) -> None:
    lines = "\n".join(select_notes(source, EVERYTHING).census.lines())
    assert "7 notes" in lines
    assert (
        "source    acoustic                             5 stay; gone: electronic 1, synthetic 1"
        in lines
    )
    assert (
        "pitch     24-84                                3 stay; gone: above 84 1, below 24 1"
        in lines
    )
    assert "flute                2         1" in lines
    assert "60-71                2         1  ####" in lines


def test_download_that_lacks_notes_of_the_papers_split_is_told(source: Path) -> None:
    (source / SPLIT_LIST).write_text(f"id,split\n{NAMES['brass-084']},train\n")
    lines = "\n".join(select_notes(source, Filters()).census.lines())
    assert "The paper's train split has 60,788 notes; the download is not whole." in lines


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        (
            Filters(split="all", velocities=(90,)),
            "--velocities 90 takes none of 3, which have velocity 100, 25",
        ),
        (
            Filters(split="all", sources=("synthetic",), families=("flute",)),
            "--families flute takes none of 1, which have family bass",
        ),
        (Filters(split="all", lowest=1, highest=2), "--pitches 1-2 takes none of 5"),
        (Filters(split="valid", split_of="nsynth"), "--split valid of nsynth takes none of 3"),
    ],
)
def test_filter_that_leaves_nothing_is_named(source: Path, filters: Filters, message: str) -> None:
    with pytest.raises(DatasetError, match=message):
        select_notes(source, filters)


@pytest.mark.parametrize(
    "wrong",
    [{"sources": ("acustic",)}, {"families": ("tuba",)}, {"split": "some"}, {"lowest": 90}],
)
def test_unknown_word_or_range_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must"):
        Filters(**wrong)


@pytest.mark.parametrize("content", ["", "name;part\na;b\n", "id,split\nx,nowhere\n"])
def test_list_of_another_kind_is_refused(source: Path, content: str) -> None:
    (source / SPLIT_LIST).write_text(content)
    with pytest.raises(DatasetError, match="is not the paper's list"):
        select_notes(source, Filters())


# The data set


def test_notes_are_taken_as_they_are(source: Path, destination: Path) -> None:
    report = prepare(source, destination)
    assert (report.n_notes, report.faults) == (3, ())
    name = f"{NAMES['flute-060']}.wav"
    taken = (destination / "audio" / name).read_bytes()
    assert taken == (source / "nsynth-train" / "audio" / name).read_bytes()
    [example] = [e for e in load_examples(destination) if e.pitch == 60]
    assert (example.sample_rate, example.velocity, example.level_db) == (16000, 100, None)


def test_notes_are_resampled_when_that_is_wished(source: Path, destination: Path) -> None:
    prepare_nsynth(select_notes(source, EVERYTHING), destination, sample_rate=32000, workers=1)
    example = load_examples(destination)[-1]
    wave = read_wave(example)
    assert (example.sample_rate, wave.size) == (32000, 128000)
    spectrum = np.abs(np.fft.rfft(wave[32000:64000]))
    assert int(spectrum.argmax()) == 100 + example.pitch


def test_archive_gives_what_the_folder_gives(source: Path, tmp_path: Path) -> None:
    prepare(source, tmp_path / "from folders")
    for part in list(source.iterdir()):
        pack(part)
    prepare(source, tmp_path / "from archives")
    by_folder, by_archive = (
        {path.name: path.read_bytes() for path in (tmp_path / name).rglob("[!.]*.*")}
        for name in ("from folders", "from archives")
    )
    assert by_folder == by_archive
    assert len(by_folder) == 5


@pytest.mark.parametrize("name", ["nsynth-train", "nsynth-train.jsonwav.tar.gz"])
def test_one_part_alone_is_enough(source: Path, destination: Path, name: str) -> None:
    if name.endswith("gz"):
        pack(source / "nsynth-train")
    assert prepare(source / name, destination).n_notes == 2


# A download cut short


def test_missing_wave_is_named_and_the_rest_goes_on(source: Path, destination: Path) -> None:
    name = NAMES["flute-060"]
    (source / "nsynth-train" / "audio" / f"{name}.wav").unlink()
    report = prepare(source, destination)
    assert texts(report) == [
        f"{source / 'nsynth-train'}: {name}.wav is missing. Download it again."
    ]
    assert all(fault.left_out for fault in report.faults)
    assert len(names(destination)) == 2


def test_many_missing_waves_are_counted(source: Path, destination: Path) -> None:
    part = write_part(
        source / "nsynth-valid", [("reed_acoustic_001", p, 50) for p in range(24, 54)]
    )
    for path in list((part / "audio").iterdir())[1:]:
        path.unlink()
    told = texts(prepare(source, destination))
    assert len(told) == 21
    assert told[-1] == f"{part}: 9 more WAVs are missing. Download it again."


@pytest.mark.parametrize("length", [0, 100, 3000])
def test_wave_that_is_cut_short_is_named(source: Path, destination: Path, length: int) -> None:
    path = source / "nsynth-train" / "audio" / f"{NAMES['flute-060']}.wav"
    path.write_bytes(path.read_bytes()[:length])
    [text] = texts(prepare(source, destination))
    assert text.startswith(str(path))
    assert text.endswith("Download NSynth again.")
    assert len(names(destination)) == 2


def test_list_cut_short_is_used_as_far_as_it_goes(source: Path, destination: Path) -> None:
    path = source / "nsynth-train" / "examples.json"
    content = path.read_text()
    path.write_text(content[: content.index("flute_acoustic_002-023") + 40])
    report = prepare(source, destination)
    assert texts(report) == [
        f"{path} is cut short after 2 notes, which are used. Download it again."
    ]
    assert len(names(destination)) == 3


def test_list_with_nothing_whole_in_it_is_an_error(source: Path) -> None:
    path = source / "nsynth-train" / "examples.json"
    path.write_text(path.read_text()[:30])
    with pytest.raises(DatasetError, match=r"examples\.json is damaged: .*Download it again"):
        select_notes(source, EVERYTHING)


def test_list_of_something_else_is_an_error(source: Path) -> None:
    (source / "nsynth-train" / "examples.json").write_text('{"a": {"pitch": 60}}')
    with pytest.raises(DatasetError, match="is not NSynth's list"):
        select_notes(source, EVERYTHING)


def test_archive_cut_short_is_used_as_far_as_it_goes(tmp_path: Path, destination: Path) -> None:
    contents = [("flute_acoustic_000", pitch, 100) for pitch in range(40, 60)]
    part = write_part(tmp_path / "nsynth-train", contents)
    for path in (part / "audio").iterdir():  # noise, which does not pack
        wave = 0.3 * np.random.default_rng(0).normal(size=64000)
        soundfile.write(path, np.clip(wave, -1, 1), 16000)
    path = tmp_path / "nsynth-train.jsonwav.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.add(part / "examples.json", "nsynth-train/examples.json")
        archive.add(part / "audio", "nsynth-train/audio")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    report = prepare(path, destination)
    assert 5 < report.n_notes < 15
    assert f"{path} is cut short. Download it again." in texts(report)
    assert sum("is missing" in text for text in texts(report)) == 20 - report.n_notes


def test_archive_cut_short_before_its_list_is_an_error(source: Path) -> None:
    path = pack(source / "nsynth-train")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DatasetError, match=r"tar\.gz is cut short before its examples\.json"):
        select_notes(path, EVERYTHING)


def test_folder_without_its_list_is_an_error(source: Path) -> None:
    (source / "nsynth-test" / "examples.json").unlink()
    with pytest.raises(DatasetError, match=r"nsynth-test holds no examples\.json"):
        select_notes(source, EVERYTHING)


def test_folder_without_nsynth_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="holds no NSynth"):
        select_notes(tmp_path, EVERYTHING)
    with pytest.raises(DatasetError, match="There is no"):
        select_notes(tmp_path / "nowhere", EVERYTHING)


# Starting again


class StoppedError(Exception):
    """Raised by the tests amid the work."""


@pytest.mark.parametrize("packed", [False, True])
def test_interrupted_work_goes_on(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed: bool
) -> None:
    monkeypatch.setattr("train.datasets.nsynth._CHUNK", 1)
    if packed:
        for part in list(source.iterdir()):
            pack(part)
    prepare(source, tmp_path / "whole")

    def stop(done: int, _total: int, _part: str) -> None:
        if done == 2:
            raise StoppedError

    selection = select_notes(source, EVERYTHING)
    with pytest.raises(StoppedError):
        prepare_nsynth(selection, tmp_path / "stopped", workers=1, progress=stop)
    counts: list[int] = []
    prepare_nsynth(
        selection, tmp_path / "stopped", workers=1, progress=lambda n, _all, _part: counts.append(n)
    )
    assert min(counts) == 2
    whole, stopped = (
        {path.name: path.read_bytes() for path in (tmp_path / name).rglob("[!.]*.*")}
        for name in ("whole", "stopped")
    )
    assert whole == stopped


def test_two_processes_make_what_one_makes(source: Path, tmp_path: Path) -> None:
    selection = select_notes(source, EVERYTHING)
    prepare_nsynth(selection, tmp_path / "two", workers=2)
    prepare_nsynth(selection, tmp_path / "one", workers=1)
    assert names(tmp_path / "two") == names(tmp_path / "one")


def test_full_disk_is_said(
    source: Path, destination: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = Path.write_bytes

    def fill(self: Path, content: bytes) -> int:
        if self.name.endswith(".wav.partial"):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(self, content)

    with monkeypatch.context() as patch:
        patch.setattr(notes.Path, "write_bytes", fill)
        with pytest.raises(DatasetError, match="the disk is full"):
            prepare(source, destination)
    assert not list((destination / "audio").iterdir())
    assert prepare(source, destination).n_notes == 3


@pytest.mark.parametrize("wrong", [{"sample_rate": 1000}, {"workers": 0}])
def test_number_out_of_range_is_refused(
    source: Path, destination: Path, wrong: dict[str, int]
) -> None:
    with pytest.raises(ValueError, match="must be"):
        prepare_nsynth(select_notes(source, EVERYTHING), destination, **wrong)
