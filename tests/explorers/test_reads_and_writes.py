"""Outline says role, and the step says it: what a step reads is not lit as written, and what appears at
a step is written by it. Held by every step of every walk of every explorer."""

import pytest

from cnnviz.scene import Step
from tests.tools.every_explorer import EXPLORERS, made


def text_after(grid, step, cell):
    return grid.frames[step][cell] if step >= 0 else None


@pytest.fixture(params=EXPLORERS, scope="module")
def scene(request):
    explorer = made(EXPLORERS[request.param])
    yield explorer.scene
    explorer.close()


def test_a_step_names_what_it_reads_and_what_it_writes(scene):
    assert all(type(step) is Step for step in scene.steps)
    for n, step in enumerate(scene.steps):
        for name, cells in step.writes.items():
            both = set(cells) & set(step.reads.get(name, ()))
            assert not both, f"step {n} reads and writes {name} {both}: {step.say}"
        for cells in (step.reads, step.writes, step.points, step.around):
            assert all(scene.holds(name, cell) for name in cells for cell in cells[name])
        assert step.reads or step.writes or step.points, f"step {n} lights nothing"


def test_what_appears_at_a_step_is_written_by_it_and_what_is_read_was_there(scene):
    for grid in (grid for grid in scene.grids if grid.frames and grid.texts):
        for n, step in enumerate(scene.steps):
            before = grid.frames[n - 1] if n else None
            for cell in step.reads.get(grid.name, ()):
                assert grid.frames[n][cell] != "" or cell in grid.zeros, f"step {n}: {step.say}"
            for cell in range(grid.size):
                changed = before is not None and before[cell] != grid.frames[n][cell]
                if changed and grid.frames[n][cell] != "":
                    lit = {*step.writes.get(grid.name, ()), *step.points.get(grid.name, ())}
                    assert cell in lit, f"step {n} changes {grid.name} {cell} unsaid: {step.say}"


def test_a_grid_that_appears_at_once_is_written_then_and_not_read_before(scene):
    for grid in (grid for grid in scene.grids if grid.since >= 0):
        assert grid.name in scene.steps[grid.since].writes, f"{grid.name} appears unsaid"
        for n, step in enumerate(scene.steps):
            assert grid.name not in step.reads or n > grid.since, f"step {n}: {step.say}"


def test_the_result_of_a_steps_equation_is_written_and_its_factors_are_read(scene):
    for n, step in enumerate(scene.steps):
        if step.of is None or step.of[0] not in scene.equations:
            continue
        name, cell = step.of
        assert cell not in step.reads.get(name, ()), f"step {n} reads its result: {step.say}"
        for factors, here in scene._products(name, cell):
            for template in factors:
                grid = template[1:-1] if template.startswith("{") else None
                if grid and here[grid] in step.writes.get(grid, ()):
                    raise AssertionError(
                        f"step {n} writes its factor {grid} {here[grid]}: {step.say}"
                    )
