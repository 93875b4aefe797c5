import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save

from instrument.presets.models import (
    CONFIG_FILE,
    DISCRIMINATOR_FILE,
    WEIGHTS_FILE,
    ModelLibrary,
    ModelLibraryError,
    read_timbres,
)
from model.checkpoint import model_hash

CONFIG = {
    "format": "timbrepad-model",
    "version": 1,
    "name": "Brass",
    "info": "trained on brass",
    "sample_rate": 32000,
    "network": {"latent_size": 128, "lowest_pitch": 36, "n_pitches": 25, "channels": [8, 8]},
    "timbres": [{"name": "trumpet", "family": "brass"}, {"name": "tuba", "family": "brass"}],
}


def write(folder, weights=b"weights", **changes):
    folder.mkdir(parents=True)
    (folder / CONFIG_FILE).write_text(json.dumps(CONFIG | changes))
    (folder / WEIGHTS_FILE).write_bytes(weights)
    return folder


@pytest.fixture
def library(tmp_path):
    write(tmp_path / "bundled" / "first", name="First")
    return ModelLibrary(tmp_path / "models", tmp_path / "bundled")


def test_timbres_are_read_without_loading_the_model(library, tmp_path):
    z = np.arange(256, dtype=np.float32).reshape(2, 128)
    folder = write(tmp_path / "models" / "b", weights=save({"timbres": z}))
    trumpet, tuba = read_timbres(library.find("brass"))
    assert (trumpet.name, trumpet.family) == ("trumpet", "brass")
    assert tuba.z == tuple(z[1])
    (folder / WEIGHTS_FILE).write_bytes(save({"timbres": z[:1]}))
    assert read_timbres(library.find("brass")) == ()
    (folder / WEIGHTS_FILE).write_bytes(b"damaged")
    assert read_timbres(library.find("brass")) == ()


def test_folders_that_are_not_there_have_no_models(tmp_path):
    library = ModelLibrary(tmp_path / "a", tmp_path / "b")
    assert library.list() == ()
    assert library.first() is None
    with pytest.raises(ModelLibraryError, match="timbrepad models import"):
        library.find("x")


def test_a_model_is_told_from_its_config(library, tmp_path):
    folder = write(tmp_path / "models" / "b")
    info = library.find("brass")
    assert (info.name, info.info, info.path) == ("Brass", "trained on brass", str(folder))
    assert (info.sample_rate, info.n_timbres, info.latent_size) == (32000, 2, 128)
    assert (info.lowest_pitch, info.highest_pitch) == (36, 60)


def test_the_bundled_ones_come_first_and_the_first_is_opened(library, tmp_path):
    write(tmp_path / "models" / "a", name="Aaa")
    assert [info.name for info in library.list()] == ["First", "Aaa"]
    assert library.first().name == "First"


def test_damaged_folders_are_left_out_of_the_list(library, tmp_path):
    write(tmp_path / "models" / "foreign", format="else")
    broken = write(tmp_path / "models" / "broken")
    (broken / CONFIG_FILE).write_bytes(b"{")
    (write(tmp_path / "models" / "half") / WEIGHTS_FILE).unlink()
    assert [info.name for info in library.list()] == ["First"]


def test_a_model_can_be_asked_for_by_its_folder(library, tmp_path):
    folder = write(tmp_path / "elsewhere")
    assert library.find(str(folder)).name == "Brass"


def test_an_unknown_name_gets_those_that_are_there(library):
    with pytest.raises(
        ModelLibraryError, match=r'no model "Frist". Did you mean "First"\?.*"First"'
    ):
        library.find("Frist")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda folder: (folder / WEIGHTS_FILE).unlink(), "is not a model"),
        (lambda folder: (folder / CONFIG_FILE).write_bytes(b"\xff"), "not a Timbrepad model's"),
        (lambda folder: (folder / CONFIG_FILE).write_text("{}"), "not a Timbrepad model's"),
    ],
)
def test_what_is_no_model_is_refused_in_one_line(library, tmp_path, spoil, reason):
    folder = write(tmp_path / "spoilt")
    spoil(folder)
    with pytest.raises(ModelLibraryError, match=reason) as error:
        library.find(str(folder))
    assert "\n" not in str(error.value)


def test_weights_beyond_all_measure_are_refused(library, tmp_path):
    folder = write(tmp_path / "huge")
    with (folder / WEIGHTS_FILE).open("wb") as file:
        file.truncate(2_000_000_000)
    with pytest.raises(ModelLibraryError, match="too large"):
        library.find(str(folder))


def test_identity_covers_both_files(library, tmp_path):
    hashes = {
        library.find(str(write(tmp_path / "a"))).hash,
        library.find(str(write(tmp_path / "b", weights=b"others"))).hash,
        library.find(str(write(tmp_path / "c", info="other words"))).hash,
    }
    assert len(hashes) == 3
    assert library.find(str(write(tmp_path / "d"))).hash in hashes


def test_a_model_that_is_written_anew_gets_its_new_identity(library, tmp_path):
    folder = write(tmp_path / "a")
    before = library.find(str(folder)).hash
    (folder / WEIGHTS_FILE).write_bytes(b"other weights")
    assert library.find(str(folder)).hash != before


def test_identity_is_the_one_that_the_model_itself_has(library, tmp_path):
    folder = write(tmp_path / "a")
    assert library.find(str(folder)).hash == model_hash(folder)


def test_an_imported_model_is_there_until_it_is_removed(library, tmp_path):
    folder = write(tmp_path / "download", weights=b"x" * 1000)
    info = library.import_folder(folder)
    assert [model.name for model in library.list()] == ["First", "Brass"]
    assert info.path.startswith(str(tmp_path / "models"))
    assert info.hash == library.find(str(folder)).hash
    library.remove("Brass")
    assert [model.name for model in library.list()] == ["First"]
    assert list((tmp_path / "models").iterdir()) == []
    assert (folder / WEIGHTS_FILE).exists()


def test_a_model_can_be_imported_under_another_name(library, tmp_path):
    folder = write(tmp_path / "download", weights=b"x" * 1000)
    info = library.import_folder(folder, "Second brass")
    assert (info.name, info.info) == ("Second brass", "trained on brass")
    assert library.import_folder(folder).name == "Brass"
    assert json.loads((folder / CONFIG_FILE).read_text())["name"] == "Brass"


@pytest.mark.parametrize("name", [" ", "a" * 81, "two\nlines", "bell\a"])
def test_a_name_that_can_not_be_shown_is_refused(library, tmp_path, name):
    folder = write(tmp_path / "download")
    with pytest.raises(ModelLibraryError, match="1 to 80 letters"):
        library.import_folder(folder, name)
    assert not (tmp_path / "models").exists()


def test_a_discriminator_comes_along_and_makes_it_no_other_model(library, tmp_path):
    folder = write(tmp_path / "made")
    plain = library.find(str(folder)).hash
    (folder / DISCRIMINATOR_FILE).write_bytes(b"critic")
    info = library.import_folder(folder)
    assert (Path(info.path) / DISCRIMINATOR_FILE).read_bytes() == b"critic"
    assert info.hash == plain


def test_a_taken_name_is_not_imported_twice(library, tmp_path):
    folder = write(tmp_path / "download", name="FIRST")
    with pytest.raises(ModelLibraryError, match="already"):
        library.import_folder(folder)


def test_a_disk_that_is_full_leaves_nothing_behind(library, tmp_path, monkeypatch):
    folder = write(tmp_path / "download")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", full)
    with pytest.raises(ModelLibraryError, match="No space left"):
        library.import_folder(folder)
    assert list((tmp_path / "models").iterdir()) == []


def test_the_bundled_ones_cannot_be_removed(library):
    with pytest.raises(ModelLibraryError, match="not one of your own"):
        library.remove("First")


def test_what_comes_with_timbrepad_can_be_opened(tmp_path):
    info = ModelLibrary(tmp_path).first()
    assert info is not None
    assert info.n_timbres >= 4
    assert len(info.hash) == 64
