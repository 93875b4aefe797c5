import pytest
import torch

from model.pitch import PITCHES, pitch_one_hot


def test_one_hot_has_its_one_at_the_pitch():
    one_hot = pitch_one_hot(torch.tensor([24, 60, 84]))
    assert one_hot.shape == (3, 61)
    assert one_hot.argmax(1).tolist() == [0, 36, 60]
    assert one_hot.sum(1).tolist() == [1, 1, 1]


def test_one_hot_follows_another_range():
    assert pitch_one_hot(torch.tensor([40]), range(40, 43)).tolist() == [[1, 0, 0]]


@pytest.mark.parametrize("pitch", [PITCHES[0] - 1, PITCHES[-1] + 1])
def test_pitch_outside_the_model_is_refused(pitch):
    with pytest.raises(ValueError, match=r"pitch must be 24\.\.84, not"):
        pitch_one_hot(torch.tensor([60, pitch]))
