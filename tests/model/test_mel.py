import numpy as np
import pytest
import torch

from model.mel import (
    Taps,
    hertz_to_mel,
    linear_to_mel,
    linear_to_mel_matrix,
    mel_to_hertz,
    mel_to_linear,
    mel_to_linear_matrix,
)

SAMPLE_RATE = 16000
N_FREQS = 1024


@pytest.fixture
def matrix():
    return linear_to_mel_matrix(N_FREQS, SAMPLE_RATE)


def test_mel_and_back_is_the_same_frequency():
    hertz = np.linspace(0, 8000, 100)
    np.testing.assert_allclose(mel_to_hertz(hertz_to_mel(hertz)), hertz, atol=1e-9)


def test_each_bin_goes_to_two_bands_at_most_and_each_band_has_six_at_most(matrix):
    assert np.count_nonzero(matrix) == 2042
    assert (matrix != 0).sum(axis=1).max() == 2
    assert (matrix != 0).sum(axis=0).max() == 6


def test_first_and_last_bin_are_lost(matrix):
    assert not matrix[[0, -1]].any()
    assert not matrix[:, 0].any()


def test_bins_between_are_shared_out_whole(matrix):
    np.testing.assert_allclose(matrix[1:1021].sum(axis=1), 1, atol=1e-12)
    np.testing.assert_allclose(matrix[[1021, 1022]].sum(axis=1), [0.732, 0.366], atol=1e-3)


def test_bands_below_5_khz_are_evenly_spaced_and_not_mel(matrix):
    hertz = np.linspace(0, SAMPLE_RATE / 2, N_FREQS)
    centre = (matrix[:, 60:800] * hertz[:, None]).sum(axis=0) / matrix[:, 60:800].sum(axis=0)
    spacing = (centre[-1] - centre[0]) / (len(centre) - 1)
    assert spacing == pytest.approx(5.865, abs=0.01)
    np.testing.assert_allclose(centre, centre[0] + spacing * np.arange(740), atol=4)


def test_matrices_are_those_of_other_sizes_too():
    assert linear_to_mel_matrix(512, SAMPLE_RATE).shape == (512, 512)
    assert not linear_to_mel_matrix(512, SAMPLE_RATE).flags.writeable


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(
    ("multiply", "make_matrix"),
    [(linear_to_mel, linear_to_mel_matrix), (mel_to_linear, mel_to_linear_matrix)],
)
def test_taps_give_what_the_whole_matrix_gives(multiply, make_matrix, dtype):
    x = torch.randn(2, 3, N_FREQS, generator=torch.Generator().manual_seed(0)).to(dtype)
    whole = torch.tensor(make_matrix(N_FREQS, SAMPLE_RATE)).to(dtype)
    torch.testing.assert_close(multiply(x, SAMPLE_RATE), x @ whole)


def test_taps_of_a_matrix_with_an_empty_column_give_zero_there():
    taps = Taps.from_matrix(np.array([[0.0, 2.0], [0.0, 3.0]]), torch.device("cpu"), torch.float32)
    assert taps.apply(torch.tensor([10.0, 1.0])).tolist() == [0, 23]


def test_gradient_of_the_taps_is_right():
    x = torch.randn(
        2, 16, generator=torch.Generator().manual_seed(0), dtype=torch.float64, requires_grad=True
    )
    assert torch.autograd.gradcheck(lambda x: linear_to_mel(x, SAMPLE_RATE), x)
    assert torch.autograd.gradcheck(lambda x: mel_to_linear(x, SAMPLE_RATE), x)


def test_taps_first_met_in_inference_mode_serve_autograd_later():
    with torch.inference_mode():
        mel_to_linear(torch.ones(1, 48), SAMPLE_RATE)
    x = torch.ones(1, 48, requires_grad=True)
    mel_to_linear(x, SAMPLE_RATE).sum().backward()
    assert x.grad is not None
    assert torch.isfinite(x.grad).all()
