"""Does every explorer still show what it showed? Compares all of its states between two commits.

    python -m tests.tools.same_scenes BEFORE [AFTER]    two commits; AFTER is the work tree unless given
    python -m tests.tools.same_scenes --record FILE     the states of this tree, to a file
    ... --only NAME [NAME ...]                          some explorers of tests/tools/every_explorer.py

An explorer is built in each state: every control at every value, and seeded random combinations. Of
each state the digests are kept of what the browser gets (view and SVG), of the text, of a step, of which
grids can be typed into and the array cell behind each of their cells, and of what would be proved. A state is known by
the explorer and the values of its controls in their order, so a control may be given another name.
Each commit is recorded by its own copy of this file: only what is written down must stay the same.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMBINATIONS = 150  # random ones, beside every control at every value


# Recording.


def record(only: list[str]) -> dict[str, dict[str, str]]:
    """State -> what it shows, as digests by kind; or the sentence that says why it cannot be."""
    from tests.tools.every_explorer import EXPLORERS, made

    states = {}
    for name, call in EXPLORERS.items():
        if only and name not in only:
            continue
        explorer = made(call)
        for values in combinations(name, explorer):
            key = json.dumps([name, *values.values()], ensure_ascii=False)
            states[key] = state(explorer, values)
        explorer.close()
    return states


def combinations(name: str, explorer) -> list[dict]:
    """The start, every control at every value, and random combinations, the same in every run."""
    options = {control: choices_of(explorer, control) for control in explorer.controls}
    chance = random.Random(name)
    return [
        dict(explorer.values),
        *({**explorer.values, one: value} for one in options for value in options[one]),
        *({one: chance.choice(of) for one, of in options.items()} for _ in range(COMBINATIONS)),
    ]


def digest(value) -> str:
    text = json.dumps(value, ensure_ascii=False, default=lambda array: array.tolist())
    return hashlib.sha1(text.encode()).hexdigest()[:12]


def state(explorer, values: dict) -> dict[str, str]:
    from cnnviz import DoesNotFit
    from cnnviz.scene.svg import svg

    try:
        scene, layer = built(explorer, values)
    except DoesNotFit as sentence:
        return {"refused": str(sentence)}
    view = scene.view()
    kinds = {
        "editable": [grid.pop("editable") for grid in view["grids"]],
        "view": view,
        "text": str(scene),
        "svg": svg(scene, standalone=False),
        "typed": [
            [grid.name, cell, *typed(explorer, layer, grid, cell)]
            for grid in scene.grids
            for cell in cells_to_type_into(grid)
        ],
        "proved": proved(layer),
    }
    if scene.length:
        step = scene.at_step(min(2, scene.length - 1))
        kinds["step"] = [svg(step, standalone=False), str(scene.at_step(scene.length - 1))]
    return {kind: digest(value) for kind, value in kinds.items()}


def cells_to_type_into(grid) -> list[int]:
    if not grid.editable:
        return []
    zeros = {*grid.marks.get("padding", ()), *grid.marks.get("inserted", ())}
    return [cell for cell in range(grid.size) if cell not in zeros]


# How an explorer is asked, in this commit.


def choices_of(explorer, name: str) -> list:
    return explorer.controls[name].options


def built(explorer, values: dict):
    return explorer.scene_for(values)


def typed(explorer, layer, grid, cell: int) -> tuple[str, list[int]]:
    array = explorer.array_of(grid, layer)
    return grid.origin.name, list(grid.index_of(cell)[-array.ndim :])


def proved(layer) -> list:
    geometry = layer.geometry if layer else None
    return sorted([name, pair_of(value)] for name, value in (geometry or {}).items())


def pair_of(value) -> list[int]:
    """3 and (3, 3) are the same size."""
    return [int(n) for n in value] if isinstance(value, tuple) else [int(value)] * 2


# Comparing.


def recorded(commit: str | None, only: list[str], folder: Path) -> dict:
    """The states of a commit, or of the work tree."""
    tree, file = ROOT, folder / f"{commit or 'work tree'}.json"
    if commit is not None:
        tree = folder / commit
        subprocess.run(
            ["git", "worktree", "add", "-q", "--detach", tree, commit], cwd=ROOT, check=True
        )
    command = [sys.executable, "-m", "tests.tools.same_scenes", "--record", file]
    command += ["--only", *only] if only else []
    try:
        subprocess.run(command, cwd=tree, env={**os.environ, "PYTHONPATH": str(tree)}, check=True)
    finally:
        if commit is not None:
            subprocess.run(["git", "worktree", "remove", "--force", tree], cwd=ROOT, check=True)
    return json.loads(file.read_text(encoding="utf-8"))


def compare(before: dict, after: dict) -> list[str]:
    """A line for each explorer and kind that differ: how many states, and the first of them."""
    found, first = Counter(), {}
    for key in before | after:
        old, new = before.get(key), after.get(key)
        kinds = ["gone"] if new is None else ["new"] if old is None else differing(old, new)
        for kind in kinds:
            found[json.loads(key)[0], kind] += 1
            first.setdefault((json.loads(key)[0], kind), key)
    return [f"{name}: {kind} ({count} states, first {first[name, kind]})"
            for (name, kind), count in sorted(found.items())]  # fmt: skip


def differing(old: dict, new: dict) -> list[str]:
    return [kind for kind in old | new if old.get(kind) != new.get(kind)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("commits", nargs="*", help="BEFORE, and AFTER if not the work tree")
    parser.add_argument("--record", type=Path)
    parser.add_argument("--only", nargs="+", default=[])
    given = parser.parse_args()
    if given.record:
        given.record.write_text(
            json.dumps(record(given.only), ensure_ascii=False), encoding="utf-8"
        )
        return 0
    before, after = [*given.commits, None][:2]
    with tempfile.TemporaryDirectory() as folder:
        states = [recorded(commit, given.only, Path(folder)) for commit in (before, after)]
    lines = compare(*states)
    by_explorer = defaultdict(int)
    for key in states[1]:
        by_explorer[json.loads(key)[0]] += 1
    print("\n".join(lines))
    print(
        f"{len(states[1])} states of {len(by_explorer)} explorers, {len(lines)} kinds of difference."
    )
    return bool(lines)


if __name__ == "__main__":
    sys.exit(main())
