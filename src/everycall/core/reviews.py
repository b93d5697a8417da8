"""Reviews.

Help that was declined, or never came, is looked at by somebody outside the chain that gave the ground.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec.structs import replace

from everycall.core.base import CommandBody, Entity, Identifier, Instant, Word
from everycall.core.clocks import retire_again
from everycall.core.deadlines import Deadline, standing
from everycall.core.event import Event
from everycall.core.outcomes import Declined, NotReached
from everycall.core.policies import evaluator_in_force
from everycall.core.refusals import Refusal, unknown
from everycall.core.sealed import Confidential, Sealed, only_sealed

if TYPE_CHECKING:
    from everycall.core.actors import Actor
    from everycall.core.given import Given
    from everycall.core.handlers import DecideTable, EvolveTable
    from everycall.core.needs import Need
    from everycall.core.policies import Permission
    from everycall.core.state import State

Judgement = Literal["upheld", "not_upheld", "cannot_be_judged"]


class Review(Entity, frozen=True, kw_only=True):
    """The chain that gave the ground: the deciding person, the authority named, the deciding agency."""

    id: Identifier
    need: Identifier
    outcome: Word
    ground: Word
    persons: tuple[Word, ...]
    agency: Word
    opened_at: Instant
    judgement: Judgement | None = None
    reviewer: Identifier | None = None
    closed_at: Instant | None = None


class CompleteReview(CommandBody, frozen=True, kw_only=True):
    """Say whether the ground held."""

    review: Identifier
    judgement: Judgement
    words: Confidential | None = None


class ReviewOpened(Event, frozen=True, kw_only=True):
    """A refusal, or a need that nobody reached, waits for review."""

    review: Identifier
    need: Identifier
    outcome: Word
    ground: Word
    persons: tuple[Word, ...]
    agency: Word
    at: Instant


class ReviewCompleted(Event, frozen=True, kw_only=True):
    """Somebody outside the chain looked at it."""

    review: Identifier
    need: Identifier
    judgement: Judgement
    reviewer: Identifier
    at: Instant
    words: Sealed | None = None


def next_review(state: State) -> int:
    """The number of the next review."""
    return state.counters["review"] + 1


def opening_review(
    state: State,
    number: int,
    need: Need,
    outcome: Declined | NotReached,
    actor: Actor,
    given: Given,
    permission: Permission | None = None,
) -> ReviewOpened:
    """The event that opens a review; where a rule let somebody decline, by the time that the rule gives."""
    floor = evaluator_in_force(state, given).floor()
    within, ladder = floor.review_within, floor.ladder
    if permission is not None:
        within = within if permission.longest is None else permission.longest
        ladder = permission.ladder or ladder
    review = f"R{number:06d}"
    if isinstance(outcome, Declined):
        ground, authority, word = outcome.ground, outcome.authority, "declined"
    else:
        ground, authority, word = outcome.why, outcome.by, "not_reached"
    persons = tuple(dict.fromkeys(person for person in (actor.person, authority) if person))
    touches = tuple(key for key in (need.call, need.incident) if key is not None)
    return ReviewOpened(
        review=review,
        need=need.id,
        outcome=word,
        ground=ground,
        persons=persons,
        agency=actor.agency,
        at=given.at,
        sets=(
            Deadline(
                kind="review",
                subject=review,
                due=given.since + within,
                ladder=ladder,
                touches=touches,
            ),
        ),
    )


def complete_review(state: State, actor: Actor, body: CompleteReview, given: Given) -> list[Event] | Refusal:
    """Judge a review from outside its chain."""
    review = state.reviews.get(body.review)
    if review is None:
        return unknown("review", body.review)
    if review.judgement is not None:
        return Refusal(
            code="already_reviewed",
            rule="house:6",
            because=f"Review {review.id} was completed by {review.reviewer}.",
            instead="Add a note to the incident if something is to be said against it.",
        )
    inside = actor.person in review.persons or (
        actor.role != "oversight" and bool(review.agency) and actor.agency == review.agency
    )
    if inside or actor.role not in ("oversight", "supervisor", "duty_chief"):
        return Refusal(
            code="inside_the_chain",
            rule="house:3",
            because=f"{actor.person} belongs to the chain that gave the ground, or may not review.",
            instead="Let oversight, or a supervisor of another agency, review it.",
        )
    return [
        ReviewCompleted(
            review=review.id,
            need=review.need,
            judgement=body.judgement,
            reviewer=actor.person,
            at=given.at,
            words=only_sealed(body.words),
            ends=standing(state, f"review:{review.id}"),
            sets=retire_again(state, (review.need,), given),
        )
    ]


def _opened(state: State, event: ReviewOpened) -> None:
    state.counters["review"] += 1
    state.reviews[event.review] = Review(
        id=event.review,
        need=event.need,
        outcome=event.outcome,
        ground=event.ground,
        persons=event.persons,
        agency=event.agency,
        opened_at=event.at,
    )


def _completed(state: State, event: ReviewCompleted) -> None:
    review = state.reviews[event.review]
    state.reviews[event.review] = replace(
        review, judgement=event.judgement, reviewer=event.reviewer, closed_at=event.at
    )


DECIDE: Final[DecideTable] = {CompleteReview: complete_review}
EVOLVE: Final[EvolveTable] = {ReviewOpened: _opened, ReviewCompleted: _completed}
