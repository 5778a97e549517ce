"""Distances between images as a network sees them, and structural similarity.

A :class:`PerceptualLoss` compares two images by the feature maps of a network: a :class:`VGG16`
whose weights :func:`load_vgg16` reads, a :class:`SmallFeatures` that :func:`train_classifier`
trains in seconds, or any callable from images to feature maps. Images are [batch, h, w, c] with
values in [0, 1], never in [-1, 1] and never bytes, and are refused otherwise.

Example:
    >>> import jax.numpy as jnp
    >>> from flax import nnx
    >>> import aelib
    >>> network = aelib.perceptual.SmallFeatures((8, 8), 10, channels=(4,), rngs=nnx.Rngs(0))
    >>> loss = aelib.perceptual.PerceptualLoss(network)
    >>> image = jnp.eye(8).reshape(1, 8, 8, 1)
    >>> loss.distance(image, image).round(6)
    Array([0.], dtype=float32)
"""

from aelib.perceptual._loss import PerceptualLoss as PerceptualLoss
from aelib.perceptual._pixel_feature_loss import PixelFeatureLoss as PixelFeatureLoss
from aelib.perceptual._small import SmallFeatures as SmallFeatures
from aelib.perceptual._ssim import ssim as ssim
from aelib.perceptual._train import TrainedClassifier as TrainedClassifier
from aelib.perceptual._train import train_classifier as train_classifier
from aelib.perceptual._vgg import VGG16 as VGG16
from aelib.perceptual._weights import load_vgg16 as load_vgg16

__all__ = [
    "VGG16",
    "PerceptualLoss",
    "PixelFeatureLoss",
    "SmallFeatures",
    "TrainedClassifier",
    "load_vgg16",
    "ssim",
    "train_classifier",
]
