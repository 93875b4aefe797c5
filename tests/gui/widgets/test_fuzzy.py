import pytest

from gui.widgets.fuzzy import best, score

NAMES = ("Save", "Save as…", "Previous preset", "Presets", "Re-roll all", "Panic", "Knob: pan")


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("save", "Save"),
        ("sa as", "Save as…"),
        ("pres", "Presets"),
        ("prev", "Previous preset"),
        ("rra", "Re-roll all"),
        ("pnc", "Panic"),
        ("pan", "Panic"),
        ("PAN kn", "Knob: pan"),
    ],
)
def test_what_is_meant_comes_first(typed, first):
    assert NAMES[best(typed, NAMES, [""] * len(NAMES))[0]] == first


def test_letters_that_do_not_come_in_order_mean_nothing():
    assert score("evas", "Save") is None


def test_nothing_typed_means_everything_in_its_order():
    assert best("  ", NAMES, [""] * len(NAMES)) == list(range(len(NAMES)))


def test_other_words_count_less_than_the_name():
    assert best("presets", ["Save", "Presets"], ["Presets", ""]) == [1, 0]
