"""Centres to test: one over memory, one over a real record; the same questions can be put to both."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Protocol, Self

from engine_in_memory import START, Disk, DiskFullError, MemoryLog, MemorySeals, MemorySpool, SetClock
from msgspec.structs import replace

from everycall.centre.embedded import EmbeddedCentre
from everycall.core.actors import Actor
from everycall.core.balance import Balance
from everycall.core.calls import TakeCall
from everycall.core.certificates import REQUIRED_PROPERTIES, CertificateSummary, PropertyVerdict
from everycall.core.commands import AnyCommand, Command
from everycall.core.events import Envelope, decode_event
from everycall.core.evolve import evolve
from everycall.core.state import State
from everycall.core.versions import AdoptPolicy, Certified
from everycall.engine.answers import Answer, Done
from everycall.engine.loop import Engine
from everycall.record import RecordBroken

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

    from everycall.core.policies import Evaluator
    from everycall.record.group_commit import GroupCommitter
    from everycall.record.sqlite_write import Work

DISPATCHER = Actor(person="D1", role="dispatcher", position="P2", agency="PD")


class CentreUnderTest(Protocol):
    """A centre whose log can fail, whose process can end, and that can be looked into."""

    engine: Engine
    clock: SetClock
    policies: PolicyFiles
    certificates: CertificateFiles

    def break_writes(self) -> None:
        """From now on the log takes nothing."""

    def recover(self) -> list[Answer]:
        """Open the log again under the same engine."""
        ...

    def restart(self) -> None:
        """End the process and begin another: all that was only in memory is gone."""

    def entries(self) -> list[bytes]:
        """What is durable."""
        ...


class PolicyFiles:
    """Where policies lie: some are there, and reading can fail."""

    def __init__(self) -> None:
        self.texts: dict[str, Evaluator] = {}
        self.fails = False
        self.asked: list[str] = []

    def find(self, policy: str) -> Evaluator | None:
        self.asked.append(policy)
        if self.fails:
            raise OSError("the disk is gone")
        return self.texts.get(policy)


class CertificateFiles:
    """Where certificates lie."""

    def __init__(self) -> None:
        self.held: dict[str, CertificateSummary] = {}
        self.fails = False

    def find(self, certificate: str) -> CertificateSummary | None:
        if self.fails:
            raise OSError("the disk is gone")
        return self.held.get(certificate)


def full_certificate(policy: str, version: str = "1") -> CertificateSummary:
    """A certificate that lacks nothing, of a policy that reads nothing."""
    return CertificateSummary(
        certificate=f"certificate of {policy[:40]}",
        policy=policy,
        version=version,
        authority="council",
        properties=tuple(PropertyVerdict(name=name, verdict="holds") for name in REQUIRED_PROPERTIES),
        engines=("one", "another"),
    )


def adopting(
    centre: CentreUnderTest,
    evaluator: Evaluator,
    *,
    effective_from: int | None = None,
    effective_to: int | None = None,
) -> AdoptPolicy:
    """Put the text and the certificate of a policy where they are found, and the command that adopts it."""
    certificate = replace(
        full_certificate(evaluator.policy, evaluator.version),
        effective_from=effective_from,
        effective_to=effective_to,
    )
    centre.policies.texts[evaluator.policy] = evaluator
    centre.certificates.held[certificate.certificate] = certificate
    return AdoptPolicy(
        policy=evaluator.policy,
        version=evaluator.version,
        authority="council",
        reason="yearly",
        standing=Certified(certificate=certificate.certificate),
        effective_from=effective_from,
        effective_to=effective_to,
    )


class MemoryCentre:
    """Over memory."""

    def __init__(self) -> None:
        self.disk = Disk()
        self.clock = SetClock()
        self.log = MemoryLog(self.disk)
        self.spool = MemorySpool(self.disk)
        self.policies = PolicyFiles()
        self.certificates = CertificateFiles()
        self.engine = self._engine(new_log=True)

    def _engine(self, *, new_log: bool = False) -> Engine:
        return Engine(
            self.log,
            self.clock,
            MemorySeals(),
            evaluators=self.policies,
            certificates=self.certificates,
            spool=self.spool,
            new_log=new_log,
        )

    def break_writes(self) -> None:
        self.log.break_now()

    def recover(self) -> list[Answer]:
        self.log = MemoryLog(self.disk)
        return self.engine.recover(self.log)

    def restart(self) -> None:
        self.log = MemoryLog(self.disk)
        self.spool = MemorySpool(self.disk)
        self.engine = self._engine()
        self.engine.drain()

    def entries(self) -> list[bytes]:
        return list(self.disk.entries)


class RecordCentre:
    """Over a record in a file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = SetClock()
        self.policies = PolicyFiles()
        self.certificates = CertificateFiles()
        self.embedded = EmbeddedCentre.create(
            path, centre="test", clock=self.clock, evaluators=self.policies, certificates=self.certificates
        )
        self.engine = self.embedded.engine

    def break_writes(self) -> None:
        committer: GroupCommitter[Work] | None = self.embedded.record._committer
        assert committer is not None

        def fails(_group: Sequence[Work]) -> Sequence[Exception | None]:
            raise DiskFullError("no space left")

        committer._commit = fails

    def recover(self) -> list[Answer]:
        return self.embedded.recover()

    def restart(self) -> None:
        self.embedded.close()
        self.embedded = EmbeddedCentre.open(
            self.path, clock=self.clock, evaluators=self.policies, certificates=self.certificates
        )
        self.engine = self.embedded.engine

    def entries(self) -> list[bytes]:
        with contextlib.suppress(RecordBroken):
            self.embedded.record.flush()
        return [data for _, data in self.embedded.record.read()]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.embedded.close()


_count = 0


def command(body: AnyCommand, key: str | None = None, *, at: int | None = None, actor: Actor = DISPATCHER) -> Command:
    """A command with an id of its own."""
    global _count  # noqa: PLW0603 - ids for the tests, unique within a run
    _count += 1
    return Command(id=key or f"k{_count}", actor=actor, body=body, at=at)


def do(centre: CentreUnderTest, body: AnyCommand, *, at: int | None = None, actor: Actor = DISPATCHER) -> Done:
    """Carry out a command; anything else is a failure of the test."""
    answer = centre.engine.handle(command(body, at=at, actor=actor))
    if not isinstance(answer, Done):
        raise AssertionError(f"{type(body).__name__}: {answer}")  # noqa: TRY004
    return answer


def take(centre: CentreUnderTest, **fields: object) -> Done:
    """Take a call."""
    return do(centre, TakeCall(**fields))  # type: ignore[arg-type]  # each test knows what it gives


def envelopes(centre: CentreUnderTest) -> list[Envelope]:
    """What is durable, decoded."""
    return [decode_event(data) for data in centre.entries()]


def folded(centre: CentreUnderTest) -> tuple[State, Balance]:
    """A fresh state and balance from what is durable."""
    state, balance = State(), Balance()
    for envelope in envelopes(centre):
        evolve(state, envelope.body)
        balance.add(envelope.body)
    return state, balance


def check(centre: CentreUnderTest) -> None:
    """What must hold at every moment: the live state is that of the log, and the balance holds."""
    state, balance = folded(centre)
    assert centre.engine.state.encoded() == state.encoded()
    assert balance.holds(state)
    assert centre.engine.balance.holds(centre.engine.state)
    found = envelopes(centre)
    assert [envelope.sequence for envelope in found] == list(range(1, len(found) + 1))
    times = [envelope.recorded_at for envelope in found]
    assert times == sorted(times), "recorded_at never goes back"


__all__ = ["START", "CentreUnderTest", "MemoryCentre", "RecordCentre", "check", "command", "do", "take"]
