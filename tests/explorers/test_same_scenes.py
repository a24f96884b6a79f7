"""The safety net itself: it must see what changes, and be silent when nothing does."""

import json

import pytest

from tests.tools import same_scenes


@pytest.mark.slow
def test_two_recordings_agree_and_reach_every_control():
    one, two = (same_scenes.record(["maps", "size ladder"]) for _ in range(2))
    assert one == two and same_scenes.compare(one, two) == []
    ladder = [json.loads(key)[1:] for key in one if json.loads(key)[0] == "size ladder"]
    strides, kernels, paddings, dilations, largest = (
        set(column) for column in zip(*ladder, strict=True)
    )
    assert strides == {1, 2, 3, 4} and kernels == {1, 2, 3, 4, 5} and largest == set(range(4, 17))
    assert paddings == {0, 1, 2, 3} and dilations == {1, 2, 3}


def test_each_kind_of_difference_is_reported_with_its_count():
    kept = {"view": "1", "svg": "2"}
    before = {'["a", 1]': kept, '["a", 2]': kept, '["a", 3]': kept, '["b", 1]': {"refused": "No."}}
    after = {'["a", 1]': kept, '["a", 2]': {**kept, "svg": "3"}, '["b", 1]': kept, '["c", 1]': kept}
    assert same_scenes.compare(before, after) == [
        'a: gone (1 states, first ["a", 3])',
        'a: svg (1 states, first ["a", 2])',
        'b: refused (1 states, first ["b", 1])',
        'b: svg (1 states, first ["b", 1])',
        'b: view (1 states, first ["b", 1])',
        'c: new (1 states, first ["c", 1])',
    ]


@pytest.mark.slow
def test_a_changed_picture_and_a_changed_cell_are_seen(monkeypatch):
    before = same_scenes.record(["maps"])
    real = same_scenes.typed

    def first_cell(explorer, layer, grid, cell):
        return real(explorer, layer, grid, same_scenes.cells_to_type_into(grid)[0])

    monkeypatch.setattr(same_scenes, "typed", first_cell)
    assert kinds_of(same_scenes.compare(before, same_scenes.record(["maps"]))) == {"maps: typed"}

    def with_one_more(explorer, values):
        explorer.data["input"] += 1
        try:
            return explorer.scene_for(values)
        finally:
            explorer.data["input"] -= 1

    monkeypatch.setattr(same_scenes, "typed", real)
    monkeypatch.setattr(same_scenes, "built", with_one_more)
    kinds = kinds_of(same_scenes.compare(before, same_scenes.record(["maps"])))
    assert "maps: view" in kinds and not kinds & {"maps: typed", "maps: editable", "maps: proved"}


def kinds_of(lines):
    return {line.partition(" (")[0] for line in lines}
