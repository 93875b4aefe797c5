"""Fuzzy search: how well a few typed letters name something; knows no widgets."""

from collections.abc import Sequence

START, NEXT, FAR = 3.0, 2.0, 0.5  # a letter at a word's start, right after the last, anywhere else
ALL_OF_IT = 4.0  # the letters stand there as they were typed
OTHER_WORDS = 0.4  # what a match in words beside the name is worth


def score(typed: str, text: str) -> float | None:
    """Say how well what was typed names a text: each word's letters must come in it, in order.

    Args:
        typed: Words in any order; case does not count.
        text: What might be meant.

    Returns:
        The more the better; None when it is not meant.
    """
    whole = text.casefold()
    total = 0.0
    for word in typed.casefold().split():
        found = _score_of_word(word, whole)
        if found is None:
            return None
        total += found
    return total


def best(typed: str, texts: Sequence[str], more: Sequence[str]) -> list[int]:
    """Find what may be meant.

    Args:
        typed: Words in any order; none mean everything.
        texts: The names of the things.
        more: Other words that belong to each; they count less.

    Returns:
        The places of those that may be meant, the best first, of equals the first first.
    """
    if not typed.split():
        return list(range(len(texts)))
    found: list[tuple[float, int, int]] = []
    for place, (text, words) in enumerate(zip(texts, more, strict=True)):
        value = score(typed, text)
        if value is None:
            whole = score(typed, f"{text} {words}")
            value = whole * OTHER_WORDS if whole is not None else None
        if value is not None:
            # of two that fit as well, the shorter one has less that was not meant
            found.append((-value, len(text), place))
    return [place for _, _, place in sorted(found)]


def _score_of_word(word: str, text: str) -> float | None:
    starts = [i for i, letter in enumerate(text) if letter == word[0]]
    scores = [value for start in starts if (value := _score_from(word, text, start)) is not None]
    return max(scores, default=None)


def _score_from(word: str, text: str, start: int) -> float | None:
    total = ALL_OF_IT if text.startswith(word, start) else 0.0
    place, last = start, start - 2
    for letter in word:
        place = text.find(letter, place)
        if place < 0:
            return None
        if place == 0 or not text[place - 1].isalnum():
            total += START
        else:
            total += NEXT if place == last + 1 else FAR
        last, place = place, place + 1
    return total / len(word)
