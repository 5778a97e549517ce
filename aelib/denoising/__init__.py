"""Rates behind counts of cells, and how to judge them where there is no truth to compare with.

:func:`denoise` has one face for doing nothing, principal components and autoencoders under four
losses. :func:`thin` divides counts into a part to learn from and an independent part to judge by,
for overdispersed counts too; :func:`relative_error` judges against either the truth or the
held-out part. :func:`confirmed_share`, :func:`shuffle_genes` and :func:`gene_correlation` show how
much of the result a denoiser made up, and :func:`compare` does all of it for one matrix.

>>> import aelib
>>> from aelib import denoising
>>> cells = aelib.data.load("cells", num_cells=400, num_genes=30)
>>> dispersion = denoising.estimate_dispersion(cells.x)
>>> learn, judge = denoising.thin(cells.x, 0.8, dispersion=dispersion)
>>> rates = denoising.denoise(learn, "pca", latent=3).rates
>>> errors = [denoising.relative_error(r, 4 * judge, learn) for r in (learn, rates)]
>>> bool(errors[1] < errors[0])
True
"""

from aelib.denoising._compare import Comparison as Comparison
from aelib.denoising._compare import compare as compare
from aelib.denoising._denoise import METHODS as METHODS
from aelib.denoising._denoise import Denoised as Denoised
from aelib.denoising._denoise import denoise as denoise
from aelib.denoising._dispersion import estimate_dispersion as estimate_dispersion
from aelib.denoising._invention import Confirmed as Confirmed
from aelib.denoising._invention import confirmed_share as confirmed_share
from aelib.denoising._invention import correlation_floor as correlation_floor
from aelib.denoising._invention import gene_correlation as gene_correlation
from aelib.denoising._invention import shuffle_genes as shuffle_genes
from aelib.denoising._judge import cluster_agreement as cluster_agreement
from aelib.denoising._judge import marker_auroc as marker_auroc
from aelib.denoising._judge import relative_error as relative_error
from aelib.denoising._network import LogCounts as LogCounts
from aelib.denoising._network import count_autoencoder as count_autoencoder
from aelib.denoising._normalise import exposure as exposure
from aelib.denoising._normalise import log_normalise as log_normalise
from aelib.denoising._normalise import match_totals as match_totals
from aelib.denoising._thinning import thin as thin
from aelib.denoising._thinning import thinned_covariance as thinned_covariance

__all__ = [
    "METHODS",
    "Comparison",
    "Confirmed",
    "Denoised",
    "LogCounts",
    "cluster_agreement",
    "compare",
    "confirmed_share",
    "correlation_floor",
    "count_autoencoder",
    "denoise",
    "estimate_dispersion",
    "exposure",
    "gene_correlation",
    "log_normalise",
    "marker_auroc",
    "match_totals",
    "relative_error",
    "shuffle_genes",
    "thin",
    "thinned_covariance",
]
