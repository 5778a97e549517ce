"""Principal component analysis, and linear autoencoders held against it."""

from aelib.pca._angles import principal_angles as principal_angles
from aelib.pca._compare import Comparison as Comparison
from aelib.pca._compare import compare as compare
from aelib.pca._excess import Excess as Excess
from aelib.pca._fit import PCA as PCA
from aelib.pca._fit import fit as fit
from aelib.pca._fit import fit_batches as fit_batches
from aelib.pca._regularized import linear_loss_optimum as linear_loss_optimum
from aelib.pca._regularized import regularized_loss_optimum as regularized_loss_optimum
from aelib.pca._regularized import regularized_singular_values as regularized_singular_values

__all__ = [
    "PCA",
    "Comparison",
    "Excess",
    "compare",
    "fit",
    "fit_batches",
    "linear_loss_optimum",
    "principal_angles",
    "regularized_loss_optimum",
    "regularized_singular_values",
]
