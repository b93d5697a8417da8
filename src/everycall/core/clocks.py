"""Clocks: which deadlines a response and a call need, by where they stand.

One place says it, and whatever changes where a response stands asks here: opening, linking, merging,
splitting, settling, reopening, taking back. So nothing open is ever without something that brings it back to
mind (rule 3 of the house), and nothing waits for a step that is no longer wanted:

- held: its `hold`; `arrive` runs on
- a unit at work: `arrive`, until somebody has arrived
- attended, its units clear: `outcome`
- pending: `dispatch` and `arrive`, on its original clock
- resting, that is, pending while a rule's offer to another agency is waited for: `arrive` and the offer's own
- nothing open in it: none of these
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.core.asking import asked_about
from everycall.core.deadlines import Deadline
from everycall.core.incidents import Response, arrived, working
from everycall.core.policies import DISPATCH_AT_THE_LATEST, STANDARD_LADDER, declared, evaluator_in_force

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from everycall.core.facts import Fact
    from everycall.core.given import Given
    from everycall.core.needs import Need
    from everycall.core.policies import ResponsePlan
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
    rests: bool | None = None,
) -> tuple[tuple[Deadline, ...], tuple[str, ...]]:
    """The deadlines to set and to end, so that those stand which a response needs.

    `is_open` tells whether a need taken here is open in it, `at_work` whether a unit is at work, `attended`
    whether one arrived, `rests` whether an offer is waited for (looked up if not given). `held` looks a
    standing deadline up. One that stands already stays, unless the needed one is due sooner (and `sooner` says
    that this counts).
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
            ladder=response.hold.ladder or response.plan.ladder,
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
    elif resting(state, response) if rests is None else rests:
        unwanted = ("dispatch", "hold", "outcome")
        wanted = response_deadlines(incident, response, dispatch=False)
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
        rests=resting(state, response, settled=settled),
    )


def resting(
    state: State,
    response: Response,
    *,
    need_of: Callable[[str], Need | None] | None = None,
    offered: Collection[str] = (),
    settled: Collection[str] = (),
) -> bool:
    """Whether the plan waits for another agency, and every open need of the response is on such an offer.

    Needs are as `need_of` has them; those `offered` are put on offer by what is being decided, those `settled`
    get their outcome by it.
    """
    offer = response.plan.offer
    if offer is None or offer.meanwhile != "wait":
        return False
    look = state.needs.get if need_of is None else need_of
    waits = False
    for key in response.needs:
        need = look(key)
        if need is None or need.outcome is not None or need.reconstructed or key in settled:
            continue
        hand_over = state.hand_overs.get(need.hand_over or "")
        if key not in offered and (hand_over is None or not hand_over.pending or hand_over.meanwhile != "wait"):
            return False
        waits = True
    return waits


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


def find_out(
    state: State,
    call: str,
    given: Given,
    since: int | None = None,
    needs: Iterable[Need] | None = None,
    facts: tuple[Fact, ...] | None = None,
) -> Deadline:
    """The deadline for a call whose needs are in no incident yet, so that none is forgotten.

    Where the policy says by when the type of such a need must be known, that is it. `needs` and `facts` are
    those of a call that is just being taken.
    """
    evaluator = evaluator_in_force(state, given)
    floor = evaluator.floor()
    start = given.since if since is None else min(since, given.now)
    if needs is None:
        needs = [state.needs[key] for key in state.calls[call].needs]
    reads = declared(state, evaluator)
    within = [
        asked
        for need in needs
        if need.type is None
        and need.outcome is None
        and need.incident is None
        and not need.reconstructed
        and (asked := evaluator.plan(asked_about(state, need, reads, facts)).find_out_within) is not None
    ]
    due = start + min(within, default=floor.find_out_within)
    return Deadline(kind="find_out", subject=call, due=due, ladder=floor.ladder, touches=(call,))


def types_to_find_out(state: State, needs: Iterable[tuple[Need, ResponsePlan]], given: Given) -> tuple[Deadline, ...]:
    """The deadlines for open needs without a type whose plan, as it will be, says by when that must be known.

    One that stands stays, unless this one is due sooner.
    """
    found: dict[str, Deadline] = {}
    for need, plan in needs:
        if plan.find_out_within is None or not waits_for_type(need, plan):
            continue
        key = f"find_out:{need.call}"
        due = min(need.opened_at, given.now) + plan.find_out_within
        held = found.get(key) or state.deadlines.get(key)
        if held is None or (due < held.due and held.rung == 0):
            ladder = plan.ladder or STANDARD_LADDER
            found[key] = Deadline(kind="find_out", subject=need.call, due=due, ladder=ladder, touches=(need.call,))
    return tuple(found.values())


def waits_for_type(need: Need, plan: ResponsePlan) -> bool:
    """Whether a need is open without a type, and its plan says by when that must be known."""
    untyped = need.type is None and need.outcome is None and not need.reconstructed
    return untyped and plan.find_out_within is not None


def type_missing(state: State, need: Need) -> bool:
    """Whether the plan of a need's response waits for its type."""
    if need.incident is None or need.agency is None:
        return False
    incident = state.incidents.get(need.incident)
    response = None if incident is None else incident.responses.get(need.agency)
    return response is not None and waits_for_type(need, response.plan)


def to_find_out(state: State, call: str, besides: Collection[str] = ()) -> bool:
    """Whether something about a call is still to be found out: where a need belongs, or its type."""
    needs = [state.needs[key] for key in state.calls[call].needs if key not in besides]
    return unplaced(state, call, besides) or any(type_missing(state, need) for need in needs)


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
