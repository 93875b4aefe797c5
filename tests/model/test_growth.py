"""The growing: which blocks count when, against the original's numbers and by its own rules."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model.config import NetworkConfig
from model.growth import (
    blend_resolutions,
    head_weight,
    head_weights,
    image_weight,
    n_blocks_at,
    n_channels_at,
    n_images_before_end,
    progress_at,
    progress_at_time,
    stage_end_seconds,
)
from tests.original import channels_first, load

IMAGES = 800_000


@pytest.fixture(scope="module")
def golden():
    return load("schedule_and_layers")


@pytest.mark.parametrize("n_blocks", range(1, 8))
def test_progress_is_the_original_s(golden, n_blocks):
    ours = [progress_at(int(i), n_blocks, IMAGES, IMAGES) for i in golden["image_ids"]]
    np.testing.assert_allclose(ours, golden[f"progress_nb{n_blocks}"], rtol=1e-6)


def test_stages_are_the_original_s(golden):
    for stage, (n_blocks, n_images) in enumerate(golden["stage_info"]):
        assert n_blocks_at(stage) == n_blocks
        if stage < 12:  # the last one lasts until training ends
            assert n_images_before_end(stage, IMAGES, IMAGES) == n_images


def test_weights_of_heads_and_images_are_the_original_s(golden):
    for row, progress in enumerate(golden["alpha_progress_values"]):
        ours = [head_weight(block, progress) for block in range(1, 8)]
        np.testing.assert_allclose(ours, golden["gen_alpha"][row], atol=1e-6)
        ours = [image_weight(block, progress) for block in range(1, 8)]
        np.testing.assert_allclose(ours, golden["disc_alpha"][row], atol=1e-6)


@pytest.mark.parametrize(("base", "maximum"), [(4096, 256), (512, 128), (512, 16)])
def test_channels_are_the_original_s(golden, base, maximum):
    ours = [n_channels_at(block, base, maximum) for block in range(8)]
    assert ours == golden[f"num_filters_{base}_{maximum}"].tolist()


@pytest.mark.parametrize("progress", [0.0, 0.5, 1.0, 1.25, 2.0])
def test_blended_images_are_the_original_s(golden, progress):
    images = channels_first(golden["blend_in"])
    ours = blend_resolutions(images, progress, 3)
    torch.testing.assert_close(ours, channels_first(golden[f"blend_p{progress:.2f}"]))


@given(st.floats(0, 6))
def test_heads_weights_add_up_to_one(progress):
    assert sum(head_weight(block, progress) for block in range(1, 8)) == pytest.approx(1)


@given(st.floats(0, 6), st.integers(1, 7))
def test_a_head_and_the_image_of_the_block_below_are_faded_alike(progress, block):
    """What of a block's output comes from its own and lower heads, its mirror gets as an image."""
    heads = sum(head_weight(lower, progress) for lower in range(1, block + 1))
    assert image_weight(block, progress) == pytest.approx(heads)


@given(
    st.integers(1, 7),
    st.integers(1, 50),
    st.integers(1, 50),
    st.integers(0, 1000),
    st.integers(0, 50),
)
def test_progress_never_falls_and_ends_at_the_last_block(n_blocks, stable, fade, seen, more):
    before = progress_at(seen, n_blocks, stable, fade)
    after = progress_at(seen + more, n_blocks, stable, fade)
    assert 0 <= before <= after <= n_blocks - 1
    assert progress_at(n_blocks * (stable + fade), n_blocks, stable, fade) == n_blocks - 1


@given(st.integers(0, 12), st.integers(1, 50), st.integers(1, 50))
def test_a_stable_stage_ends_where_its_last_block_counts_alone(stage, stable, fade):
    n_blocks = n_blocks_at(stage)
    end = n_images_before_end(stage, stable, fade)
    progress = progress_at(end, n_blocks, stable, fade)
    assert progress == n_blocks - 1
    if stage % 2:  # the end of a transition
        assert progress_at(end - 1, n_blocks, stable, fade) < n_blocks - 1 or fade == 1


@pytest.mark.parametrize("numbers", [(-1, 1, 1, 1), (0, 0, 1, 1), (0, 1, 0, 1), (0, 1, 1, 0)])
def test_numbers_without_sense_are_refused(numbers):
    with pytest.raises(ValueError, match="must be at least"):
        progress_at(*numbers)


def test_stages_of_a_limited_time_grow_by_a_factor():
    ends = stage_end_seconds(3, 70.0, 2.0)
    assert ends == pytest.approx([10.0, 30.0, 70.0])
    assert stage_end_seconds(4, 100.0, 1.0) == pytest.approx([25.0, 50.0, 75.0, 100.0])


@pytest.mark.parametrize(
    ("seconds", "progress"), [(0, 0), (10, 0), (20, 0.5), (30, 1), (70, 1), (500, 1)]
)
def test_progress_of_a_limited_time_rises_in_transitions(seconds, progress):
    ends = stage_end_seconds(3, 70.0, 2.0)
    assert progress_at_time(seconds, 2, ends) == pytest.approx(progress)
    assert progress_at_time(seconds, 1, ends) == 0


@given(st.floats(0, 3), st.sampled_from([(2, 2), (2, 1), (3, 2)]))
def test_blending_keeps_the_mean(progress, upscaling):
    size = [2 * factor**3 for factor in upscaling]
    images = torch.rand(2, 2, *size, generator=torch.Generator().manual_seed(0)).double()
    blended = blend_resolutions(images, progress, 4, upscaling)
    assert blended.shape == images.shape
    torch.testing.assert_close(blended.mean((2, 3)), images.mean((2, 3)))


def test_images_are_whole_at_the_end():
    images = torch.randn(1, 2, 8, 16)
    assert torch.equal(blend_resolutions(images, 3.0, 4), images)


def test_images_of_no_progress_are_refused():
    with pytest.raises(ValueError, match=r"must be 0\.\.3, not -1"):
        blend_resolutions(torch.zeros(1, 2, 8, 16), -1.0, 4)


def test_weights_of_a_network_follow_its_configuration():
    channels = (4, 4, 4, 4)
    assert head_weights(NetworkConfig(channels=channels), 4) == {4: 1.0}
    assert head_weights(NetworkConfig(channels=channels), 2) == {2: 1.0}
    grown = NetworkConfig(channels=channels, progress=1.25)
    assert head_weights(grown, 4) == {2: 0.75, 3: 0.25}
    assert head_weights(grown, 4, progress=0.0) == {1: 1.0}
    summed = NetworkConfig(channels=channels, output="skip", first_head=2)
    assert head_weights(summed, 3) == {2: 1.0, 3: 1.0}


@pytest.mark.parametrize("progress", [-0.5, 0.5, 3.5])
def test_progress_without_a_head_is_refused(progress):
    config = NetworkConfig(channels=(4, 4, 4, 4), first_head=2)
    with pytest.raises(ValueError, match=r"must be 1\.\.3, not"):
        head_weights(config, 4, progress)
