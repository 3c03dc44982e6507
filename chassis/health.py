"""What a process lacks, for /readyz: a dictionary of parts and their problems."""


class Health:
    """Alive as long as it answers; ready when no part has a problem."""

    def __init__(self) -> None:
        self._problems: dict[str, str] = {"start": "starting"}

    def set(self, part: str, problem: str | None) -> None:
        """`part` lacks `problem`; None: it is well."""
        if problem is None:
            self._problems.pop(part, None)
        else:
            self._problems[part] = problem

    def started(self) -> None:
        """The start is over."""
        self.set("start", None)

    @property
    def ready(self) -> bool:
        """Whether the process takes work."""
        return not self._problems

    def missing(self) -> dict[str, str]:
        """Each part that is not well, and why."""
        return dict(self._problems)
