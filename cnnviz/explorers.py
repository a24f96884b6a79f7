"""Explorers: sliders around a stage. The only module that knows ipywidgets' sliders."""

from __future__ import annotations

import threading
from collections.abc import Callable

import ipywidgets as widgets
import numpy as np

from .geometry import DoesNotFit
from .pictures import convolution_matrix, flattening
from .samples import sample_input, sample_kernel, sample_picture
from .scene import Scene
from .stage import Stage
from .svg import svg
from .symbols import NOTATIONS, spoken


class Explorer(widgets.VBox):
    """Controls above a stage.

    ``build(data, **values)`` makes the scene from the arrays in ``data`` and the values of the
    controls. A value that cannot be shows its sentence and keeps the last picture. Controls never
    change ``data``; only typing into a cell does. ``cell_of(values, grid, cell)`` says which
    entry of which array a cell shows, as (name, index).
    """

    def __init__(
        self,
        build: Callable[..., Scene],
        data: dict[str, np.ndarray],
        controls: dict[str, widgets.Widget],
        cell_of: Callable | None = None,
    ):
        self._build, self._cell_of = build, cell_of
        self._original = {name: array.copy() for name, array in data.items()}
        self.data = {name: array.copy() for name, array in data.items()}
        self.controls = controls
        # Since ipykernel 7 two callbacks can run at once, on threads of their own.
        self._one_at_a_time = threading.Lock()
        self.stage = Stage(self._scene())
        for control in controls.values():
            control.observe(self._control_moved, names="value")
        self.stage.observe(self._cell_typed, names="edit")
        super().__init__([self._panel(), self.stage], _dom_classes=("cnnviz-explorer",))

    @property
    def values(self) -> dict:
        """What the controls say now."""
        return {name: control.value for name, control in self.controls.items()}

    @property
    def scene(self) -> Scene:
        """The scene as it is seen now, with the pinned cell."""
        return self.stage.scene

    def save(self, path):
        """Write what is seen now to a file: .html, .svg, .pdf, .png or .txt."""
        return self.scene.save(path)

    def _scene(self) -> Scene:
        return self._build(self.data, **self.values)

    def _panel(self) -> widgets.Box:
        """Sliders in one row that wraps, choices in a second one."""
        rows = [[], []]
        for control in self.controls.values():
            rows[not isinstance(control, widgets.IntSlider)].append(control)
        if self._cell_of is not None:
            reset = widgets.Button(
                description="first numbers", tooltip="Undo all typing into cells"
            )
            reset.on_click(lambda _: self.reset())
            rows[1].append(reset)
        wrap = widgets.Layout(flex_flow="row wrap")
        boxes = [widgets.HBox(row, layout=wrap) for row in rows if row]
        for box in boxes:
            box.add_class("cnnviz-controls")
        return widgets.VBox(boxes)

    def _control_moved(self, _change) -> None:
        self._rebuild()

    def _rebuild(self) -> None:
        """Show the scene for the present values, or say why there is none."""
        with self._one_at_a_time:
            try:
                self.stage.show(self._scene())
            except DoesNotFit as sentence:
                self.stage.message = f"{sentence} The picture still shows the last sizes that fit."
            except Exception as error:
                # Nothing raised in a callback reaches the cell: say it where the learner is looking.
                self.stage.message = (
                    f"The course made a mistake here: {type(error).__name__}: {error}"
                )
                raise

    def _cell_typed(self, change) -> None:
        edit = change["new"]
        grid, cell, text = edit["grid"], edit["cell"], edit["text"]
        value = parse_number(text)
        shown = self.scene[grid]
        if value is None:
            name = spoken(shown.symbols[cell])
            self.stage.message = f"“{text[:24]}” is not a number a cell can hold. {name} keeps {shown.numbers[cell]}."
            return
        name, index = self._cell_of(self.values, shown, cell)
        self.data[name][index] = value
        self._rebuild()

    def reset(self) -> None:
        """Undo everything that was typed into cells."""
        self.data = {name: array.copy() for name, array in self._original.items()}
        self._rebuild()

    def _repr_mimebundle_(self, **options):
        """The widget, and beside it a static picture and text for places that show no widgets."""
        bundle = super()._repr_mimebundle_(**options)
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        scene = self.scene
        if scene.focus is None and scene.walk:
            scene = scene.at(
                scene.walk, 0
            )  # a picture that cannot be pointed at shows one cell lit
        static = {"image/svg+xml": svg(scene), "text/plain": str(scene)}
        return {**data, **static}, metadata


def parse_number(text: str) -> float | None:
    """A number as a learner types it: 3, −0.5, 1/3, 2,5. None for anything else.

    >>> parse_number("−1/4"), parse_number("2,5"), parse_number("abc"), parse_number("1/0")
    (-0.25, 2.5, None, None)
    """
    above, slash, below = text.strip().replace("−", "-").replace(",", ".").partition("/")
    try:
        value = float(above) / (float(below) if slash else 1.0)
    except (ValueError, ZeroDivisionError):
        return None
    # Larger numbers, infinity and NaN have no room in a cell. A NaN fails every comparison.
    return value if abs(value) < 1e6 else None


def slider(name: str, value: int, low: int, high: int) -> widgets.IntSlider:
    return widgets.IntSlider(
        value,
        low,
        high,
        description=name,
        continuous_update=True,
        layout=widgets.Layout(width="208px"),
        style={"description_width": f"{7 * len(name) + 4}px"},
    )


def _choices(show: str) -> dict[str, widgets.Widget]:
    """The choices that every picture offers: symbols or numbers, whose letters, first index."""
    narrow = {"description_width": "auto"}
    return {
        "show": widgets.ToggleButtons(
            options=[("symbols", "symbols"), ("numbers", "numbers")],
            value=show,
            style={"button_width": "92px"},
        ),
        "notation": widgets.Dropdown(
            options=list(NOTATIONS),
            value="note",
            description="letters of the",
            style=narrow,
            layout=widgets.Layout(width="170px"),
        ),
        "start": widgets.Dropdown(
            options=[("1, as in print", 1), ("0, as in code", 0)],
            value=1,
            description="count from",
            style=narrow,
            layout=widgets.Layout(width="200px"),
        ),
    }


def explore_convolution_matrix(
    input_size: int = 4,
    kernel_size: int = 3,
    *,
    parts: tuple[str, ...] = ("W", "im2col"),
    largest: int = 12,
    rectangles: bool = False,
    show: str = "symbols",
) -> Explorer:
    """A convolution beside its matrix W and its im2col patches, with a slider for every size.

    ``parts`` says which matrices are shown: "W", "im2col", both, or none for the maps alone.
    ``largest`` is the largest input the slider reaches: up to 12 the maps are written in, beyond
    that maps and W are images. ``rectangles`` gives height and width sliders of their own.
    """
    square = {
        "size": slider("input size", input_size, 1, largest),
        "kernel": slider("kernel size", kernel_size, 1, 5),
    }
    oblong = {
        "height": slider("height", input_size, 1, largest),
        "width": slider("width", min(input_size + 1, largest), 1, largest),
        "kernel_height": slider("kernel height", kernel_size, 1, 5),
        "kernel_width": slider("kernel width", max(kernel_size - 1, 1), 1, 5),
    }
    controls = {
        **(oblong if rectangles else square),
        "stride": slider("stride", 1, 1, 4),
        "padding": slider("padding", 0, 0, 3),
        "dilation": slider("dilation", 1, 1, 3),
        **_choices(show),
    }
    picture = sample_input(largest, largest) if largest <= 12 else sample_picture(largest, largest)
    data = {"input": picture, "kernel": sample_kernel(5, 5)}

    def build(data, *, stride, padding, dilation, show, notation, start, **sizes) -> Scene:
        height, width = (
            sizes.get("height", sizes.get("size")),
            sizes.get("width", sizes.get("size")),
        )
        rows = sizes.get("kernel_height", sizes.get("kernel"))
        columns = sizes.get("kernel_width", sizes.get("kernel"))
        return convolution_matrix(
            data["input"][:height, :width],
            data["kernel"][:rows, :columns],
            stride,
            padding,
            dilation,
            parts=parts,
            notation=NOTATIONS[notation],
            start=start,
            show=show,
        )

    def cell_of(values, grid, cell):
        row, column = np.unravel_index(cell, grid.shape[2:])
        if grid.name == "kernel":
            return "kernel", (row, column)
        return "input", (row - values["padding"], column - values["padding"])

    return Explorer(build, data, controls, cell_of)


def explore_flattening(height: int = 4, width: int = 4, *, show: str = "symbols") -> Explorer:
    """A map and the vector it becomes when its rows are laid end to end."""
    controls = {
        "height": slider("height", height, 1, 6),
        "width": slider("width", width, 1, 6),
        **_choices(show),
    }

    def build(data, *, height, width, show, notation, start) -> Scene:
        cells = data["input"][:height, :width]
        return flattening(cells, notation=NOTATIONS[notation], start=start, show=show)

    def cell_of(values, grid, cell):
        return "input", np.unravel_index(cell, grid.shape[2:])

    return Explorer(build, {"input": sample_input(6, 6)}, controls, cell_of)


def explore_channels(
    in_channels: int = 2, out_channels: int = 2, groups: int = 1, *, show: str = "symbols"
) -> Explorer:
    """Several channels and groups: W falls into blocks, one for each pair of channels that meet."""
    controls = {
        "in_channels": slider("in channels", in_channels, 1, 4),
        "out_channels": slider("out channels", out_channels, 1, 4),
        "groups": slider("groups", groups, 1, 4),
        "size": slider("input size", 3, 2, 5),
        "kernel": slider("kernel size", 2, 1, 3),
        **_choices(show),
    }
    data = {"input": sample_input(4, 5, 5), "kernel": sample_kernel(4, 4, 3, 3)}

    def build(
        data, *, in_channels, out_channels, groups, size, kernel, show, notation, start
    ) -> Scene:
        return convolution_matrix(
            data["input"][:in_channels, :size, :size],
            data["kernel"][:out_channels, : max(1, in_channels // groups), :kernel, :kernel],
            groups=groups,
            notation=NOTATIONS[notation],
            start=start,
            show=show,
        )

    def cell_of(values, grid, cell):
        tile_row, tile_column, row, column = np.unravel_index(cell, grid.shape)
        if grid.name == "kernel":
            return "kernel", (tile_row, tile_column, row, column)
        return "input", (tile_column, row, column)

    return Explorer(build, data, controls, cell_of)
