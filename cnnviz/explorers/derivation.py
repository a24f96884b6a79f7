"""A derivation to step through: choose one, move the sizes, and every line is proved again."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from html import escape

from .. import derivations
from ..functional.geometry import DoesNotFit
from ..scene.stage import Lines
from ..symbols import NOTATIONS
from .controls import dropdown, letters, sliders
from .mathml import mathml
from .shared import SHARED
from .view import View, page
from .widget import beside_widget

# What the list says, and the name of the function that derives it: SymPy is loaded when one is run.
DERIVATIONS = {
    "h = Wa: the convolution as a matrix": "convolution_as_matrix",
    "input gradient: Wᵀ times the upstream gradient": "input_gradient_as_transpose",
    "input gradient: scatter": "input_gradient_as_scatter",
    "input gradient: padded correlation with the rotated kernel": "input_gradient_as_padded_correlation",
    "why rotated: substituting the index": "index_substitution",
    "input gradient for every size": "input_gradient_for_every_size",
    "kernel gradient": "kernel_gradient",
    "kernel gradient for every size": "kernel_gradient_for_every_size",
    "bias gradient": "bias_gradient",
    "transposed convolution is Wᵀ": "transposed_convolution",
    "Wᵀ is not an inverse": "transposed_is_not_inverse",
    "max pooling": "max_pooling",
    "max pooling, backward": "max_pooling_gradient",
    "unpooling as partial inverse": "unpooling_as_partial_inverse",
    "average pooling": "average_pooling",
    "average pooling, backward": "average_pooling_gradient",
    "ReLU": "relu_gradient",
    "fully connected layer": "fully_connected",
    "softmax with cross-entropy": "softmax_cross_entropy",
    "backpropagation in a plain network": "plain_network",
}

WHICH = dropdown("which", "derive", DERIVATIONS, "kernel gradient")
CONTROLS = (
    WHICH,
    *sliders(input_size=(3, 1, 4), kernel_size=(2, 1, 3), stride=(1, 1, 3)),
    *sliders(padding=(0, 0, 2), dilation=(1, 1, 2)),
    *letters(show=None),
)
ARGUMENTS = {"first_index": "start"}  # of a derivation, where they are not named as the control is


class DerivationView(View):
    """One derivation at a time, revealed line by line, with a reason for each and the proof beside it."""

    def __init__(self, which: str = WHICH.start):
        self.lines = Lines()
        super().__init__(CONTROLS, [self.lines], "derivation", {"which": WHICH.accepts(which)})
        SHARED.joined(self)
        self.changed({})
        self.show_controls()

    def changed(self, moved: Mapping) -> None:
        try:
            self._shown = self.derivation()
        except DoesNotFit as sentence:
            self.say(f"{sentence} The lines still show the last sizes that fit.", wrong=True)
            return
        with self.lines.hold_sync():
            # What has been read to its end stays so; another derivation starts at its first line.
            at_end = self.lines.step and self.lines.step >= self._count - 1
            self._count = len(self._shown.lines)
            if "which" in moved:
                self.lines.step = 0
            elif at_end or self.lines.step >= self._count:
                self.lines.step = self._count - 1
            self.lines.head, self.lines.html = head(self._shown), steps(self._shown)
        self._say_verdict()
        SHARED.choose(**{name: moved[name] for name in SHARED.values if name in moved})

    _count = 0  # lines of the derivation that is shown

    def follow(self, chosen: Mapping) -> None:
        """Take over what was chosen for all pictures."""
        new = {n: v for n, v in chosen.items() if n in self.controls and v != self.values[n]}
        if new:
            self.move(**new)

    def drawn_controls(self) -> list[dict]:
        """Only what this derivation depends on: nobody moves a slider that does nothing."""
        known = self._arguments()
        return [
            record
            for record in super().drawn_controls()
            if record["name"] == "which" or ARGUMENTS.get(record["name"], record["name"]) in known
        ]

    def close(self) -> None:
        SHARED.left(self)
        super().close()

    def derivation(self):
        """The derivation for the present sizes and letters. Raises DoesNotFit like the code."""
        values = {ARGUMENTS.get(name, name): value for name, value in self.values.items()}
        values["notation"] = NOTATIONS[values["notation"]]
        return self._function()(**{name: values[name] for name in self._arguments() & {*values}})

    def _function(self):
        return getattr(derivations, DERIVATIONS[self.values["which"]])

    def _arguments(self) -> set[str]:
        return {*inspect.signature(self._function()).parameters}

    def _say_verdict(self) -> None:
        faults = self._shown.faults()
        self.say(" ".join(faults) or f"✓ {self._shown.proved}", wrong=bool(faults))

    def _repr_mimebundle_(self, **options):
        """The widget, and beside it the whole derivation as it stands, for places without widgets."""
        html = head(self._shown) + steps(self._shown)
        static = {"text/html": page(html), "text/plain": self._shown.text()}
        return beside_widget(super()._repr_mimebundle_(**options), static)


def head(derivation) -> str:
    """What is derived, and where a document says it."""
    return (
        f'<div class="title" role="heading" aria-level="3">{escape(derivation.title)}</div>'
        f'<div class="place">{escape(derivation.source)}</div>'
    )


def steps(derivation) -> str:
    """The lines of a derivation as HTML: the reason, and below it what it leads to."""
    return "".join(
        f'<div class="step"><div class="reason">{escape(reason)}</div>'
        f'<div class="formulas">{"".join(map(mathml, equations))}</div></div>'
        for equations, reason in derivation.steps()
    )
