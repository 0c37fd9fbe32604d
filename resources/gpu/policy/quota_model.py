"""The values of quotas: who is limited, by which rows, and what the answer to a question is."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from resources.errors import BadInput
from resources.gpu.policy.amounts import ANY_DEVICE, Resource
from resources.gpu.policy.reason import Reason

EVERY_OTHER = "*"
"""As the name of a project, or of a user in one: each that has no rows of its own."""


_LAST_SAFE_DAY = 28
"""That each month has."""


class BadQuota(BadInput):
    """Rows of quotas that contradict themselves or each other."""

    problems: tuple[str, ...] = ()
    """Each by itself, where several were found."""


class Scope(StrEnum):
    """What a row speaks of."""

    COHORT = "cohort"
    PROJECT = "project"
    USER = "user"
    """A user in one project."""


@dataclass(frozen=True)
class Party:
    """A cohort, a project, or a user in a project."""

    scope: Scope
    name: str
    """Of the cohort or project."""
    user: str | None = None

    def __str__(self) -> str:
        if self.scope is Scope.USER:
            return f"user {self.user} of project {self.name}"
        return f"{self.scope} {self.name}"

    @property
    def path(self) -> str:
        """The same in each language: ``research``, ``vision``, ``vision/ann``."""
        return self.name if self.user is None else f"{self.name}/{self.user}"


def cohort(name: str) -> Party:
    """The cohort of that name."""
    return Party(Scope.COHORT, name)


def project(name: str) -> Party:
    """The project of that name."""
    return Party(Scope.PROJECT, name)


def user(project_name: str, user_name: str) -> Party:
    """That user in that project."""
    return Party(Scope.USER, project_name, user_name)


@dataclass(frozen=True)
class Membership:
    """Where a cohort or project belongs, and how much it weighs among its siblings."""

    party: Party
    parent: str | None = None
    """The cohort that it is in; None for one that shares with nobody. A user's parent is its project."""
    weight: float = 1.0
    """Of two siblings, the one with twice the weight is due twice as much; 0 gets what nobody else wants."""


@dataclass(frozen=True)
class QuotaRow:
    """How much of one resource a party is owed. Amounts are in the unit that the resource has."""

    party: Party
    resource: Resource = ANY_DEVICE
    nominal: int = 0
    """What it is owed. A cohort's adds to what its members have; a user's is part of what its project has."""
    borrowing_limit: int | None = None
    """How much above its nominal it may use while others leave it unused; None for as much as there is."""
    lending_limit: int | None = None
    """How much of its nominal others may use meanwhile; None for all of it. The rest is kept for it."""


class PeriodKind(StrEnum):
    """How the periods of a budget follow each other."""

    MONTH = "month"
    """Calendar months: with each the budget is whole again."""
    ROLLING = "rolling"
    """The last so many days, whenever one looks."""


@dataclass(frozen=True)
class Period:
    """The time that a budget is for. Raises :class:`BadQuota` for a day or a zone that there is not."""

    kind: PeriodKind = PeriodKind.MONTH
    first_day: int = 1
    """Of a month: the day on which the period begins, at most the 28th."""
    days: int = 30
    """Of a rolling period: how long it is."""
    zone: str = "UTC"
    """Where a month begins at midnight."""

    def __post_init__(self) -> None:
        if not 1 <= self.first_day <= _LAST_SAFE_DAY:
            raise _bad_budget(
                f"a budget's month begins on day {self.first_day}; expected 1 to {_LAST_SAFE_DAY}"
            )
        if self.days < 1:
            raise _bad_budget(f"a budget's period has {self.days} days; expected at least 1")
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise _bad_budget(
                f"a budget's time zone is {self.zone!r}; expected one such as Europe/Berlin"
            ) from error

    @property
    def key(self) -> str:
        """What tells the budgets of one party apart: ``month``, or ``7 days``."""
        return "month" if self.kind is PeriodKind.MONTH else f"{self.days} days"

    def window(self, now: datetime) -> tuple[datetime, datetime]:
        """When the period that ``now`` is in begins and ends, in UTC; a rolling one ends now."""
        if self.kind is PeriodKind.ROLLING:
            return (now - timedelta(days=self.days)).astimezone(UTC), now.astimezone(UTC)
        here = now.astimezone(ZoneInfo(self.zone))
        begins = here.replace(day=self.first_day, hour=0, minute=0, second=0, microsecond=0, fold=0)
        if begins.astimezone(UTC) > now:
            begins = _months_later(begins, -1)
        return begins.astimezone(UTC), _months_later(begins, 1).astimezone(UTC)


@dataclass(frozen=True)
class BudgetRow:
    """So many GPU-hours for each period."""

    party: Party
    gpu_hours: float
    period: Period = Period()


@dataclass(frozen=True)
class QuotaRows:
    """All rows of one machine."""

    memberships: tuple[Membership, ...] = ()
    quotas: tuple[QuotaRow, ...] = ()
    budgets: tuple[BudgetRow, ...] = ()

    @property
    def parties(self) -> tuple[Party, ...]:
        """Everyone that a row names, in the order of the rows."""
        named = [one.party for one in self.memberships]
        named += [one.party for one in self.quotas]
        named += [one.party for one in self.budgets]
        return tuple(dict.fromkeys(named))


class FitKind(StrEnum):
    """The answers, from yes to no."""

    WITHIN = "within"
    """Within its nominal, or not limited."""
    BORROWS = "borrows"
    """It fits by use of what others leave unused."""
    RECLAIM = "reclaim"
    """It is owed this, and others have borrowed it: it fits when they give it back."""
    EXHAUSTED = "exhausted"
    """Above its nominal, and nothing is left to borrow: it fits when somebody ends."""
    OVER_LIMIT = "over limit"
    """It fits when the same party gives something back."""
    OVER_BUDGET = "over budget"
    """The GPU-hours of the period are used up."""

    @property
    def fits(self) -> bool:
        """Whether quotas allow it now."""
        return self in {FitKind.WITHIN, FitKind.BORROWS}


@dataclass(frozen=True)
class Loan:
    """What a request would use above its project's nominal."""

    resource: Resource
    amount: int
    cohort: Party
    """The lowest one whose members leave that much unused; ``QuotaTree.lenders`` says whose it is."""


@dataclass(frozen=True)
class Shortfall:
    """A row that stands in the way."""

    party: Party
    """Whose row it is."""
    resource: Resource
    asked: int
    """By the request, of its own leaf."""
    used: int
    """What counts against the row now."""
    limit: int
    """What may count against it at most."""
    nearest: int
    """The largest amount that would fit instead of what was asked."""


@dataclass(frozen=True)
class Borrower:
    """Who uses more than it is owed."""

    party: Party
    resource: Resource
    borrowed: int
    share: float
    """By how much it is above what it is owed, as ``QuotaTree.share`` says; infinite for the weight 0."""


@dataclass(frozen=True)
class Fit:
    """Whether a request fits into the quotas of its owner, and if not, what would have to change."""

    kind: FitKind
    reason: Reason
    loans: tuple[Loan, ...] = ()
    shortfalls: tuple[Shortfall, ...] = ()
    borrowers: tuple[Borrower, ...] = ()
    """For RECLAIM: who has what is owed, the one furthest above its fair share first."""

    @property
    def fits(self) -> bool:
        """Whether quotas allow it now."""
        return self.kind.fits


@dataclass(frozen=True)
class Share:
    """How far a party is above what it is owed."""

    above: float
    """What it uses above its nominal, as a part of all that could be lent to it; where that is most."""
    resource: Resource | None
    """That resource; None where it borrows nothing."""
    weight: float

    @property
    def borrows(self) -> bool:
        """Whether it uses more than it is owed of anything."""
        return self.resource is not None

    @property
    def weighted(self) -> float:
        """By which parties are compared. One of weight 0 that borrows is above all others."""
        if not self.borrows:
            return 0.0
        return self.above / self.weight if self.weight else float("inf")


@dataclass(frozen=True)
class Account:
    """The figures of one party for one resource; None where nothing limits."""

    party: Party
    resource: Resource
    used: int
    """By all in it."""
    counted: int
    """The part of that which counts against ``nominal``: without what its members use of what they keep."""
    own: int | None
    """Its own row's nominal, less what its users are owed of it."""
    nominal: int | None
    """What it is owed: its own nominal, and for a cohort what its members can lend."""
    borrowed: int
    lendable: int
    """What others may use of its nominal."""
    kept: int
    """What nobody else may use of it."""
    limit: int | None
    """The most that it could ever use."""


def _months_later(moment: datetime, months: int) -> datetime:
    at = moment.year * 12 + moment.month - 1 + months
    return moment.replace(year=at // 12, month=at % 12 + 1)


def _bad_budget(problem: str) -> BadQuota:
    return BadQuota(problem, "Mend these budgets; none was changed.")
