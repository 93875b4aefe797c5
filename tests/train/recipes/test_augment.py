"""Changes of notes: what they change, that silence and pitch stay, that they adapt."""

import pytest
import torch
from torch import Tensor

from model.warped import WarpedConfig, warped_codec, warped_frequencies
from tests.train.conftest import tone
from train.recipes.augment import Augmenter, adapted_share, shift
from train.recipes.loss import downscale

CONFIG = WarpedConfig()
DB_PER_UNIT = -CONFIG.floor_db / 1.6
FREQS_HZ = warped_frequencies(CONFIG)
ALL, NONE = torch.tensor(1.0), torch.tensor(0.0)


@pytest.fixture(scope="module")
def notes() -> Tensor:
    waves = torch.stack([torch.from_numpy(tone(60, 8, 1.0))] * 4)
    images = warped_codec(CONFIG).waves_to_specgrams(waves, torch.tensor([60] * 4))
    return downscale(images, 2, DB_PER_UNIT)


def changed(notes: Tensor, share: Tensor = ALL, seed: int = 0) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return Augmenter(FREQS_HZ, DB_PER_UNIT)(notes, share, random)


def test_with_a_share_of_nothing_notes_stay(notes: Tensor) -> None:
    assert torch.equal(changed(notes, NONE), notes)


def test_notes_are_changed_each_in_its_own_way(notes: Tensor) -> None:
    images = changed(notes)
    assert not any(torch.equal(images[0], image) for image in (*images[1:], notes[0]))


def test_partials_stay_where_they_are(notes: Tensor) -> None:
    """The pitch is the label: the bands that stand out are the same ones."""

    def partials(images: Tensor) -> Tensor:
        mean = images[:, 0].mean(1)
        return (
            (mean[:, 1:-1] > mean[:, :-2]) & (mean[:, 1:-1] > mean[:, 2:]) & (mean[:, 1:-1] > -0.2)
        )

    assert torch.equal(partials(changed(notes)), partials(notes))
    assert int(partials(notes)[0].sum()) >= 4


def test_silence_stays_silent() -> None:
    silence = torch.stack([torch.full((4, 64, 512), -0.8), torch.zeros(4, 64, 512)], 1)
    assert torch.equal(changed(silence), silence)


def test_a_gain_stays_within_its_bounds(notes: Tensor) -> None:
    flat = torch.zeros_like(notes)
    images = torch.cat([changed(flat, seed=seed)[:, 0] for seed in range(20)])
    at_1_khz = int((FREQS_HZ.view(512, 2).mean(1) - 1000).abs().argmin())
    change_db = images[:, 32, at_1_khz] * DB_PER_UNIT
    assert 5 < float(change_db.max()) < 6.1
    assert -6.1 < float(change_db.min()) < -5


def test_gradients_go_through(notes: Tensor) -> None:
    images = notes.clone().requires_grad_()
    changed(images).sum().backward()
    assert images.grad is not None
    assert float(images.grad.abs().mean()) > 0.5


def test_moving_a_note_brings_silence_in() -> None:
    images = torch.arange(2 * 2 * 4 * 1).view(2, 2, 4, 1).float()
    moved = shift(images, torch.tensor([1, -2]))
    assert moved[0, :, :, 0].tolist() == [pytest.approx([-0.8, 0, 1, 2]), [0, 4, 5, 6]]
    assert moved[1, :, :, 0].tolist() == [pytest.approx([10, 11, -0.8, -0.8]), [14, 15, 0, 0]]


def test_more_notes_are_changed_while_the_critic_is_too_sure() -> None:
    share = torch.tensor(0.5)
    assert float(adapted_share(share, torch.tensor(0.9), 0.6, 0.1)) == pytest.approx(0.6)
    assert float(adapted_share(share, torch.tensor(0.3), 0.6, 0.1)) == pytest.approx(0.4)
    assert float(adapted_share(torch.tensor(1.0), torch.tensor(0.9), 0.6, 0.1)) == 1.0
    assert float(adapted_share(torch.tensor(0.0), torch.tensor(0.1), 0.6, 0.1)) == 0.0
