import resource

import pytest

from gateway.descriptors import OTHERS, make_room


@pytest.mark.parametrize(
    ("limits", "raised"),
    [((100, 50_000), (10_000 + OTHERS, 50_000)), ((100, 5_000), (5_000, 5_000)), ((60_000, 60_000), None)],
)
def test_the_soft_limit_is_raised_as_far_as_needed_and_allowed(
    monkeypatch: pytest.MonkeyPatch, limits: tuple[int, int], raised: tuple[int, int] | None
) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _which: limits)
    monkeypatch.setattr(resource, "setrlimit", lambda _which, wanted: asked.append(wanted))
    make_room(10_000)
    assert asked == ([raised] if raised else [])
