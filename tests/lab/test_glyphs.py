"""Rendering of glyph fields, and the exactness of its tangents."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from aelib import data
from aelib.lab import glyphs

# Different fonts, alphabets and transforms; the first one at rest.
PAIRS = [
    ("DejaVuSans", "A"),
    ("DejaVuSerif-Bold", "g"),
    ("STIXGeneral", "Ж"),
    ("DejaVuSansMono", "ω"),
    ("cmr10", "8"),
]
PARAMS = np.array(
    [
        [0.0, 0.0, 0.0, 0.0, 0.0],
        [0.4, 1.3, -0.7, 0.15, -0.2],
        [-0.9, -2.1, 0.4, -0.3, 0.3],
        [3.0, 0.2, 1.9, 0.1, 0.1],
        [-0.1, 0.5, 0.5, -0.05, 0.4],
    ]
)


@pytest.fixture(scope="module")
def bank():
    return glyphs.fields(PAIRS)


def test_fields_are_smooth_ink_on_paper(bank):
    assert bank.shape == (5, 128, 128)
    assert bank.dtype == np.float32
    assert bank.min() == 0.0
    assert 0.9 < bank.max() <= 1.0
    assert not bank[:, [0, -1]].any()
    assert not bank[:, :, [0, -1]].any()
    # A Gaussian of standard deviation s has no slope steeper than an edge's, 1 / (s √(2π)) per
    # sample; s² = (0.5 · 4)² − 1/3. Two edges that face each other can only subtract.
    steepest = 1 / np.sqrt(2 * np.pi * (4 - 1 / 3))
    assert np.abs(np.diff(bank, axis=1)).max() <= steepest
    assert np.abs(np.diff(bank, axis=2)).max() <= steepest


def test_blur_is_the_total_standard_deviation_in_pixels():
    # Smoothing by a kernel adds its variance to a shape's second moment, exactly, and the moment
    # of a B-spline's coefficients is short of the spline's by the spline's own 1/3.
    def moment(blur):
        field = glyphs.fields([("DejaVuSans", "l")], blur=blur)[0].astype(np.float64)
        x = np.arange(128) / 4
        mass = field.sum(axis=0) / field.sum()
        return mass @ x**2 - (mass @ x) ** 2

    # The Gaussian is sampled and cut off at four standard deviations: 1e-3 of its variance.
    assert moment(0.8) - moment(0.4) == pytest.approx(0.8**2 - 0.4**2, rel=2e-3)


def test_render_is_a_cubic_spline_at_the_transformed_points(bank):
    """SciPy's spline at points found from the forward transform, inverted as a matrix."""
    draw = jax.jit(glyphs.render)
    with jax.enable_x64(True):
        for field, (rotation, shift_x, shift_y, log_scale, shear) in zip(bank, PARAMS, strict=True):
            turn = [[np.cos(rotation), -np.sin(rotation)], [np.sin(rotation), np.cos(rotation)]]
            forward = np.exp(log_scale) * np.array(turn) @ [[1.0, shear], [0.0, 1.0]]
            rows, columns = np.mgrid[:28, :28] - 13.5
            # x to the right and y upwards; shift_y points down.
            pixel = np.stack([columns - shift_x, -(rows - shift_y)]).reshape(2, -1)
            x, y = np.linalg.solve(forward, pixel)
            places = np.stack([63.5 - 4 * y, 63.5 + 4 * x])
            expected = map_coordinates(
                field.astype(np.float64), places, order=3, mode="grid-constant", prefilter=False
            )
            params = jnp.array([rotation, shift_x, shift_y, log_scale, shear])
            image = draw(jnp.asarray(field, jnp.float64), params)
            # Places are of size 100, their rounding 1e-14, and slopes are below one.
            np.testing.assert_allclose(image.reshape(-1), expected, rtol=0, atol=1e-12)
            assert image.min() >= 0.0
            assert image.max() <= 1.0


def test_parameters_move_ink_as_they_say():
    field = jnp.asarray(glyphs.fields([("DejaVuSans", "T")])[0])
    draw = jax.jit(glyphs.render)
    rest = np.asarray(draw(field, jnp.zeros(5)))

    def moved(**values):
        return np.asarray(draw(field, jnp.array([values.get(p, 0.0) for p in glyphs.PARAMETERS])))

    # Float32 places are good to 1e-5 of a sample, and slopes are at most 0.21 per sample.
    close = partial(np.testing.assert_allclose, rtol=0, atol=1e-5)
    close(moved(shift_x=2.0)[:, 2:], rest[:, :-2])
    close(moved(shift_y=3.0)[3:], rest[:-3])
    close(moved(rotation=np.pi / 2), np.rot90(rest))
    columns = np.arange(28)
    lean = moved(shear=0.3)
    top, bottom = slice(4, 8), slice(18, 21)
    for part, direction in ((top, 1), (bottom, -1)):
        center = [np.sum((i * columns)[part]) / np.sum(i[part]) for i in (rest, lean)]
        assert np.sign(center[1] - center[0]) == direction
    # Ink grows with the square of the magnification. A sum over pixels is the integral up to the
    # spectrum at one cycle per pixel, exp(−2π² blur²): 7e-3 at a blur of 0.5, 3e-9 at 1, where the
    # cut of the Gaussian at four standard deviations is what is left.
    wide = jnp.asarray(glyphs.fields([("DejaVuSans", "T")], blur=1.0)[0])
    grown, plain = (draw(wide, jnp.array([0.0, 0.0, 0.0, s, 0.0])).sum() for s in (0.2, 0.0))
    assert grown / plain == pytest.approx(np.exp(0.4), rel=1e-4)


def test_tangents_agree_with_central_differences(bank):
    """The error of a difference is h² |f‴| / 6, then rounding: eps / h.

    The image's second derivatives are Lipschitz (a cubic spline), so the first term holds with no
    exception at the knots. Measured, it is at most 6e+1 h² relative to the tangent; rounding of
    pixels near 1 gives about 1e-16 / h. At h = 1e-6 that makes 6e-11 + 1e-10, over tangents whose
    norms lie between 1 and 40 and with 784 pixels: 1e-8 bounds it.
    """
    with jax.enable_x64(True):
        field, params = jnp.asarray(bank, jnp.float64), jnp.asarray(PARAMS)
        exact = np.asarray(jax.jit(jax.vmap(glyphs.tangents))(field, params))
        draw = jax.jit(jax.vmap(glyphs.render))

        def error(step):
            sides = [
                draw(field, params + step * e) - draw(field, params - step * e) for e in np.eye(5)
            ]
            estimate = np.stack(sides, axis=1).reshape(exact.shape) / (2 * step)
            return np.linalg.norm(estimate - exact, axis=-1) / np.linalg.norm(exact, axis=-1)

        assert error(1e-6).max() < 1e-8
        # A hundredfold smaller for a tenfold smaller step: second order, at every glyph and
        # parameter, as only a function with Lipschitz second derivatives gives it.
        ratio = error(1e-3) / error(1e-4)
        assert ratio.min() > 95
        assert ratio.max() < 105
    single = np.asarray(jax.jit(jax.vmap(glyphs.tangents))(bank, PARAMS.astype(np.float32)))
    assert single.dtype == np.float32
    gap = np.linalg.norm(single - exact, axis=-1) / np.linalg.norm(exact, axis=-1)
    # Float32 places are good to 4e-6 of a sample, against fields that change over two samples.
    assert gap.max() < 1e-5


def test_items_of_a_dataset_are_rendered_fields_and_have_their_tangents():
    options = {"alphabets": ("digits", "latin"), "fonts": ("DejaVuSans", "cmr10")}
    dataset = data.load("glyphs", **options, num_per_glyph=2)
    example = 100
    font = dataset.metadata["fonts"][dataset.extras["font"][example]]
    field = glyphs.fields([(font, dataset.label_names[dataset.labels[example]])])[0]
    image = jax.jit(glyphs.render)(field, dataset.extras["parameters"][example])
    # Compiled on its own or in a batch: places differ in their last bits.
    np.testing.assert_allclose(dataset.images[example], image, rtol=0, atol=1e-5)
    part = dataset[[7, example]]
    along = jax.jit(glyphs.tangents)(field, dataset.extras["parameters"][example])
    np.testing.assert_allclose(glyphs.example_tangents(part)[1], along, rtol=0, atol=1e-4)


def test_bad_shapes_and_datasets_are_named():
    with pytest.raises(ValueError, match=r"params: expected shape \[5\], got \(4,\)"):
        glyphs.render(jnp.zeros((8, 8)), jnp.zeros(4))
    with pytest.raises(ValueError, match=r"field: expected shape \[s, s\], got \(8, 9\)"):
        glyphs.render(jnp.zeros((8, 9)), jnp.zeros(5))
    with pytest.raises(ValueError, match="dataset: expected glyphs, got 'cells'"):
        glyphs.example_tangents(data.load("cells", num_cells=3, num_genes=8))
    with pytest.raises(ValueError, match="'cmr10' has no glyph for 'Ж'"):
        glyphs.fields([("cmr10", "Ж")])
