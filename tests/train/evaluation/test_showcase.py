"""Pictures and recordings of a model for its documents."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from matplotlib.image import imread

from model.config import ModelConfig, NetworkConfig, TimbreConfig
from model.gansynth import GANSynth
from model.warped import WarpedConfig
from tests.train.conftest import RATE, tone
from train.evaluation.real_notes import RealNotes
from train.evaluation.showcase import draw_known, draw_octaves, draw_pad, write_recording


@pytest.fixture(scope="module")
def model() -> GANSynth:
    warped = WarpedConfig()
    network = NetworkConfig(
        latent_size=8, channels=(4,) * 7, first_head=4, output="skip", harmonic_maps=True
    )
    names = ("Pure", "Bright", "Plucked")
    config = ModelConfig(
        name="small",
        sample_rate=warped.sample_rate,
        n_samples=warped.n_samples,
        representation="warped",
        network=network,
        prior="timbres",
        timbres=tuple(TimbreConfig(name=name, family="string") for name in names),
        warped=warped,
    )
    return GANSynth.create(config)


@pytest.fixture
def real(model: GANSynth, notes_folder: Path) -> RealNotes:
    return RealNotes.read(notes_folder, model)


def test_known_timbres_stand_beside_their_real_notes(
    model: GANSynth, real: RealNotes, tmp_path: Path
) -> None:
    waves = draw_known(model, real, tmp_path / "known.png")
    assert len(waves) == 6
    np.testing.assert_allclose(waves[2], tone(60, 12, 0.0), atol=1e-3)
    assert imread(tmp_path / "known.png").shape[1] > 100


def test_a_pad_goes_from_corner_to_corner(model: GANSynth, tmp_path: Path) -> None:
    waves = draw_pad(model, tmp_path / "pad.png")
    assert len(waves) == 5
    assert (tmp_path / "pad.png").exists()


def test_octaves_are_those_that_there_are_real_notes_of(
    model: GANSynth, real: RealNotes, tmp_path: Path
) -> None:
    assert len(draw_octaves(model, real, tmp_path / "octaves.png")) == 2


def test_a_recording_holds_its_notes_one_after_the_other(tmp_path: Path) -> None:
    write_recording([tone(60, 1, 0.0), 0.01 * tone(72, 1, 0.0)], RATE, tmp_path / "two.ogg")
    wave, rate = soundfile.read(tmp_path / "two.ogg")
    assert (rate, len(wave)) == (RATE, round(3.2 * RATE))
    for start, hertz in ((0, 261.6), (1.6, 523.3)):
        part = wave[round(start * RATE) :][:RATE]
        assert np.argmax(np.abs(np.fft.rfft(part))) == pytest.approx(hertz, abs=2)
        assert np.sqrt(np.mean(part**2)) == pytest.approx(0.64, rel=0.1)
