"""Tasks put to one running system: one publication at a time, many at once, and at a given rate."""

from collections.abc import AsyncIterator
from dataclasses import replace

from bench.comparison.plan import FEWEST, Plan, bearable, publications
from bench.comparison.taken import AT_A_RATE, ONE_AT_A_TIME, SATURATED, Taken, Task
from bench.comparison.target import Target
from bench.comparison.usage import Usage
from bench.load.outcome import GeneratorFailed, Outcome

_LIMIT_S = 30.0
_WARM_UP_S = 0.3


class Measurer:
    """Puts tasks to a target; each run has a number of its own, so that what is late is known for what it is."""

    def __init__(self, target: Target, *, pipes: int = 1) -> None:
        """`pipes`: from how many of its connections is published, where that is not over HTTP."""
        self._target, self._pipes = target, pipes
        self._run = 0

    async def all_of(self, plan: Plan) -> AsyncIterator[Taken]:
        """Everything that the plan asks of a target, as it comes. Raises GeneratorFailed where deliveries stay out."""
        for recipients in plan.recipients:
            if recipients > self._target.most_recipients:
                return
            await _grown(self._target, recipients)
            task = Task(kind=ONE_AT_A_TIME, recipients=recipients)
            yield await self.lasting(task, plan.task_s)
            if recipients == plan.compared:
                async for taken in self.many(recipients, plan, plan.rates):
                    yield taken

    async def many(self, recipients: int, plan: Plan, rates: tuple[float, ...]) -> AsyncIterator[Taken]:
        """Saturated, then at those of the rates that it can hold."""
        most = 0.0
        for each in self._target.saturations:
            task = Task(kind=SATURATED, recipients=recipients, window=each.window, bundle=each.bundle)
            taken = await self.lasting(task, plan.task_s)
            most = max(most, taken.outcome.sent * each.bundle / taken.outcome.seconds)
            yield taken
        for rate in self._target.rates or bearable(rates, most):
            task = Task(kind=AT_A_RATE, recipients=recipients, per_second=rate)
            yield await self.measured(task, publications(rate, plan.task_s, plan.fewest_at_a_rate))

    async def lasting(self, task: Task, seconds: float) -> Taken:
        """As many publications as last about that long, after some to warm up."""
        few = max(FEWEST, task.window)
        rate = few / (await self.measured(task, few)).outcome.seconds
        warm = await self.measured(task, publications(rate, _WARM_UP_S))
        rate = warm.outcome.sent / warm.outcome.seconds
        return await self.measured(task, publications(rate, seconds))

    async def measured(self, task: Task, requests: int) -> Taken:
        """One run of so many requests."""
        target, generator = self._target, self._target.generator
        pipes = task.window if target.http_port else self._pipes
        await generator.pipes(pipes, target.http_port)
        self._run += 1
        batch = target.batch(self._run, requests, pipes=pipes, bundle=task.bundle)
        with Usage({**target.pids, **target.beside}, (generator.pid,)) as usage:
            if task.kind == AT_A_RATE:
                outcome = await generator.open(batch, task.per_second, _LIMIT_S)
            else:
                outcome = await generator.closed(batch, task.window, _LIMIT_S)
        outcome = _with_what_came_late(outcome, await generator.settled())
        if outcome.missing:
            raise GeneratorFailed(f"{task.kind}, {task.recipients} recipients: {outcome.complaint()}")
        cpu = {name: usage.cpu[name] for name in target.pids}
        beside = {name: usage.cpu[name] for name in target.beside}
        return Taken(target.name, task, outcome, cpu, usage.others_cores, beside)


async def _grown(target: Target, to: int) -> None:
    made = await target.grow(to)
    if made.ready < to:
        raise GeneratorFailed(f"{made.ready} of {to} connected, {made.refused} refused with status {made.status}")


def _with_what_came_late(outcome: Outcome, settled: Outcome) -> Outcome:
    return replace(
        outcome,
        doubled=settled.doubled,
        out_of_order=settled.out_of_order,
        stray=settled.stray,
        closed=settled.closed,
        http_failures=settled.http_failures,
    )
