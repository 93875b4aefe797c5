import pytest

from instrument.presets.nearest_model import nearest_model
from instrument.presets.preset import Preset
from instrument.values.status import Corner, ModelInfo, Timbre

ALPHA = ModelInfo("Alpha", "a" * 64, "/alpha", latent_space="s")
BETA = ModelInfo("Beta", "b" * 64, "/beta")
TIMBRES = {"Alpha": ("Oboe",), "Beta": ("Cello", "viola")}
CORNERS = tuple(Corner(name, timbre=name) for name in ("Cello", "Viola", "Harp", ""))


def timbres_of(model):
    return [Timbre(name, "string", ()) for name in TIMBRES[model.name]]


def choose(present=None, models=(ALPHA, BETA), **preset):
    return nearest_model(Preset(name="P", corners=CORNERS, **preset), models, present, timbres_of)


def test_the_presets_own_model_is_taken_in_silence():
    assert choose(model_name="Beta", model_hash=BETA.hash) == (BETA, "", False)


def test_a_model_of_the_same_latent_space_is_nearer_than_one_of_the_same_name():
    chosen = choose(model_name="Gone", model_hash="c" * 64, latent_space="s", present=BETA)
    assert chosen.model == ALPHA
    assert "same latent space" in chosen.told


def test_another_version_of_the_model_is_said():
    chosen = choose(model_name="Alpha", model_hash="c" * 64)
    assert (chosen.model, chosen.is_missing) == (ALPHA, False)
    assert "another version" in chosen.told


@pytest.mark.parametrize("present", [None, ALPHA])
def test_else_the_one_with_most_of_its_timbres_by_name(present):
    chosen = choose(model_name="Gone", model_hash="c" * 64, present=present)
    assert chosen.model == BETA
    assert chosen.told == (
        '"P" was made with the model "Gone" (cccccccc), which is not here. '
        'It plays with "Beta", which has 2 of its 3 timbres by name.'
    )


def test_the_open_model_stays_where_others_do_no_better():
    harp = (Corner("Harp", timbre="Harp"),) * 4
    preset = Preset(corners=harp, model_name="Gone")
    assert nearest_model(preset, (ALPHA, BETA), BETA, timbres_of).model == BETA


def test_a_preset_that_names_no_model_plays_with_what_is_open():
    assert choose(present=BETA) == (BETA, "", False)


def test_without_any_model_there_is_none():
    assert choose(models=(), model_name="Gone").model is None
