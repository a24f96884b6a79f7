"""The house itself: what imports what, what is committed, and that the pins agree."""

import ast
import json
import re
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

# Data flows downward through this list: a module or package imports only from those above it.
FLOORS = [
    "geometry", "windows", "convolution", "pooling", "functional", "samples", "layers", "optimisers",
    "attribution", "upsampling", "gradient_check", "digits", "photographs", "training",
    "recorded_training", "trained", "as_printed", "symbols", "table", "repairs", "broken",
    "derivations", "printed", "meaning", "checks", "ledger", "records", "documents", "scene", "pictures",
    "svg", "plots", "curves", "stage", "page", "explorer", "explorers", "mathml", "derivation_view",
    "ledger_view", "training_view", "upload", "__init__",
]  # fmt: skip
ONLY_IN = {
    "matplotlib": {"plots", "curves", "photographs"},
    "ipywidgets": {
        "explorer",
        "explorers",
        "derivation_view",
        "ledger_view",
        "training_view",
        "upload",
    },
    "anywidget": {"stage"},
    "PIL": {"digits", "photographs", "svg"},
    "lark": {"printed"},
    "latex2mathml": {"mathml"},
}


def module_name(path):
    name = path.relative_to(ROOT / "cnnviz").with_suffix("").as_posix().replace("/", ".")
    return name.removesuffix(".__init__")


MODULES = {module_name(path): path for path in (ROOT / "cnnviz").rglob("*.py")}


def imports_of(name):
    """The cnnviz modules and the top-level names of other packages that a module imports."""
    own, others = set(), set()
    parts = [] if name == "__init__" else name.split(".")
    package = parts if MODULES[name].name == "__init__.py" else parts[:-1]
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = [*package[: len(package) - node.level + 1], *(node.module or "").split(".")]
            target = ".".join(filter(None, base))
            names = {".".join(filter(None, [target, alias.name])) for alias in node.names}
            own |= (names & set(MODULES)) or {target}
        elif isinstance(node, ast.ImportFrom):
            others.add(node.module.split(".")[0])
        elif isinstance(node, ast.Import):
            others |= {alias.name.split(".")[0] for alias in node.names}
    return own - {name}, others


def floor_of(name):
    return FLOORS.index(name.split(".")[0])


def test_the_list_of_floors_is_complete():
    assert set(FLOORS) == {name.split(".")[0] for name in MODULES}


@pytest.mark.parametrize("name", sorted(MODULES))
def test_modules_import_only_from_the_floors_above(name):
    own, others = imports_of(name)
    for other in own:
        same_package = other.split(".")[0] == name.split(".")[0]
        assert same_package or floor_of(other) < floor_of(name), (
            f"{name} imports {other} from below"
        )
    for package, allowed in ONLY_IN.items():
        assert package not in others or name in allowed, f"only {allowed} may know {package}"


def test_no_imports_go_in_a_circle():
    graph = {name: imports_of(name)[0] & set(MODULES) for name in MODULES}
    assert len(list(TopologicalSorter(graph).static_order())) == len(MODULES)


def test_the_check_of_imports_sees_imports():
    assert imports_of("convolution")[0] >= {"geometry", "windows"}
    assert "pictures.grids" in imports_of("pictures.convolution_matrix")[0]
    assert "pictures.coverage" in imports_of("pictures")[0]
    assert "matplotlib" in imports_of("plots")[1]


def requirement_lines(path):
    lines = (line.partition("#")[0].strip() for line in (ROOT / path).read_text().splitlines())
    return [line for line in lines if line]


def test_requirements_and_package_metadata_agree():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    people = [line for line in requirement_lines("requirements.txt") if not line.startswith("-")]
    assert set(project["dependencies"]) <= set(people)
    assert requirement_lines("requirements.txt")[-1] == "-e ."


def test_binder_pins_are_plain_and_satisfy_the_ranges():
    lines = requirement_lines("binder/requirements.txt")
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line) for line in lines), (
        "plain pins only"
    )
    pins = dict(line.lower().split("==") for line in lines)
    for line in requirement_lines("requirements.txt"):
        if not line.startswith("-"):
            wanted = Requirement(line)
            assert wanted.specifier.contains(pins[wanted.name.lower()]), line


def test_binder_uses_a_python_the_package_accepts():
    version = (ROOT / "binder/runtime.txt").read_text().strip().removeprefix("python-")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert Requirement(f"python{project['requires-python']}").specifier.contains(version)


def test_binder_installs_the_package_and_its_settings():
    script = ROOT / "binder/postBuild"
    text = script.read_text()
    assert text.startswith("#!") and "set -eux" in text and "pip install --no-deps -e ." in text
    assert script.stat().st_mode & 0o111, "postBuild must be executable"
    settings = json.loads((ROOT / "binder/overrides.json").read_text())
    schemas = Path(sys.prefix) / "share/jupyter/lab/schemas"
    for plugin, values in settings.items():
        package, _, name = plugin.partition(":")
        schema = json.loads((schemas / package / f"{name}.json").read_text())
        assert set(values) <= set(schema["properties"]), plugin


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_committed_clean(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert "widgets" not in notebook["metadata"]
    for cell in notebook["cells"]:
        assert not cell.get("outputs") and not cell.get("execution_count"), (
            "clear the outputs before committing"
        )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_links_between_notebooks_lead_somewhere(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    text = "\n".join("".join(cell["source"]) for cell in notebook["cells"])
    headings = {p.name: headings_of(p) for p in NOTEBOOKS}
    for target in re.findall(r"\]\(([^)\s]+\.ipynb[^)\s]*)\)", text):
        name, _, heading = target.partition("#")
        assert name in headings, target
        assert not heading or heading in headings[name], target


def headings_of(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    text = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    return {line.strip().replace(" ", "-") for line in re.findall(r"^#+ (.+)$", text, re.MULTILINE)}


def test_lesson_cells_are_sentences():
    """No plotting calls, widget classes or paths in lessons."""
    for path in NOTEBOOKS:
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                source = "".join(cell["source"])
                assert not re.search(r"matplotlib|pyplot|ipywidgets|sys\.path|open\(", source), (
                    source
                )


def test_the_repository_names_no_machine():
    files = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True
    ).stdout.split("\n")
    pattern = re.compile(r"/(root|home|work)/[a-z]")
    for name in filter(None, files):
        path = ROOT / name
        if path.suffix not in {".gz", ".png"} and path.exists() and path != Path(__file__):
            assert not pattern.search(path.read_text(encoding="utf-8")), name
