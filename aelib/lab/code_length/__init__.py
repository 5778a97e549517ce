"""Code length: one kind of data under several likelihoods, compared in nats.

Families can be compared where they share a support and a resolution. :class:`Binned` gives a
continuous family the resolution of whole numbers; :func:`compare` trains one autoencoder for each
family and seed and measures items that none of them has seen. For texts, :func:`halves` and
:func:`nats_per_word` measure how well one half of the words predicts the other.
"""

from aelib.lab.code_length._binned import Binned as Binned
from aelib.lab.code_length._compare import Comparison as Comparison
from aelib.lab.code_length._compare import compare as compare
from aelib.lab.code_length._completion import Completion as Completion
from aelib.lab.code_length._completion import best_mix as best_mix
from aelib.lab.code_length._completion import complete as complete
from aelib.lab.code_length._completion import halves as halves
from aelib.lab.code_length._completion import nats_per_word as nats_per_word
from aelib.lab.code_length._gaps import Gaps as Gaps
from aelib.lab.code_length._gaps import fill_gaps as fill_gaps
from aelib.lab.code_length._panel import Panel as Panel
from aelib.lab.code_length._panel import PanelLikelihood as PanelLikelihood
from aelib.lab.code_length._plain_sum import PlainSum as PlainSum
from aelib.lab.code_length._switched import SwitchedLikelihood as SwitchedLikelihood
from aelib.lab.code_length._table_contest import TableContest as TableContest
from aelib.lab.code_length._table_contest import table_contest as table_contest
from aelib.lab.code_length._words import WordLoss as WordLoss
from aelib.lab.code_length._words import multinomial as multinomial
from aelib.lab.code_length._words import poisson as poisson
from aelib.lab.code_length._words import presence as presence
from aelib.lab.code_length._words import shares as shares
from aelib.lab.code_length._words import squared_error as squared_error

__all__ = [
    "Binned",
    "Comparison",
    "Completion",
    "Gaps",
    "Panel",
    "PanelLikelihood",
    "PlainSum",
    "SwitchedLikelihood",
    "TableContest",
    "WordLoss",
    "best_mix",
    "compare",
    "complete",
    "fill_gaps",
    "halves",
    "multinomial",
    "nats_per_word",
    "poisson",
    "presence",
    "shares",
    "squared_error",
    "table_contest",
]
