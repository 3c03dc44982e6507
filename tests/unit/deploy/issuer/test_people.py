from deploy.issuer.people import PEOPLE, name_of
from deploy.local.seed import USERS


def test_the_people_are_those_a_cluster_starts_with() -> None:
    assert {person["userId"]: person["verificationStatus"] for person in PEOPLE} == USERS


def test_a_name_is_the_display_name_of_the_seed() -> None:
    assert (name_of("alice"), name_of("zoe")) == ("Alice", "zoe")
