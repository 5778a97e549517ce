"""Penalties on codes and encoders, to be added to a likelihood by :func:`aelib.training.fit`."""

from aelib.penalties._on_codes import on_codes as on_codes
from aelib.penalties._sparsity import kl_sparsity as kl_sparsity
from aelib.penalties._sparsity import l1 as l1

__all__ = ["kl_sparsity", "l1", "on_codes"]
