"""Who may import whom: the table of docs/architecture.md."""

import sys
from graphlib import CycleError, TopologicalSorter

import pytest

from tests.house.modules import CHECKOUT, Import, all_imports, imports_of, module_files

MAY_IMPORT = {
    "trainplat_assets": {"sensors", "resources"},
    "streamlit_app": {"resources"},
    "trainplat_cli": {"resources"},
    "gateway": {"resources"},
    "sensors": {"resources"},
    "resources": set[str](),
}

SUBJECTS = {"gpu", "data", "labeling", "learning", "registry"}
"""Side by side: none imports another."""

ABOVE = {
    "runs": {"gpu", "data"},
    "notebooks": {"gpu"},
    "pipelines": {"gpu", "data", "learning", "serving"},
    "execution": {"gpu", "data", "learning", "registry", "runs"},
    "serving": {"gpu", "data", "learning", "registry", "runs"},
    "alerts": {"gpu", "data", "labeling", "registry", "runs"},
}
"""What stands on the subjects, and on which of them."""


def room(module: str) -> str:
    return module.split(".", maxsplit=1)[0]


def subject(module: str) -> str | None:
    """The folder of ``resources`` that a module lies in; None on the ground."""
    parts = module.split(".")
    if parts[0] != "resources" or len(parts) < 2:
        return None
    return parts[1] if parts[1] in SUBJECTS | set(ABOVE) else None


def broken(wrong: list[Import]) -> str:
    return "\n".join(sorted(str(found) for found in wrong))


def test_every_room_imports_only_the_rooms_below_it() -> None:
    wrong = [
        found
        for found in all_imports()
        if room(found.target) in MAY_IMPORT
        and room(found.target) != room(found.importer)
        and room(found.target) not in MAY_IMPORT[room(found.importer)]
    ]
    assert not wrong, broken(wrong)


def test_no_room_imports_the_tests_the_benchmarks_or_the_chores() -> None:
    wrong = [found for found in all_imports() if room(found.target) in {"tests", "benchmarks", "scripts"}]
    assert not wrong, broken(wrong)


def test_subjects_stand_side_by_side_and_what_is_above_names_what_it_stands_on() -> None:
    wrong = []
    for found in all_imports():
        above, below = subject(found.importer), subject(found.target)
        if room(found.importer) != "resources" or below is None or above == below:
            continue
        if above is None or above in SUBJECTS or below not in ABOVE[above]:
            wrong.append(found)
    assert not wrong, broken(wrong)


def test_dagster_is_imported_only_where_it_may_be() -> None:
    def may(module: str) -> bool:
        return (
            room(module) in {"trainplat_assets", "sensors"}
            or module.endswith(".resource")
            or module == "resources.data.partitions"
            or subject(module) in {"runs", "execution"}
        )

    wrong = [
        found
        for found in all_imports()
        if room(found.target).startswith("dagster") and not may(found.importer)
    ]
    assert not wrong, broken(wrong)


def test_modules_import_each_other_in_no_circle() -> None:
    ours = module_files()
    graph: dict[str, set[str]] = {name: set() for name in ours}
    for found in all_imports():
        if found.target in ours and found.target != found.importer and not found.typing_only:
            graph[found.importer].add(found.target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        pytest.fail("a circle of imports: " + " <- ".join(circle.args[1]))


def test_no_module_postpones_its_annotations() -> None:
    wrong = [found for found in all_imports() if found.target == "__future__"]
    assert not wrong, broken(wrong)


def test_the_chores_of_set_up_need_nothing_but_python() -> None:
    chores = ("scripts", *(f"scripts.{name}" for name in ("checkout", "indexes", "setup", "lock")))
    known = module_files("scripts")
    wrong = [
        found
        for name in (*chores, "scripts.system_packages")
        for found in imports_of(name, known[name], known)
        if room(found.target) not in {*sys.stdlib_module_names, "scripts"}
    ]
    assert not wrong, broken(wrong)


def test_every_folder_of_tests_is_a_package_so_that_equal_file_names_do_not_clash() -> None:
    folders = {path.parent for path in (CHECKOUT / "tests").rglob("*.py")}
    assert not [folder for folder in folders if not (folder / "__init__.py").exists()]
