"""Annotations with shapes are text until someone reads them, as the API pages do."""

import importlib
import inspect
import pkgutil
import typing

import pytest

import aelib

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
