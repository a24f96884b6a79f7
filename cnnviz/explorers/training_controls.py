"""What a training run can be started with, as plain records."""

from __future__ import annotations

from ..network.recorded_training import OPTIMISERS
from .controls import Slider, buttons

OPTIMISER = buttons("optimiser", OPTIMISERS, "Adam")
RATE = Slider("lr", "learning rate", 0.002, 0.0001, 1.0, digits=4, factors=True)
EPOCHS = Slider("epochs", "epochs", 16, 1, 1000)
SEED = Slider("seed", "seed", 0, 0, 2**31)
