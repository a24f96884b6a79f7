"""The views that are no pictures of a layer: training, one's own image, derivations, the ledger.

Each is loaded when it is first asked for: they need ipywidgets, and some SymPy or matplotlib.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .training_controls import EPOCHS, OPTIMISER, RATE, SEED

if TYPE_CHECKING:
    from ..network.trained import Trained
    from .derivation import DerivationView
    from .documents import LedgerView
    from .own_image import OwnImageView
    from .training import TrainingView


def explore_training(
    optimiser: str = "Adam", lr: float = 0.002, epochs: int = 16, seed: int = 0
) -> TrainingView:
    """The blog's network, put together, learning to read digits; drive it with the buttons.

    `optimiser` is "SGD", "momentum" (0.9) or "Adam"; `lr` from 0.0001 to 1. With the settings it
    starts with it reads more than 97 % of the held-out digits, the same on every run.

    >>> view = explore_training().run(batches=90)
    >>> view.training.step, view.accuracy > 0.9
    (90, True)
    """
    from .training import TrainingView

    return TrainingView(
        OPTIMISER.accepts(optimiser), RATE.accepts(lr), EPOCHS.accepts(epochs), SEED.accepts(seed)
    )


def explore_own_image(trained: Trained | None = None) -> OwnImageView:
    """What a network that has learned says about a digit of yours: ten bars, and its first maps.

    Takes PNG and JPEG files of up to 8 MB; until there is one it shows a held-out digit, and it has
    a photograph to offer. `trained` is a `Trained` network, by default the one of the course.

    >>> view = explore_own_image()
    >>> view.message
    'The network says 2, with a share of 93.1%. It is indeed 2.'
    >>> view.upload(b"GIF89a...", "digit.png")
    >>> view.message
    '“digit.png” was not taken. This is not a PNG or JPEG image, whatever its name says.'
    """
    from .own_image import OwnImageView

    return OwnImageView(trained)


def explore_derivation(which: str = "kernel gradient") -> DerivationView:
    """A derivation of the course, for any sizes, in the letters of any document."""
    from .derivation import DerivationView

    return DerivationView(which)


def explore_documents() -> LedgerView:
    """The ledger of the documents: filter it, compare print and derivation, read the proofs.

    Every proof runs now; a bar shows how far it is.
    """
    from IPython.display import display

    from .documents import LedgerView

    view = LedgerView()
    display(view.progress)
    view.prove()
    view.progress.close()
    return view
