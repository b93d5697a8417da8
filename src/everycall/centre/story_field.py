"""The sentences for units, hand-overs, holds, the scene, instructions, deadlines, floor and policy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.centre.story_sentences import Said, Sentence, detail, listed, ruled, said
from everycall.centre.story_words import (
    DEADLINE_WORDS,
    STAMP_WORDS,
    Times,
    codes,
    plan_text,
    sealed_text,
    service_word,
    span,
)
from everycall.core.assignments import (
    AssignmentCancelled,
    ReportUnattached,
    StackedBegun,
    StampCorrected,
    StampMissing,
    StampReported,
    UnitAssigned,
    WelfareChecked,
)
from everycall.core.escalation import DeadlinePassed, PersonReached
from everycall.core.floor import ShiftChanged
from everycall.core.hand_overs import HandOverAnswered, HandOverArrivalReported, HandOverOffered
from everycall.core.holding import HoldEnded, ResponseHeld
from everycall.core.instructions import InstructionCompleted, InstructionRecorded, InstructionStruck
from everycall.core.recommending import UnitsRecommended
from everycall.core.retiring import Recalled, Retired
from everycall.core.reviews import ReviewCompleted, ReviewOpened
from everycall.core.scene import (
    AlarmRaised,
    EmergencyEnded,
    EmergencySignalled,
    PatientFound,
    PatientReported,
    SceneSafe,
    StagingOrdered,
)
from everycall.core.units import (
    AgencyEnrolled,
    CameIntoService,
    UnitPositioned,
    UnitSignedOff,
    UnitSignedOn,
    WentOutOfService,
)
from everycall.core.versions import (
    Certified,
    OverObjection,
    PolicyAdopted,
    PolicyCameIntoForce,
    PolicyCountersigned,
    PolicyLapsed,
)
from everycall.core.waiting import ResponseWaiting, WaitingEnded

if TYPE_CHECKING:
    from everycall.core.deadlines import Deadline, DeadlineKind
    from everycall.core.recommending import Candidate

_SECOND_MS: Final = 1_000


def deadline_about(times: Times, kind: DeadlineKind, subject: str) -> str:
    """What a deadline waits for, with the unit or the agency that it is about."""
    word = DEADLINE_WORDS[kind]
    if kind in ("acknowledge", "welfare"):
        return f"{word} {'of' if kind == 'welfare' else 'by'} {times.unit(subject)}"
    _, slash, agency = subject.partition("/")
    if slash:
        return f"{word} ({agency})"
    return f"{word} ({subject})" if kind in ("review", "hand_over", "hand_over_arrival", "emergency") else word


def set_text(times: Times, deadline: Deadline) -> str:
    """When something is due."""
    return f"{deadline_about(times, deadline.kind, deadline.subject)} by {times.clock(deadline.due)}"


def _seconds(candidate: Candidate) -> str:
    if candidate.milliseconds is None:
        return "time unknown"
    return span(candidate.milliseconds // _SECOND_MS * 1_000_000)


def _recommended(_times: Times, e: UnitsRecommended) -> Said:
    taken = [c for c in e.candidates if c.taken_for is not None]
    farthest = max((c.milliseconds or 0 for c in taken), default=None)
    # Those that are nearer and were passed over say why; of those farther away the number says enough.
    nearer = [
        c
        for c in e.candidates
        if c.taken_for is None and (farthest is None or c.milliseconds is None or c.milliseconds <= farthest)
    ]
    farther = len(e.candidates) - len(taken) - len(nearer)
    passed = [f"{c.unit} {codes(c.passed_over or '')} ({_seconds(c)})" for c in nearer]
    if farther:
        passed.append(f"{farther} farther away")
    proposed = listed([f"{c.unit} for {codes(c.taken_for or '')} ({_seconds(c)})" for c in taken])
    return said(
        f"Proposed for {e.agency}: {proposed if taken else 'nobody'}",
        detail("considered", ", ".join(passed)),
        detail("missing", f"lacking: {listed([codes(word) for word in e.lacking])}" if e.lacking else None),
    )


def _assigned(_times: Times, e: UnitAssigned) -> Said:
    if e.by_report:
        text = f"{e.unit} is on incident {e.incident} by its own report ({e.assignment})"
    elif e.stacked:
        text = f"{e.unit} gets incident {e.incident} behind its present work ({e.assignment})"
    else:
        text = f"{e.unit} assigned ({e.assignment}, {e.agency})"
    joins = None if e.joins is None else f"{e.agency} joins on its own account: {plan_text(e.joins.plan)}"
    conflict = None if e.conflict is None else f"conflict: {codes(e.conflict)}; reported all the same, so it stands"
    return said(text, detail("known", joins), detail("flag", conflict))


def _reported(times: Times, e: StampReported) -> Said:
    held = times.state.assignments.get(e.assignment)
    stamp = None if held is None else held.stamps.get(e.stamp)
    other = None
    if stamp is not None and stamp.at is not None and stamp.at != e.at:
        other = f"{times.clock(stamp.at)} was reported before; the earlier time stands" + (
            ", and a corrected one over both" if stamp.corrected else ""
        )
    return said(f"{e.unit} {STAMP_WORDS[e.stamp]}" + (f" {e.hospital}" if e.hospital else ""), detail("flag", other))


def _corrected(times: Times, e: StampCorrected) -> Said:
    before = f"{times.clock(e.before)} stood before" if e.before is not None else None
    return said(
        f"{e.unit} {STAMP_WORDS[e.stamp]}: time corrected to {times.clock(e.at)}",
        detail("struck", before),
        detail("why", codes(e.reason)),
    )


def _missing(_times: Times, e: StampMissing) -> Said:
    return said(f"{e.unit} {STAMP_WORDS[e.stamp]}: no time", detail("missing", codes(e.reason)))


def _cancelled(_times: Times, e: AssignmentCancelled) -> Said:
    if e.preempted_for is not None:
        text = f"{e.unit} taken for incident {e.preempted_for} ({e.assignment} ends)"
    else:
        text = f"{e.unit} called back ({e.assignment})"
    return said(text, detail("why", codes(e.reason)))


def _begun(_times: Times, e: StackedBegun) -> Said:
    return said(f"{e.unit} begins its stacked work here ({e.assignment})")


def _welfare(_times: Times, e: WelfareChecked) -> Said:
    return said(f"{e.unit} says that it is all right")


def _unattached(_times: Times, e: ReportUnattached) -> Said:
    about = f" about {e.incident}" if e.incident else ""
    return said(
        f"{e.unit} reported {STAMP_WORDS[e.stamp]}{about}",
        detail("flag", "this belongs to nothing that is known; it is kept"),
    )


def _offered(_times: Times, e: HandOverOffered) -> Said:
    return said(
        f"{listed(e.needs)} offered to {e.to}{' by the rule itself' if e.by_rule else ''} (hand-over {e.hand_over})",
        detail("why", codes(e.ground)),
        ruled(e.rule, e.policy),
    )


def _answered(times: Times, e: HandOverAnswered) -> Said:
    held = times.state.hand_overs.get(e.hand_over)
    to = "the other agency" if held is None else held.to
    by = f" ({e.by})" if e.by else ""
    text = {
        "received": f"{to} has the offer{by}",
        "deferred": f"{to} puts its answer off{by}",
        "accepted": f"{to} ACCEPTED{by}",
        "refused": f"{to} REFUSED{by}",
        "timed_out": f"{to} did not answer in time",
        "withdrawn": f"the offer to {to} was withdrawn{by}",
        "offered": f"offered to {to}",
    }[e.answer]
    back = f"{listed(e.returned)} is ours as before, on the original clock" if e.returned else None
    return said(f"Hand-over {e.hand_over}: {text}", detail("known", back))


def _arrival(_times: Times, e: HandOverArrivalReported) -> Said:
    word = {
        "yes": "they arrived",
        "no": "they did NOT arrive",
        "unknown": "nobody knows whether they arrived",
    }
    return said(f"Hand-over {e.hand_over}: {word[e.arrived]}")


def _held(times: Times, e: ResponseHeld) -> Said:
    return said(
        f"Response of {e.agency} held until {times.clock(e.hold.until)} at the latest",
        detail("why", codes(e.hold.ground)),
        ruled(e.hold.rule, e.hold.policy),
    )


def _hold_ended(_times: Times, e: HoldEnded) -> Said:
    how = "released" if e.released else "ended by itself"
    return said(f"Hold of {e.agency} {how}: pending on the original clock")


def _waiting(_times: Times, e: ResponseWaiting) -> Said:
    return said(
        f"{e.agency} has no free unit for this: it waits",
        detail("missing", f"wanted: {listed([codes(word) for word in e.lacking])}"),
    )


def _waiting_ended(_times: Times, e: WaitingEnded) -> Said:
    return said(f"A unit of {e.agency} that could go is free again: the wait ended")


def _alarm(_times: Times, e: AlarmRaised) -> Said:
    return said(
        f"Alarm level {e.level} for {e.incident}",
        detail("struck", f"before: {e.before}"),
        detail("why", codes(e.reason) if e.reason else None),
    )


def _staging(_times: Times, e: StagingOrdered) -> Said:
    return said("Units stage near the scene", detail("why", f"until: {codes(e.until)}"))


def _safe(_times: Times, _e: SceneSafe) -> Said:
    return said("The scene is safe: staged units go in")


def _patient(_times: Times, e: PatientFound) -> Said:
    return said(f"Patient {e.patient} found")


def _patient_reported(_times: Times, e: PatientReported) -> Said:
    unit = f" by {e.unit}" if e.unit else ""
    hospital = f" to {e.hospital}" if e.hospital else ""
    return said(f"Patient {e.patient}: {codes(e.state)}{unit}{hospital}")


def _emergency(_times: Times, e: EmergencySignalled) -> Said:
    made = f": call {e.call} is its call for help" if e.call else " again"
    return said(f"{e.unit} pressed its EMERGENCY button{made}")


def _emergency_ended(_times: Times, e: EmergencyEnded) -> Said:
    return said(f"The emergency of {e.unit} is over", detail("why", f"confirmed: {codes(e.confirmed)}"))


def _instruction(_times: Times, e: InstructionRecorded) -> Said:
    who = " of ".join(word for word in (e.said_by, e.said_by_agency) if word) or "somebody"
    return said(
        f"The floor was told by {who}, {codes(e.channel)}: instruction {e.instruction}",
        detail("sealed", f"its words {sealed_text(e.words)}" if e.words is not None else None),
        detail("known", f"calls that it touches: {listed(e.calls)}" if e.calls else None),
    )


def _completed(_times: Times, e: InstructionCompleted) -> Said:
    parts = [
        f"said by {e.said_by}" if e.said_by else "",
        f"of {e.said_by_agency}" if e.said_by_agency else "",
        codes(e.channel) if e.channel else "",
        f"words {sealed_text(e.words)}" if e.words is not None else "",
        f"touches {listed(e.calls)}" if e.calls else "",
        "it has ended" if e.ended else "",
    ]
    return said(f"More about instruction {e.instruction}: {', '.join(part for part in parts if part)}")


def _instruction_struck(_times: Times, e: InstructionStruck) -> Said:
    return said(
        f"Instruction {e.instruction} struck through as a mistaken entry; it stays in the record",
        detail("why", codes(e.reason)),
    )


def _review(_times: Times, e: ReviewOpened) -> Said:
    return said(
        f"Review {e.review}: why need {e.need} was {codes(e.outcome)} is looked at from outside",
        detail("why", codes(e.ground)),
        detail("known", f"inside the chain, so not asked: {listed(e.persons)}" if e.persons else None),
    )


def _reviewed(_times: Times, e: ReviewCompleted) -> Said:
    word = {"upheld": "UPHELD", "not_upheld": "NOT UPHELD", "cannot_be_judged": "cannot be judged"}
    return said(
        f"Review {e.review} of need {e.need}: {word[e.judgement]}",
        detail("sealed", f"its words {sealed_text(e.words)}" if e.words is not None else None),
    )


def _passed(times: Times, e: DeadlinePassed) -> Said:
    about = deadline_about(times, e.kind, e.subject)
    told = f"; {codes(e.role)} to be told (rung {e.rung + 1})" if e.role is not None else ""
    return said(f"OVERDUE: {about}, due {times.clock(e.due)}{told}")


def _reached(times: Times, e: PersonReached) -> Said:
    how = f" by {e.by_channel}" if e.by_channel else ""
    word = "reached" if e.reached else "NOT reached"
    return said(f"{e.person} was {word}{how} about the overdue {deadline_about(times, e.kind, e.subject)}")


def _shift(_times: Times, e: ShiftChanged) -> Said:
    return said(f"Shift change: what was open at {e.position} passed to {e.to_person} at {e.to_position}")


def _enrolled(_times: Times, e: AgencyEnrolled) -> Said:
    kind = "Neighbour agency" if e.neighbour else "Agency"
    return said(f"{kind} {e.agency} answers for {listed([service_word(s) for s in e.services])}")


def _signed_on(_times: Times, e: UnitSignedOn) -> Said:
    able = listed([codes(word) for word in e.capabilities])
    crew = f", crew {e.crew}" if e.crew else ""
    return said(f"{e.unit} of {e.agency} on duty: {able}{crew}")


def _signed_off(_times: Times, e: UnitSignedOff) -> Said:
    return said(f"{e.unit} off duty")


def _out(_times: Times, e: WentOutOfService) -> Said:
    return said(f"{e.unit or f'Vehicle {e.vehicle}'} out of service", detail("why", codes(e.reason)))


def _in(_times: Times, e: CameIntoService) -> Said:
    return said(f"{e.unit or f'Vehicle {e.vehicle}'} back in service")


def _positioned(_times: Times, e: UnitPositioned) -> Said:
    return said(f"{e.unit} is near {e.latitude_e7 / 1e7:.3f}, {e.longitude_e7 / 1e7:.3f}")


def _adopted(times: Times, e: PolicyAdopted) -> Said:
    flag = None
    stands = "it reads no protected fact"
    if isinstance(e.standing, Certified):
        stands = f"certificate {e.standing.certificate}"
    elif isinstance(e.standing, OverObjection):
        stands = f"until {times.clock(e.standing.ends_at)}, on the word of {listed(e.standing.persons)}"
        flag = f"in force OVER OBJECTION: {e.standing.objection}"
    return said(
        f"Policy {e.version} in force, authority: {e.authority}",
        detail("why", codes(e.reason)),
        detail("known", f"{stands}; text {e.policy[:12]}"),
        detail("flag", flag),
    )


def _came_into_force(_times: Times, e: PolicyCameIntoForce) -> Said:
    return said(f"The day of policy {e.version} has come: it is in force", detail("known", f"text {e.policy[:12]}"))


def _countersigned(times: Times, e: PolicyCountersigned) -> Said:
    return said(
        f"Policy {e.version}, in force over objection, signed by {e.person} too, until {times.clock(e.ends_at)}",
        detail("why", codes(e.reason)),
    )


def _lapsed(_times: Times, e: PolicyLapsed) -> Said:
    return said(f"Policy {e.version} lapsed; the house's own rules hold")


def _retired(_times: Times, _e: Retired) -> Said:
    return said("All settled for a day: this left the board's memory; the record keeps it")


def _recalled(_times: Times, _e: Recalled) -> Said:
    return said("Brought back from the record, because somebody named it")


SENTENCES: Final[dict[type, Sentence]] = {
    UnitsRecommended: _recommended,
    UnitAssigned: _assigned,
    StampReported: _reported,
    StampCorrected: _corrected,
    StampMissing: _missing,
    AssignmentCancelled: _cancelled,
    StackedBegun: _begun,
    WelfareChecked: _welfare,
    ReportUnattached: _unattached,
    HandOverOffered: _offered,
    HandOverAnswered: _answered,
    HandOverArrivalReported: _arrival,
    ResponseHeld: _held,
    HoldEnded: _hold_ended,
    ResponseWaiting: _waiting,
    WaitingEnded: _waiting_ended,
    AlarmRaised: _alarm,
    StagingOrdered: _staging,
    SceneSafe: _safe,
    PatientFound: _patient,
    PatientReported: _patient_reported,
    EmergencySignalled: _emergency,
    EmergencyEnded: _emergency_ended,
    InstructionRecorded: _instruction,
    InstructionCompleted: _completed,
    InstructionStruck: _instruction_struck,
    ReviewOpened: _review,
    ReviewCompleted: _reviewed,
    DeadlinePassed: _passed,
    PersonReached: _reached,
    ShiftChanged: _shift,
    AgencyEnrolled: _enrolled,
    UnitSignedOn: _signed_on,
    UnitSignedOff: _signed_off,
    WentOutOfService: _out,
    CameIntoService: _in,
    UnitPositioned: _positioned,
    PolicyAdopted: _adopted,
    PolicyCameIntoForce: _came_into_force,
    PolicyCountersigned: _countersigned,
    PolicyLapsed: _lapsed,
    Retired: _retired,
    Recalled: _recalled,
}
