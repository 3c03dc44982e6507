"""Other code as a process that judges: a tree on the disk, or a commit of this repository, unpacked beside it."""

import io
import struct
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from replay.shadow import judge as judge_module
from replay.shadow.judge import Answer, Request

OWN_TREE = Path(__file__).parents[2]
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Answer).decode


class NoSuchCode(Exception):
    """That is no code that can judge."""

    code = "NO_SUCH_CODE"
    retryable = False


class OtherCode:
    """`with OtherCode(tree) as judge: judge(request)`; the program is this tree's, the rules are the other's."""

    def __init__(self, tree: Path) -> None:
        if not (tree / "services" / "persistence" / "decide.py").is_file():
            raise NoSuchCode(f"{tree} holds no services/persistence/decide.py: name the root of a tree of Kaiwa")
        self._tree = tree
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        command = [sys.executable, "-I", str(judge_module.__file__), str(self._tree.absolute())]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe)  # noqa: S603 - that is what was asked for
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()

    def __call__(self, asked: Request) -> Answer:
        """What the other code decides; raises NoSuchCode where it has ended."""
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise NoSuchCode("the judge was not started")
        raw = _encode(asked)
        try:
            process.stdin.write(struct.pack(">I", len(raw)) + raw)
            process.stdin.flush()
            (length,) = struct.unpack(">I", process.stdout.read(4))
            return _decode(process.stdout.read(length))
        except (OSError, struct.error):
            raise NoSuchCode(
                f"the code in {self._tree} does not judge: it has other names than decide(received, rows, rules)"
            ) from None


def unpacked(ref: str, *, repository: Path = OWN_TREE) -> tempfile.TemporaryDirectory[str]:
    """The tree of a commit in a folder that goes away with the object; raises NoSuchCode."""
    if ref.startswith("-"):
        raise NoSuchCode(f"{ref!r} names no commit")
    command = ["git", "-C", str(repository), "archive", "--format=tar", ref, "--", "services", "chassis", "contracts"]
    try:
        made = subprocess.run(command, capture_output=True, check=True, timeout=60)  # noqa: S603 - no shell
    except (subprocess.CalledProcessError, OSError) as error:
        said = getattr(error, "stderr", b"") or str(error).encode()
        raise NoSuchCode(f"git knows no {ref!r} here: {said.decode('utf-8', 'replace').strip()[:200]}") from None
    folder = tempfile.TemporaryDirectory(prefix="kaiwa-shadow-")
    with tarfile.open(fileobj=io.BytesIO(made.stdout)) as archive:
        archive.extractall(folder.name, filter="data")
    return folder
