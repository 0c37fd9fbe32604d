"""The grammar of requests: a text to a :class:`GpuRequest`, or the place where it stops being one.

Two families of strings, told apart by a colon::

    request = count | share | memory "," share | "-1"          cube-studio, each perhaps followed by
              "(" vendor | model | partition | vendor "," model ")"
    request = [vendor ":"] [model ":"] [memory ":"] [count]    SkyPilot, dstack: two parts or more

docs/gpu-requests.md has all of it. Total: every text is read, or refused with a position.
"""

import re
from dataclasses import dataclass

from resources.gpu.requests.kinds import (
    NAME,
    ONE_MODEL,
    missing_count,
    one_name,
    refuse_unlisted_model,
    vendor,
    within,
)
from resources.gpu.requests.model import WHOLE_MILLI, GpuRequest, Mode
from resources.gpu.requests.quantity import NUMBER, UNITS_MIB, Quantity, memory_mib, quantity, thousandths
from resources.gpu.requests.scanner import NOT_A_QUANTITY, Scanner
from resources.gpu.requests.vendor_file import shipped_vendors
from resources.gpu.requests.vendors import Kind, Order, Profile, Template, VendorTable
from resources.texts import filled, mark

MOST_CHARACTERS = 200
"""As many as the ledger keeps."""

_SHARED = re.compile(r"-1(?![0-9.])")
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*")
_NAME_FOLLOWS = re.compile(r"[A-Za-z0-9._+-]")
_SHARE_EXPECTED = mark("a share of a device above 0 and below 1, such as 0.5")


@dataclass(frozen=True)
class _Amount:
    """How much is asked for, and where in the text that stands."""

    at: int
    mode: Mode
    count: int
    milli: int = WHOLE_MILLI
    memory_mib: int | None = None


def parse_request(text: str, vendors: VendorTable | None = None, profile: str | None = None) -> GpuRequest:
    """What ``text`` asks for, by ``vendors`` (the shipped table) and the ``profile`` named (the table's own).

    Blanks between the parts, the case of letters, and full-width parentheses, commas and colons make no
    difference. Raises BadGpuRequest, which names the position and what was expected, for a text that is no
    request; BadInput for a profile that is not there. Nothing is rounded, clamped or taken for 0.
    """
    table = vendors or shipped_vendors()
    chosen = table.profile(profile)
    scanner = Scanner(text)
    if len(text) > MOST_CHARACTERS:
        raise scanner.refuse(
            filled(mark("at most {count} characters"), count=MOST_CHARACTERS),
            at=MOST_CHARACTERS,
            reason=mark("too long"),
        )
    if ":" in scanner.plain.partition("(")[0]:
        return _with_colons(scanner, table, chosen)
    return _with_parentheses(scanner, table, chosen)


def _with_parentheses(scanner: Scanner, vendors: VendorTable, profile: Profile) -> GpuRequest:
    amount = _amount(scanner, vendors, profile)
    kind, kind_at = Kind(vendors.default), scanner.at
    if scanner.take("("):
        kind_at, kind = _inside(scanner, vendors)
        if scanner.next() == "(":
            raise scanner.refuse(mark("the end"), reason=ONE_MODEL)
        if scanner.next():
            raise scanner.refuse(mark("the end"))
    elif scanner.next():
        raise _after_amount(scanner, amount)
    refuse_unlisted_model(scanner, kind, kind_at)
    return _request(scanner, amount, kind, vendors, profile)


def _amount(scanner: Scanner, vendors: VendorTable, profile: Profile) -> _Amount:
    if scanner.next() == "-":
        at = scanner.at
        if scanner.match(_SHARED) is None:
            raise scanner.refuse(mark("-1, which asks for shared use, or a number from 0"))
        return _Amount(at, Mode.SHARED, 0)
    number = scanner.match(NUMBER)
    if number is None:
        raise _no_number(scanner, vendors)
    unit = _unit(scanner)
    if unit is not None:
        return _memory_and_share(scanner, number, unit)
    if scanner.next() == ",":
        if profile.order is Order.CORE_MEMORY:
            return _core_and_memory(scanner, number)
        raise scanner.refuse(
            mark("a unit of memory before the comma, such as G"),
            reason=mark("memory without a unit"),
            next_step=_unit_first(vendors),
        )
    return _of_quantity(number.start(), quantity(scanner, number))


def _memory_and_share(scanner: Scanner, number: re.Match[str], unit: str) -> _Amount:
    memory = memory_mib(scanner, number, unit)
    if not scanner.take(","):
        raise scanner.refuse(
            mark("',' and a share of a device, such as 0.5"),
            reason=mark("memory without a share"),
            next_step=filled(
                mark(
                    "Write {memory},0.5 for half a device with that much memory, or nvidia:{memory} for a "
                    "whole one that has it."
                ),
                memory=f"{number[0]}{unit}",
            ),
        )
    share = scanner.match(NUMBER)
    if share is None:
        raise scanner.refuse(_SHARE_EXPECTED)
    milli = thousandths(scanner, share)
    if not 0 < milli < WHOLE_MILLI:
        raise scanner.refuse(
            _SHARE_EXPECTED,
            at=share.start(),
            reason=mark("not a share of a device"),
            next_step=filled(
                mark("For whole devices with that much memory write nvidia:{memory}:{count}."),
                memory=f"{number[0]}{unit}",
                count=share[0] if milli and share[2] is None else 1,
            ),
        )
    return _Amount(number.start(), Mode.FRACTION, 1, milli, memory)


def _core_and_memory(scanner: Scanner, core: re.Match[str]) -> _Amount:
    milli = thousandths(scanner, core) // 100  # hundredths, written as a whole number
    if core[2] is not None or not 0 < milli < WHOLE_MILLI:
        raise scanner.refuse(
            mark("hundredths of a device, from 1 to 99"), at=core.start(), reason=mark("not a share")
        )
    scanner.take(",")
    memory = scanner.match(NUMBER)
    if memory is None or memory[2] is not None:
        at = scanner.at if memory is None else memory.start()
        raise scanner.refuse(mark("a whole number of GiB"), at=at, reason=mark("not an amount of memory"))
    return _Amount(core.start(), Mode.FRACTION, 1, milli, memory_mib(scanner, memory, "g"))


def _unit(scanner: Scanner) -> str | None:
    before = scanner.at
    word = scanner.match(_WORD)
    if word is not None and word[0].lower() in UNITS_MIB:
        return word[0]
    scanner.at = before
    return None


def _of_quantity(at: int, asked: Quantity, memory: int | None = None) -> _Amount:
    if asked.count == 0:
        return _Amount(at, Mode.NONE, 0, memory_mib=memory)
    mode = Mode.WHOLE if asked.milli == WHOLE_MILLI else Mode.FRACTION
    return _Amount(at, mode, asked.count, asked.milli, memory)


def _inside(scanner: Scanner, vendors: VendorTable) -> tuple[int, Kind]:
    """What stands between parentheses, and where its model does."""
    first = scanner.match(NAME)
    if first is None:
        empty = scanner.next() == ","
        raise scanner.refuse(
            mark("a vendor or a model, such as V100"),
            reason=mark("empty vendor") if empty else mark("nothing named"),
        )
    at = first.start()
    if scanner.take(","):
        kind = vendor(scanner, first, vendors)
        second = scanner.match(NAME)
        if second is None:
            raise scanner.refuse(
                filled(mark("a model of {family}"), family=kind.family.key), reason=mark("empty model")
            )
        kind, at = within(scanner, kind, second, vendors), second.start()
        if scanner.next() == ",":
            raise scanner.refuse(mark("')'"), reason=ONE_MODEL)
        expected = mark("')'")
    else:
        kind, expected = one_name(scanner, first, vendors), mark("',' and a model, or ')'")
    if not scanner.take(")"):
        raise scanner.refuse(expected)
    return at, kind


def _with_colons(scanner: Scanner, vendors: VendorTable, profile: Profile) -> GpuRequest:
    kind: Kind | None = None
    kind_at = amount_at = scanner.at
    memory: int | None = None
    while True:
        scanner.next()
        at = scanner.at
        number = scanner.match(NUMBER)
        unit = None if number is None else _unit(scanner)
        if number is not None and _NAME_FOLLOWS.match(scanner.plain, scanner.at):
            number, scanner.at = None, at  # a model that begins with a digit, such as 910B
        if number is not None and unit is None and not _is_model(scanner, number, kind):
            asked = quantity(scanner, number)
            if scanner.next():
                raise scanner.refuse(mark("the end"), reason=mark("the number of devices comes last"))
            amount = _of_quantity(amount_at if memory else at, asked, memory)
            break
        if number is not None and unit is not None:
            if memory is not None:
                raise scanner.refuse(
                    mark("a number of devices"), at=at, reason=mark("one amount of memory only")
                )
            memory, amount_at = memory_mib(scanner, number, unit), at
        else:
            if number is not None:
                scanner.at = at
            kind = _part(scanner, kind, memory, vendors)
            kind_at = at
        if not scanner.next():
            amount = _Amount(amount_at, Mode.WHOLE, 1, memory_mib=memory)
            break
        if not scanner.take(":"):
            raise scanner.refuse(
                mark("':' or the end"), reason=ONE_MODEL if scanner.next() == "," else NOT_A_QUANTITY
            )
    kind = kind or Kind(vendors.default)
    refuse_unlisted_model(scanner, kind, kind_at)
    return _request(scanner, amount, kind, vendors, profile)


def _part(scanner: Scanner, kind: Kind | None, memory: int | None, vendors: VendorTable) -> Kind:
    """``kind`` with what the next word adds to it."""
    name = scanner.match(NAME)
    if name is None:
        raise scanner.refuse(mark("a vendor, a model, an amount of memory or a number of devices"))
    if memory is not None:
        raise scanner.refuse(
            mark("a number of devices"), at=name.start(), reason=mark("the model comes before the memory")
        )
    if kind is None:
        return one_name(scanner, name, vendors)
    if kind.model is not None and vendors.partition(name[0]) is None:
        reason = NOT_A_QUANTITY if name[0][0].isdigit() else ONE_MODEL
        raise scanner.refuse(
            mark("an amount of memory or a number of devices"), at=name.start(), reason=reason
        )
    return within(scanner, kind, name, vendors)


def _is_model(scanner: Scanner, number: re.Match[str], kind: Kind | None) -> bool:
    """Whether a number is the model of a vendor, as in ``npu:310:2``: listed, and not the last part."""
    if kind is None or kind.model is not None or number[2] is not None:
        return False
    return scanner.next() == ":" and kind.family.model(number[0]) is not None


def _request(
    scanner: Scanner, amount: _Amount, kind: Kind, vendors: VendorTable, profile: Profile
) -> GpuRequest:
    """Put together what was read. Raises BadGpuRequest for a share that such devices are not given in."""
    resource_name = kind.resource_name
    if kind.partition is not None and (amount.mode is Mode.FRACTION or amount.memory_mib is not None):
        raise scanner.refuse(
            mark("a whole number of devices"),
            at=amount.at,
            reason=filled(
                mark("a {family} partition is given whole, with the memory that it has"),
                family=kind.family.key,
            ),
        )
    if amount.mode is Mode.FRACTION:
        share = vendors.share(kind, profile)
        if share is None:
            raise scanner.refuse(
                mark("a whole number of devices"),
                at=amount.at,
                reason=filled(mark("no way to share a device of {family} is known"), family=kind.family.key),
                next_step=mark(
                    "Ask for whole devices, or add how they are shared to vendors.yaml in the home."
                ),
            )
        if share.core is None:
            _refuse_without_template(scanner, amount, kind)  # shares of such devices are cut to size
        elif amount.memory_mib is not None and share.memory is None:
            raise scanner.refuse(
                mark("a share without memory"),
                at=amount.at,
                reason=filled(mark("memory of {family} is not shared"), family=kind.family.key),
            )
        resource_name = share.resource or resource_name
    return GpuRequest(
        text=scanner.text,
        count=amount.count,
        model=kind.model,
        vendor=kind.family.vendor,
        resource_name=resource_name,
        milli=amount.milli,
        memory_mib=amount.memory_mib,
        mode=amount.mode,
    )


def _refuse_without_template(scanner: Scanner, amount: _Amount, kind: Kind) -> None:
    templates: tuple[Template, ...] = () if kind.entry is None else kind.entry.templates
    memory = amount.memory_mib
    if any(one.milli == amount.milli and memory in {None, one.memory_mib} for one in templates):
        return
    known = ", ".join(f"{one.milli / WHOLE_MILLI:g} ({one.name}, {one.memory_mib} MiB)" for one in templates)
    if not known:
        cut = [model.name for model in kind.family.models.values() if model.templates]
        known = f"those of a model with templates: {', '.join(cut)}"
    name = f"{kind.family.key},{kind.model}" if kind.model else kind.family.key
    raise scanner.refuse(
        filled(mark("a whole number of devices, or a share out of: {known}"), known=known),
        at=amount.at,
        reason=filled(
            mark("no template of {name} has this share and memory")
            if memory
            else mark("no template of {name} has this share"),
            name=name,
        ),
        next_step=mark("Ask for a share that is listed, or add its template to vendors.yaml in the home."),
    )


def _no_number(scanner: Scanner, vendors: VendorTable) -> Exception:
    expected = mark("a number of devices, such as 1 or 0.5")
    at = scanner.at
    word = scanner.match(NAME)
    reason = None if word is None else missing_count(word, vendors)
    scanner.at = at
    if word is None or reason is None:
        return scanner.refuse(expected)
    return scanner.refuse(
        expected,
        reason=reason,
        next_step=filled(mark("Write the count first, such as 1({word})."), word=word[0]),
    )


def _after_amount(scanner: Scanner, amount: _Amount) -> Exception:
    expected = mark("'(' and a model, or the end")
    name = NAME.match(scanner.plain, scanner.at)
    if name is None or amount.mode is Mode.SHARED:
        return scanner.refuse(expected)
    number = scanner.plain[amount.at : scanner.at].strip()
    if any(map(str.isdigit, name[0])) and name[0][0].isalpha() and len(name[0]) > 2:
        return scanner.refuse(
            expected,
            next_step=filled(
                mark("Put the model between parentheses: {request}."), request=f"{number}({name[0]})"
            ),
        )
    return scanner.refuse(expected)


def _unit_first(vendors: VendorTable) -> str:
    old = [one.name for one in vendors.profiles.values() if one.order is Order.CORE_MEMORY]
    if not old:
        return mark("Write memory with a unit, then a share, such as 8G,0.5.")
    return filled(
        mark(
            "Write memory with a unit, then a share, such as 8G,0.5. The old order, core and memory, is read "
            "with the profile {profile}."
        ),
        profile=old[0],
    )
