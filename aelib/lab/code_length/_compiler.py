"""Compiling quickly rather than well."""

import contextlib
from collections.abc import Iterator

import jax


@contextlib.contextmanager
def quick_compiler(wanted: bool = True) -> Iterator[None]:
    """Let XLA leave out most optimizations: small models take longer to compile than to train."""
    before = bool(jax.config.read("jax_disable_most_optimizations"))
    jax.config.update("jax_disable_most_optimizations", before or wanted)
    try:
        yield
    finally:
        jax.config.update("jax_disable_most_optimizations", before)
