"""Code length: one kind of data under several likelihoods, compared in nats.

Families can be compared where they share a support and a resolution;
:class:`aelib.likelihoods.Discretized` gives a continuous family that of the data.
:func:`compare_likelihoods` trains one autoencoder for each family and seed and measures examples
that none of them has seen;
:func:`compare_imputation` does so for hidden cells of tables. For texts,
:func:`complete_documents` measures how well one half of the words predicts the other.
"""

from aelib.lab.code_length._compare import LikelihoodComparison as LikelihoodComparison
from aelib.lab.code_length._compare import compare_likelihoods as compare_likelihoods
from aelib.lab.code_length._documents import DocumentCompletion as DocumentCompletion
from aelib.lab.code_length._documents import WordLoss as WordLoss
from aelib.lab.code_length._documents import complete_documents as complete_documents
from aelib.lab.code_length._imputation import ImputationComparison as ImputationComparison
from aelib.lab.code_length._imputation import ImputationScore as ImputationScore
from aelib.lab.code_length._imputation import compare_imputation as compare_imputation
from aelib.lab.code_length._imputation import score_imputation as score_imputation
from aelib.lab.code_length._plain_sum import PlainSum as PlainSum
from aelib.lab.code_length._switched import SwitchedLikelihood as SwitchedLikelihood

__all__ = [
    "DocumentCompletion",
    "ImputationComparison",
    "ImputationScore",
    "LikelihoodComparison",
    "PlainSum",
    "SwitchedLikelihood",
    "WordLoss",
    "compare_imputation",
    "compare_likelihoods",
    "complete_documents",
    "score_imputation",
]
