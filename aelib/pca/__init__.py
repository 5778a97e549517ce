"""Principal component analysis, and linear autoencoders compared with it."""

from aelib.pca._angles import principal_angles as principal_angles
from aelib.pca._compare import LinearComparison as LinearComparison
from aelib.pca._compare import compare as compare
from aelib.pca._fit import PCA as PCA
from aelib.pca._fit import fit as fit
from aelib.pca._fit import fit_batches as fit_batches
from aelib.pca._optimum import linear_loss_optimum as linear_loss_optimum

__all__ = [
    "PCA",
    "LinearComparison",
    "compare",
    "fit",
    "fit_batches",
    "linear_loss_optimum",
    "principal_angles",
]
