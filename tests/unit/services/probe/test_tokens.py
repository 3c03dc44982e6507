from pathlib import Path

import pytest

from services.probe.failures import ProbeFailed
from services.probe.tokens import _from_file


def test_a_token_is_what_stands_in_the_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("a.b.c\n")
    assert _from_file(file) == "a.b.c"


@pytest.mark.parametrize("content", [b"", b"two words", b"secret\xff", b"a\nb"])
def test_what_is_no_token_is_refused_and_not_shown(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(ProbeFailed) as caught:
        _from_file(file)
    assert caught.value.outcome == "refused"
    assert str(file) in str(caught.value)
    assert "secret" not in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProbeFailed, match="no token can be read"):
        _from_file(tmp_path / "nothing")
