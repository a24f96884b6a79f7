"""Pointing at a picture in a browser, and what it then shows and says."""

import re


def middle(grid, cell):
    x, y = grid.corner(cell)
    return x + grid.place.width / 2, y + grid.place.height / 2


def point_at(stage, scene, grid, cell):
    """Move the pointer over a cell of the picture."""
    picture = stage.locator(".cnnviz-picture svg")
    picture.evaluate("element => element.scrollIntoView({ block: 'center' })")
    box = picture.bounding_box()
    scale = box["width"] / scene.extent[0]
    x, y = middle(scene[grid], cell)
    stage.page.mouse.move(box["x"] + x * scale, box["y"] + y * scale)


def say(stage):
    return stage.locator(".cnnviz-say").inner_text()


def lit_paths(stage):
    return stage.locator(".cnnviz-light path:not(.band):not(.focus)").evaluate_all(
        "paths => paths.map(path => [path.getAttribute('class'), path.getAttribute('d')])"
    )


def corners(d):
    return sorted(
        (round(float(x), 2), round(float(y), 2)) for x, y in re.findall(r"M([-\d.]+) ([-\d.]+)", d)
    )


def picture_of(stage):
    return stage.locator(".cnnviz-picture svg").inner_html()


def outlines(grid, cells):
    """The corners of what is outlined: of each cell, or, where all of them are lit, of each map."""
    if len(set(cells)) == grid.size:
        cells = range(0, grid.size, grid.shape[2] * grid.shape[3])
    return sorted((round(x, 2), round(y, 2)) for x, y in map(grid.corner, cells))


def lit_by(scene, grid, cell):
    """What Python says is lit for a cell, in the same form."""
    return sorted(
        (f"l-{role}", outlines(scene[name], cells))
        for role, name, cells in scene.light_of(grid, cell)
    )
