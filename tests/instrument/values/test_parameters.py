import pytest

from instrument.values.parameters import BY_CONTROLLER, BY_NAME, PARAMETERS, defaults

each = pytest.mark.parametrize("row", PARAMETERS, ids=lambda row: row.name)
WHOLE = [row for row in PARAMETERS if row.curve == "whole"]
each_smooth = pytest.mark.parametrize(
    "row", [row for row in PARAMETERS if row not in WHOLE], ids=lambda row: row.name
)
each_whole = pytest.mark.parametrize("row", WHOLE, ids=lambda row: row.name)


@each
def test_both_ends_of_the_knob_are_both_ends_of_the_range(row):
    assert row.from_position(0.0) == pytest.approx(row.minimum)
    assert row.from_position(1.0) == pytest.approx(row.maximum)


@each
def test_a_knob_turned_too_far_stays_at_its_end(row):
    assert row.from_position(-1.0) == pytest.approx(row.minimum)
    assert row.from_position(2.0) == pytest.approx(row.maximum)
    assert row.clip(row.maximum + 1) == row.maximum
    assert row.clip(row.minimum - 1) == row.minimum


@each_smooth
@pytest.mark.parametrize("position", [0.0, 0.1, 0.5, 0.9, 1.0])
def test_position_and_value_are_a_pair(row, position):
    assert row.to_position(row.from_position(position)) == pytest.approx(position, abs=1e-9)


@each_smooth
def test_a_knob_only_ever_rises(row):
    values = [row.from_position(i / 50) for i in range(51)]
    assert values == sorted(values)
    assert len(set(values)) == len(values)


@each_whole
def test_a_knob_of_whole_numbers_stops_at_each_of_them_in_turn(row):
    values = [row.from_position(i / 1000) for i in range(1001)]
    n = round(row.maximum - row.minimum) + 1
    assert list(dict.fromkeys(values)) == [row.minimum + i for i in range(n)]
    for value in set(values):
        assert row.from_position(row.to_position(value)) == value


@each_whole
def test_a_value_between_whole_numbers_is_brought_to_the_nearer(row):
    assert row.clip(row.minimum + 0.4) == row.minimum
    assert row.clip(row.minimum + 0.6) == row.minimum + 1


@pytest.mark.parametrize("row", [row for row in PARAMETERS if row.choices], ids=lambda r: r.name)
def test_each_choice_has_its_number(row):
    assert (row.minimum, row.maximum) == (0.0, len(row.choices) - 1.0)
    assert len(set(row.choices)) == len(row.choices)


@each
def test_the_default_lies_within_the_range(row):
    assert row.minimum <= row.default <= row.maximum


def test_a_logarithmic_knob_multiplies_by_the_same_everywhere():
    cutoff = BY_NAME["cutoff"]
    assert cutoff.from_position(0.5) == pytest.approx((cutoff.minimum * cutoff.maximum) ** 0.5)


def test_no_two_rows_share_a_name_or_a_controller():
    controllers = [row.controller for row in PARAMETERS if row.controller is not None]
    assert len(BY_NAME) == len(PARAMETERS)
    assert len(set(controllers)) == len(controllers) == len(BY_CONTROLLER)


def test_defaults_have_every_parameter_and_are_a_new_table_each_time():
    table = defaults()
    table["pan"] = 1.0
    assert defaults() == {row.name: row.default for row in PARAMETERS}
