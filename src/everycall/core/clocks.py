"""Clocks: which deadlines a response and a call need, by where they stand.

One place says it, and whatever changes where a response stands asks here: opening, linking, merging,
splitting, settling, reopening, taking back. So nothing open is ever without something that brings it back to
mind (rule 3 of the house), and nothing waits for a step that is no longer wanted:

- held: its `hold`; `arrive` runs on
- a unit at work: `arrive`, until somebody has arrived
- attended, its units clear: `outcome`
- pending: `dispatch` and `arrive`, on its original clock
- nothing open in it: none of these
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.core.deadlines import Deadline
from everycall.core.incidents import Response, arrived, working
from everycall.core.policies import DISPATCH_AT_THE_LATEST, STANDARD_LADDER, evaluator_in_force

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from everycall.core.given import Given
    from everycall.core.state import State

RESPONSE_KINDS: Final = ("dispatch", "arrive", "hold", "outcome")
CALL_KINDS: Final = ("answer", "call_back", "find_out")


def unsettled(state: State, response: Response, settled: Collection[str] = ()) -> bool:
    """Whether a need of it that was taken here is open, once `settled` are."""
    needs = state.needs
    for key in response.needs:
        need = needs[key]
        if need.outcome is None and not need.reconstructed and key not in settled:
            return True
    return False


def response_deadlines(incident: str, response: Response, *, dispatch: bool = True) -> tuple[Deadline, ...]:
    """The deadlines of a response on its original clock.

    A plan that names none gets the house's: no rule can leave a request without a clock.
    """
    plan = response.plan
    subject = f"{incident}/{response.agency}"
    touches = (incident,)
    sets: list[Deadline] = []
    dispatch_within, ladder = plan.dispatch_within, plan.ladder
    if dispatch_within is None and plan.arrive_within is None:
        dispatch_within, ladder = DISPATCH_AT_THE_LATEST, plan.ladder or STANDARD_LADDER
    if dispatch and dispatch_within is not None:
        due = response.opened_at + dispatch_within
        sets.append(Deadline(kind="dispatch", subject=subject, due=due, ladder=ladder, touches=touches))
    if plan.arrive_within is not None:
        due = response.opened_at + plan.arrive_within
        sets.append(Deadline(kind="arrive", subject=subject, due=due, ladder=ladder, touches=touches))
    return tuple(sets)


def response_clock(
    state: State,
    incident: str,
    response: Response,
    given: Given,
    *,
    is_open: bool,
    at_work: bool,
    attended: bool,
    held: Callable[[str], Deadline | None] | None = None,
    sooner: bool = True,
) -> tuple[tuple[Deadline, ...], tuple[str, ...]]:
    """The deadlines to set and to end, so that those stand which a response needs.

    `is_open` tells whether a need taken here is open in it, `at_work` whether a unit is at work, `attended`
    whether one arrived. `held` looks a standing deadline up. One that stands already stays, unless the needed
    one is due sooner (and `sooner` says that this counts).
    """
    look = state.deadlines.get if held is None else held
    subject = f"{incident}/{response.agency}"
    wanted: tuple[Deadline, ...] = ()
    unwanted: tuple[str, ...]
    if response.hold is not None:
        hold = Deadline(
            kind="hold",
            subject=subject,
            due=response.hold.until,
            ladder=response.plan.ladder,
            touches=(incident,),
        )
        wanted = (hold,)
        unwanted = ("dispatch", "outcome") if is_open else ("dispatch", "outcome", "arrive")
    elif not is_open:
        unwanted = RESPONSE_KINDS
    elif at_work:
        if attended:
            unwanted = RESPONSE_KINDS
        else:
            unwanted = ("dispatch", "hold", "outcome")
            wanted = response_deadlines(incident, response, dispatch=False)
    elif attended:
        unwanted = ("dispatch", "arrive", "hold")
        wanted = outcome_deadline(state, incident, response.agency, given)
    else:
        unwanted = ("hold", "outcome")
        wanted = response_deadlines(incident, response)
    sets = tuple([deadline for deadline in wanted if _missing(look(deadline.key), deadline, sooner=sooner)])
    ends = tuple([key for kind in unwanted if look(key := f"{kind}:{subject}") is not None])
    return sets, ends


def _missing(standing: Deadline | None, wanted: Deadline, *, sooner: bool) -> bool:
    if standing is None:
        return True
    return sooner and wanted.kind in ("dispatch", "arrive") and standing.rung == 0 and wanted.due < standing.due


def clock_of(
    state: State, incident: str, response: Response, given: Given, settled: Collection[str] = ()
) -> tuple[tuple[Deadline, ...], tuple[str, ...]]:
    """`response_clock` of a response as it will be, with the needs and assignments as they are."""
    return response_clock(
        state,
        incident,
        response,
        given,
        is_open=unsettled(state, response, settled),
        at_work=working(state, response),
        attended=arrived(state, response),
    )


def outcome_deadline(state: State, incident: str, agency: str, given: Given) -> tuple[Deadline, ...]:
    """The deadline for saying how the needs of a response ended, once its units are clear."""
    floor = evaluator_in_force(state, given).floor()
    return (
        Deadline(
            kind="outcome",
            subject=f"{incident}/{agency}",
            due=given.since + floor.outcome_within,
            ladder=floor.ladder,
            touches=(incident,),
        ),
    )


def find_out(state: State, call: str, given: Given, since: int | None = None) -> Deadline:
    """The deadline for a call whose needs are in no incident yet, so that none is forgotten."""
    floor = evaluator_in_force(state, given).floor()
    start = given.since if since is None else min(since, given.now)
    return Deadline(
        kind="find_out", subject=call, due=start + floor.find_out_within, ladder=floor.ladder, touches=(call,)
    )


def unplaced(state: State, call: str, besides: Collection[str] = ()) -> bool:
    """Whether a need of the call that was taken here is open and in no incident, but for some."""
    needs = state.needs
    for key in state.calls[call].needs:
        need = needs[key]
        if need.outcome is None and need.incident is None and not need.reconstructed and key not in besides:
            return True
    return False


def find_out_unless_standing(state: State, call: str, given: Given) -> tuple[Deadline, ...]:
    """The deadline of a call with an unplaced need, if it does not stand yet."""
    if f"find_out:{call}" in state.deadlines:
        return ()
    return (find_out(state, call, given),)


def retirement(state: State, given: Given, *subjects: str) -> tuple[Deadline, ...]:
    """When what is settled may leave memory: some time after the last of it happened."""
    due = given.now + evaluator_in_force(state, given).floor().retire_after
    return tuple([Deadline(kind="retire", subject=subject, due=due) for subject in subjects])


def retire_again(state: State, needs: Collection[str], given: Given) -> tuple[Deadline, ...]:
    """What kept settled needs in memory is done: they may leave it in time."""
    subjects: dict[str, None] = {}
    for key in needs:
        need = state.needs.get(key)
        if need is not None and need.outcome is not None:
            subjects[need.incident or need.call] = None
    return retirement(state, given, *subjects)
