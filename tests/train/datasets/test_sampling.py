from train.datasets.sampling import spread


def test_as_many_of_each_kind_as_of_any_other():
    items = ["a"] * 100 + ["b"] * 10 + ["c"] * 2
    chosen = spread(items, lambda item: item, 12)
    assert [chosen.count(kind) for kind in "abc"] == [5, 5, 2]


def test_chosen_items_are_different_and_in_order():
    items = list(range(100))
    chosen = spread(items, lambda item: item % 3, 30)
    assert chosen == sorted(set(chosen))
    assert [sum(item % 3 == kind for item in chosen) for kind in range(3)] == [10, 10, 10]


def test_same_seed_chooses_the_same_and_another_chooses_others():
    items = list(range(1000))
    chosen = [spread(items, lambda item: item % 2, 20, seed) for seed in (0, 0, 1)]
    assert chosen[0] == chosen[1] != chosen[2]


def test_all_are_chosen_when_there_are_not_more():
    assert spread([3, 1, 2], lambda item: item, 5) == [3, 1, 2]
