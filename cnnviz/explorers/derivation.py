"""A derivation to step through: choose one, move the sizes, and every line is proved again."""

from __future__ import annotations

import inspect
from html import escape

import ipywidgets as widgets

from .. import derivations
from ..functional.geometry import DoesNotFit
from ..scene.stage import SliderNames
from ..symbols import NOTATIONS
from .controls import dropdown, letters, sliders
from .mathml import STYLE, mathml
from .shared import SHARED
from .widget import beside_widget, drawn

# What the list says, and the name of the function that derives it: SymPy is loaded when one is run.
DERIVATIONS = {
    "h = Wa: the convolution as a matrix": "convolution_as_matrix",
    "input gradient: Wᵀ times the upstream gradient": "input_gradient_as_transpose",
    "input gradient: scatter": "input_gradient_as_scatter",
    "input gradient: padded correlation with the rotated kernel": "input_gradient_as_padded_correlation",
    "why rotated: substituting the index": "index_substitution",
    "kernel gradient": "kernel_gradient",
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
CARD_STYLE = """
.cnnviz-ledger .step { display: grid; grid-template-columns: minmax(0, 3fr) minmax(220px, 1fr); gap: 24px;
  padding: 8px 0; border-top: 1px solid #8883; align-items: center; }
.cnnviz-ledger .step > div { overflow-x: auto; }
.cnnviz-ledger .step math { display: block; margin: 6px 0; width: max-content; }
"""


WHICH = dropdown("which", "derive", DERIVATIONS, "kernel gradient")
CONTROLS = (
    *sliders(input_size=(3, 1, 4), kernel_size=(2, 1, 3), stride=(1, 1, 3)),
    *sliders(padding=(0, 0, 2), dilation=(1, 1, 2)),
    *letters(show=None),
)


class DerivationView(widgets.VBox):
    """One derivation at a time, line by line, with a reason for each and the proof at the end."""

    def __init__(self, which: str = WHICH.start):
        self.which = drawn(WHICH, WHICH.accepts(which))
        self.which.layout.width = "480px"
        self.controls = {
            one.name: drawn(one, SHARED.values.get(one.name, one.start)) for one in CONTROLS
        }
        self._shown = widgets.HTML()
        rows = {
            kind: widgets.HBox(layout={"flex_flow": "row wrap"}) for kind in ("sizes", "choices")
        }
        rows["sizes"].add_class("cnnviz-controls")
        for control in self.controls.values():
            kind = "sizes" if isinstance(control, widgets.IntSlider) else "choices"
            rows[kind].children += (control,)
        rows["choices"].children = (self.which, *rows["choices"].children)
        for control in (self.which, *self.controls.values()):
            control.observe(lambda _: self._derive(), names="value")
        SHARED.joined(self)
        for name in SHARED.values:
            self.controls[name].observe(
                lambda change, name=name: SHARED.choose(**{name: change["new"]}), names="value"
            )
        super().__init__(
            [rows["choices"], rows["sizes"], self._shown, SliderNames()],
            _dom_classes=("cnnviz-explorer",),
        )
        self._derive()

    def move(self, **values) -> None:
        """Set controls by name."""
        for name, value in values.items():
            self.controls[name].value = value

    def close(self) -> None:
        SHARED.left(self)
        super().close()

    def derivation(self):
        """The derivation for the present sizes and letters. Raises DoesNotFit like the code."""
        function = getattr(derivations, DERIVATIONS[self.which.value])
        known = inspect.signature(function).parameters
        values = {name: control.value for name, control in self.controls.items()}
        values["notation"] = NOTATIONS[values["notation"]]
        values["start"] = values.pop("first_index")
        for name, control in self.controls.items():
            control.disabled = {"first_index": "start"}.get(name, name) not in known
        return function(**{name: value for name, value in values.items() if name in known})

    def _derive(self) -> None:
        try:
            derivation = self.derivation()
        except DoesNotFit as sentence:
            self._shown.value = _page(f"<p>✕ {escape(str(sentence))}</p>")
            return
        self._text, self._shown.value = derivation.text(), _page(steps(derivation))

    def _repr_mimebundle_(self, **options):
        """The widget, and beside it the derivation as it stands, for places without widgets."""
        static = {"text/html": self._shown.value, "text/plain": self._text}
        return beside_widget(super()._repr_mimebundle_(**options), static)


def steps(derivation) -> str:
    """A derivation as HTML: equations on the left, the reason on the right, the proof below."""
    rows = "".join(
        f'<div class="step"><div>{"".join(map(mathml, equations))}</div><div>{escape(reason)}</div></div>'
        for equations, reason in derivation.steps()
    )
    faults = derivation.faults()
    verdict = (
        "✓ Proved for this geometry: every line follows, and the last is what the code computes."
    )
    verdict = "✕ " + " ".join(faults) if faults else verdict
    head = f"<h4>{escape(derivation.title)}</h4><p class='place'>{escape(derivation.source)}</p>"
    return f"{head}{rows}<p><b>{escape(verdict)}</b></p>"


def _page(html: str) -> str:
    return f'<style>{STYLE}{CARD_STYLE}</style><div class="cnnviz-ledger">{html}</div>'
