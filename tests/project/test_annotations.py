"""Annotations with shapes are text until someone reads them, as the API pages do."""

import importlib
import inspect
import pkgutil
import typing

import pytest

import aelib
from tests.project.package_map import CONTRIBUTING, may_import, read_map

MODULES = [module.name for module in pkgutil.walk_packages(aelib.__path__, "aelib.")]


@pytest.mark.parametrize("name", MODULES)
def test_shapes_can_be_read(name: str) -> None:
    module = importlib.import_module(name)
    for thing in vars(module).values():
        own = getattr(thing, "__module__", "") == name
        members = [thing, *vars(thing).values()] if inspect.isclass(thing) else [thing]
        for member in members if own else ():
            if inspect.isfunction(member):
                try:
                    typing.get_type_hints(member)
                except NameError:  # imported for type checkers only
                    continue


@pytest.mark.parametrize("room", may_import(read_map(CONTRIBUTING.read_text(encoding="utf-8"))))
def test_help_shows_signatures_as_they_are_written(room: str) -> None:
    """Without ``from __future__ import annotations`` it shows ``Union[jaxlib._jax.Array, ...]``."""
    module = importlib.import_module(f"aelib.{room}")
    for name in module.__all__:
        thing = getattr(module, name)
        members = [thing, *vars(thing).values()] if inspect.isclass(thing) else [thing]
        for member in members:
            if inspect.isfunction(member) and member.__module__.startswith("aelib"):
                assert "jaxlib" not in str(inspect.signature(member)), (name, member)
