import jax
import jax.numpy as jnp
import numpy as np
import pytest
from skimage import data
from skimage.metrics import structural_similarity

from aelib.perceptual import ssim

CAMERA = data.camera()[100:164, 200:256].astype(np.float32) / 255
NOISE = np.random.default_rng(0).normal(size=CAMERA.shape).astype(np.float32)
#: The photograph and what might be made of it; the flat ones have no variance at all.
PAIRS = [
    (CAMERA, CAMERA),
    (CAMERA, np.clip(CAMERA + 0.1 * NOISE, 0, 1)),
    (CAMERA, np.roll(CAMERA, 1, axis=1)),
    (CAMERA, 1 - CAMERA),
    (CAMERA, np.full_like(CAMERA, 0.5)),
    (np.ones_like(CAMERA), np.ones_like(CAMERA)),
    (np.zeros_like(CAMERA), np.ones_like(CAMERA)),
    (0.999 + 0.001 * CAMERA, 0.999 + 0.0005 * CAMERA),
]


@pytest.mark.exact
def test_it_is_that_of_scikit_image():
    x, y = (np.stack(side)[..., None] for side in zip(*PAIRS, strict=True))
    expected = [
        structural_similarity(
            a.astype(np.float64),
            b.astype(np.float64),
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=1,
        )
        for a, b in PAIRS
    ]
    # Variances are compared with 0.0009, in which float32 leaves about 1e-4 of its 1e-7.
    np.testing.assert_allclose(ssim(x, y), expected, rtol=0, atol=2e-5)
    with jax.enable_x64(True):
        np.testing.assert_allclose(
            ssim(x.astype(np.float64), y.astype(np.float64)), expected, rtol=0, atol=1e-9
        )


def test_channels_are_averaged():
    x, y = np.random.default_rng(0).random((2, 2, 12, 13, 3), np.float32)
    parts = [ssim(x[..., [c]], y[..., [c]]) for c in range(3)]
    np.testing.assert_allclose(ssim(x, y), np.mean(parts, axis=0), atol=1e-6)
    np.testing.assert_allclose(ssim(x, y), ssim(y, x), atol=1e-6)


def test_gradients_are_finite():
    x, y = (np.stack(side)[..., None] for side in zip(*PAIRS, strict=True))
    gradients = jax.jit(jax.grad(lambda x, y: ssim(x, y).sum(), argnums=(0, 1)))(x, y)
    assert all(np.isfinite(part).all() for part in gradients)
    np.testing.assert_allclose(gradients[0][0], 0, atol=1e-4)  # nothing is more similar than this


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"window": 10}, "window: expected an odd whole number, got 10"),
        ({"window": 13}, r"window: 13 does not fit into images of \(12, 12\) pixels"),
        ({"standard_deviation": 0}, "standard_deviation: expected a finite number, above 0, got 0"),
        ({"others": np.zeros((1, 12, 11, 1))}, r"others: expected shape \(1, 12, 12, 1\)"),
        ({"images": np.full((1, 12, 12, 1), -0.5)}, r"images: expected values in \[0, 1\], got -0"),
        ({"images": np.zeros((12, 12))}, r"images: expected shape \[batch, height, width, chan"),
    ],
)
def test_what_it_does_not_take(change, message):
    images = jnp.zeros((1, 12, 12, 1))
    with pytest.raises(ValueError, match=message):
        ssim(**{"images": images, "others": images, **change})
