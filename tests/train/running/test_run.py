"""A run's folder: which run may go on in it, with which data, and what its statistics hold."""

from pathlib import Path

import msgspec
import pytest

from tests.train.toy import SETTINGS, ToyTrainer, start
from train.datasets.identity import DataIdentity, InstrumentIdentity, difference, identify
from train.datasets.notes import DatasetError, load_examples
from train.recipes.config import GANSynthConfig, WarmStartConfig
from train.running.progress import Progress
from train.running.run import Run

NOTES = {"bass": InstrumentIdentity(3, 1, 1), "flute": InstrumentIdentity(2, 5, 5)}
DATA = DataIdentity(5, NOTES)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    run = Run(tmp_path)
    run.start(SETTINGS, DATA)
    run.checkpoints.write(ToyTrainer().state(), 10)
    return run


def test_the_same_settings_go_on_without_a_word(run: Run) -> None:
    assert run.check(SETTINGS) == []
    assert run.config() == SETTINGS


def test_what_may_change_is_told(run: Run) -> None:
    slower = msgspec.structs.replace(SETTINGS, learning_rate=0.001)
    assert run.check(slower) == ["learning_rate is 0.001 from here on; it was 0.0025."]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (WarmStartConfig(width="half"), "its width is quarter, not half"),
        (WarmStartConfig(latent_size=16), "its latent_size is 64, not 16"),
        (WarmStartConfig(representation="F"), "its representation is M20hn, not F"),
        (WarmStartConfig(pitch_gain=1.0), "its pitch_gain is 8.0, not 1.0"),
        (GANSynthConfig(), "its recipe is warm-start, not gansynth"),
    ],
)
def test_another_network_or_recipe_is_refused(run: Run, settings, message) -> None:
    with pytest.raises(DatasetError, match=message):
        run.check(settings)


def test_a_folder_of_a_former_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "checkpoint.safetensors").write_bytes(b"")
    with pytest.raises(DatasetError, match=r"checkpoint.safetensors is of a former version"):
        Run(tmp_path).check(SETTINGS)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"recipe": "warm-start", "colour": 3}', "of another version of Timbrepad"),
        (b'{"recipe": "war', "is damaged"),
    ],
)
def test_settings_that_cannot_be_read_are_refused(run: Run, content: bytes, message) -> None:
    (run.folder / "config.json").write_bytes(content)
    with pytest.raises(DatasetError, match=rf"config.json.*{message}"):
        run.check(SETTINGS)


@pytest.mark.parametrize(
    ("instruments", "what"),
    [
        ({**NOTES, "harp": NOTES["bass"]}, "harp is new"),
        ({"bass": NOTES["bass"]}, "flute is gone"),
        ({**NOTES, "bass": InstrumentIdentity(2, 1, 1)}, "bass had 3 notes and has 2"),
        ({**NOTES, "bass": InstrumentIdentity(3, 2, 1)}, "bass has other labels"),
        ({**NOTES, "bass": InstrumentIdentity(3, 1, 2)}, "bass has WAVs that were written again"),
        ({"harp": NOTES["bass"]}, "bass is gone, and 2 more instruments changed"),
    ],
)
def test_data_that_changed_is_told_by_the_instrument(run: Run, instruments, what) -> None:
    now = DataIdentity(0, instruments)
    assert difference(DATA, now) == what
    with pytest.raises(DatasetError, match=rf"since the run began: {what}.*--accept-changed-data"):
        run.check_data(now)
    run.check_data(now, accept_changes=True)
    run.check_data(DATA)


def test_data_may_change_before_a_run_has_a_checkpoint(tmp_path: Path) -> None:
    start(tmp_path).check_data(DATA)


def test_identity_knows_labels_and_files_but_not_the_place(notes_folder: Path, tmp_path) -> None:
    examples = load_examples(notes_folder)
    now = identify(examples)
    assert now.n_notes == 15
    assert difference(now, identify(reversed(examples))) == ""
    relabelled = type(examples[0])(**{**vars(examples[0]), "velocity": 3})
    assert difference(now, identify([relabelled, *examples[1:]])).endswith("has other labels")
    touched = tmp_path / "copy.wav"
    touched.write_bytes(examples[0].path.read_bytes())
    moved = type(examples[0])(**{**vars(examples[0]), "path": touched})
    assert difference(now, identify([moved, *examples[1:]])).endswith("written again")


def test_statistics_after_the_checkpoint_are_taken_out(run: Run) -> None:
    for seen in (8, 10, 12):
        line = Progress(examples_seen=seen, stage=1, examples_per_second=1.0, losses={})
        run.log(line)
    with (run.folder / "stats.jsonl").open("ab") as file:
        file.write(b'{"examples_seen": 1')
    run.rewind(10)
    lines = (run.folder / "stats.jsonl").read_text().splitlines()
    assert [msgspec.json.decode(line)["examples_seen"] for line in lines] == [8, 10]


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match=r"Could not write .*config.json"):
        start(tmp_path / "file")
