"""A pytest plugin: its process finds no TensorFlow, as on a machine that has only JAX."""

import sys
from importlib.machinery import ModuleSpec, PathFinder
from typing import Any


class _Finder(PathFinder):
    @classmethod
    def find_spec(cls, name: str, *places: Any) -> ModuleSpec | None:
        return None if name == "tensorflow" else super().find_spec(name, *places)


sys.meta_path[sys.meta_path.index(PathFinder)] = _Finder
