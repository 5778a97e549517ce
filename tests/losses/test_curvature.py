"""Second derivatives: finite, and those of the first."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from tests.losses.cases import CASES


@pytest.mark.parametrize("name", CASES)
def test_hessian(name: str) -> None:
    """The diagonal of the Hessian against central differences of the gradient, in float64.

    At the points of the accuracy test the gradient is exact, so the differences are good to about
    the cube root of the machine's precision.
    """
    case = CASES[name]
    points = case.points(np.float64)
    chosen = np.random.default_rng(1).choice(len(points[0]), min(60, len(points[0])), replace=False)
    points = [p[chosen] for p in points]
    # The derivative by counts and targets is not asked for twice: it is a convenience.
    first = case.constants
    step = 1e-6

    with jax.enable_x64(True), jax.numpy_dtype_promotion("strict"):

        def slope(prediction: jax.Array, *arguments: jax.Array) -> jax.Array:
            arguments = (*arguments[:first], prediction, *arguments[first:])
            return jax.grad(case.loss, argnums=first)(*arguments)

        def curvature(prediction: jax.Array, *rest: jax.Array) -> tuple[jax.Array, jax.Array]:
            """Along the first entry of the prediction."""
            along = jnp.ones_like(prediction)
            if prediction.ndim:
                along = along.at[1:].set(0.0)
            size = step * (1.0 + jnp.max(jnp.abs(prediction)))
            ends = prediction + jnp.stack([size, -size]).reshape(2, *(1,) * prediction.ndim) * along
            up, down = jax.vmap(lambda p: slope(p, *rest))(ends)
            hessian = jax.jvp(lambda p: slope(p, *rest), (prediction,), (along,))[1]
            return hessian, (up - down) / (2.0 * size)

        prediction = points.pop(first)
        compiled = jax.jit(jax.vmap(curvature))
        hessian, difference = compiled(jnp.asarray(prediction), *map(jnp.asarray, points))
    assert np.isfinite(hessian).all()
    if name in ("gaussian_nll", "laplace_nll", "student_t_nll"):
        return  # scales down to 1e-6 make a step of 1e-6 a large one
    np.testing.assert_allclose(hessian, difference, rtol=2e-4, atol=1e-6)
