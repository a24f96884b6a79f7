"""What a learner runs of a lesson before the first picture stands there, as one script."""

import ast
import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def until_first_picture(lesson: Path) -> str:
    """The code of a notebook up to the first cell that ends in a call of an explorer, and its
    display, which Jupyter asks for by `_repr_mimebundle_`.

    >>> print(until_first_picture(LESSONS[0]))  # of "Start here"
    from cnnviz import explore_convolution_matrix
    explore_convolution_matrix(parts=(), show='numbers')._repr_mimebundle_()
    """
    statements = []
    for cell in json.loads(lesson.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            statements += ast.parse("".join(cell["source"])).body
            last = ast.unparse(statements[-1])
            if re.match(r"explore_\w+\(", last):
                displayed = f"{last}._repr_mimebundle_()"
                return "\n".join([*map(ast.unparse, statements[:-1]), displayed])
    raise ValueError(f"{lesson.name} shows no explorer.")


def imports_of(lesson: Path) -> str:
    """What a notebook imports before its first picture.

    >>> print(imports_of(LESSONS[0]))
    from cnnviz import explore_convolution_matrix
    """
    lines = until_first_picture(lesson).splitlines()
    return "\n".join(line for line in lines if line.startswith(("import ", "from ")))
