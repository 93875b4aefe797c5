from instrument.control.corners import corner_of, distinct_timbres, resolve_corners
from instrument.values.status import Corner, Timbre

CORNERS = tuple(Corner(name=f"corner {i}", z=(float(i), 1.0)) for i in range(4))


def timbre(name, family="string", **features):
    return Timbre(name=name, family=family, z=(float(len(name)), 0.0), **features)


TIMBRES = (
    timbre("dark", brightness=0.0),
    timbre("dark too", brightness=0.05),
    timbre("bright", brightness=1.0),
    timbre("noisy", noisiness=1.0),
    timbre("slow", attack=1.0),
    timbre("bell", "mallet", decay=0.0),
)


class TestCorners:
    def test_four_unlike_timbres_are_taken_where_nothing_is_asked_for(self):
        corners = resolve_corners((), TIMBRES, 2, is_same_model=False)
        assert len({corner.timbre for corner in corners}) == 4
        assert not {"dark", "dark too"} <= {corner.timbre for corner in corners}
        assert all(len(corner.z) == 2 for corner in corners)

    def test_corners_of_the_same_model_stay(self):
        assert resolve_corners(CORNERS, TIMBRES, 2, is_same_model=True) == CORNERS

    def test_in_the_same_latent_space_a_corner_without_a_namesake_keeps_its_latent(self):
        named, unnamed = Corner("A", (5.0, 5.0), TIMBRES[0].name), Corner("Seed 3", (7.0, 7.0))
        missing = Corner("Gone", (8.0, 8.0), "Gone", locked=True)
        foreign = Corner("Longer", (9.0, 9.0, 9.0), "Longer")
        resolved = resolve_corners(
            (named, unnamed, missing, foreign), TIMBRES, 2, is_same_model=False, is_same_space=True
        )
        assert resolved[0] == corner_of(TIMBRES[0])
        assert resolved[1:3] == (unnamed, missing)
        assert len(resolved[3].z) == 2

    def test_corners_of_another_model_take_the_timbres_of_their_names(self):
        corners = tuple(
            Corner(name=name, z=(9.0, 9.0), timbre=name, locked=True)
            for name in ("SLOW", "bell", "dark", "bright")
        )
        resolved = resolve_corners(corners, TIMBRES, 2, is_same_model=False)
        assert [corner.timbre for corner in resolved] == ["slow", "bell", "dark", "bright"]
        assert resolved[0].z == TIMBRES[4].z
        assert all(corner.locked for corner in resolved)

    def test_a_name_that_the_model_has_not_becomes_another_that_is_not_on_the_pad(self):
        corners = tuple(Corner(name=n, timbre=n) for n in ("dark", "oboe", "tuba", "bell"))
        resolved = [c.timbre for c in resolve_corners(corners, TIMBRES, 2, is_same_model=False)]
        assert (resolved[0], resolved[3]) == ("dark", "bell")
        assert len(set(resolved)) == 4

    def test_a_model_of_one_timbre_has_it_on_every_corner(self):
        resolved = resolve_corners((), TIMBRES[:1], 2, is_same_model=False)
        assert resolved == (corner_of(TIMBRES[0]),) * 4

    def test_each_timbre_is_chosen_once(self):
        chosen = [timbre.name for timbre in distinct_timbres(TIMBRES, 99)]
        assert sorted(chosen) == sorted(timbre.name for timbre in TIMBRES)
