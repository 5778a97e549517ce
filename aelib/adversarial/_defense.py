"""A classifier behind a detector and a reformer, and what an adaptive attacker maximizes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import jax.numpy as jnp
import numpy as np
from jax.typing import ArrayLike
from jaxtyping import Array, Bool, Float, Int

from aelib._arrays import as_jax, as_real
from aelib._checks import check_callable, require_all
from aelib.adversarial._checks import check_examples, concrete
from aelib.adversarial._objectives import margin

Map = Callable[[Float[Array, "n ..."]], Float[Array, "n ..."]]


@dataclasses.dataclass(frozen=True)
class Defense:
    r"""A classifier of reformed examples that refuses examples with a high anomaly score.

    An example x passes the detector if :math:`\operatorname{score}(x) \le` ``threshold``; its class
    is that of ``classify(reform(x))``. Detector or reformer may be left out. All methods are pure,
    so a defense may be made and used inside ``jax.jit`` and ``jax.vmap``.

    Args:
        classify: the classifier, ``[n, ...] -> [n, classes]``, logits.
        reform: the reformer, ``[n, ...] -> [n, ...]``, such as an autoencoder; None for none.
        score: the detector's score, ``[n, ...] -> [n]``, larger for more anomalous examples, such
            as a reconstruction error; None for no detector.
        threshold: the score above which an example is refused; :meth:`calibrate` finds it.

    Example:
        >>> import jax.numpy as jnp
        >>> defense = Defense(
        ...     lambda x: jnp.stack([x[:, 0], x[:, 1]], axis=1),
        ...     score=lambda x: jnp.abs(x[:, 0] + x[:, 1] - 1.0),
        ...     threshold=0.25,
        ... )
        >>> x, labels = jnp.array([[0.75, 0.25], [0.25, 0.75], [0.25, 1.0]]), jnp.array([0, 0, 0])
        >>> defense.refuses(jnp.array([[0.75, 0.75]])), defense.fooled(x, labels)
        (Array([ True], dtype=bool), Array([False,  True,  True], dtype=bool))

    References:
        D. Meng and H. Chen (2017), *MagNet: a two-pronged defense against adversarial examples*.
    """

    classify: Map
    reform: Map | None = None
    score: Map | None = None
    threshold: Float[ArrayLike, ""] = np.inf

    def __post_init__(self) -> None:
        check_callable("classify", self.classify)
        for name in ("reform", "score"):
            if getattr(self, name) is not None:
                check_callable(name, getattr(self, name))
        threshold = as_real("threshold", self.threshold)
        if threshold.ndim or (concrete(threshold) and not threshold > 0):
            raise ValueError(f"threshold: expected a number above 0, got {self.threshold}")

    def logits(self, x: Float[Array, "n ..."]) -> Float[Array, "n classes"]:
        """Logits of the reformed examples."""
        return self.classify(x if self.reform is None else self.reform(x))

    def refuses(self, x: Float[Array, "n ..."]) -> Bool[Array, " n"]:
        """Whether the detector refuses each example.

        Raises:
            ValueError: scores that are not one for each example, or NaN (while JAX traces them,
                that refuses nothing).
        """
        return self._slack(x) < 0

    def fooled(self, x: Float[Array, "n ..."], labels: Int[ArrayLike, " n"]) -> Bool[Array, " n"]:
        """Whether each example passes the detector *and* does not get the right class.

        A classifier whose logits are NaN is taken for fooled, not for robust.
        """
        return ~(margin(self.logits(x), labels) <= 0) & ~self.refuses(x)

    def objective(
        self,
        x: Float[Array, "n ..."],
        labels: Int[ArrayLike, " n"],
        penalty: Float[ArrayLike, ""] = 10.0,
    ) -> Float[Array, " n"]:
        r"""Objective of an adaptive attacker, who knows classifier, reformer and detector.

        .. math:: m(x) - \lambda \max(\operatorname{score}(x) / \text{threshold} - 1, 0)

        with the :func:`margin` m through the reformer. Without a detector it is m.

        Args:
            x: examples.
            labels: the right classes.
            penalty: λ, in nats for a score of twice the threshold.

        Returns:
            One number for each example.
        """
        gain = margin(self.logits(x), labels)
        if self.score is None:
            return gain
        return gain - penalty * jnp.maximum(-self._slack(x), 0)

    def criterion(
        self, x: Float[Array, "n ..."], labels: Int[ArrayLike, " n"], *_: object
    ) -> Float[Array, " n"]:
        r"""Positive exactly where the example fools the whole system: ``criterion`` of :func:`pgd`.

        The :func:`margin` where the example passes the detector; else the smaller of margin and
        slack, :math:`\min(m, 1 - \operatorname{score}/\text{threshold})`, which is negative.

        Args:
            x: examples.
            labels: the right classes.

        Returns:
            One number for each example.
        """
        gain = margin(self.logits(x), labels)
        slack = self._slack(x)
        return jnp.where(slack < 0, jnp.minimum(gain, slack), gain)

    def calibrate(self, x: Float[ArrayLike, "n ..."], alpha: float) -> Defense:
        """The same defense with a threshold that bounds its false-alarm rate.

        By split-conformal calibration, see :class:`aelib.anomaly.Calibration`: of new examples that
        were not attacked, at most a fraction ``alpha`` is refused on average.

        Args:
            x: examples that were not attacked and took no part in training.
            alpha: the false-alarm rate to stay below, in (0, 1).

        Returns:
            A new defense; this one is not changed.

        Raises:
            ValueError: if there is no ``score`` to calibrate, or ``alpha`` is not in (0, 1).

        Warns:
            CalibrationWarning: if there are too few examples, and so never an alarm.
        """
        if self.score is None:
            raise ValueError("score: expected a function to calibrate the threshold of, got None")
        from aelib.anomaly import Calibration  # here, so that attacks do not need scikit-learn

        scores = np.asarray(self.score(check_examples("x", x)))
        return dataclasses.replace(self, threshold=Calibration(scores).threshold(alpha))

    def _slack(self, x: Float[Array, "n ..."]) -> Float[Array, " n"]:
        """1 - score / threshold: negative where the example is refused."""
        if self.score is None:
            return jnp.full(len(x), jnp.inf, x.dtype)
        score = as_jax("score", self.score(x))
        if score.shape != (len(x),):
            raise ValueError(
                f"score: expected one number for each example, ({len(x)},), got {score.shape}"
            )
        if concrete(score):
            values = np.asarray(score)
            require_all("score", values, ~np.isnan(values), "numbers")
        return 1 - score / self.threshold
