"""Glyph fields, their rendering, and the exactness of its tangents."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from aelib import data
from aelib.data import glyphs

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
        centre = [np.sum((i * columns)[part]) / np.sum(i[part]) for i in (rest, lean)]
        assert np.sign(centre[1] - centre[0]) == direction
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


def test_homoglyphs_are_found_by_comparing_pictures():
    greek = glyphs.homoglyphs(["greek"])
    cyrillic = glyphs.homoglyphs(["cyrillic"])
    latin_twins = {c for c, twin in cyrillic.items() if twin in glyphs.ALPHABETS["latin"]}
    assert cyrillic["А"] == "A"
    assert "Ж" not in cyrillic
    assert set(cyrillic.values()) - set(glyphs.ALPHABETS["latin"]) <= {*"ΓΠΦκπτ0123456789"}
    # The figures of claims.md, 15 of 49 and 17 of 64: no list of ours says which.
    assert (len(greek), len(glyphs.ALPHABETS["greek"])) == (15, 49)
    assert (len(latin_twins), len(glyphs.ALPHABETS["cyrillic"])) == (17, 64)
    assert not glyphs.homoglyphs(["latin", "digits"], fonts=("STIXGeneral", "DejaVuSansMono"))


def test_tolerance_is_below_the_distance_of_any_two_letters_of_one_alphabet():
    # The fonts with the closest letters of all that are shipped.
    for font in ("STIXGeneralBol", "DejaVuSans", "DejaVuSerif-Bold"):
        for characters in glyphs.ALPHABETS.values():
            own = glyphs.fields([(font, character) for character in characters])[:, ::2, ::2]
            gaps = glyphs.distances(own, own) + 2 * np.eye(len(own))
            assert gaps.min() > glyphs.TOLERANCE


def test_no_two_classes_share_a_picture():
    # The fonts that differ most; in DejaVu Sans Mono, З is 3.
    fonts = ("DejaVuSans", "DejaVuSansMono", "STIXGeneral")
    options = {"fonts": fonts, "num_per_glyph": 1, "deformation": 0.0}
    everything = data.load("glyphs", alphabets=tuple(glyphs.ALPHABETS), **options)
    assert everything.metadata["homoglyphs"]["З"] == "3"
    assert "А" not in everything.label_names
    assert "A" in everything.label_names
    for number in range(len(fonts)):
        font = everything[everything.extras["font"] == number]
        gaps = glyphs.distances(font.images, font.images) + 2 * np.eye(len(font))
        # In 28 × 28 samples, distances come out a little otherwise than in the fields.
        assert gaps.min() > 0.9 * glyphs.TOLERANCE
    alone = data.load("glyphs", alphabets=("cyrillic",), **options)
    assert set(alone.label_names) < set(everything.label_names)


def test_every_listed_font_draws_every_alphabet_that_it_should():
    for font in glyphs.FONTS:
        names = ("latin", "digits") if font.startswith("cm") else tuple(glyphs.ALPHABETS)
        letters = [(font, glyphs.ALPHABETS[name][0]) for name in names]
        assert (glyphs.fields(letters).sum(axis=(1, 2)) > 50).all()


def test_loader_gives_what_it_says():
    options = {"alphabets": ("digits", "latin"), "fonts": ("DejaVuSans", "cmr10")}
    dataset = data.load("glyphs", **options, num_per_glyph=2)
    assert dataset.x.shape == (62 * 2 * 2, 784)
    assert dataset.metadata["alphabets"] == ("latin", "digits")
    assert np.bincount(dataset.labels).tolist() == [4] * 62
    digit = np.array([name.isdigit() for name in dataset.label_names])
    assert np.array_equal(dataset.extras["alphabet"] == 1, digit[dataset.labels])
    assert np.array_equal(dataset.x, data.load("glyphs", **options, num_per_glyph=2).x)
    item = 100
    font = dataset.metadata["fonts"][dataset.extras["font"][item]]
    field = glyphs.fields([(font, dataset.label_names[dataset.labels[item]])])[0]
    image = jax.jit(glyphs.render)(field, dataset.extras["parameters"][item])
    # Compiled on its own or in a batch: places differ in their last bits.
    np.testing.assert_allclose(dataset.images[item], image, rtol=0, atol=1e-5)
    part = dataset[[7, item]]
    along = jax.jit(glyphs.tangents)(field, dataset.extras["parameters"][item])
    np.testing.assert_allclose(glyphs.item_tangents(part)[1], along, rtol=0, atol=1e-4)


def test_deformation_noise_and_threshold():
    options = {"alphabets": ("digits",), "num_per_glyph": 20, "fonts": ("DejaVuSans",)}
    plain = data.load("glyphs", **options, deformation={"rotation": 0.2})
    parameters = plain.extras["parameters"]
    assert np.abs(parameters[:, 0]).max() <= 0.4
    assert 0.1 < parameters[:, 0].std() < 0.25
    assert not parameters[:, 1:].any()
    assert plain.x.min() >= 0.0
    assert plain.x.max() <= 1.0
    noisy = data.load("glyphs", **options, deformation={"rotation": 0.2}, noise=0.1)
    assert np.array_equal(noisy.extras["clean"], plain.x)
    # 156,800 normal draws: the standard deviation's own standard error is 0.2 %.
    assert (noisy.x - plain.x).std() == pytest.approx(0.1, rel=0.01)
    black = data.load("glyphs", **options, deformation={"rotation": 0.2}, binarize=True)
    assert np.array_equal(black.x, plain.x > 0.5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alphabets": ("latin", "runes")}, "got 'runes' at index 1"),
        ({"alphabets": ()}, "alphabets: expected at least one"),
        ({"fonts": ("Helvetica",)}, "got 'Helvetica' at index 0"),
        ({"fonts": ()}, "fonts: expected at least one"),
        ({"fonts": ("cmr10",), "alphabets": ("greek",)}, "'cmr10' at index 0 holds"),
        ({"num_per_glyph": 0}, "num_per_glyph: expected at least 1, got 0"),
        ({"noise": -1.0}, "noise: expected a finite number of at least 0, got -1.0"),
        ({"noise": float("nan")}, "noise: .* got nan"),
        ({"blur": 0.1}, "blur: expected at least 0.15"),
        ({"deformation": {"twist": 1.0}}, "deformation: expected names .* got 'twist'"),
        ({"deformation": -1.0}, "deformation: .* got rotation=-0.1"),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        data.load("glyphs", **options)


def test_texts_are_not_taken_for_sequences_of_names():
    with pytest.raises(TypeError, match="alphabets: expected a sequence of names"):
        data.load("glyphs", alphabets="latin")
    with pytest.raises(TypeError, match="fonts: expected a sequence of names"):
        data.load("glyphs", fonts="DejaVuSans")


def test_bad_shapes_and_datasets_are_named():
    with pytest.raises(ValueError, match=r"params: expected shape \[5\], got \(4,\)"):
        glyphs.render(jnp.zeros((8, 8)), jnp.zeros(4))
    with pytest.raises(ValueError, match=r"field: expected shape \[s, s\], got \(8, 9\)"):
        glyphs.render(jnp.zeros((8, 9)), jnp.zeros(5))
    with pytest.raises(ValueError, match="dataset: expected glyphs, got 'cells'"):
        glyphs.item_tangents(data.load("cells", num_cells=3, num_genes=8))
    with pytest.raises(ValueError, match="'cmr10' has no glyph for 'Ж'"):
        glyphs.fields([("cmr10", "Ж")])
