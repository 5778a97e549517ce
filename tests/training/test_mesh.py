"""Devices change nothing but rounding. The devices have to be made before JAX starts."""

import subprocess
import sys
import textwrap

PROGRAM = """
    import jax
    jax.config.update("jax_num_cpu_devices", 4)
    import jax.numpy as jnp
    import numpy as np
    import optax
    from flax import nnx
    import aelib
    from aelib.training import fit

    def half_squares(outputs, x):
        return 0.5 * jnp.sum((x - outputs) ** 2, axis=-1)

    seen = []

    def watch(model, x, codes, key):
        jax.debug.inspect_array_sharding(codes, callback=lambda s: seen.append(s.num_devices))
        return jnp.mean(codes**2)

    x = np.random.default_rng(0).normal(size=(32, 6))
    model = aelib.models.linear(6, 2, rngs=nnx.Rngs(0))
    explicit = jax.make_mesh((4,), ("batch",), axis_types=(jax.sharding.AxisType.Explicit,))
    auto = jax.make_mesh((2, 2), ("a", "b"), axis_types=(jax.sharding.AxisType.Auto,) * 2)
    for batch_size, spread in ((8, explicit), (None, auto)):
        results = [
            fit(
                model, x, half_squares, penalties=[(0.1, watch)], validation=x[:5], mesh=mesh,
                optimizer=optax.sgd(0.05), batch_size=batch_size, steps=6, progress=False,
                key=jax.random.key(0),
            )
            for mesh in (None, spread)
        ]
        for name in ("loss", "nats", "validation"):
            pair = [getattr(result.history, name) for result in results]
            np.testing.assert_allclose(*pair, rtol=1e-5)
        outputs = [np.asarray(result.model.predict(x)) for result in results]
        np.testing.assert_allclose(*outputs, rtol=1e-4, atol=1e-5)
    assert 4 in seen, seen  # the batch was really shared
    for bad in (6, 10):
        try:
            fit(model, x, half_squares, mesh=auto, batch_size=bad, key=jax.random.key(0))
        except ValueError as error:
            assert "cannot be shared equally by mesh's 4 devices" in str(error)
        else:
            raise AssertionError
    print("shared")
"""


def test_a_batch_shared_by_four_devices():
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(PROGRAM)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "shared"
