"""Library and service are read in one direction: a part may look upstream, never downstream."""

import ast
import sys
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from types import ModuleType

import pytest

import rules

ROOT = Path(__file__).parents[2]

# Every part of rules, earliest first, and the parts that it may import.
MAY_IMPORT = {
    "language": set(),
    "numbers": set(),
    "errors": {"language"},
    "facts": {"language", "numbers", "errors"},
    "expressions": {"language", "numbers", "facts"},
    "policy": {"language", "numbers", "errors", "facts", "expressions"},
    "sheets": {"language", "numbers", "errors", "facts", "policy"},
    "decision": {"policy", "sheets"},
    "explanation": {"language", "numbers", "facts", "expressions", "policy", "sheets", "decision"},
    "answers": {"language", "numbers", "policy", "sheets", "decision", "explanation"},
    "amounts": {"numbers", "expressions", "policy"},
    "reference": {"numbers", "expressions", "policy", "decision", "amounts"},
    "plan": {"numbers", "errors", "facts", "expressions", "policy", "decision"},
    "completion": {"numbers", "errors", "facts", "policy", "sheets", "decision", "plan"},
    "intake": {"errors", "policy", "sheets", "decision", "plan", "completion"},
    "engine": {"numbers", "errors", "decision", "plan"},
    "scenarios": {
        "language",
        "numbers",
        "errors",
        "facts",
        "expressions",
        "policy",
        "sheets",
        "decision",
        "explanation",
        "amounts",
        "reference",
        "plan",
        "intake",
    },
    "scoring": {
        "errors",
        "policy",
        "sheets",
        "decision",
        "answers",
        "reference",
        "plan",
        "completion",
        "intake",
        "engine",
    },
    "settlement": {"language", "numbers", "errors", "facts", "policy", "sheets", "decision", "plan", "completion"},
    "comparison": {
        "language",
        "numbers",
        "errors",
        "facts",
        "policy",
        "sheets",
        "decision",
        "explanation",
        "reference",
        "plan",
        "completion",
        "settlement",
    },
    "readings": {
        "language",
        "numbers",
        "errors",
        "facts",
        "policy",
        "sheets",
        "decision",
        "explanation",
        "settlement",
        "comparison",
    },
    "rechecks": {"language", "numbers", "errors", "sheets", "decision", "comparison"},
    "sampling": {"language", "numbers", "errors", "facts", "sheets"},
    "loading": {"errors", "policy", "plan"},
}
# Two evaluators that stand in for each other may not share what decides.
NEVER_TOGETHER = [("reference", "plan"), ("reference", "engine"), ("amounts", "plan")]

# Outside libraries, each behind one wall. A part of a policy's reader also reads the examples.
MAY_USE = {
    "durable_rules_engine": {"rules.engine"},
    "ruamel": {"rules.policy.files"},
    "simplejson": {"rules.answers"},
    "marshmallow": {"rules.policy.schemas", "rules.policy.reader", "rules.policy.repair", "rules.scenarios.suites"},
}
# A pure library: no clock, no chance, no environment, no network, no process.
NOT_IN_RULES = {
    "asyncio", "datetime", "http", "io", "logging", "multiprocessing", "os", "random", "secrets", "shutil", "signal",
    "socket", "subprocess", "sys", "tempfile", "time", "urllib", "uuid", "zoneinfo",
}  # fmt: skip

# Every module of service, earliest first, and the modules of service that it may import. The command line and the HTTP
# interface both call the workflows, and never each other.
SERVICE_MAY_IMPORT = {
    "settings": set(),
    "problems": set(),
    "catalogue": set(),
    "jsonlines": set(),
    "jsonarrays": {"jsonlines"},
    "descriptions": set(),
    "tables.shared": set(),
    "tables.standards": {"tables.shared"},
    "tables.settlements": {"tables.shared"},
    "tables.comparisons": {"tables.shared"},
    "tables.readings": {"tables.shared"},
    "tables.spotchecks": {"tables.shared"},
    "junit": set(),
    "logs": set(),
    "metrics": set(),
    "watch": {"logs", "metrics"},
    "settling": set(),
    "workflows": {"catalogue", "jsonlines", "settling"},
    "api.responses": set(),
    "api.schemas": {"workflows"},
    "api.parameters": {"problems", "api.schemas"},
    "api.errors": {"problems", "watch", "workflows"},
    "api.documented": {"problems", "api.responses"},
    "api.documentation": {"descriptions", "workflows", "api.schemas"},
    "api.counting": {"metrics"},
    "api.bodies": {"problems", "jsonlines", "jsonarrays", "watch"},
    "api.evaluations": {
        "settings", "problems", "jsonlines", "workflows", "api.schemas", "api.parameters", "api.documented",
        "api.counting", "api.bodies",
    },
    "api.many": {
        "settings", "problems", "jsonlines", "jsonarrays", "workflows", "api.schemas", "api.parameters", "api.counting",
        "api.bodies",
    },
    "api.settlements": {"workflows", "api.schemas", "api.documented", "api.counting", "api.many"},
    "api.comparisons": {"workflows", "api.schemas", "api.documented", "api.many"},
    "api.policies": {
        "problems", "catalogue", "descriptions", "workflows", "api.responses", "api.schemas", "api.parameters",
        "api.documented",
    },
    "api.operations": {"problems", "metrics", "workflows", "api.responses", "api.documented", "api.policies"},
    "app": {
        "settings", "catalogue", "jsonlines", "logs", "metrics", "watch", "workflows", "api.responses", "api.errors",
        "api.documented", "api.documentation", "api.counting", "api.bodies", "api.evaluations", "api.many",
        "api.settlements", "api.comparisons", "api.policies", "api.operations",
    },
    "worker": {"settings", "problems", "watch"},
    "server": {"settings", "logs", "metrics", "app", "worker"},
    "report.figures": set(),
    "report.chart": {"report.figures"},
    "report.view": {"report.figures", "report.chart"},
    "report.page": {"report.view"},
    "commands.shared": {"jsonlines", "tables.shared"},
    "commands.compare": {"catalogue", "report.page", "tables.comparisons", "tables.shared", "commands.shared"},
    "commands.readings": {"catalogue", "tables.readings", "tables.shared", "commands.shared"},
    "commands.spotchecks": {"catalogue", "jsonlines", "tables.shared", "tables.spotchecks", "commands.shared"},
    "commands.settle": {"catalogue", "settling", "tables.settlements", "tables.shared", "commands.shared"},
    "commands.score": {"catalogue", "jsonlines", "tables.shared", "tables.standards", "workflows", "commands.shared"},
    "commands.policies": {"catalogue", "tables.shared", "tables.standards", "commands.shared"},
    "commands.scenarios": {"catalogue", "junit", "tables.shared", "commands.shared"},
    "cli": set(),
}  # fmt: skip
# Outside libraries, and the parts of service behind whose wall they are.
SERVICE_MAY_USE = {
    "flask": {"api", "app"},
    "werkzeug": {"api", "watch"},
    "flask_smorest": {"api"},
    "apispec": {"api"},
    "marshmallow": {"api"},
    "gunicorn": {"logs", "problems", "worker", "server"},
    "structlog": {"logs", "api", "app", "worker", "server"},
    "prometheus_client": {"metrics"},
    "click": {"commands", "cli", "server"},
    "rich": {"tables", "commands"},
    "jinja2": {"report"},
}
# What the service is made of is put together in these places and nowhere else.
PUT_TOGETHER = {
    "read_settings": {"server"},
    "Catalogue": {"app", "commands"},
    "Scoring": {"app"},
    "create_app": {"server"},
    "Metrics": {"app", "server"},
}


def modules_below(top):
    """Every module of a package by its dotted name, with its file."""
    for path in sorted((ROOT / top).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


MODULES = dict([*modules_below("rules"), *modules_below("service")])


def part_of(module):
    """`plan` of `rules.plan.forms`; `` of `rules` itself, the door."""
    return module.partition(".")[2].partition(".")[0]


def imported_by(module, tree=None):
    """What a module imports: each as the dotted name of a module, here or outside."""
    path = MODULES[module]
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    for node in ast.walk(tree or ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.rsplit(".", node.level - 1)[0] if node.level else ""
            source = ".".join(name for name in (above, node.module) if name)
            for alias in node.names:
                inner = f"{source}.{alias.name}"
                yield inner if inner in MODULES else source


def modules_of(top):
    """The modules of one package."""
    return [module for module in MODULES if module.partition(".")[0] == top]


def test_the_table_has_every_part_and_looks_only_upstream():
    """The order below is a real one, and nothing in rules stands outside it."""
    assert set(MAY_IMPORT) == {part_of(module) for module in modules_of("rules")} - {""}
    earlier = set()
    for part, allowed in MAY_IMPORT.items():
        assert allowed <= earlier, part
        earlier.add(part)


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_a_part_imports_only_what_the_table_allows(part):
    """A part may look upstream, never downstream, and never through the door."""
    for module in modules_of("rules"):
        if part_of(module) != part:
            continue
        inside = {name for name in imported_by(module) if name.partition(".")[0] == "rules"}
        assert "rules" not in inside, module
        assert {part_of(name) for name in inside} - {part} <= MAY_IMPORT[part], module


def reached_from(part):
    """Every part that a part hangs on, through whatever lies between."""
    found = set()
    for module in modules_of("rules"):
        if part_of(module) == part:
            found |= {part_of(name) for name in imported_by(module) if name.partition(".")[0] == "rules"} - {part}
    return found.union(*(reached_from(other) for other in found))


@pytest.mark.parametrize("pair", NEVER_TOGETHER, ids="-".join)
def test_evaluators_do_not_know_each_other(pair):
    """Agreement is worth something only between strangers, also through third parties."""
    one, other = pair
    assert other not in reached_from(one)
    assert one not in reached_from(other)


@pytest.mark.parametrize("module", modules_of("rules"))
def test_the_library_is_pure_and_each_outside_library_has_its_wall(module):
    """The standard library without clock, chance and environment; three outside libraries, each where it may be."""
    for name in imported_by(module):
        top = name.partition(".")[0]
        if top in MAY_USE:
            assert module in MAY_USE[top], f"{module} imports {name}"
        elif top != "rules":
            assert top in sys.stdlib_module_names - NOT_IN_RULES, f"{module} imports {name}"


def name_in_service(module):
    """`api.errors` of `service.api.errors`."""
    return module.partition(".")[2]


def broken_by(module, tree=None):
    """What a module of service imports, or puts together, and may not."""
    name = name_in_service(module)
    for imported in imported_by(module, tree):
        top = imported.partition(".")[0]
        if top == "service":
            if name_in_service(imported) not in SERVICE_MAY_IMPORT[name]:
                yield imported
        elif top in SERVICE_MAY_USE:
            if part_of(module) not in SERVICE_MAY_USE[top]:
                yield imported
        elif top not in sys.stdlib_module_names | {"rules"}:
            yield imported
    for node in ast.walk(tree or ast.parse(MODULES[module].read_text())):
        called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else None
        if part_of(module) not in PUT_TOGETHER.get(called, {part_of(module)}):
            yield f"{called}()"


def test_the_service_has_an_order_too():
    """Every module of service stands in the table below those that it may import."""
    packages = {"", "api", "commands", "tables", "report"}
    assert set(SERVICE_MAY_IMPORT) == {name_in_service(module) for module in modules_of("service")} - packages
    earlier = set()
    for name, allowed in SERVICE_MAY_IMPORT.items():
        assert allowed <= earlier, name
        earlier.add(name)
    for name, allowed in SERVICE_MAY_IMPORT.items():
        if name.startswith("api."):
            assert not {
                other
                for other in allowed
                if other in {"cli", "server", "app"} or other.startswith(("commands.", "tables."))
            }, name
        if name.startswith("commands."):
            assert not {other for other in allowed if other.startswith("api.")}, name
    assert {"workflows"} <= SERVICE_MAY_IMPORT["commands.score"] & SERVICE_MAY_IMPORT["api.evaluations"]


@pytest.mark.parametrize("module", [module for module in modules_of("service") if name_in_service(module)])
def test_a_module_of_the_service_keeps_to_its_place(module):
    """It imports what stands before it, uses the libraries of its own wall, and puts nothing together by the way."""
    if name_in_service(module) not in {"api", "commands", "tables", "report"}:
        assert list(broken_by(module)) == []
    else:
        assert list(imported_by(module)) == []


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("service.workflows", "from .api.errors import language"),
        ("service.workflows", "from flask import request"),
        ("service.workflows", "from .settings import Settings"),
        ("service.settings", "from .app import create_app"),
        ("service.commands.policies", "from ..api.policies import policies"),
        ("service.commands.score", "import marshmallow"),
        ("service.commands.score", "create_app(settings)"),
        ("service.cli", "from .commands.score import score"),
        ("service.api.policies", "from ..cli import main"),
        ("service.api.policies", "from ..commands.shared import READINGS"),
        ("service.api.policies", "from ..app import create_app"),
        ("service.api.errors", "import gunicorn.http"),
        ("service.api.evaluations", "scoring = Scoring(catalogue, 1)"),
        ("service.api.operations", "import prometheus_client"),
        ("service.metrics", "import structlog"),
        ("service.tables.shared", "import click"),
        ("service.worker", "from flask import g"),
        ("service.server", "import requests"),
        ("service.app", "import flask_smorest"),
        ("service.app", "import rich.table"),
    ],
)
def test_whoever_leaves_their_place_is_noticed(module, line):
    """The rules above can fail: each of these lines would be refused where it stands."""
    assert len(list(broken_by(module, ast.parse(line)))) == 1


def test_every_wall_of_the_service_stands_around_something():
    """A permission that nobody uses is taken away; so is a place where nothing is put together."""
    used = {library: set() for library in SERVICE_MAY_USE}
    called = {name: set() for name in PUT_TOGETHER}
    for module in modules_of("service"):
        for name in {name.partition(".")[0] for name in imported_by(module)} & used.keys():
            used[name].add(part_of(module))
        for node in ast.walk(ast.parse(MODULES[module].read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in called:
                called[node.func.id].add(part_of(module))
    assert used == SERVICE_MAY_USE
    assert called == PUT_TOGETHER


def test_every_wall_stands_around_something():
    """A permission that nobody uses is taken away."""
    for library, allowed in MAY_USE.items():
        users = {
            module for module in modules_of("rules") if library in {n.partition(".")[0] for n in imported_by(module)}
        }
        assert users == allowed


def test_the_service_comes_in_by_the_door():
    """What stands around the rules uses `from rules import …` and nothing inner."""
    for module in modules_of("service"):
        for node in ast.walk(ast.parse(MODULES[module].read_text())):
            if isinstance(node, ast.Import):
                assert "rules" not in {alias.name.partition(".")[0] for alias in node.names}, module
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module.partition(".")[0] == "rules":
                assert node.module == "rules", module
                assert {alias.name for alias in node.names} <= set(rules.__all__), module


def test_rules_does_not_know_what_stands_around_it():
    """The library serves; it does not look back."""
    for module in modules_of("rules"):
        assert {"service", "policy_versions"}.isdisjoint(name.partition(".")[0] for name in imported_by(module))


@pytest.mark.parametrize("module", MODULES)
def test_no_import_hides_in_a_function(module):
    """The head of a file says all that it needs."""
    for node in ast.walk(ast.parse(MODULES[module].read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda | ast.If | ast.Try):
            assert list(imported_by(module, node)) == [], f"line {node.lineno}"


def test_there_is_no_circle():
    """Every module can be read after those that it needs."""
    graph = {module: {name for name in imported_by(module) if name in MODULES} for module in MODULES}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_the_public_names_are_exactly_all():
    """What `from rules import …` offers is what is promised."""
    public = {
        name for name, value in vars(rules).items() if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert public == set(rules.__all__)


def test_every_module_says_what_it_is_for():
    """A sentence at the head of each file."""
    for module, path in MODULES.items():
        said = ast.get_docstring(ast.parse(path.read_text()))
        assert said, module
        assert said.strip().splitlines()[0][-1] in ".:;", module
