"""The house itself: what imports what, what is committed, and that the pins agree."""

import json
import os
import re
import subprocess
import sys
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest
from grimp import build_graph
from importlinter.cli import lint_imports
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def test_data_flows_one_way():
    """The rooms and what each may import stand in pyproject.toml, as contracts."""
    assert lint_imports() == 0, "run `lint-imports` to see which import goes against the stream"


def test_the_check_of_imports_sees_imports(tmp_path, monkeypatch):
    package = tmp_path / "cnnviz"
    copytree(ROOT / "cnnviz", package, ignore=ignore_patterns("__pycache__"))
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text())
    (package / "functional" / "upstream.py").write_text("from ..scene import Scene")
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports as l; exit(l())"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert ran.returncode == 1 and "cnnviz.functional.upstream" in ran.stdout


def test_no_imports_go_in_a_circle():
    graph = build_graph("cnnviz", exclude_type_checking_imports=True)
    names = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    assert len(list(TopologicalSorter(names).static_order())) == len(graph.modules) > 100


def test_the_house_is_taken_in_at_a_glance():
    entries = {path.name for path in (ROOT / "cnnviz").iterdir()} - {"__init__.py", "__pycache__"}
    assert len(entries) <= 10, entries


def requirement_lines(path):
    lines = (line.partition("#")[0].strip() for line in (ROOT / path).read_text().splitlines())
    return [line for line in lines if line]


def test_requirements_and_package_metadata_agree():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    people = [line for line in requirement_lines("requirements.txt") if not line.startswith("-")]
    assert set(project["dependencies"]) <= set(people)
    assert requirement_lines("requirements.txt")[-1] == "-e ."


def test_every_place_names_the_same_version_and_authors():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = (ROOT / "CITATION.cff").read_text()
    assert f"\nversion: {project['version']}\n" in citation
    assert f"\n## [{project['version']}]" in (ROOT / "CHANGELOG.md").read_text()
    (author,) = project["authors"]
    assert f"\nauthors:\n  - name: {author['name']}\n" in citation
    assert author["name"] in (ROOT / "LICENSE").read_text()


def test_make_test_and_test_all_leave_nothing_out():
    """What one leaves out the other runs; and only the profiles say on how many examples."""
    makefile = (ROOT / "Makefile").read_text()
    assert '$(PYTEST) -m "not long" ' in makefile
    assert '$(PYTEST) -m "long or hypothesis" ' in makefile
    tests = [path for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__)]
    assert [path.name for path in tests if "max_examples" in path.read_text()] == []


def test_make_quick_asks_for_the_same_as_pytest_but_for_notebooks():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    words = project["tool"]["pytest"]["ini_options"]["addopts"].split()
    wanted = " ".join(word for word in words if not word.startswith("--nbval"))
    assert f'addopts="{wanted}"' in (ROOT / "Makefile").read_text()


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
    told = "run `make notebooks` before committing"
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}, told
    assert notebook["metadata"]["language_info"] == {"name": "python"}, told
    for cell in notebook["cells"]:
        assert not cell.get("outputs") and not cell.get("execution_count"), told
        assert not cell["metadata"], told


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


def test_lessons_import_through_four_doors():
    doors = {"cnnviz", "cnnviz.functional", "cnnviz.network", "cnnviz.derivations"}
    for path in NOTEBOOKS:
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            source = "".join(cell["source"])
            used = set(re.findall(r"^(?:from|import) (cnnviz[\w.]*)", source, re.MULTILINE))
            assert used <= doors, f"{path.name}: {used - doors}"


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
        if path.suffix not in {".gz", ".png", ".ttf"} and path.exists() and path != Path(__file__):
            assert not pattern.search(path.read_text(encoding="utf-8")), name
