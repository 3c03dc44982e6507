import pytest

from gateway.connection_paths import Target, target

ID = "L0SM9cOFvHcCIhw="


@pytest.mark.parametrize(
    "path",
    [
        "/prod/@connections/L0SM9cOFvHcCIhw=",
        "/prod/@connections/L0SM9cOFvHcCIhw%3D",
        "/prod/%40connections/L0SM9cOFvHcCIhw%3d",
        "//prod/./@connections/x/../L0SM9cOFvHcCIhw=",
    ],
)
@pytest.mark.parametrize(("method", "call"), [("POST", "post"), ("GET", "get"), ("DELETE", "delete")])
def test_a_connection_is_found_however_it_is_written(method: str, call: str, path: str) -> None:
    assert target(method, path.encode()) == Target(call, "prod", ID)  # type: ignore[arg-type]


def test_a_bulk_push_has_a_path_of_its_own() -> None:
    assert target("POST", b"/dev/@pushes") == Target("bulk", "dev")
    assert target("GET", b"/dev/@pushes") is None


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/prod/@connections/x"),
        ("GET", "/prod"),
        ("GET", "/"),
        ("GET", "/prod/@connections"),
        ("GET", "/prod/@connections/x/y"),
        ("GET", "/prod/@connections/../x"),
        ("GET", "/prod/%2540connections/x"),
    ],
)
def test_anything_else_is_no_call(method: str, path: str) -> None:
    assert target(method, path.encode()) is None


def test_a_slash_in_an_id_does_not_split_it() -> None:
    assert target("GET", b"/prod/@connections/a%2Fb") == Target("get", "prod", "a/b")
