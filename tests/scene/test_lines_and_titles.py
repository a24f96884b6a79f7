"""Lines that belong to some steps alone, and where the title of a grid stands."""

import re

import numpy as np
import pytest

from cnnviz.scene import Grid, Scene, Slot, Step, Stroke
from cnnviz.scene.page import page
from cnnviz.scene.svg import svg


def one_cell(under=False, **more):
    grid = Grid(
        "a", "name", (1, 1, 1, 1), Slot(0, 100, 40, 40, under=under), symbols=("a",), saying="a"
    )
    return Scene("A cell", (grid,), {"a": np.arange(1)}, "At rest.", **more)


def test_a_line_is_dim_in_the_steps_it_does_not_belong_to():
    ends = ((0, 0), (10, 0))
    walk = (Step({"a": (0,)}, {}, "First."), Step({}, {"a": (0,)}, "Second."))
    scene = one_cell(steps=walk, strokes=(Stroke(ends, steps=(1,)), Stroke(ends, "curve")))
    dimmed = [svg(scene.at_step(n)).count('<g class="dim" data-steps="1">') for n in (0, 1, -1)]
    assert dimmed == [1, 0, 0]
    assert svg(scene).count("data-steps") == 1
    assert 'data-steps=\\"1\\"' in page(scene)  # the stage dims it as the learner walks on


@pytest.mark.parametrize("under, y", [(False, 91), (True, 160)])
def test_a_title_stands_above_its_grid_or_under_it(under, y):
    assert float(re.search('class="title" x="20" y="([^"]+)"', svg(one_cell(under)))[1]) == y
