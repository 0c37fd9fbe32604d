"""The operating system's user in the form that users have here."""

import os
import pwd

import pytest

from resources.users import current_user, user_named


@pytest.mark.parametrize(
    ("name", "here"),
    [("ann", "ann"), ("Ann.B", "ann-b"), ("CORP\\eve", "corp-eve"), ("_svc_", "svc"), ("张", "user")],
)
def test_a_name_is_brought_into_the_form_of_users(name: str, here: str) -> None:
    assert user_named(name) == here


def test_a_process_without_a_name_goes_by_its_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(uid: int) -> pwd.struct_passwd:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    assert current_user() == f"uid-{os.geteuid()}"


def test_nobody_becomes_another_user_by_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    before = current_user()
    for variable in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(variable, "somebody-else")
    assert current_user() == before
