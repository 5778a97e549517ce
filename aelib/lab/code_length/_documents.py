"""Document completion: read half of the words of a text, predict the other half."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jaxtyping import Float, Int
from numpy.typing import ArrayLike, NDArray

from aelib._arrays import as_jax
from aelib._checks import (
    check_array,
    check_choice,
    check_count_array,
    check_fraction,
    require_all,
)

_SMOOTHING = (0.0, 0.003, 0.01, 0.03, 0.1, 0.2, 0.4, 0.7, 1.0)


def _multinomial(outputs: Array, counts: Array) -> Array:
    return (counts * (jax.nn.logsumexp(outputs, axis=-1, keepdims=True) - outputs)).sum(axis=-1)


def _poisson(outputs: Array, counts: Array) -> Array:
    length = counts.sum(axis=-1, keepdims=True)
    return (length * jnp.exp(outputs) - counts * outputs).sum(axis=-1)


def _bernoulli(outputs: Array, counts: Array) -> Array:
    return (jax.nn.softplus(outputs) - jnp.minimum(counts, 1) * outputs).sum(axis=-1)


def _squared_error(outputs: Array, counts: Array) -> Array:
    return 0.5 * jnp.square(counts - outputs).sum(axis=-1)


_LOSSES = {
    "multinomial": _multinomial,
    "poisson": _poisson,
    "bernoulli": _bernoulli,
    "squared_error": _squared_error,
}


class WordLoss:
    """A loss of word counts that stands where a likelihood would: one raw output for each word.

    What depends on the counts alone (the logarithms of factorials) is left out: it does not change
    what is learned, and over thousands of words it is most of the work. For numbers to be read,
    use :mod:`aelib.likelihoods`.

    Attributes:
        num_outputs: 1.

    Args:
        name: ``"multinomial"``: cross-entropy of the words. ``"poisson"``: independent counts with
            the text's length as exposure; outputs are logarithms of the words' rates.
            ``"bernoulli"``: whether each word occurs; outputs are logits. ``"squared_error"``: half
            the squared error; outputs are the counts themselves.

    Raises:
        ValueError: another name.

    Example:
        >>> import jax.numpy as jnp
        >>> WordLoss("multinomial").log_prob(jnp.zeros((1, 2)), jnp.array([[1, 1]])).round(3)
        Array([-1.386], dtype=float32)
    """

    num_outputs = 1

    def __init__(self, name: str) -> None:
        self.name = check_choice("name", name, _LOSSES)

    def log_prob(
        self, outputs: Float[Array, "batch words"], x: Int[Array, "batch words"]
    ) -> Float[Array, " batch"]:
        """Minus the loss.

        Raises:
            ValueError: outputs that are not of the shape of ``x``.
        """
        outputs, x = as_jax("outputs", outputs), as_jax("x", x)
        if outputs.shape != x.shape:
            raise ValueError(f"outputs: expected the shape of x, {x.shape}, got {outputs.shape}")
        return -_LOSSES[self.name](outputs, x)

    def check(self, x: Int[ArrayLike, "n words"]) -> None:
        """Counts: nothing below zero.

        Raises:
            ValueError: if there is.
        """
        check_count_array("x", x)


@dataclasses.dataclass(frozen=True)
class DocumentCompletion:
    """How well a model completes texts; see :func:`complete_documents`.

    Attributes:
        perplexity: exponential of the mean nats of a held-out word.
        link: how its outputs were turned into a distribution, the best on validation texts.
        smoothing: the weight of the corpus that did best there.
    """

    perplexity: float
    link: str
    smoothing: float


def complete_documents(
    outputs: Callable[[Int[np.ndarray, "n words"]], Float[ArrayLike, "n words"]],
    links: Sequence[str],
    corpus: Float[ArrayLike, " words"],
    validation: tuple[Int[ArrayLike, "n words"], Int[ArrayLike, "n words"]],
    test: tuple[Int[ArrayLike, "m words"], Int[ArrayLike, "m words"]],
) -> DocumentCompletion:
    r"""Let a model read one half of each text and predict the words of the other.

    Args:
        outputs: from counts ``[n, words]`` to raw outputs of that shape.
        links: ways to turn outputs into a distribution of the next word; the best on the validation
            texts is taken. ``"softmax"``: proportional to :math:`e^o`. For a multinomial it is the
            model; for independent Poissons it is exact given the number of words, and for
            independent Bernoullis exact given that a single word occurs. ``"sigmoid"``:
            proportional to the Bernoullis' probabilities. ``"softplus"``: proportional to
            :math:`-\log(1 - p)`, the rate of the Poisson that is not 0 with probability p.
            ``"clip"``: proportional to the outputs themselves, negative ones set to 0.
        corpus: frequencies of the words in the training texts, all positive; each prediction is
            smoothed by mixing it with them (Jelinek and Mercer).
        validation: two halves of the texts that choose link and smoothing.
        test: two halves of the texts that count.

    Raises:
        ValueError: an unknown link, frequencies that are not positive, or texts without words.

    Example:
        >>> import numpy as np
        >>> half = np.array([[1, 0], [0, 1]])
        >>> found = complete_documents(
        ...     lambda counts: counts, ["clip"], [0.5, 0.5], (half, half), (half, half))
        >>> found.link, round(found.perplexity, 3)
        ('clip', 1.0)
    """
    raw, words = outputs(np.asarray(validation[0])), validation[1]
    tried = []
    for link in links:
        predicted = word_probabilities(raw, link)
        smoothing = _best_smoothing(predicted, words, corpus)
        tried.append((nats_per_word(predicted, words, corpus, smoothing), link, smoothing))
    _, link, smoothing = min(tried)
    predicted = word_probabilities(outputs(np.asarray(test[0])), link)
    nats = nats_per_word(predicted, test[1], corpus, smoothing)
    return DocumentCompletion(float(np.exp(nats)), link, smoothing)


def word_probabilities(outputs: ArrayLike, link: str) -> NDArray[np.float64]:
    """Distribution of the next word by one of the links of :func:`complete_documents`.

    Each row sums to 1, or to 0 if nothing positive was left.
    """
    o = check_array("outputs", outputs, shape=("texts", "words")).astype(np.float64)
    check_choice("link", link, ("softmax", "sigmoid", "softplus", "clip"))
    if link == "softmax":
        size = np.exp(o - o.max(axis=-1, keepdims=True))
    elif link == "sigmoid":
        size = np.exp(-np.logaddexp(0.0, -o))
    elif link == "softplus":
        size = np.logaddexp(0.0, o)
    else:
        size = np.maximum(o, 0.0)
    total = size.sum(axis=-1, keepdims=True)
    return np.divide(size, total, out=np.zeros_like(size), where=total > 0)


def nats_per_word(
    predicted: ArrayLike, counts: ArrayLike, corpus: ArrayLike, smoothing: float
) -> float:
    """Mean nats of the words that came, all words of all texts counting alike.

    With a smoothing of 0, a word that was ruled out costs infinity.
    """
    words = check_count_array("counts", counts, shape=("texts", "words")).astype(np.float64)
    q = check_array("predicted", predicted, shape=words.shape).astype(np.float64)
    base = check_array("corpus", corpus, shape=words.shape[1:]).astype(np.float64)
    check_fraction("smoothing", smoothing, closed=True)
    # Rounding of as many terms as there are words.
    total = q.sum(axis=1)
    require_all("predicted", q, q >= 0, "probabilities")
    require_all("predicted", total, total <= 1 + 1e-5, "probabilities that sum to 1 in each text")
    if not abs(base.sum() - 1) <= 1e-5:
        raise ValueError(f"corpus: expected frequencies that sum to 1, got a sum of {base.sum()}")
    require_all("corpus", base, base > 0, "a positive frequency for every word")
    if not words.sum() > 0:
        raise ValueError("counts: expected at least one word, got none")
    text, word = np.nonzero(words)
    weights = words[text, word]
    with np.errstate(divide="ignore"):
        nats = -np.log((1 - smoothing) * q[text, word] + smoothing * base[word])
    return float(weights @ nats / weights.sum())


def _best_smoothing(predicted: ArrayLike, counts: ArrayLike, corpus: ArrayLike) -> float:
    found = [nats_per_word(predicted, counts, corpus, weight) for weight in _SMOOTHING]
    return _SMOOTHING[int(np.argmin(found))]
