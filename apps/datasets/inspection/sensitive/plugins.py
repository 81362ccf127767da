"""Recognisers of one's own, found by their dotted paths."""

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import cast

from apps.datasets.inspection.sensitive.kinds import INDEX, Plugin


@cache
def load(path: str) -> Plugin:
    """Return the plug-in that the class or function at the path makes: one for each process.

    Raise ``ValueError`` with the path when it can't be imported or made, or is no plug-in.
    """
    module, _dot, name = path.rpartition(".")
    try:
        made = getattr(import_module(module), name)()
    except Exception as error:
        raise ValueError(f"The recogniser “{path}” can't be loaded. {type(error).__name__}: {error}") from error
    kinds = getattr(made, "kinds", None)
    if not isinstance(kinds, tuple | list) or not kinds or not callable(getattr(made, "find", None)):
        raise ValueError(f"The recogniser “{path}” needs kinds, a tuple of keys, and find(text).")
    if unknown := sorted(set(kinds) - INDEX.keys()):
        raise ValueError(f"The recogniser “{path}” names the kind “{unknown[0]}”. There are: {', '.join(INDEX)}.")
    return cast(Plugin, made)


def load_all(paths: Sequence[str]) -> tuple[Plugin, ...]:
    return tuple(load(path) for path in paths)


def named(paths: Sequence[str]) -> list[str]:
    """Return the recognisers as a result names them: the path, and the version where the plug-in has one."""
    return [f"{path} {getattr(load(path), 'version', '')}".strip() for path in paths]
