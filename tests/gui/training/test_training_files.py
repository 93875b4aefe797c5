import json

import pytest

from gui.training.training_files import (
    StatsReader,
    TrainingFolder,
    TrainingPlan,
    free_folder,
    list_trainings,
)


def line(seen, **more):
    words = {"examples_seen": seen, "stage": 4, "examples_per_second": 9.0, **more}
    return json.dumps(words) + "\n"


@pytest.fixture
def stats(tmp_path):
    return tmp_path / "stats.jsonl"


@pytest.fixture
def reader(tmp_path):
    return StatsReader(tmp_path)


def places(reader):
    return [line.examples_seen for line in reader.lines]


def test_a_run_that_has_not_begun_has_no_lines(reader):
    assert not reader.read()
    assert reader.lines == []


def test_new_lines_are_added_to_the_ones_before(reader, stats):
    stats.write_text(line(10))
    assert reader.read()
    with stats.open("a") as file:
        file.write(line(20, losses={"level": 0.5}))
    assert reader.read()
    assert places(reader) == [10, 20]
    assert reader.lines[1].losses == {"level": 0.5}
    assert not reader.read()


def test_half_a_line_waits_for_its_end(reader, stats):
    whole = line(20)
    stats.write_text(line(10) + whole[:12])
    reader.read()
    assert places(reader) == [10]
    with stats.open("a") as file:
        file.write(whole[12:])
    reader.read()
    assert places(reader) == [10, 20]


def test_lines_that_a_resumed_run_took_back_are_gone(reader, stats, tmp_path):
    stats.write_text(line(10) + line(20) + line(30))
    reader.read()
    shorter = tmp_path / "shorter"
    shorter.write_text(line(10))
    shorter.replace(stats)
    assert reader.read()
    assert places(reader) == [10]


def test_a_damaged_line_is_passed_over(reader, stats):
    stats.write_text(line(10) + "\0\0\n{}\n" + line(20))
    reader.read()
    assert places(reader) == [10, 20]


def test_a_plan_is_read_as_it_was_written(tmp_path):
    training = TrainingFolder(tmp_path / "Cello")
    plan = TrainingPlan(name="Cello", source="/recordings", minutes=20, seconds_spent=300.0)
    training.write_plan(plan)
    assert training.plan() == plan
    assert plan.seconds_left == 900.0


@pytest.mark.parametrize("text", ["", "{", '{"name": 3}', "\0"])
def test_a_damaged_plan_is_no_training(tmp_path, text):
    (tmp_path / "Cello").mkdir()
    (tmp_path / "Cello" / "plan.json").write_text(text)
    (tmp_path / "file").write_text("")
    assert list(list_trainings(tmp_path)) == []


def test_a_taken_folder_is_followed_by_a_number(tmp_path):
    (tmp_path / "My cello").mkdir()
    assert free_folder(tmp_path, "My cello").path.name == "My cello 2"
    assert free_folder(tmp_path, "../..").path.parent == tmp_path


def test_a_run_is_complete_when_it_has_seen_all_of_its_notes(tmp_path):
    training = TrainingFolder(tmp_path)
    training.run.mkdir()
    (training.run / "config.json").write_text('{"examples": 20}')
    (training.run / "stats.jsonl").write_text(line(10))
    assert not training.is_complete
    (training.run / "stats.jsonl").write_text(line(10) + line(20))
    assert training.is_complete
