import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from aelib import penalties
from aelib.training._fingerprint import fingerprint

SCALE = 2.0
TABLE = [1.0]


def scaled_by(factor):
    return lambda x: factor * x


def with_global():
    return lambda x: SCALE * x


def with_mutable_global():
    return lambda x: TABLE[0] * x


def helper(x):
    return SCALE * x


def with_helper():
    return lambda x: helper(x)


def same(make):
    return fingerprint(make()) == fingerprint(make())


@pytest.mark.parametrize(
    "make",
    [
        lambda: optax.adam(1e-3),
        lambda: optax.adamw(optax.cosine_decay_schedule(1e-2, 100), weight_decay=1e-4),
        lambda: optax.chain(optax.clip_by_global_norm(1.0), optax.sgd(0.1, momentum=0.9)),
        lambda: optax.lbfgs(memory_size=5),
        lambda: scaled_by(3.0),
        lambda: functools.partial(helper, x=1.0),
        lambda: penalties.on_codes(penalties.kl_sparsity, rho=0.1),
        lambda: lambda key, x: x + 0.1 * jax.random.normal(key, x.shape),
        lambda: lambda outputs, x: jnp.sum(jnp.abs(outputs - x), axis=-1),
        with_global,
        with_helper,
    ],
)
def test_written_twice_is_the_same(make):
    assert same(make)
    assert hash(fingerprint(make())) == hash(fingerprint(make()))


def test_what_differs_is_told_apart():
    optimizers = [
        optax.adam(1e-3),
        optax.adam(2e-3),
        optax.adam(1e-3, b1=0.8),
        optax.sgd(1e-3),
        optax.lbfgs(),
        optax.lbfgs(memory_size=5),
        optax.adam(optax.cosine_decay_schedule(1e-3, 100)),
        optax.adam(optax.cosine_decay_schedule(1e-3, 200)),
    ]
    functions = [scaled_by(1), scaled_by(1.0), scaled_by(-0.0), scaled_by(0.0), lambda x: x]
    prints = [fingerprint(value) for value in optimizers + functions]
    assert len(set(prints)) == len(prints)


def test_a_global_that_has_changed_is_noticed(monkeypatch):
    before = [fingerprint(with_global()), fingerprint(with_helper())]
    monkeypatch.setitem(globals(), "SCALE", 3.0)
    after = [fingerprint(with_global()), fingerprint(with_helper())]
    assert all(a != b for a, b in zip(before, after, strict=True))
    monkeypatch.undo()
    assert [fingerprint(with_global()), fingerprint(with_helper())] == before


def test_a_default_or_attribute_that_has_changed_is_noticed():
    def with_default(x, factor=1.0):
        return factor * x

    before = fingerprint(with_default)
    with_default.__defaults__ = (2.0,)
    assert fingerprint(with_default) != before


@pytest.mark.parametrize(
    "make",
    [
        with_mutable_global,
        lambda: scaled_by([1.0]),
        lambda: scaled_by({"a": 1.0}),
        lambda: scaled_by(np.ones(2)),
        lambda: scaled_by(object()),
    ],
)
def test_what_may_change_is_only_equal_to_itself(make):
    assert not same(make)
    function = make()
    assert fingerprint(function) == fingerprint(function)


def test_a_schedule_is_the_same_after_its_first_use():
    schedule = optax.cosine_decay_schedule(1e-2, 100)  # turns its 100 into 100.0 when called
    before = fingerprint(optax.adam(schedule))
    schedule(jnp.zeros((), jnp.int32))
    assert fingerprint(optax.adam(schedule)) == before


def test_arrays_of_jax_are_told_by_identity():
    one, other = jnp.ones(2), jnp.ones(2)
    assert fingerprint(scaled_by(one)) == fingerprint(scaled_by(one))
    assert fingerprint(scaled_by(one)) != fingerprint(scaled_by(other))


def test_recursion_ends():
    def countdown(n):
        return n if n == 0 else countdown(n - 1)

    assert fingerprint(countdown) == fingerprint(countdown)
