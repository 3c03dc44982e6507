"""Profiles and the directory, from chat.users (spec 5 and 8)."""

from chassis.projection.profiles import rows_of_profile
from chassis.projection.view import apply
from contracts import table
from contracts.rows import DirectoryRow, ProfileRow, Row
from contracts.users import ProfileUpdated
from tests.doubles.rooms import AT, profile


def after(*events: ProfileUpdated, first: int = 0) -> dict[table.Key, Row]:
    rows: dict[table.Key, Row] = {}
    for position, event in enumerate(events, first):
        apply(rows, rows_of_profile(event, position, rows))
    return rows


def test_the_first_event_makes_the_profile_and_its_place_in_the_directory() -> None:
    rows = after(profile("erin", "pending", "Erin Ö", only_if_absent=True), first=3)
    assert rows == {
        table.profile("erin"): ProfileRow(
            position=3, user_id="erin", verification_status="pending", display_name="Erin Ö", updated_at=AT
        ),
        table.Key("DIRECTORY", "NAME#erin ö#erin"): DirectoryRow(position=3, user_id="erin", display_name="Erin Ö"),
    }


def test_what_the_first_event_leaves_out_is_pending_and_the_users_id() -> None:
    status = after(profile("erin", "approved"))[table.profile("erin")]
    assert isinstance(status, ProfileRow)
    assert (status.verification_status, status.display_name) == ("approved", "erin")
    name = after(profile("erin", name="Erin"))[table.profile("erin")]
    assert isinstance(name, ProfileRow)
    assert (name.verification_status, name.display_name) == ("pending", "Erin")


def test_absent_fields_stay_as_they_are() -> None:
    rows = after(profile("erin", "approved", "Erin"), profile("erin", name="E."), profile("erin", "rejected"))
    row = rows[table.profile("erin")]
    assert isinstance(row, ProfileRow)
    assert (row.verification_status, row.display_name, row.position) == ("rejected", "E.", 2)


def test_a_sign_in_never_undoes_an_approval() -> None:
    approved = after(profile("erin", "approved", "Erin"))
    rows = after(profile("erin", "approved", "Erin"), profile("erin", "pending", "erin@x", only_if_absent=True))
    assert rows.keys() == approved.keys()
    row = rows[table.profile("erin")]
    assert isinstance(row, ProfileRow)
    assert (row.verification_status, row.display_name, row.position) == ("approved", "Erin", 0)


def test_a_sign_in_names_a_profile_that_nobody_has_named_and_does_nothing_else_to_it() -> None:
    sign_in = profile("erin", "pending", "Erin Ö", only_if_absent=True)
    rows = after(profile("erin", "approved"), profile("erin", "rejected"), sign_in)
    assert rows == {
        table.profile("erin"): ProfileRow(
            position=2, user_id="erin", verification_status="rejected", display_name="Erin Ö", updated_at=AT
        ),
        table.directory_name("Erin Ö", "erin"): DirectoryRow(position=2, user_id="erin", display_name="Erin Ö"),
    }
    assert rows_of_profile(profile("erin", name="another", only_if_absent=True), 3, rows) == {}


def test_who_chose_their_id_as_their_name_keeps_it() -> None:
    rows = after(profile("erin", "approved"), profile("erin", name="erin"))
    assert rows_of_profile(profile("erin", name="Erin Ö", only_if_absent=True), 9, rows) == {}


def test_a_default_for_who_has_not_signed_in_is_without_effect_on_a_profile() -> None:
    rows = after(profile("erin", "approved"))
    assert rows_of_profile(profile("erin", "pending", only_if_absent=True), 9, rows) == {}


def test_a_new_name_moves_the_directory_row() -> None:
    rows = after(profile("erin", name="Erin"), profile("erin", name="Zoe"))
    assert [key.sk for key in rows if key.pk == "DIRECTORY"] == ["NAME#zoe#erin"]


def test_a_name_of_which_only_the_case_changes_stays_at_its_key() -> None:
    rows = after(profile("erin", name="erin"), profile("erin", name="ERIN"))
    assert rows[table.directory_name("erin", "erin")] == DirectoryRow(position=1, user_id="erin", display_name="ERIN")


def test_a_change_of_status_leaves_the_directory_alone() -> None:
    rows = after(profile("erin", name="Erin"))
    assert list(rows_of_profile(profile("erin", "approved"), 9, rows)) == [table.profile("erin")]


def test_an_event_that_stands_in_the_row_already_changes_nothing() -> None:
    rows = after(profile("erin", name="Erin"), profile("erin", name="Zoe"))
    for seen in (0, 1):
        assert rows_of_profile(profile("erin", name="Erin"), seen, rows) == {}
