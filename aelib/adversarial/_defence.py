"""A classifier behind a detector and a reformer, and what an attacker who knows them maximises."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from aelib.adversarial._checks import check_items, concrete
from aelib.adversarial._objectives import margin
from aelib.anomaly import Calibration

Map = Callable[[jax.Array], jax.Array]


@dataclasses.dataclass(frozen=True)
class Defence:
    r"""A classifier that reads a reformed item, and refuses items that look strange.

    An item x passes if :math:`\operatorname{score}(x) \le` ``threshold``; its class is that of
    ``classify(reform(x))``. Any of the two parts may be left out. All methods are pure, so a
    defence may be made and used inside ``jax.jit`` and ``jax.vmap``.

    Args:
        classify: ``[n, ...] -> [n, classes]``, logits.
        reform: ``[n, ...] -> [n, ...]``, such as an autoencoder; None for no change.
        score: ``[n, ...] -> [n]``, larger for stranger items, such as a reconstruction error; None
            for no detector.
        threshold: the score above which an item is refused; :meth:`calibrate` finds it.

    Source: D. Meng & H. Chen (2017), *MagNet: a two-pronged defense against adversarial examples*.

    Example:
        >>> import jax.numpy as jnp
        >>> defence = Defence(
        ...     lambda x: jnp.stack([x[:, 0], x[:, 1]], axis=1),
        ...     score=lambda x: jnp.abs(x[:, 0] + x[:, 1] - 1.0),
        ...     threshold=0.25,
        ... )
        >>> x, labels = jnp.array([[0.75, 0.25], [0.25, 0.75], [0.25, 1.0]]), jnp.array([0, 0, 0])
        >>> defence.refuses(jnp.array([[0.75, 0.75]])), defence.fooled(x, labels)
        (Array([ True], dtype=bool), Array([False,  True,  True], dtype=bool))
    """

    classify: Map
    reform: Map | None = None
    score: Map | None = None
    threshold: Any = np.inf

    def __post_init__(self) -> None:
        if concrete(self.threshold) and not np.all(np.asarray(self.threshold) > 0):
            raise ValueError(f"threshold: expected a number above 0, got {self.threshold}")

    def logits(self, x: jax.Array) -> jax.Array:
        """What the classifier says of the reformed items, ``[n, classes]``."""
        return self.classify(x if self.reform is None else self.reform(x))

    def refuses(self, x: jax.Array) -> jax.Array:
        """Whether the detector raises the alarm, booleans ``[n]``."""
        return self._slack(x) < 0

    def fooled(self, x: jax.Array, labels: Any) -> jax.Array:
        """Whether an item passes the detector *and* gets a wrong class, booleans ``[n]``."""
        return (margin(self.logits(x), labels) > 0) & ~self.refuses(x)

    def objective(self, x: jax.Array, labels: Any, penalty: Any = 10.0) -> jax.Array:
        r"""What the adaptive attacker climbs, who knows classifier, reformer and detector.

        .. math:: m(x) - \lambda \max(\operatorname{score}(x) / \text{threshold} - 1, 0)

        with the :func:`margin` m through the reformer. Without a detector it is m.

        Args:
            x: items, ``[n, ...]``.
            labels: the right classes, ``[n]``.
            penalty: λ, in nats for a score of twice the threshold.

        Returns:
            ``[n]``.
        """
        gain = margin(self.logits(x), labels)
        if self.score is None:
            return gain
        return gain - penalty * jnp.maximum(self.score(x) / self.threshold - 1, 0)

    def judge(self, x: jax.Array, labels: Any, *_: Any) -> jax.Array:
        r"""Positive exactly where the item fools the whole system: for ``judge`` of :func:`pgd`.

        The :func:`margin` where the item passes the detector; else the smaller of margin and
        slack, :math:`\min(m, 1 - \operatorname{score}/\text{threshold})`, which is negative.

        Args:
            x: items, ``[n, ...]``.
            labels: the right classes, ``[n]``.

        Returns:
            ``[n]``.
        """
        gain = margin(self.logits(x), labels)
        slack = self._slack(x)
        return jnp.where(slack < 0, jnp.minimum(gain, slack), gain)

    def calibrate(self, x: Any, alpha: float) -> Defence:
        """The same defence with the threshold that bounds its false alarms.

        By split-conformal calibration, see :class:`aelib.anomaly.Calibration`: of new untouched
        items, at most a share ``alpha`` is refused on average.

        Args:
            x: untouched items that took no part in training, ``[n, ...]``.
            alpha: the false-alarm rate to stay below, in (0, 1).

        Returns:
            A new defence; this one is not changed.

        Raises:
            ValueError: if there is no ``score`` to calibrate, or ``alpha`` is not in (0, 1).

        Warns:
            CalibrationWarning: if there are too few items, and so never an alarm.
        """
        if self.score is None:
            raise ValueError("score: expected a function to calibrate the threshold of, got None")
        scores = np.asarray(self.score(check_items("x", x)))
        return dataclasses.replace(self, threshold=Calibration(scores).threshold(alpha))

    def _slack(self, x: jax.Array) -> jax.Array:
        """What is left below the threshold, in units of it."""
        if self.score is None:
            return jnp.full(len(x), jnp.inf, x.dtype)
        return 1 - self.score(x) / self.threshold
