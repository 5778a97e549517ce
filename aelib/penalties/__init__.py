"""Penalties on codes and encoders, to be added to a likelihood by :func:`aelib.training.fit`."""

from aelib.penalties._contractive import ContractiveEstimate as ContractiveEstimate
from aelib.penalties._contractive import contractive as contractive
from aelib.penalties._contractive import contractive_estimate as contractive_estimate
from aelib.penalties._from_function import on_codes as on_codes
from aelib.penalties._from_function import on_encoder as on_encoder
from aelib.penalties._sparsity import kl_sparsity as kl_sparsity
from aelib.penalties._sparsity import l1 as l1

__all__ = [
    "ContractiveEstimate",
    "contractive",
    "contractive_estimate",
    "kl_sparsity",
    "l1",
    "on_codes",
    "on_encoder",
]
