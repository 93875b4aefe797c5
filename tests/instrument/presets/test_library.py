import errno
import json
import os
from pathlib import Path

import msgspec
import pytest

from instrument.presets.library import MAXIMUM_NAME, PresetLibrary
from instrument.presets.preset import (
    MAXIMUM_BYTES,
    Preset,
    PresetError,
    decode_preset,
    encode_preset,
)
from instrument.storage import files
from instrument.values.status import Corner


def make_preset(name="Glass", **changes):
    corners = tuple(Corner(name=f"corner {i}", z=(0.5, float(i))) for i in range(4))
    return Preset(name=name, corners=corners, **changes)


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(files.os, "fsync", lambda _descriptor: None)


@pytest.fixture
def factory(tmp_path):
    folder = tmp_path / "factory"
    folder.mkdir()
    for place, name in enumerate(["Zither", "Bell"]):
        path = folder / f"{place:02d} {name}.json"
        path.write_bytes(encode_preset(make_preset(name, tags=("factory",))))
    return folder


@pytest.fixture
def library(tmp_path, factory):
    return PresetLibrary(tmp_path / "presets", factory)


def names(library):
    return [entry.name for entry in library.list()]


class TestList:
    def test_a_folder_that_is_not_there_yet_has_no_presets(self, library):
        assert names(library) == ["Zither", "Bell"]

    def test_the_factorys_come_in_its_order_and_then_the_players_by_name(self, library):
        for name in ("violet", "Amber", "écru"):
            library.save(make_preset(name))
        assert names(library) == ["Zither", "Bell", "Amber", "violet", "écru"]

    def test_an_entry_says_what_is_searched_for(self, library):
        library.save(make_preset(tags=("soft", "bell"), author="Ada", model_name="draft"))
        entry = library.find("glass")
        assert (entry.tags, entry.author, entry.model_name) == (("soft", "bell"), "Ada", "draft")
        assert not entry.is_factory
        assert library.find("Bell").is_factory

    def test_a_damaged_file_is_listed_with_its_problem_and_hides_no_other(self, library):
        library.save(make_preset())
        (library.user_folder / "Broken.json").write_bytes(b"{nonsense")
        entries = {entry.name: entry for entry in library.list()}
        assert "Broken.json" in entries["Broken"].problem
        assert entries["Glass"].problem == ""

    def test_a_file_that_another_program_changed_is_read_anew(self, library):
        entry = library.save(make_preset(author="Ada"))
        assert library.find("Glass").author == "Ada"
        Path(entry.path).write_bytes(encode_preset(make_preset(author="Grace Hopper")))
        assert library.find("Glass").author == "Grace Hopper"

    def test_two_files_with_one_name_are_two_entries(self, library):
        entry = library.save(make_preset(author="first"))
        (library.user_folder / "copy.json").write_bytes(encode_preset(make_preset(author="second")))
        assert names(library)[2:] == ["Glass", "Glass 2"]
        assert library.load("Glass").author == "first"
        assert library.load("Glass 2").author == "second"
        assert library.load("Glass 2").name == "Glass 2"
        assert entry.name == "Glass"

    def test_unfinished_and_hidden_files_are_left_out(self, library):
        library.save(make_preset())
        (library.user_folder / ".half.json").write_bytes(b"")
        (library.user_folder / "notes.txt").write_bytes(b"")
        assert names(library) == ["Zither", "Bell", "Glass"]


class TestSave:
    def test_what_is_saved_comes_back_the_same(self, library):
        preset = make_preset(pad_x=0.25, tags=("a",), notes="x\ny", controllers={74: "cutoff"})
        library.save(preset)
        assert library.load("Glass") == preset

    @pytest.mark.parametrize(
        "name",
        [
            "a/b\\c",
            "..",
            "con",
            "NUL.txt",
            "?*<>|",
            "日本語の音色" * 10,
            ".hidden",
            "x" * MAXIMUM_NAME,
        ],
    )
    def test_any_name_makes_a_file_that_every_system_takes(self, library, name):
        entry = library.save(make_preset(name))
        path = Path(entry.path)
        assert path.parent == library.user_folder
        assert not set(path.name) & set('<>:"/\\|?*')
        assert len(path.name.encode()) <= 255
        assert not path.name.startswith(".")
        assert path.stem.split(".")[0].lower() not in {"con", "nul"}
        assert library.load(name).name == name

    def test_others_may_read_a_file_as_any_new_file(self, library, tmp_path):
        (tmp_path / "any").write_bytes(b"")
        path = Path(library.save(make_preset()).path)
        assert path.stat().st_mode == (tmp_path / "any").stat().st_mode

    def test_names_that_make_one_file_name_make_two_files(self, library):
        library.save(make_preset("a/b", author="slash"))
        library.save(make_preset("a:b", author="colon"))
        assert library.load("a/b").author == "slash"
        assert library.load("a:b").author == "colon"

    def test_saving_again_keeps_the_former_one_beside_it(self, library):
        library.save(make_preset(author="old"))
        entry = library.save(make_preset(author="new"))
        assert library.load("Glass").author == "new"
        backup = Path(entry.path + ".bak").read_bytes()
        assert decode_preset(backup, "backup").author == "old"
        assert names(library)[2:] == ["Glass"]

    def test_a_factory_preset_is_hidden_by_the_players_and_stays_in_its_place(self, library):
        library.save(make_preset("zither", author="me"))
        assert names(library) == ["zither", "Bell"]
        assert library.load("Zither").author == "me"
        library.delete("zither")
        assert names(library) == ["Zither", "Bell"]
        assert library.load("Zither").author == ""

    def test_save_as_refuses_a_name_that_is_taken_in_any_case(self, library):
        library.save(make_preset())
        for name in ("GLASS", "bell", " Glass "):
            with pytest.raises(PresetError, match="already"):
                library.save_as(make_preset(), name)

    def test_save_as_writes_under_the_new_name(self, library):
        library.save_as(make_preset("Glass"), "Ice")
        assert library.load("Ice").name == "Ice"
        assert "Glass" not in names(library)

    def test_a_free_name_is_found(self, library):
        library.save(make_preset("Glass"))
        assert library.unique_name("Glass") == "Glass 2"
        assert library.unique_name("Water") == "Water"

    @pytest.mark.parametrize(("name", "reason"), [(" \n ", "needs a name"), ("x" * 81, "at most")])
    def test_a_name_must_be_one(self, library, name, reason):
        with pytest.raises(PresetError, match=reason):
            library.save(make_preset(name))

    def test_a_full_disk_loses_nothing(self, library, monkeypatch):
        library.save(make_preset(author="old"))
        before = sorted(path.name for path in library.user_folder.iterdir())

        def full(_descriptor):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(files.os, "fsync", full)
        with pytest.raises(PresetError, match=r'Could not save "Glass": the disk is full'):
            library.save(make_preset(author="new"))
        assert library.load("Glass").author == "old"
        assert sorted(path.name for path in library.user_folder.iterdir()) == before

    def test_a_folder_that_cannot_be_made_says_so(self, tmp_path, factory):
        (tmp_path / "file").write_bytes(b"")
        library = PresetLibrary(tmp_path / "file" / "presets", factory)
        with pytest.raises(PresetError, match="Could not save"):
            library.save(make_preset())

    def test_a_protected_folder_says_so(self, library, monkeypatch):
        def protected(_descriptor):
            raise PermissionError(errno.EACCES, "Permission denied")

        monkeypatch.setattr(files.os, "fsync", protected)
        with pytest.raises(PresetError, match="protected"):
            library.save(make_preset())


class TestLoad:
    def test_a_name_that_is_not_there_gets_those_that_come_near(self, library):
        with pytest.raises(PresetError, match=r'no preset "Zitter".*"Zither"'):
            library.load("Zitter")

    def test_a_path_is_read_too(self, library, tmp_path):
        path = tmp_path / "friend.json"
        path.write_bytes(encode_preset(make_preset("Theirs")))
        assert library.load(str(path)).name == "Theirs"

    def test_another_version_is_named(self, library):
        library.save(make_preset())
        path = library.user_folder / "Glass.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"version": 99}))
        with pytest.raises(PresetError, match="version 99"):
            library.load("Glass")

    @pytest.mark.parametrize(
        "text", [b"", b"[]", b"null", b"\xff\xfe", b'{"version": 1}', b"1" * 99]
    )
    def test_what_is_no_preset_is_refused_in_one_line(self, library, text):
        library.user_folder.mkdir()
        (library.user_folder / "Odd.json").write_bytes(text)
        with pytest.raises(PresetError) as error:
            library.load("Odd")
        assert "\n" not in str(error.value)

    def test_a_huge_file_is_not_read_whole(self, library):
        library.user_folder.mkdir()
        with (library.user_folder / "Huge.json").open("wb") as file:
            file.truncate(MAXIMUM_BYTES * 1000)
        with pytest.raises(PresetError, match="too large"):
            library.load("Huge")


class TestRename:
    def test_a_renamed_preset_has_the_new_name_only(self, library):
        library.save(make_preset(author="Ada"))
        entry = library.rename("Glass", "Crystal")
        assert names(library)[2:] == ["Crystal"]
        assert library.load("Crystal").author == "Ada"
        assert Path(entry.path).name == "Crystal.json"

    def test_only_the_case_may_change(self, library):
        library.save(make_preset())
        library.rename("Glass", "GLASS")
        assert names(library)[2:] == ["GLASS"]

    def test_a_taken_name_is_refused(self, library):
        library.save(make_preset())
        with pytest.raises(PresetError, match="already"):
            library.rename("Glass", "Bell")
        assert library.load("Glass")

    def test_the_factorys_cannot_be_renamed_or_deleted(self, library):
        with pytest.raises(PresetError, match="came with Timbrepad"):
            library.rename("Bell", "Gong")
        with pytest.raises(PresetError, match="came with Timbrepad"):
            library.delete("Bell")


class TestDelete:
    def test_what_is_deleted_can_be_had_again_last_first(self, library):
        for name in ("One", "Two"):
            library.save(make_preset(name))
        library.delete("One")
        library.delete("Two")
        assert names(library) == ["Zither", "Bell"]
        assert library.undelete().name == "Two"
        assert library.undelete().name == "One"
        with pytest.raises(PresetError, match="no deleted preset"):
            library.undelete()

    def test_it_comes_back_under_a_free_name(self, library):
        library.save(make_preset(author="old"))
        library.delete("Glass")
        library.save(make_preset(author="new"))
        assert library.undelete().name == "Glass 2"
        assert library.load("Glass").author == "new"
        assert library.load("Glass 2").author == "old"


class TestFiles:
    def test_an_exported_preset_can_be_imported(self, library, tmp_path):
        preset = make_preset(author="Ada")
        library.save(preset)
        path = library.export_file("Glass", tmp_path)
        assert path == tmp_path / "Glass.json"
        assert library.import_file(path).name == "Glass 2"
        assert library.load("Glass 2") == msgspec.structs.replace(preset, name="Glass 2")

    def test_the_factorys_can_be_exported(self, library, tmp_path):
        path = library.export_file("Bell", tmp_path / "mine.json")
        assert decode_preset(path.read_bytes(), "it").name == "Bell"

    def test_what_cannot_be_imported_is_named(self, library, tmp_path):
        with pytest.raises(PresetError, match=r"missing\.json.*no such file"):
            library.import_file(tmp_path / "missing.json")
        with pytest.raises(PresetError, match="folder"):
            library.import_file(tmp_path)

    def test_a_destination_that_is_not_there_is_named(self, library, tmp_path):
        (tmp_path / "file").write_bytes(b"")
        with pytest.raises(PresetError, match="Could not write"):
            library.export_file("Bell", tmp_path / "file" / "x.json")


class TestWalk:
    def test_next_and_previous_go_round(self, library):
        library.save(make_preset("Glass"))
        assert library.next("Zither").name == "Bell"
        assert library.next("Glass").name == "Zither"
        assert library.previous("Zither").name == "Glass"
        assert library.next("no such").name == "Zither"

    def test_damaged_ones_are_passed_over(self, library):
        library.save(make_preset("Aaa"))
        (library.user_folder / "Aab.json").write_bytes(b"?")
        library.save(make_preset("Aac"))
        assert library.next("Aaa").name == "Aac"

    def test_programs_count_the_list(self, library):
        assert library.by_program(1).name == "Bell"
        with pytest.raises(PresetError, match="there are 2"):
            library.by_program(2)


def test_the_bundled_presets_can_all_be_opened(tmp_path):
    library = PresetLibrary(tmp_path)
    for entry in library.list():
        assert entry.is_factory
        assert entry.problem == ""
        assert library.load(entry.name).name == entry.name


class TestBackup:
    def test_a_preset_can_be_as_it_was_before_it_was_saved_and_back(self, library):
        library.save(make_preset(author="old"))
        library.save(make_preset(author="new"))
        assert library.revert("Glass").author == "old"
        assert library.load("Glass").author == "old"
        assert library.revert("Glass").author == "new"

    def test_a_damaged_preset_is_mended_by_its_backup(self, library):
        library.save(make_preset(author="old"))
        path = Path(library.save(make_preset(author="new")).path)
        path.write_bytes(b"{")
        library.revert("Glass")
        assert library.load("Glass").author == "old"

    def test_one_that_was_saved_once_has_no_earlier_one(self, library):
        library.save(make_preset())
        assert not library.has_backup("Glass")
        with pytest.raises(PresetError, match="saved once only"):
            library.revert("Glass")

    def test_what_could_not_be_read_again_is_not_written_over_what_can(self, library):
        library.save(make_preset())
        with pytest.raises(PresetError, match="not a Timbrepad preset"):
            library.save(make_preset(pad_x=float("nan")))
        assert library.load("Glass") == make_preset()


class TestPacks:
    def test_a_pack_of_the_players_own_goes_to_another_player(self, library, tmp_path):
        for name in ("Glass", "Ice"):
            library.save(make_preset(name, author="Ada"))
        path = library.export_pack((), tmp_path / "mine")
        assert path == tmp_path / "mine.zip"
        other = PresetLibrary(tmp_path / "other", tmp_path / "none")
        assert [entry.name for entry in other.import_pack(path)] == ["Glass", "Ice"]
        assert other.load("Ice") == library.load("Ice")

    def test_what_is_here_already_is_not_copied_again(self, library, tmp_path):
        library.save(make_preset())
        path = library.export_pack(("Glass",), tmp_path / "mine.zip")
        assert library.import_pack(path) == ()

    def test_another_sound_of_a_taken_name_gets_a_new_name(self, library, tmp_path):
        library.save(make_preset(pad_x=0.25))
        path = library.export_pack(("Glass",), tmp_path / "mine.zip")
        library.save(make_preset(pad_x=0.75))
        assert [entry.name for entry in library.import_pack(path)] == ["Glass 2"]
        assert library.load("Glass").pad_x == 0.75

    def test_no_presets_make_no_pack(self, library, tmp_path):
        with pytest.raises(PresetError, match="no presets of your own"):
            library.export_pack((), tmp_path / "mine.zip")

    def test_a_pack_that_is_not_there_is_said(self, library, tmp_path):
        with pytest.raises(PresetError, match="no such file"):
            library.import_pack(tmp_path / "gone.zip")
