"""cnnviz: drive the backward pass of a convolution. These are the names a lesson imports.

Every picture comes as a function ``explore_…``; the other three doors for a lesson are
`cnnviz.functional` (the operations), `cnnviz.network` (layers, training, data) and
`cnnviz.derivations` (equations with their proofs). A name is loaded when it is first used.
"""

import sys

import lazy_loader

from .console import with_stand_ins
from .explorers import EXPLORERS

with_stand_ins(sys.stdout)  # before anything is printed: not every console can write ∂

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["functional", "network", "derivations"],
    submod_attrs={
        "explorers.choices": ["choices"],
        **{f"explorers.{topic}": names for topic, names in EXPLORERS.items()},
        "derivations": ["symbol_array"],
        "functional.geometry": ["DoesNotFit"],
        "functional.samples": ["sample_input", "sample_kernel"],
        "network": ["photograph"],
        "symbols": ["NOTATIONS"],
    },
)
