"""The oldest versions that pyproject.toml admits, as constraints for pip.

python tests/tools/oldest.py > oldest.txt
pip install -c oldest.txt -e '.[test]'
"""

import re
import tomllib
from pathlib import Path

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


def oldest(requirement: str) -> str:
    """The lower bound of a requirement as the only version.

    >>> oldest("numpy>=2.0,<3")
    'numpy==2.0'
    """
    return re.sub(r">=([^,]+).*", r"==\1", requirement)


def requirements() -> list[str]:
    """What the package and its tests need."""
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    return project["dependencies"] + project["optional-dependencies"]["test"]


if __name__ == "__main__":
    print(*map(oldest, requirements()), sep="\n")
