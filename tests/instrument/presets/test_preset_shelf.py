import pytest

from instrument.presets.preset_shelf import N_RECENT, PresetShelf


def test_a_favourite_is_one_until_it_is_toggled_again_whatever_its_case(tmp_path):
    assert PresetShelf(tmp_path).toggle("Glass")
    assert PresetShelf(tmp_path).is_favourite("GLASS")
    assert not PresetShelf(tmp_path).toggle("glass")
    assert PresetShelf(tmp_path).favourites == ()


def test_the_latest_preset_is_first_and_stands_there_once(tmp_path):
    shelf = PresetShelf(tmp_path)
    for name in ("a", "b", "a"):
        shelf.opened(name)
    assert PresetShelf(tmp_path).recent == ("a", "b")


def test_old_ones_are_forgotten(tmp_path):
    shelf = PresetShelf(tmp_path)
    for number in range(N_RECENT + 5):
        shelf.opened(str(number))
    assert len(shelf.recent) == N_RECENT


def test_a_renamed_preset_stays_a_favourite(tmp_path):
    shelf = PresetShelf(tmp_path)
    shelf.toggle("Glass")
    shelf.opened("Glass")
    shelf.renamed("Glass", "Ice")
    assert shelf.favourites == shelf.recent == ("Ice",)


@pytest.mark.parametrize("content", [b"", b"[]", b'{"recent": 3}', b"\xff", b"[" * 9999])
def test_a_damaged_shelf_is_set_aside_and_begun_anew(tmp_path, content):
    (tmp_path / ".shelf.json").write_bytes(content)
    shelf = PresetShelf(tmp_path)
    assert shelf.favourites == ()
    assert (tmp_path / ".shelf.json.damaged").read_bytes() == content
    shelf.toggle("Glass")
    assert PresetShelf(tmp_path).favourites == ("Glass",)


def test_a_folder_that_is_no_folder_is_no_shelf(tmp_path):
    (tmp_path / "file").touch()
    shelf = PresetShelf(tmp_path / "file")
    with pytest.raises(OSError):  # noqa: PT011  # which one depends on the system
        shelf.toggle("Glass")
    assert shelf.is_favourite("Glass")
