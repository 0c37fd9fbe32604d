"""docs/gpu-policy.md says what the code does."""

import re
from decimal import Decimal
from pathlib import Path

from resources.gpu.model import Owner
from resources.gpu.policy import budget, quota, rebalance, share
from resources.gpu.policy.amounts import Amounts, Resource
from resources.gpu.policy.decay import WEEK_S, DecayedUsage
from resources.gpu.policy.price import parse_prices
from resources.gpu.policy.quota import QuotaTree
from resources.gpu.policy.quota_model import Membership, QuotaRow, QuotaRows, cohort, project
from resources.gpu.policy.rebalance import LendingSettings
from resources.texts import translator

MANUAL = (Path(__file__).parents[4] / "docs/gpu-policy.md").read_text()
USERS = {"vision": "ann", "speech": "eve"}


def table(heading: str) -> list[list[str]]:
    """The cells of the rows of the table that begins so."""
    lines = MANUAL.partition(heading)[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_the_example_gets_the_answers_that_the_manual_gives() -> None:
    memberships, quotas = [Membership(cohort("research"))], []
    for name, nominal, lending in table("| project | nominal | lending limit |"):
        memberships.append(Membership(project(name), "research"))
        limit = int(lending) * 1000 if lending else None
        quotas.append(QuotaRow(project(name), Resource("V100"), int(nominal) * 1000, lending_limit=limit))
    tree = QuotaTree(QuotaRows(tuple(memberships), tuple(quotas)))
    steps = table("| step | who asks | for | rule | answer |")
    assert len(steps) == 6
    for step, who, asked, rule, answer in steps:
        owner, wanted = Owner(who, USERS[who]), Amounts.of_devices(int(asked.split()[0]) * 1000, "Tesla V100")
        fit = tree.ever_fits(owner, wanted) or tree.fits(owner, wanted)
        assert (fit.reason.rule, fit.reason.text) == (rule, answer), step
        if fit.fits:
            tree.add(owner, wanted)


def test_the_manual_lists_each_rule_of_the_code_and_no_other() -> None:
    section = MANUAL.partition("## Quotas and shares")[2].partition("\n## ")[0]
    listed = set(re.findall(r"^(?:\| |- \*\*)([QSBL]\d+)", section, re.MULTILINE))
    applied = set()
    for module in (quota, share, budget, rebalance):
        code = Path(str(module.__file__)).read_text()
        told = set(re.findall(r"^- \*\*([A-Z]\d+)\*\*", str(module.__doc__), re.MULTILINE))
        applied |= told
        if module is not share:  # rules of an order give nobody a reason
            assert told == set(re.findall(r'Reason\(\s*"([A-Z]\d+)"', code)), module.__name__
    assert listed == applied


def test_the_numbers_of_lending_are_those_of_the_code() -> None:
    settings = LendingSettings()
    section = MANUAL.partition("### Lending of cards")[2].partition("\n## ")[0]
    assert f"leaves more than {settings.threshold:.0%}".replace("%", " %") in section
    assert f"by more than {settings.hysteresis:.0%}".replace("%", " %") in section
    assert f"has waited {settings.patience_s:.0f} s" in section
    assert f"stays so for {settings.dwell_s:.0f} s" in section


def test_the_numbers_of_the_order_are_those_of_the_code() -> None:
    assert f"({1 - share.NOW_COUNTS} × past + {share.NOW_COUNTS} × now) / weight" in MANUAL
    assert DecayedUsage().half_life_s == WEEK_S


def test_the_example_of_prices_can_be_read() -> None:
    prices = parse_prices(MANUAL.partition("```yaml\n")[2].partition("```")[0])
    assert prices is not None
    assert prices.currency == "EUR"
    assert round(prices.factor("NVIDIA H200"), 2) == Decimal("3.96")


def test_each_sentence_is_said_in_chinese_with_its_values() -> None:
    fit = QuotaTree().fits(Owner("vision", "ann"), Amounts.of_devices(1000))
    assert fit.reason.translated(translator("zh_CN")) == "没有配额限制 vision 的这一请求。"
