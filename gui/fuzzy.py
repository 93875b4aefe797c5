"""Fuzzy search: how well a few typed letters name something; knows no widgets."""

from collections.abc import Sequence

START, NEXT, FAR = 3.0, 2.0, 0.5  # a letter at a word's start, right after the last, anywhere else
ALL_OF_IT = 4.0  # the letters stand there as they were typed


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


def best(typed: str, texts: Sequence[str]) -> list[int]:
    """Give the places of the texts that may be meant, the best first; of equals the first first."""
    found = [(value, place) for place, text in enumerate(texts) if (value := score(typed, text))]
    if not typed.split():
        return list(range(len(texts)))
    # of two that fit as well, the shorter one has less that was not meant
    found.sort(key=lambda pair: (-pair[0], len(texts[pair[1]]), pair[1]))
    return [place for _, place in found]


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
