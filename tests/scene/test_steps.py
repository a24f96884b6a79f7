"""Scenes that walk through steps of their own, and what else stands between their grids."""

from dataclasses import replace

import numpy as np
import pytest

from cnnviz.scene import NOWHERE, Equation, Grid, Lamp, Scene, Slot, Step, Stroke
from cnnviz.scene.labels import label
from cnnviz.scene.page import page
from cnnviz.scene.stage import Stage
from cnnviz.scene.svg import svg

SLOT = Slot(20, 40, 300, 200)


def row(name, *texts, **more):
    numbers = tuple(str(n) for n in range(1, len(texts) + 1))
    given = {"sentences": tuple(f"This is {text}." for text in texts), **more}
    return Grid(name, name, (1, 1, 1, len(texts)), SLOT, symbols=texts, numbers=numbers, **given)


def film(**more):
    """Three numbers that are added up one by one."""
    return Scene(
        title="A sum",
        grids=(
            row("input", "a_1", "a_2", "a_3", sentences=("one", "two", "three")),
            row("sum", "s", role="written", frames=(("1",), ("3",), ("6",)), sentences=("all",)),
        ),
        table={"input": np.arange(3), "sum": np.zeros(3, int)},
        say="A sum at rest.",
        steps=tuple(Step({"input": (n,)}, {"sum": (0,)}, f"Add number {n + 1}.") for n in range(3)),
        equations={"sum": Equation("{sum}", ("{input}",), counted=True)},
        **more,
    )


def test_a_step_lights_its_cells_says_its_sentence_and_shows_its_frame():
    scene = film().at_step(1)
    assert scene.light() == [("read", "input", (1,)), ("written", "sum", (0,))]
    assert scene.said == "Add number 2."
    assert scene.shown(scene["sum"]) == ("3",)
    assert scene.shown(scene["input"]) == ("a_1", "a_2", "a_3")
    assert scene.at_step(-1).light() == [] and scene.at_step(-1).said == "A sum at rest."
    assert "Add number 2." in str(scene) and "  3\n" in str(scene)


def test_a_pinned_cell_speaks_before_the_step():
    scene = film().at_step(1).at("input", 2)
    assert scene.said == "three"
    assert scene.light() == [("read", "input", (2,)), ("written", "sum", (0,))]


@pytest.mark.parametrize("step", [-2, 3])
def test_there_are_no_steps_beyond_the_last(step):
    with pytest.raises(IndexError, match="steps 0 to 2"):
        film().at_step(step)


def test_as_many_frames_as_steps_or_it_is_a_mistake():
    with pytest.raises(ValueError, match="2 steps need as many frames"):
        Scene("t", (row("sum", "s", frames=(("1",),)),), {"sum": np.zeros(1, int)}, "say",
              steps=(Step({}, {}, "a"), Step({}, {}, "b")))  # fmt: skip
    with pytest.raises(ValueError, match="has 1 cells, not 2"):
        row("sum", "s", frames=(("1", "2"),))


def test_every_cell_has_something_to_say():
    with pytest.raises(ValueError, match="'a' needs a sentence"):
        Scene("t", (row("a", "1", sentences=None),), {"a": np.arange(1)}, "say")


def test_a_step_is_drawn_in_svg_and_on_a_page():
    scene = film().at_step(2)
    drawing = svg(scene)
    assert ">6</text>" in drawing and 'aria-label="Add number 3."' in drawing
    assert drawing.count('class="l-read"') == 2  # the lit cell and the legend
    assert ">6</text>" not in svg(film())
    assert ">Add number 3.</text>" in drawing
    assert '"step": 2' in page(scene)


def test_a_walk_shows_what_it_has_come_to_and_hides_what_is_to_come():
    scene = Scene(
        "t",
        (row("input", "a", "b"), row("result", "x", "y", role="written", show="numbers")),
        {"input": np.arange(2), "result": np.arange(2)},
        "say",
        walk="result",
    )
    first, opened = scene.at_step(0), scene.opened()
    assert first.light() == [("read", "input", (0,)), ("written", "result", (0,))]
    assert first.said == "This is x." and opened.step == 0
    assert first.shown(scene["result"]) == ("1", "") and scene.shown(scene["result"]) == ("1", "2")
    assert first.levels(scene["result"], 0).tolist() == [6, 0]
    assert scene.at_step(1).at("input", 0).said == "This is a."


def test_of_a_result_that_is_pinned_only_itself_is_written():
    scene = meetings()
    made = {grid.name: grid for grid in scene.grids}
    grids = tuple(
        replace(grid, role="written") if name in ("output", "won") else grid
        for name, grid in made.items()
    )
    scene = replace(scene, grids=grids)
    assert ("written", "output", (0,)) in scene.light_of("output", 0)
    assert ("read", "won", (1,)) in scene.light_of("output", 0)
    assert {role for role, name, _ in scene.light_of("weight", 0) if name != "weight"} > {"written"}


def test_the_next_scene_stands_where_the_last_one_stood_while_there_is_such_a_step():
    shorter = Scene("t", (row("input", "a"),), {"input": np.arange(1)}, "say", walk="input")
    assert film().following(film().at_step(2)).step == 2
    assert shorter.following(film().at_step(2)).step == 0
    assert film().following(film()).step == -1


def test_the_stage_shows_the_step_and_the_pin_of_its_scene():
    stage = Stage(film().at_step(1))
    assert stage.step == 1
    stage.step = 2
    assert stage.scene.step == 2
    stage.show(film().at_step(0).at("input", 1))
    assert (stage.step, stage.pinned) == (0, ["input", 1])
    stage.show(film())
    assert (stage.step, stage.pinned) == (-1, [])


def meetings():
    """Two outputs of one weight; the second meets nothing in `won`."""
    return Scene(
        title="t",
        grids=(
            row("weight", "k"),
            row("output", "h_1", "h_2"),
            row("bias", "b"),
            row("won", "a_1", "a_2"),
        ),
        table={
            "weight": np.array([0, 0, 0]),
            "output": np.array([0, 0, 1]),
            "bias": np.array([0, 0, 0]),
            "won": np.array([1, 1, NOWHERE]),
        },
        say="say",
        equations={
            "output": Equation("{output}", ("{weight}",), plus="{bias}"),
            "bias": Equation("∂L/∂{bias}", ("∂L/∂{output}",)),
            "won": Equation("∂L/∂{won}", ("∂L/∂{output}",)),
            "weight": Equation("∂L/∂{weight}", ("{won}", "∂L/∂{output}")),
        },
    )


def test_a_meeting_without_a_cell_lights_none():
    scene = meetings()
    assert scene.lit("output", 1) == {"weight": (0,), "output": (1,), "bias": (0,)}
    assert scene.lit("won", 1) == {"weight": (0,), "output": (0,), "bias": (0,), "won": (1,)}
    assert scene.lit("won", 0) == {"won": (0,)}


def test_terms_with_the_same_cells_count_once_and_a_bias_is_added_once():
    scene = meetings()
    assert scene.equation_text("output", 0) == "h_1 = k + b"
    assert scene.equation_text("bias", 0) == "∂L/∂b = ∂L/∂h_1 + ∂L/∂h_2"
    assert scene.equation_text("won", 0) == "∂L/∂a_1 = 0"
    assert scene.equation_text("weight", 0) == "∂L/∂k = a_2·∂L/∂h_1"


def test_strokes_lamps_and_ticks_are_drawn_and_told():
    scene = film(
        strokes=(
            Stroke(((0, 0), (10, 0)), "backward", "∂L/∂x"),
            Stroke(((0, 5), (9, 9)), "curve"),
        ),
        lamps=(
            Lamp(True, "both agree"),
            Lamp(False, "a very long statement that needs two lines"),
            Lamp(False, "printed wrongly", mistake=True),
        ),
    )
    drawing = svg(scene)
    assert 'class="stroke s-backward"' in drawing and 'class="lamp off"' in drawing
    assert (
        "✓ both agree" in str(scene) and "○ a very long" in str(scene) and "✕ printed" in str(scene)
    )
    assert "∂L/∂x" in str(scene) and 'class="lamp mistake"' in drawing
    assert ">✓</text>" in drawing and ">both agree</text>" in drawing
    assert 'class="m-right"' in svg(
        Scene("t", (row("a", "1", marks={"right": (0,)}),), {"a": np.arange(1)}, "say")
    )
    with pytest.raises(ValueError, match="A stroke is one of"):
        Stroke(((0, 0), (1, 1)), "zigzag")


def test_a_cell_can_hold_a_sum_of_products_over_several_lines():
    drawn = label("k_22·g_11 + k_21·g_12")
    assert drawn.count('class="v"') == 4 and drawn.count('dy="-0.245em"') == 4
    scene = Scene("t", (row("a", "k_1·g_1\n+ k_2·g_2"),), {"a": np.arange(1)}, "say")
    assert svg(scene).count('dy="1.35em"') == 1
    assert "k_1·g_1 + k_2·g_2" in str(scene)
