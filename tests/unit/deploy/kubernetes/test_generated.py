"""What is generated is current, and is what the code itself asks for."""

import ast
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from chassis import table_schema
from chassis.settings import KafkaSettings
from chassis.topic_checks import plans
from contracts import table
from contracts.topics import TOPICS
from deploy.aws import policies
from deploy.aws.template import template
from deploy.kubernetes import __main__ as program
from deploy.kubernetes import rendering
from deploy.kubernetes.topics import kafka_topics

CODE = {
    "api": "services/persistence/api",
    "fanout": "services/fanout",
    "persistence": "services/persistence",
    "presence": "services/presence",
}
_CALLS = {
    "get": {"dynamodb:GetItem"},
    "batch_get": {"dynamodb:BatchGetItem"},
    "query": {"dynamodb:Query"},
    "write": {"dynamodb:PutItem", "dynamodb:DeleteItem"},
    "transact": {"dynamodb:PutItem", "dynamodb:DeleteItem"},
}
_TABLES = {"_table", "table", "_reads"}
_KEYS = {name: made for name, made in vars(table).items() if name.islower() and callable(made) and "prefix" not in name}
_PARTS = {"message": ("room", 1, "id"), "checkpoint": ("chat.users", 0)}


def test_all_of_it_is_current() -> None:
    assert program.stale() == [], f"run {program.COMMAND}"


def test_the_check_exits_0_when_all_is_current(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "stale", list)
    monkeypatch.setattr("sys.argv", ["kubernetes", "--check"])
    assert program.main() == 0


def test_a_changed_source_is_told_also_where_nothing_can_be_rendered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(program, "kustomize", lambda: None)
    assert program.stale() == []
    monkeypatch.setattr(rendering, "_SOURCES", ("base",))
    assert [path.name for path in program.stale()] == ["local.yaml", "aws.yaml", "aws-operators.yaml"]
    monkeypatch.setattr("sys.argv", ["kubernetes", "--check"])
    assert program.main() == 1
    assert "deploy/kubernetes/rendered/local.yaml is not current" in capsys.readouterr().err


def test_a_changed_topic_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "kafka_topics", lambda _partitions: [])
    monkeypatch.setattr(program, "kustomize", lambda: None)
    assert [path.name for path in program.stale()] == ["topics.yaml"]


def test_renderings_of_different_versions_of_kustomize_are_the_same() -> None:
    one = "# a\nkind: A\nmetadata: {name: b}\n---\nkind: C\nmetadata: {name: d}\n"
    assert rendering.same(one, '# a\nkind: "C"\nmetadata: {name: d}\n---\nmetadata: {name: b}\nkind: A\n')
    assert not rendering.same(one, one.replace("name: d", "name: e"))
    assert not rendering.same(one, one.replace("# a", "# b"))


def test_an_overlay_that_cannot_be_rendered_says_why(tmp_path: Path) -> None:
    with pytest.raises(rendering.RenderingFailed, match="overlays/nowhere: "):
        rendering.render((sys.executable, "-c", "import sys; sys.exit('no such folder')"), "nowhere")


def test_strimzi_makes_the_topics_that_kaiwa_topics_wants_in_production() -> None:
    wanted = {plan.topic: plan for plan in plans(KafkaSettings(kafka_bootstrap="a:1"), production=True)}
    found = {topic["metadata"]["name"]: topic["spec"] for topic in kafka_topics(12)}
    assert set(found) == set(wanted) == {topic.name for topic in TOPICS}
    for name, spec in found.items():
        plan = wanted[name]
        assert (spec["partitions"], spec["replicas"]) == (plan.partitions, plan.replication)
        assert spec["config"] == plan.configs


def test_cloudformation_makes_the_table_that_kaiwa_table_wants() -> None:
    resource = template()["Resources"]["Table"]
    made = resource["Properties"]
    description: Any = {**made, "BillingModeSummary": {"BillingMode": made["BillingMode"]}}
    assert table_schema._keys("kaiwa", description) == []
    assert table_schema._billing("kaiwa", description) == []
    assert made["TimeToLiveSpecification"] == {"AttributeName": table.TTL_ATTRIBUTE, "Enabled": True}
    assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize("process", CODE)
def test_a_process_may_make_the_calls_that_its_code_makes_and_no_others(process: str) -> None:
    granted = {action for grant in policies.GRANTS[process] for action in grant.actions}
    called = {action for method in _methods(process) for action in _CALLS[method]}
    assert granted == called


@pytest.mark.parametrize("process", CODE)
def test_a_process_may_touch_the_rows_that_its_code_names(process: str) -> None:
    patterns = {row for grant in policies.GRANTS[process] for row in grant.rows}
    named = _partition_keys(process)
    assert named, "the code names no rows: this test looks in the wrong place"
    assert [key for key in sorted(named) if not any(fnmatchcase(key, pattern) for pattern in patterns)] == []
    if process != "persistence":  # it writes rows by prefix of the fact, through the fold that replay shares
        assert [row for row in patterns if not any(fnmatchcase(key, row) for key in named)] == []


def test_no_policy_lets_anybody_scan_or_drop_the_table() -> None:
    statements = [statement for policy in policies.policies().values() for statement in policy["Statement"]]
    assert {action for statement in statements for action in statement["Action"]} == {
        "dynamodb:BatchGetItem",
        "dynamodb:DeleteItem",
        "dynamodb:DescribeTable",
        "dynamodb:DescribeTimeToLive",
        "dynamodb:GetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
    }


def test_every_call_on_rows_is_bound_to_some() -> None:
    for policy in policies.policies().values():
        for statement in policy["Statement"]:
            assert statement["Resource"] == policies.TABLE_ARN
            assert ("Condition" in statement) != statement["Action"][0].startswith("dynamodb:Describe")


def _trees(process: str) -> Iterator[ast.Module]:
    folder = rendering.HERE.parents[1] / CODE[process]
    for path in sorted(folder.rglob("*.py")):
        if process == "persistence" and "api" in path.relative_to(folder).parts:
            continue
        yield ast.parse(path.read_text(encoding="utf-8"))


def _methods(process: str) -> set[str]:
    """Methods of the table that are named on something that is called a table."""
    attributes = (node for tree in _trees(process) for node in ast.walk(tree) if isinstance(node, ast.Attribute))
    return {node.attr for node in attributes if node.attr in _CALLS and _last_name(node.value) in _TABLES}


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _partition_keys(process: str) -> set[str]:
    """Of the rows whose keys are made by a name of contracts.table."""
    names = {
        node.attr
        for tree in _trees(process)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and _last_name(node.value) in {"table", "keys"}
    }
    made = {_partition_key(name) for name in names & set(_KEYS)}
    constants = {"LOG_ID": table.LOG_ID.pk, "DIRECTORY_PK": table.DIRECTORY_PK}
    return made | {constants[name] for name in names & set(constants)}


def _partition_key(name: str) -> str:
    function = _KEYS[name]
    made = function(*_PARTS.get(name, ("x",) * function.__code__.co_argcount))
    return made.pk if isinstance(made, table.Key) else str(made)
