"""The verbs `policy adopt` and `policy countersign`: the only ones of `policy` that write to a record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

from cyclopts import Parameter
from rich.console import Console
from rich.text import Text

from everycall.centre.embedded import EmbeddedCentre
from everycall.core.actors import Actor
from everycall.core.adopting import LONGEST_BY_ONE, LONGEST_OVER_OBJECTION, is_staff_code
from everycall.core.events import UnreadableEventError
from everycall.core.refusals import Refusal
from everycall.engine.answers import Answer, Done
from everycall.policy.properties.asking import MissingEngineError
from everycall.policy.text import PolicyError
from everycall.record import RecordError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from everycall.centre.adopt import Objection
    from everycall.core.versions import PolicyInForce

SignerRole = Literal["supervisor", "duty_chief", "administrator"]
_MICROSECONDS: Final = 1_000_000
_SHORTEST: Final = 4
"""So much of a hash is typed at the least."""
_NOT_ADOPTED: Final = (
    "Not adopted. Mend what is named above; or put it in force --over-objection, with a --reason, "
    "for at most 12 hours, or --with a second person for at most 30 days."
)


class WrongOptionsError(ValueError):
    """Options that do not go together; the sentence says what to give."""


def adopt(
    policy: Path,
    /,
    *,
    record: Annotated[Path, Parameter(alias="-r")],
    by: str,
    role: SignerRole = "duty_chief",
    over_objection: bool = False,
    with_: Annotated[str | None, Parameter(name="--with")] = None,
    until: datetime | None = None,
    reason: str | None = None,
    create: str | None = None,
    seconds: float = 60.0,
) -> int:
    """Prove a policy and, if it holds, put it in force; or put it in force over objection, in writing, with an end.

    Exit status 0: it is adopted; 1: it does not hold, or the centre refused it; 2: something cannot be read or written.

    Args:
        policy: The policy's text.
        record: The record of the centre.
        by: The staff code of who adopts it (no name).
        role: In which role.
        over_objection: Put it in force even if it does not hold. Every call that it touches is marked.
        with_: The staff code of a second person, who stands for it too: 30 days instead of 12 hours.
        until: When it ends, with its offset from UTC; without it as late as is allowed.
        reason: Why it must be, over objection.
        create: Make a new record for the centre of this name first.
        seconds: For each question of the proof.
    """
    errors = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)
    console = Console(highlight=False, emoji=False, soft_wrap=True)
    try:
        from everycall.centre.adopt import prove, put_in_force  # noqa: PLC0415  # needs the engines of the proof
        from everycall.policy.check_cli import show  # noqa: PLC0415

        _staff_codes(by, with_)
        objection = _objection(by, with_, until, reason, over_objection=over_objection)
        with errors.status("proving", spinner="line"):
            proved = prove(policy.read_bytes(), seconds=seconds)
        if not proved.holds and objection is None:
            show(proved.report, console)
            errors.print(Text(_NOT_ADOPTED))
            return 1
        opened = EmbeddedCentre.open(record) if create is None else EmbeddedCentre.create(record, centre=create)
        with opened as centre:
            answer = put_in_force(centre, proved, Actor(person=by, role=role), objection=objection)
    except MissingEngineError as error:
        errors.print(Text(f"error: {error}"))
        return 2
    except OSError as error:
        errors.print(Text(f"error: {error.strerror}: {error.filename}. Name a file that can be read."))
        return 2
    except (PolicyError, RecordError, UnreadableEventError, WrongOptionsError) as error:
        errors.print(Text(f"error: {error}"))
        return 2
    if proved.holds and over_objection:
        errors.print(Text("It holds, so no objection is recorded: it stands by its certificate."))
    if create is not None and not isinstance(answer, Done):
        errors.print(Text(f"The new record {record} is there all the same, without a policy: leave out --create now."))
    what = f"{proved.policy.hash} with certificate {proved.certificate_hash}"
    return _told(answer, what, console, errors)


def countersign(
    policy: str,
    /,
    *,
    record: Annotated[Path, Parameter(alias="-r")],
    by: str,
    reason: str,
    role: SignerRole = "duty_chief",
    until: datetime | None = None,
) -> int:
    """Sign, as the second person, for a policy that one person put in force over objection.

    Args:
        policy: The hash of its text, or its beginning, as `policy history` shows it.
        record: The record of the centre.
        by: The staff code of who signs.
        reason: Why.
        role: In which role.
        until: When it ends now, with its offset from UTC; without it 29 days from now.
    """
    errors = Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)
    try:
        from everycall.centre.adopt import countersign_policy, waiting_for_signature  # noqa: PLC0415

        _staff_codes(by)
        with EmbeddedCentre.open(record) as centre:
            whole = _the_one(policy, waiting_for_signature(centre))
            answer = countersign_policy(
                centre,
                Actor(person=by, role=role),
                policy=whole,
                ends_at=_end(until, alone=False),
                reason=reason,
            )
    except (RecordError, UnreadableEventError, WrongOptionsError) as error:
        errors.print(Text(f"error: {error}"))
        return 2
    return _told(answer, whole, Console(highlight=False, emoji=False, soft_wrap=True), errors)


def _staff_codes(by: str, other: str | None = None) -> None:
    """Before anything is opened or made.

    Raises:
        WrongOptionsError: One is none, or both are one person.
    """
    for option, person in (("--by", by), ("--with", other)):
        if person is not None and not is_staff_code(person):
            raise WrongOptionsError(
                f"{option} {person!a}: give a staff code, never a name: letters, digits, '-', '_' and '.', no spaces."
            )
    if other is not None and by.casefold() == other.casefold():
        raise WrongOptionsError("--with names the same person as --by. Name another, or leave it out.")


def _the_one(beginning: str, waiting: Sequence[PolicyInForce]) -> str:
    """The whole hash of the version that is meant.

    Raises:
        WrongOptionsError: None, or more than one, that waits for a signature begins so.
    """
    found = [version.policy for version in waiting if version.policy.startswith(beginning.lower())]
    if len(beginning) >= _SHORTEST and len(found) == 1:
        return found[0]
    listed = ", ".join(f"{version.policy[:12]} ({version.version})" for version in waiting)
    raise WrongOptionsError(
        f"{beginning!a} is not the beginning, of {_SHORTEST} characters or more, of one version that waits for a "
        f"second signature. Waiting: {listed or 'none'}."
    )


def _objection(
    by: str, other: str | None, until: datetime | None, reason: str | None, *, over_objection: bool
) -> Objection | None:
    from everycall.centre.adopt import Objection  # noqa: PLC0415

    if not over_objection:
        if other is not None or until is not None or reason is not None:
            raise WrongOptionsError("--with, --until and --reason belong to --over-objection.")
        return None
    if not reason:
        raise WrongOptionsError("Over objection a reason is needed: give --reason.")
    persons = (by,) if other is None else (by, other)
    return Objection(persons=persons, reason=reason, ends_at=_allowed(_end(until, alone=other is None), other))


def _allowed(ends_at: int, other: str | None) -> int:
    now = round(datetime.now(UTC).timestamp()) * _MICROSECONDS
    longest = LONGEST_BY_ONE if other is None else LONGEST_OVER_OBJECTION
    if not now < ends_at <= now + longest:
        raise WrongOptionsError("--until must be within 12 hours, or with a second person (--with) within 30 days.")
    return ends_at


def _told(answer: Answer | None, what: str, console: Console, errors: Console) -> int:
    if isinstance(answer, Done):
        console.print(Text(f"Recorded as entry {answer.first} to {answer.last}: {what}."))
        return 0
    if answer is None:
        errors.print(Text(_NOT_ADOPTED))
        return 1
    errors.print(Text(f"Not recorded. {answer.because} {answer.instead}"))
    return 1 if isinstance(answer, Refusal) else 2


def _end(until: datetime | None, *, alone: bool) -> int:
    """Microseconds UTC; a little before the longest that is allowed where nothing is said."""
    if until is None:
        until = datetime.now(UTC) + (timedelta(hours=12, minutes=-1) if alone else timedelta(days=29))
    if until.tzinfo is None:
        raise WrongOptionsError("--until needs its offset from UTC, as in 2027-01-31T18:00:00-08:00.")
    return round(until.timestamp()) * _MICROSECONDS
