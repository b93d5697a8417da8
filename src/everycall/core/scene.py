"""The scene: alarm levels, staging until it is safe, patients, and a responder's emergency signal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec.structs import replace

from everycall.core.base import CommandBody, Identifier, Instant, Word
from everycall.core.calls import CallTaken
from everycall.core.deadlines import Deadline, standing
from everycall.core.event import Event
from everycall.core.incidents import Incident, Patient, PatientState, surviving
from everycall.core.needs import NeedAsked
from everycall.core.opening import opening_for
from everycall.core.policies import HOUSE_FLOOR, evaluator_in_force
from everycall.core.refusals import Refusal, unknown
from everycall.core.taking import need_taken

if TYPE_CHECKING:
    from everycall.core.actors import Actor
    from everycall.core.given import Given
    from everycall.core.handlers import DecideTable, EvolveTable
    from everycall.core.state import State

AlarmLevel = Annotated[int, msgspec.Meta(ge=1, le=20)]
RESPONDER_EMERGENCY: Final = "responder_emergency"
"""The type of a call that a unit's emergency signal makes."""


class RaiseAlarm(CommandBody, frozen=True, kw_only=True):
    """Set the alarm level. Lowering it takes a reason."""

    incident: Identifier
    level: AlarmLevel
    reason: Word | None = None


class Stage(CommandBody, frozen=True, kw_only=True):
    """Units wait near the scene until it is safe."""

    incident: Identifier
    until: Identifier


class DeclareSafe(CommandBody, frozen=True, kw_only=True):
    """The scene is safe; staged units go in."""

    incident: Identifier


class AddPatient(CommandBody, frozen=True, kw_only=True):
    """There is a patient, or one more."""

    incident: Identifier


class ReportPatient(CommandBody, frozen=True, kw_only=True):
    """What became of a patient."""

    incident: Identifier
    patient: Identifier
    state: PatientState
    unit: Identifier | None = None
    hospital: Word | None = None


class SignalEmergency(CommandBody, frozen=True, kw_only=True):
    """A unit's emergency button: a call for help of its own, with the highest priority."""

    unit: Identifier


class EndEmergency(CommandBody, frozen=True, kw_only=True):
    """The unit's emergency is over, and how that was made sure."""

    unit: Identifier
    confirmed: Identifier


class AlarmRaised(Event, frozen=True, kw_only=True):
    """The alarm level was set."""

    incident: Identifier
    level: AlarmLevel
    before: int
    at: Instant
    reason: Word | None = None


class StagingOrdered(Event, frozen=True, kw_only=True):
    """Units wait until the scene is safe."""

    incident: Identifier
    until: Word
    at: Instant


class SceneSafe(Event, frozen=True, kw_only=True):
    """Staged units go in."""

    incident: Identifier
    at: Instant


class PatientFound(Event, frozen=True, kw_only=True):
    """There is a patient."""

    incident: Identifier
    patient: Identifier
    at: Instant


class PatientReported(Event, frozen=True, kw_only=True):
    """What became of a patient."""

    incident: Identifier
    patient: Identifier
    state: PatientState
    at: Instant
    unit: Identifier | None = None
    hospital: Word | None = None


class EmergencySignalled(Event, frozen=True, kw_only=True):
    """A unit's emergency button was pressed; `call` is the call for help that it makes."""

    unit: Identifier
    at: Instant
    call: Identifier | None = None


class EmergencyEnded(Event, frozen=True, kw_only=True):
    """A unit's emergency is over."""

    unit: Identifier
    at: Instant
    confirmed: Word


def raise_alarm(state: State, _actor: Actor, body: RaiseAlarm, given: Given) -> list[Event] | Refusal:
    """Set the alarm level."""
    incident = surviving(state, body.incident)
    if incident is None:
        return unknown("incident", body.incident)
    if body.level < incident.alarm_level and not body.reason:
        return Refusal(
            code="less_without_reason",
            rule="house:4",
            because=f"Alarm level {body.level} is lower than {incident.alarm_level}.",
            instead="Give a reason code with it; a higher level needs none.",
        )
    return [
        AlarmRaised(
            incident=incident.id,
            level=body.level,
            before=incident.alarm_level,
            at=given.at,
            reason=body.reason,
        )
    ]


def stage(state: State, _actor: Actor, body: Stage, given: Given) -> list[Event] | Refusal:
    """Order staging."""
    incident = surviving(state, body.incident)
    if incident is None:
        return unknown("incident", body.incident)
    return [StagingOrdered(incident=incident.id, until=body.until, at=given.at)]


def declare_safe(state: State, _actor: Actor, body: DeclareSafe, given: Given) -> list[Event] | Refusal:
    """End staging."""
    incident = surviving(state, body.incident)
    if incident is None:
        return unknown("incident", body.incident)
    return [SceneSafe(incident=incident.id, at=given.at)]


def add_patient(state: State, _actor: Actor, body: AddPatient, given: Given) -> list[Event] | Refusal:
    """One patient more."""
    incident = surviving(state, body.incident)
    if incident is None:
        return unknown("incident", body.incident)
    patient = f"P{state.counters['patient'] + 1:06d}"
    return [PatientFound(incident=incident.id, patient=patient, at=given.at)]


def report_patient(state: State, _actor: Actor, body: ReportPatient, given: Given) -> list[Event] | Refusal:
    """What became of a patient."""
    incident = surviving(state, body.incident)
    if incident is None:
        return unknown("incident", body.incident)
    if all(patient.id != body.patient for patient in incident.patients):
        return unknown("patient of this incident", body.patient)
    return [
        PatientReported(
            incident=incident.id,
            patient=body.patient,
            state=body.state,
            at=given.at,
            unit=body.unit,
            hospital=body.hospital,
        )
    ]


def signal_emergency(state: State, actor: Actor, body: SignalEmergency, given: Given) -> list[Event] | Refusal:
    """A responder calls for help.

    A call like any other, with the highest priority. A second press joins the first.
    """
    unit = state.units.get(body.unit)
    pressed = f"emergency:{body.unit}" in state.deadlines
    if pressed or (unit is not None and unit.emergency_since is not None):
        return [EmergencySignalled(unit=body.unit, at=given.at)]
    call = f"C{state.counters['call'] + 1:06d}"
    need = need_taken(
        call,
        1,
        NeedAsked(service="police", type=RESPONDER_EMERGENCY, priority="1", asked_for=RESPONDER_EMERGENCY),
    )
    taken = CallTaken(
        call=call,
        channel="unit_observation",
        received_at=given.at,
        mode="voice",
        needs=(need,),
        position=actor.position,
        line=f"emergency button of {body.unit}",
    )
    floor = evaluator_in_force(state, given).floor()
    signalled = EmergencySignalled(
        unit=body.unit,
        at=given.at,
        call=call,
        sets=(
            Deadline(
                kind="emergency",
                subject=body.unit,
                due=given.since + HOUSE_FLOOR.acknowledge_within,
                ladder=floor.ladder,
                touches=(call,),
            ),
        ),
    )
    return [taken, signalled, *opening_for(state, taken, given, None)]


def end_emergency(state: State, _actor: Actor, body: EndEmergency, given: Given) -> list[Event] | Refusal:
    """The emergency is over. The call that it made keeps its own clock and outcome."""
    if f"emergency:{body.unit}" not in state.deadlines:
        unit = state.units.get(body.unit)
        if unit is None or unit.emergency_since is None:
            return Refusal(
                code="no_emergency",
                rule="house:3",
                because=f"No emergency of {body.unit} is on.",
                instead="Check the unit on the board.",
            )
    return [
        EmergencyEnded(
            unit=body.unit,
            at=given.at,
            confirmed=body.confirmed,
            ends=standing(state, f"emergency:{body.unit}"),
        )
    ]


def _change(state: State, key: str, **changes: object) -> Incident:
    incident = replace(state.incidents[key], **changes)
    state.incidents[key] = incident
    return incident


def _alarm(state: State, event: AlarmRaised) -> None:
    _change(state, event.incident, alarm_level=event.level)


def _staging(state: State, event: StagingOrdered) -> None:
    _change(state, event.incident, staging=event.until)


def _safe(state: State, event: SceneSafe) -> None:
    _change(state, event.incident, staging=None)


def _found(state: State, event: PatientFound) -> None:
    state.counters["patient"] += 1
    patients = (*state.incidents[event.incident].patients, Patient(id=event.patient, changed_at=event.at))
    _change(state, event.incident, patients=patients)


def _patient(state: State, event: PatientReported) -> None:
    patients = tuple(
        Patient(
            id=held.id,
            state=event.state,
            unit=event.unit or held.unit,
            hospital=event.hospital or held.hospital,
            changed_at=event.at,
        )
        if held.id == event.patient
        else held
        for held in state.incidents[event.incident].patients
    )
    _change(state, event.incident, patients=patients)


def _signalled(state: State, event: EmergencySignalled) -> None:
    unit = state.units.get(event.unit)
    if unit is not None and unit.emergency_since is None:
        state.units[event.unit] = replace(unit, emergency_since=event.at)


def _over(state: State, event: EmergencyEnded) -> None:
    unit = state.units.get(event.unit)
    if unit is not None:
        state.units[event.unit] = replace(unit, emergency_since=None)


DECIDE: Final[DecideTable] = {
    RaiseAlarm: raise_alarm,
    Stage: stage,
    DeclareSafe: declare_safe,
    AddPatient: add_patient,
    ReportPatient: report_patient,
    SignalEmergency: signal_emergency,
    EndEmergency: end_emergency,
}
EVOLVE: Final[EvolveTable] = {
    AlarmRaised: _alarm,
    StagingOrdered: _staging,
    SceneSafe: _safe,
    PatientFound: _found,
    PatientReported: _patient,
    EmergencySignalled: _signalled,
    EmergencyEnded: _over,
}
