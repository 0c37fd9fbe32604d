import ast
from collections.abc import Iterator

import pytest

from resources.gpu import model
from resources.gpu.policy.reasons import TEMPLATES
from resources.texts import translator
from streamlit_app import reasons
from tests.house.modules import module_files

ENGLISH, CHINESE = translator("en"), translator("zh_CN")
TAKES_A_REASON = {"release", "end", "withdraw", "try_again", "put_back", "_release", "_give_back"}
"""What gives a lease back, and is told why."""


def rules_in_code() -> set[str]:
    return set(TEMPLATES) | {"Q4", "Q5", "Q6", "B1"}


def reasons_in_code() -> set[str]:
    return {
        reason
        for module, path in module_files().items()
        if module.startswith(("resources.gpu.", "resources.runs."))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        for reason in reasons_given(node)
    }


def reasons_given(call: ast.Call) -> Iterator[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name not in TAKES_A_REASON:
        return
    for argument in [*call.args, *(one.value for one in call.keywords if one.arg != "actor")]:
        told = in_full(argument)
        if told is not None:
            yield told


def in_full(node: ast.expr) -> str | None:
    """A text that code gives: as it stands, named by a constant of the model, or put together of these."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.Name) and node.id.isupper():
        return str(getattr(model, node.id))
    if isinstance(node, ast.JoinedStr):
        parts = [in_full(one.value if isinstance(one, ast.FormattedValue) else one) for one in node.values]
        return "".join(part for part in parts if part is not None)
    return None


def test_every_rule_that_the_arbiter_gives_has_words_in_each_language() -> None:
    rules = rules_in_code()
    for rule in rules:
        english, chinese = reasons.of_rule(rule, ENGLISH), reasons.of_rule(rule, CHINESE)
        assert english, rule
        assert chinese, rule
        assert english != chinese


def test_a_rule_that_nobody_knows_has_no_words() -> None:
    assert reasons.of_rule("Z9", CHINESE) is None
    assert reasons.of_rule(None, CHINESE) is None


def test_every_reason_that_gives_a_lease_back_is_told_in_each_language() -> None:
    kept = reasons_in_code()
    assert {"the run ended", "cancelled", model.DIED, f"{model.DIED}; no attempt is left"} <= kept
    assert [one for one in sorted(kept) if reasons.of_release(one, CHINESE) == one] == []
    assert [reasons.of_release(one, ENGLISH) for one in sorted(kept)] == sorted(kept)


@pytest.mark.parametrize("kept", ["something that another version wrote", ""])
def test_a_reason_that_nobody_knows_is_told_as_it_is(kept: str) -> None:
    assert reasons.of_release(kept, CHINESE) == kept
