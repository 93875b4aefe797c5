"""The points of the pad as the player changes them: timbres, names, places, latents drawn anew."""

import threading
from collections.abc import Callable
from itertools import count
from random import Random

import msgspec

from instrument.pad import pad_points
from instrument.values.status import Corner, Timbre

from .controls import Controls
from .corners import corner_of

N_SEEDS = 1_000_000
MOST_NAME = 80  # letters of a point's


class TimbrePoints:
    """Changes the points in the controls; what is drawn for one comes to the place it is at then.

    Attributes:
        timbres: Those that the model names.
    """

    def __init__(
        self,
        controls: Controls,
        lock: threading.RLock,
        controls_lock: threading.Lock,
        *,
        draw: Callable[[int, int], bool],
        notify: Callable[[str], None],
    ) -> None:
        """Take over the controls' points.

        Args:
            controls: What the player has set.
            lock: The instrument's.
            controls_lock: Around the controls.
            draw: Asks for the latent of a seed, by the number of the request and the seed; False
                if nobody can draw one now.
            notify: Says a line to the player.
        """
        self.timbres: tuple[Timbre, ...] = ()
        self._controls = controls
        self._lock = lock
        self._controls_lock = controls_lock
        self._ask = draw
        self._notify = notify
        self._random = Random()
        # by request: where the latent belongs, and whether the player wanted another sound
        self._draws: dict[int, tuple[int, Corner, bool]] = {}
        self._requests = count(1)

    def set_timbre(self, index: int, timbre: str) -> None:
        """Put a named timbre on a point.

        Raises:
            ValueError: If there is no such point or timbre.
        """
        found = self._timbre(timbre)
        with self._controls_lock:
            self._controls.check_corner(index)
            self._controls.set_corner(index, corner_of(found, self._controls.corners[index]))

    def reroll(self, index: int | None = None) -> None:
        """Draw a new latent for one point, or for every point that is not locked.

        Raises:
            ValueError: If there is no such point.
        """
        with self._controls_lock:
            points = self._controls.corners
            if index is not None:
                self._controls.check_corner(index)
        places = [index] if index is not None else range(len(points))
        for place in places:
            if index is not None or not points[place].locked:
                self.draw(place, self._random.randrange(N_SEEDS))

    def lock(self, index: int, locked: bool) -> None:
        """Lock a point against re-rolling and moving, or unlock it.

        Raises:
            ValueError: If there is no such point.
        """
        self._change(index, locked=locked)

    def rename(self, index: int, name: str) -> None:
        """Call a point otherwise; its timbre stays.

        Raises:
            ValueError: If there is no such point, or the name is none.
        """
        name = " ".join(name.split())
        if not 0 < len(name) <= MOST_NAME or not name.isprintable():
            raise ValueError(f"A point's name has 1 to {MOST_NAME} letters in one line.")
        self._change(index, name=name)

    def add(self, x: float, y: float, timbre: str = "") -> None:
        """Put one more point on the pad, the last; all are weighed by nearness from then on.

        Args:
            x: Where, 0..1, rightward.
            y: 0..1, upward.
            timbre: That it gets; "" is what sounds at the place now.

        Raises:
            ValueError: If the pad is full, or there is no such timbre.
        """
        found = self._timbre(timbre) if timbre else None
        with self._controls_lock:
            points = self._points()
            here = corner_of(found) if found else pad_points.point_at(points, x, y)
            point = msgspec.structs.replace(here, locked=False)
            self._controls.set_corners(pad_points.added(points, point, x, y))

    def remove(self, index: int) -> None:
        """Take a point off the pad; the others are weighed by nearness from then on.

        Raises:
            ValueError: If there is no such point, or it is the last.
        """
        with self._lock, self._controls_lock:
            self._controls.check_corner(index)
            self._controls.set_corners(pad_points.removed(self._controls.corners, index))
            self._draws = {
                request: (place - (place > index), corner, is_new)
                for request, (place, corner, is_new) in self._draws.items()
                if place != index
            }

    def use_corners(self, is_wanted: bool) -> None:
        """Let four points stand in the pad's corners, mixed bilinearly; or weigh by nearness.

        Raises:
            ValueError: If the points are not four.
        """
        with self._lock, self._controls_lock:
            points = self._points()
            if pad_points.are_in_corners(points) and not is_wanted:
                self._controls.set_corners(pad_points.set_free(points))
            elif is_wanted and not pad_points.are_in_corners(points):
                self._controls.set_corners(pad_points.put_into_corners(points))
                self._draws.clear()  # the points have other numbers now

    def draw(self, place: int, seed: int, *, is_new: bool = True) -> None:
        """Ask for the latent of a seed.

        Args:
            place: The point's number.
            seed: Of the draw.
            is_new: Whether it is another sound than before, and not a preset's own come true.
        """
        request = next(self._requests)
        with self._lock:
            self._draws[request] = (place, Corner(name=f"Seed {seed}", seed=seed), is_new)
            if not self._ask(request, seed):
                self._draws.pop(request)
                self._notify("The model is still being opened. Roll again in a moment.")

    def take_drawn(self, request: int, z: tuple[float, ...]) -> bool | None:
        """Put a drawn latent on its point.

        Returns:
            Whether the player wanted another sound; None if nobody waits for the latent any more.
        """
        place, corner, is_new = self._draws.pop(request, (-1, None, False))
        if corner is None:  # another preset has been opened since
            return None
        with self._controls_lock:
            present = self._controls.corners[place]
            self._controls.set_corner(
                place,
                msgspec.structs.replace(corner, z=z, locked=present.locked, place=present.place),
            )
        return is_new

    def forget_draws(self) -> None:
        """Wait for no latent any more: the points are others."""
        self._draws.clear()

    def _points(self) -> tuple[Corner, ...]:
        """Give the points once all have their latents; with the controls' lock."""
        points = self._controls.corners
        if not points or not all(point.z for point in points):
            raise ValueError("The model is still being opened. Try again in a moment.")
        return points

    def _timbre(self, name: str) -> Timbre:
        found = next((t for t in self.timbres if t.name.casefold() == name.casefold()), None)
        if found is None:
            raise ValueError(f'the model has no timbre "{name}"')
        return found

    def _change(self, index: int, **changes: object) -> None:
        with self._controls_lock:
            self._controls.check_corner(index)
            point = self._controls.corners[index]
            self._controls.set_corner(index, msgspec.structs.replace(point, **changes))
