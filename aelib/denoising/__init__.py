"""Rates behind counts of cells, and how to evaluate them without knowing the truth.

:func:`denoise` offers no denoising, the gene mean, principal components and autoencoders under
four losses; what it fitted, a :class:`Denoiser`, takes new cells.
:func:`thin` divides counts into a training part and an independent held-out part, for
overdispersed counts too. :func:`relative_error` compares rates with the truth or with the held-out
part, :func:`confirmed_fraction` tells how much of their variation the held-out part confirms, and
:func:`shuffle_genes` makes a control without any structure. :func:`compare_methods` does all of it
for one matrix.

Counts are what NumPy can read, a pandas data frame, a SciPy sparse matrix, or an AnnData object
whose ``X`` holds them; a layer of it, ``data.layers["counts"]``, is an array or a sparse matrix.

Example:
    >>> import aelib
    >>> from aelib import denoising
    >>> cells = aelib.data.load("cells", num_cells=400, num_genes=30)
    >>> dispersion = denoising.estimate_dispersion(cells.x)
    >>> train, held_out = denoising.thin(cells.x, 0.8, dispersion=dispersion)
    >>> rates = denoising.denoise(train, "pca", latent=3).rates
    >>> errors = [denoising.relative_error(r, 4 * held_out, train) for r in (train, rates)]
    >>> bool(errors[1] < errors[0])
    True
"""

from aelib.denoising._compare import MethodComparison as MethodComparison
from aelib.denoising._compare import compare_methods as compare_methods
from aelib.denoising._denoise import DenoisedCounts as DenoisedCounts
from aelib.denoising._denoise import denoise as denoise
from aelib.denoising._denoiser import Denoiser as Denoiser
from aelib.denoising._dispersion import estimate_dispersion as estimate_dispersion
from aelib.denoising._evaluation import confirmed_fraction as confirmed_fraction
from aelib.denoising._evaluation import relative_error as relative_error
from aelib.denoising._evaluation import shuffle_genes as shuffle_genes
from aelib.denoising._normalize import log_normalize as log_normalize
from aelib.denoising._thinning import thin as thin

__all__ = [
    "DenoisedCounts",
    "Denoiser",
    "MethodComparison",
    "compare_methods",
    "confirmed_fraction",
    "denoise",
    "estimate_dispersion",
    "log_normalize",
    "relative_error",
    "shuffle_genes",
    "thin",
]
