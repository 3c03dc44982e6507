from contracts.close_codes import BEHIND, CLOSE_CODES, SESSIONS_REVOKED, TOKEN_EXPIRED, TOO_MANY_CONNECTIONS


def test_each_code_and_each_name_stands_once() -> None:
    assert len({entry.code for entry in CLOSE_CODES}) == len({entry.name for entry in CLOSE_CODES}) == len(CLOSE_CODES)


def test_a_reason_fits_into_a_close_frame() -> None:
    assert all(len(entry.reason.encode()) <= 123 for entry in CLOSE_CODES)


def test_codes_that_no_close_frame_may_carry_are_not_sent() -> None:
    assert {entry.code for entry in CLOSE_CODES if not entry.sent} == {1005, 1006}


def test_the_private_codes_tell_the_client_whether_to_come_back() -> None:
    private = (TOKEN_EXPIRED, SESSIONS_REVOKED, BEHIND, TOO_MANY_CONNECTIONS)
    assert {entry.code: entry.client_returns for entry in private} == {
        4401: "with a new token",
        4403: "after a new sign-in",
        4408: "yes",
        4409: "no",
    }
