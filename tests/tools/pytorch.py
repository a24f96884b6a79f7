"""PyTorch, which computes the same and is no dependency: only the comparisons with it need it."""

import importlib
import os

import pytest


def torch_or_skip():
    """The module `torch`. Where there is none, the tests that ask for it skip.

    With `CNNVIZ_REQUIRE_TORCH=1` they fail instead, so that none is left out unseen.
    """
    if os.environ.get("CNNVIZ_REQUIRE_TORCH") == "1":
        return importlib.import_module("torch")
    return pytest.importorskip("torch", reason="PyTorch, which is compared with, is missing.")
