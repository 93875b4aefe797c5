import math

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from instrument.presets.breeding import family_lines, mix, more_like, mutate, swap_corners
from instrument.presets.preset import Preset, PresetError, decode_preset, encode_preset, fingerprint
from instrument.values.status import Corner


def make_preset(name="One", start=0, **changes):
    corners = tuple(
        Corner(f"{name} {i}", tuple(math.sin(start + i + 7 * k) for k in range(16)), "Cello")
        for i in range(4)
    )
    return Preset(**{"name": name, "model_hash": "abc", "corners": corners} | changes)


def cosine(a, b):
    product = sum(x * y for x, y in zip(a, b, strict=True))
    return product / math.hypot(*a) / math.hypot(*b)


class TestMix:
    def test_the_ends_are_the_parents_sounds(self):
        one, other = make_preset(), make_preset("Two", 50, pad_x=0.1)
        assert fingerprint(mix(one, other, 0.0)) == fingerprint(one)
        assert fingerprint(mix(one, other, 1.0)) == fingerprint(other)

    def test_a_latent_in_the_middle_is_as_near_to_both_and_as_long(self):
        one, other = make_preset(), make_preset("Two", 50)
        child = mix(one, other, 0.5)
        for a, b, mixed in zip(one.corners, other.corners, child.corners, strict=True):
            assert cosine(a.z, mixed.z) == pytest.approx(cosine(b.z, mixed.z))
            length = (math.hypot(*a.z) + math.hypot(*b.z)) / 2
            assert math.hypot(*mixed.z) == pytest.approx(length)

    def test_a_knob_goes_the_middle_of_its_way(self):
        one = make_preset(parameters={"cutoff": 200.0})
        other = make_preset(parameters={"cutoff": 20000.0})
        assert mix(one, other, 0.5).parameters["cutoff"] == pytest.approx(2000.0)

    def test_a_choice_is_the_nearer_parents(self):
        one, other = make_preset(), make_preset(parameters={"key_mode": 2.0})
        assert mix(one, other, 0.4).parameters["key_mode"] == 0.0
        assert mix(one, other, 0.6).parameters["key_mode"] == 2.0

    def test_opposite_latents_have_a_middle_without_a_nan(self):
        one = make_preset()
        turned = tuple(msgspec.structs.replace(c, z=tuple(-x for x in c.z)) for c in one.corners)
        child = mix(one, make_preset("Two", corners=turned), 0.25)
        assert all(math.isfinite(x) for corner in child.corners for x in corner.z)

    @pytest.mark.parametrize("other", [{"model_hash": "xyz"}, {"corners": (Corner("x"),) * 4}])
    def test_sounds_of_different_spaces_do_not_breed(self, other):
        with pytest.raises(PresetError, match=r'"One" and "Two".*same model'):
            mix(make_preset(), make_preset("Two", **other), 0.5)

    def test_models_of_one_latent_space_breed(self):
        mix(make_preset(), make_preset("Two", model_hash="xyz", latent_space="abc"), 0.5)


class TestMutate:
    def test_nothing_changes_at_no_amount(self):
        child = mutate(make_preset(), 0.0, 1)
        assert child.pad_x == make_preset().pad_x
        for old, new in zip(make_preset().corners, child.corners, strict=True):
            assert new.z == pytest.approx(old.z)

    @pytest.mark.parametrize("amount", [0.1, 0.5, 1.0])
    def test_a_latent_turns_by_the_amount_of_a_right_angle_and_keeps_its_length(self, amount):
        child = mutate(make_preset(), amount, 3)
        for old, new in zip(make_preset().corners, child.corners, strict=True):
            assert cosine(old.z, new.z) == pytest.approx(math.cos(amount * math.pi / 2), abs=1e-9)
            assert math.hypot(*new.z) == pytest.approx(math.hypot(*old.z))

    def test_a_locked_corner_stays(self):
        corners = tuple(msgspec.structs.replace(c, locked=True) for c in make_preset().corners)
        assert mutate(make_preset(corners=corners), 0.5, 3).corners == corners

    def test_a_seed_gives_the_same_child_and_another_seed_another(self):
        assert mutate(make_preset(), 0.5, 1) == mutate(make_preset(), 0.5, 1)
        assert mutate(make_preset(), 0.5, 1) != mutate(make_preset(), 0.5, 2)

    @given(st.floats(0, 1), st.integers(0, 99))
    def test_every_child_is_a_preset_that_can_be_saved(self, amount, seed):
        child = mutate(make_preset(), amount, seed)
        assert decode_preset(encode_preset(child), "it") == child

    def test_more_like_this_goes_farther_with_each(self):
        z = make_preset().corners[0].z
        near = [cosine(z, child.corners[0].z) for child in more_like(make_preset(), 5, 0.8, 1)]
        assert near == sorted(near, reverse=True)


def test_swapped_corners_are_the_others_and_the_rest_stays():
    one, other = make_preset(pad_x=0.2), make_preset("Two", 50)
    child = swap_corners(one, other, (0, 3))
    assert [corner.name for corner in child.corners] == ["Two 0", "One 1", "One 2", "Two 3"]
    assert child.pad_x == 0.2


class TestFamily:
    def test_a_child_knows_its_parents_by_name_and_sound(self):
        one, other = make_preset(), make_preset("Two", 50)
        parents = mix(one, other, 0.5).parents
        assert [parent.name for parent in parents] == ["One", "Two"]
        assert [parent.hash for parent in parents] == [fingerprint(one), fingerprint(other)]

    def test_the_tree_is_told_by_generations(self):
        child = mutate(mix(make_preset(), make_preset("Two", 50), 0.25), 0.3, 1)
        assert family_lines(child) == (
            (0, "One + Two, mutated 30 %"),
            (1, "One + Two, mixed 75 to 25"),
            (2, "One"),
            (2, "Two"),
        )

    def test_a_long_line_of_children_can_still_be_saved(self):
        preset = make_preset()
        for seed in range(30):
            preset = mutate(preset, 0.1, seed)
        assert decode_preset(encode_preset(preset), "it") == preset
