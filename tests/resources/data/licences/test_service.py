"""On what terms data may be used: said, replaced, taken back."""

import pytest

from resources.data.licences.service import LicenceService
from resources.database.audit import recent
from resources.database.engine import Database
from resources.errors import BadInput, NotFound
from resources.terms import Actor, DatasetName

PETS, ANNA = DatasetName("pets"), Actor("user:anna")


def test_the_newest_of_a_data_set_counts_until_it_is_taken_back(any_database: Database) -> None:
    service = LicenceService(any_database)
    assert service.of(PETS, "v1.0") == ""
    service.say(PETS, None, "CC0-1.0", ANNA)
    service.say(PETS, None, " CC-BY-4.0 ", ANNA)
    service.say(PETS, None, "CC-BY-4.0", ANNA)
    assert service.of(PETS, "v1.0") == "CC-BY-4.0"
    assert service.of(DatasetName("birds"), "v1.0") == ""
    assert [one.text for one in service.all_of(PETS)] == ["CC-BY-4.0"]
    service.say(PETS, None, "", ANNA)
    assert (service.of(PETS, "v1.0"), service.all_of(PETS)) == ("", [])
    said = [row for row in recent(any_database) if row.action == "data.licence"]
    assert len(said) == 3, "the same once more is no news"


def test_a_long_text_and_an_unknown_version_are_refused(any_database: Database) -> None:
    service = LicenceService(any_database)
    with pytest.raises(BadInput, match="2001 characters; expected at most 2000"):
        service.say(PETS, None, "x" * 2001, ANNA)
    with pytest.raises(NotFound):
        service.say(PETS, "v1.0", "CC0-1.0", ANNA)
