"""Second derivatives: finite, and those of the first."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from .cases import CASES


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

        def slope(arguments: list[jax.Array]) -> jax.Array:
            return jax.grad(case.loss, argnums=first)(*arguments)

        def curvature(arguments: list[jax.Array]) -> tuple[jax.Array, jax.Array]:
            hessian = jax.hessian(case.loss, argnums=first)(*arguments)
            prediction = arguments[first]
            size = step * (1.0 + jnp.abs(prediction))
            if prediction.ndim:
                size = jnp.where(jnp.arange(prediction.size) == 0, size, 0.0)
                hessian = hessian[0, 0]
            up = slope([*arguments[:first], prediction + size, *arguments[first + 1 :]])
            down = slope([*arguments[:first], prediction - size, *arguments[first + 1 :]])
            difference = (up - down) / (2.0 * jnp.max(size))
            return hessian, difference if difference.ndim == 0 else difference[0]

        compiled = jax.jit(jax.vmap(lambda *a: curvature(list(a))))
        hessian, difference = compiled(*map(jnp.asarray, points))
    assert np.isfinite(hessian).all()
    if name in ("gaussian_nll", "laplace_nll", "student_t_nll"):
        return  # scales down to 1e-6 make a step of 1e-6 a large one
    np.testing.assert_allclose(hessian, difference, rtol=2e-4, atol=1e-6)
