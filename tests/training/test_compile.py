"""A program is compiled once, and again as soon as anything that it is made of has changed."""

import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx

from aelib import likelihoods, models, penalties
from aelib._compile import compiled
from aelib.training import fit, sweep
from tests.compilations import compilations
from tests.training.cases import D, half_squares, make_linear


def test_the_counter_counts():
    with compilations() as names:
        jax.jit(lambda x: x * 17.0)(jnp.ones(3))
    assert len(names) >= 1


class Config:
    scale = 1.0


class Mutable:
    """An object with a method that reads what may change."""

    def __init__(self, scale):
        self.scale = scale

    def loss(self, outputs, x):
        return self.scale * half_squares(outputs, x)


class Plain:
    """A likelihood whose scale is an attribute of its class."""

    num_outputs, scale = 1, 1.0

    def log_prob(self, outputs, x, **_):
        return -self.scale * half_squares(outputs, x)


class Module(nnx.Module):
    """A likelihood with a scale of the class, one of the object, and one that is a variable."""

    num_outputs, scale = 1, 1.0

    def __init__(self):
        self.own = 1.0
        self.variable = nnx.Variable(jnp.float32(1.0))

    def log_prob(self, outputs, x, **_):
        scale = self.scale * self.own * self.variable[...]
        return -scale * half_squares(outputs, x)


@dataclasses.dataclass(frozen=True)
class Frozen:
    """Equal settings with equal hashes; what else it reads is not among them."""

    own: float = 1.0

    def __call__(self, outputs, x):
        return self.own * Config.scale * half_squares(outputs, x)


SCALE = 1.0
TABLE = {"scale": 1.0}


def reads_a_global(outputs, x):
    return SCALE * half_squares(outputs, x)


def helper():
    return TABLE["scale"]


def class_attribute(_monkeypatch):
    loss = lambda outputs, x: Config.scale * half_squares(outputs, x)  # noqa: E731
    yield loss
    Config.scale = 100.0
    yield loss
    Config.scale = 1.0


def attribute_of_an_attribute(monkeypatch):
    loss = Frozen()
    yield loss
    monkeypatch.setattr(Config, "scale", 100.0)
    yield loss


def module_global(monkeypatch):
    yield reads_a_global
    monkeypatch.setitem(globals(), "SCALE", 100.0)
    yield reads_a_global


def what_a_helper_reads(monkeypatch):
    loss = lambda outputs, x: helper() * half_squares(outputs, x)  # noqa: E731
    yield loss
    monkeypatch.setitem(TABLE, "scale", 100.0)
    yield loss


def helper_replaced(monkeypatch):
    loss = lambda outputs, x: helper() * half_squares(outputs, x)  # noqa: E731
    yield loss
    monkeypatch.setitem(globals(), "helper", lambda: 100.0)
    yield loss


def closure(_):
    scale = 1.0

    def loss(outputs, x):
        return scale * half_squares(outputs, x)

    yield loss
    scale = 100.0
    yield loss


def default(_):
    def loss(outputs, x, scale=1.0):
        return scale * half_squares(outputs, x)

    yield loss
    loss.__defaults__ = (100.0,)
    yield loss


def keyword_default(_):
    def loss(outputs, x, *, scale=1.0):
        return scale * half_squares(outputs, x)

    yield loss
    loss.__kwdefaults__["scale"] = 100.0
    yield loss


def attribute_of_the_function(_):
    def loss(outputs, x):
        return loss.scale * half_squares(outputs, x)

    loss.scale = 1.0
    yield loss
    loss.scale = 100.0
    yield loss


def code(_):
    def loss(outputs, x):
        return half_squares(outputs, x)

    def other(outputs, x):
        return 100.0 * half_squares(outputs, x)

    yield loss
    loss.__code__ = other.__code__
    yield loss


def bound_method(_):
    held = Mutable(1.0)
    yield held.loss
    held.scale = 100.0
    yield held.loss


def partial_of_a_mutable(_):
    table = {"scale": 1.0}
    loss = functools.partial(
        lambda table, outputs, x: table["scale"] * half_squares(outputs, x), table
    )
    yield loss
    table["scale"] = 100.0
    yield loss


def mutable_array(_):
    scale = np.ones(D, np.float32)
    loss = lambda outputs, x: 0.5 * jnp.sum(scale * (x - outputs) ** 2, axis=-1)  # noqa: E731
    yield loss
    scale[:] = 100.0
    yield loss


def large_mutable_array(_):
    """One whose printed form leaves out its middle."""
    scale = np.ones(10_000, np.float32)
    loss = lambda outputs, x: half_squares(outputs, x) * scale.mean(where=scale != 0)  # noqa: E731
    inside = lambda outputs, x: loss(outputs, x) * jnp.asarray(scale)[5000]  # noqa: E731
    yield inside
    scale[5000] = 100.0
    yield inside


def nnx_state(_):
    variable = nnx.Variable(jnp.float32(1.0))
    loss = lambda outputs, x: variable[...] * half_squares(outputs, x)  # noqa: E731
    yield loss
    variable[...] = jnp.float32(100.0)
    yield loss


def class_of_a_likelihood(monkeypatch):
    loss = Plain()
    yield loss
    monkeypatch.setattr(Plain, "scale", 100.0)
    yield loss


def class_of_a_likelihood_module(monkeypatch):
    loss = Module()
    yield loss
    monkeypatch.setattr(Module, "scale", 100.0)
    yield loss


def attribute_of_a_likelihood_module(_):
    loss = Module()
    yield loss
    loss.own = 100.0
    yield loss


def variable_of_a_likelihood_module(_):
    loss = Module()
    yield loss
    loss.variable[...] = jnp.float32(100.0)
    yield loss


def callback(_):
    """A call back into Python, which XLA knows only by a number."""

    def calling(scale):
        shape = jax.ShapeDtypeStruct((), jnp.float32)

        @jax.custom_jvp
        def outside(value):
            return jax.pure_callback(lambda v: np.float32(scale * v), shape, value)

        outside.defjvps(lambda tangent, _out, _in: scale * tangent)
        return lambda outputs, x: half_squares(outputs, x) * outside(jnp.float32(1.0))

    yield calling(1.0)
    yield calling(100.0)


WAYS = [
    class_attribute,
    attribute_of_an_attribute,
    module_global,
    what_a_helper_reads,
    helper_replaced,
    closure,
    default,
    keyword_default,
    attribute_of_the_function,
    code,
    bound_method,
    partial_of_a_mutable,
    mutable_array,
    large_mutable_array,
    nnx_state,
    class_of_a_likelihood,
    class_of_a_likelihood_module,
    attribute_of_a_likelihood_module,
    variable_of_a_likelihood_module,
    callback,
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_a_loss_that_has_changed_is_noticed(way, x, options, monkeypatch):
    one_step = options | {"steps": 1, "tick_every": 1}
    losses = [
        fit(make_linear(nnx.Rngs(0)), x, loss, **one_step).history.loss[0]
        for loss in way(monkeypatch)
    ]
    first, second = losses
    assert second > 10 * first


def test_penalties_corruption_and_optimizer_that_have_changed_are_noticed(x, options):
    table = {"scale": 0.0}

    def penalty(_model, _x, codes, _key):
        return table["scale"] * jnp.mean(codes**2, axis=-1)

    def corruption(_key, x):
        return x + table["scale"]

    def halve(updates, state, _params=None):
        return jax.tree.map(lambda u: -0.01 * table["scale"] * u, updates), state

    optimizer = optax.GradientTransformation(lambda _: optax.EmptyState(), halve)
    for change in (
        {"penalties": [(1.0, penalty)]},
        {"corruption": corruption},
        {"optimizer": optimizer},
    ):
        found = []
        for table["scale"] in (0.0, 1.0):
            result = fit(make_linear(nnx.Rngs(0)), x, half_squares, **options | change)
            found.append(result.history.loss[-1])
        assert found[0] != found[1], change


def gaussian():
    return likelihoods.Gaussian(scale="feature", num_features=D)


@pytest.mark.parametrize(
    "make",
    [
        dict,
        lambda: {"optimizer": optax.adam(3e-3)},
        lambda: {"optimizer": optax.adam(optax.cosine_decay_schedule(3e-3, 20))},
        lambda: {"optimizer": optax.lbfgs(memory_size=3)},
        lambda: {"loss": gaussian(), "validation": np.zeros((3, D)), "patience": 2},
        lambda: {"loss": lambda outputs, x: jnp.sum(jnp.abs(outputs - x), axis=-1)},
        lambda: {
            "batch_size": 8,
            "penalties": [(0.1, penalties.on_codes(penalties.l1))],
            "corruption": lambda key, x: x + 0.1 * jax.random.normal(key, x.shape),
        },
    ],
    ids=["plain", "adam", "schedule", "lbfgs", "likelihood", "lambda", "penalty"],
)
def test_a_second_fit_with_equal_settings_compiles_nothing(make, x, options):
    """Everything is written anew, as in a loop; seeds, data and numbers of steps differ."""

    def run(seed, steps):
        given = options | {"loss": half_squares, "steps": steps, "key": jax.random.key(seed)}
        given |= make()
        model = models.mlp(D, 2, hidden=(5,), rngs=nnx.Rngs(seed))
        fit(model, x + seed, given.pop("loss"), **given)

    run(0, 20)
    with compilations() as names:
        run(1, 13)
    assert names == []


def test_strengths_do_not_compile(x, options):
    def run(strength):
        terms = [(strength, penalties.on_codes(penalties.l1))]
        fit(make_linear(nnx.Rngs(0)), x, half_squares, penalties=terms, **options)

    run(0.1)
    with compilations() as names:
        for strength in (0.0, 1.0, 10):
            run(strength)
    assert names == []


@pytest.mark.parametrize(
    "optimizer", [optax.adam(1e-2), optax.sgd(optax.linear_schedule(0.1, 0, 9))]
)
def test_one_fit_reads_the_loss_once_and_compiles_two_programs(optimizer, x, options):
    """One that makes the state before the first step, and one for all steps."""
    read = []

    def counted(outputs, x):
        read.append(1)
        return 1.25 * half_squares(outputs, x)

    with compilations() as names:
        fit(make_linear(nnx.Rngs(0)), x, counted, **options | {"optimizer": optimizer})
    assert len(read) == 1
    assert 1 <= names.count("jit(program)") <= 2  # the first may be that of an earlier fit


def test_a_second_sweep_compiles_nothing(x):
    options = {"batch_size": None, "steps": 6, "progress": False, "optimizer": optax.adam(1e-2)}

    def run(seeds):
        return sweep(make_linear, x, lambda *pair: half_squares(*pair), seeds=seeds, **options)

    result = run(range(3))
    result.map(lambda model: jnp.sum(model.encode(jnp.ones((1, D)))))
    with compilations() as names:
        result = run(range(5, 8))
        result.map(lambda model: jnp.sum(model.encode(jnp.ones((1, D)))))
    assert names == []


def test_programs_are_told_apart_by_more_than_their_text():
    one = compiled(lambda x: 2 * x["a"], {"a": jnp.ones(3)})
    assert compiled(lambda x: 2 * x["b"], {"b": jnp.ones(3)}) is not one
    assert compiled(lambda x: 2 * x["a"], {"a": jnp.ones(4)}) is not one
    assert compiled(lambda x: 2 * x["a"], {"a": jnp.ones(3)}, donate=(0,)) is not one
    assert compiled(lambda x: 2 * x["a"], {"a": jnp.ones(3)}) is one
    before = jax.config.read("jax_disable_most_optimizations")
    jax.config.update("jax_disable_most_optimizations", not before)
    try:
        assert compiled(lambda x: 2 * x["a"], {"a": jnp.ones(3)}) is not one
    finally:
        jax.config.update("jax_disable_most_optimizations", before)


def test_results_of_another_shape_are_told_apart():
    """The text is the same; what the caller gets is a tuple or a list."""
    pair = compiled(lambda x: (x, x), jnp.ones(3))
    both = compiled(lambda x: [x, x], jnp.ones(3))
    assert isinstance(pair(jnp.ones(3)), tuple)
    assert isinstance(both(jnp.ones(3)), list)
