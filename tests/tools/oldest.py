"""The oldest versions that pyproject.toml admits, as constraints for pip.

python tests/tools/oldest.py > oldest.txt
pip install -c oldest.txt -e '.[test]'
"""

import re
import tomllib
from itertools import chain
from pathlib import Path

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


def oldest(requirement: str) -> str:
    """The lower bound of a requirement as the only version.

    >>> oldest("numpy>=2.0,<3"), oldest("pypdf>=5; sys_platform != 'emscripten'")
    ('numpy==2.0', 'pypdf==5')
    """
    return re.sub(r">=([^,;]+).*", r"==\1", requirement)


def bounded() -> list[str]:
    """Everything with a lower bound that the package and its extras need."""
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    extras = chain.from_iterable(project["optional-dependencies"].values())
    return [line for line in (*project["dependencies"], *extras) if ">=" in line]


if __name__ == "__main__":
    print(*map(oldest, bounded()), sep="\n")
