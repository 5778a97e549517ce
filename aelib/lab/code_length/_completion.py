"""Document completion: read half of the words of a text, predict the other half."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from aelib.lab.code_length._words import shares

MIXES = (0.0, 0.003, 0.01, 0.03, 0.1, 0.2, 0.4, 0.7, 1.0)


def halves(counts: ArrayLike, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Deal the words of each text to two halves, each word by its own fair coin.

    Words drawn independently stay so: given the text's distribution, the halves of a multinomial
    tell nothing about each other.

    Args:
        counts: ``[n, words]``, whole numbers of at least 0.
        seed: of the coins.

    Returns:
        Two arrays of counts that add up to ``counts``.

    Raises:
        ValueError: if a count is negative.

    >>> first, second = halves([[3, 0, 1]], seed=0)
    >>> (first + second).tolist()
    [[3, 0, 1]]
    """
    whole = np.asarray(counts, np.int64)
    if whole.size and whole.min() < 0:
        raise ValueError(f"counts: expected at least 0, got {whole.min()}")
    first = np.random.default_rng(seed).binomial(whole, 0.5)
    return first, whole - first


def nats_per_word(
    predicted: ArrayLike, counts: ArrayLike, background: ArrayLike, mix: float
) -> float:
    """Mean surprise of the words, where each prediction is mixed with the corpus as a whole.

    Args:
        predicted: a distribution for each text, ``[n, words]``.
        counts: the words that came, ``[n, words]``.
        background: a distribution that is positive everywhere, ``[words]``.
        mix: weight of the background, in [0, 1]. With 0, a word that was ruled out costs infinity.

    Returns:
        Nats per word, all words of all texts counting alike. Its exponential is the perplexity.

    Raises:
        ValueError: ``mix`` is outside [0, 1], the background is not positive, or no words came.

    >>> round(nats_per_word([[0.5, 0.5]], [[3, 1]], [0.5, 0.5], 0.0), 4)
    0.6931
    """
    q, words = np.asarray(predicted, np.float64), np.asarray(counts, np.float64)
    base = np.asarray(background, np.float64)
    if not 0.0 <= mix <= 1.0:
        raise ValueError(f"mix: expected a number in [0, 1], got {mix}")
    if not (base > 0).all():
        raise ValueError("background: expected a positive share for every word")
    if not words.sum() > 0:
        raise ValueError("counts: expected at least one word, got none")
    text, word = np.nonzero(words)
    weights = words[text, word]
    with np.errstate(divide="ignore"):
        surprise = -np.log((1 - mix) * q[text, word] + mix * base[word])
    return float(weights @ surprise / weights.sum())


def best_mix(
    predicted: ArrayLike,
    counts: ArrayLike,
    background: ArrayLike,
    mixes: Sequence[float] = MIXES,
) -> float:
    """The mix with which the words of validation texts surprise least.

    Args:
        predicted: see :func:`nats_per_word`.
        counts: see :func:`nats_per_word`.
        background: see :func:`nats_per_word`.
        mixes: the weights to choose from.
    """
    found = [nats_per_word(predicted, counts, background, mix) for mix in mixes]
    return float(mixes[int(np.argmin(found))])


@dataclasses.dataclass(frozen=True)
class Completion:
    """How well a model completes texts; see :func:`complete`.

    Attributes:
        perplexity: exponential of the mean surprise of the held-out words.
        reading: the reading of its outputs that did best on validation texts.
        mix: the weight of the background that did best there.
    """

    perplexity: float
    reading: str
    mix: float


def complete(
    outputs: Callable[[NDArray[np.int64]], ArrayLike],
    readings: Sequence[str],
    background: ArrayLike,
    validation: tuple[NDArray[np.int64], NDArray[np.int64]],
    test: tuple[NDArray[np.int64], NDArray[np.int64]],
) -> Completion:
    """Let a model read one half of each text and predict the words of the other.

    Args:
        outputs: from counts ``[n, words]`` to raw outputs of that shape.
        readings: how the outputs may be read as a distribution, see :func:`shares`; the best on
            the validation texts is taken.
        background: shares of the words in the training texts, all positive.
        validation: two halves of the texts that choose reading and mix.
        test: two halves of the texts that count.

    >>> half = np.array([[1, 0], [0, 1]])
    >>> found = complete(lambda counts: counts, ["clip"], [0.5, 0.5], (half, half), (half, half))
    >>> found.reading, round(found.perplexity, 3)
    ('clip', 1.0)
    """
    raw, words = outputs(validation[0]), validation[1]
    tried = []
    for reading in readings:
        predicted = shares(raw, reading)
        mix = best_mix(predicted, words, background)
        tried.append((nats_per_word(predicted, words, background, mix), reading, mix))
    _, reading, mix = min(tried)
    predicted = shares(outputs(test[0]), reading)
    return Completion(
        float(np.exp(nats_per_word(predicted, test[1], background, mix))), reading, mix
    )
