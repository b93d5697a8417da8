"""The starter policy: some thirty plain rules for police, fire and EMS, to begin with and to change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.core.base import HOUR, MINUTE
from everycall.core.policies import HOUSE_FLOOR, STANDARD_LADDER, Requirement
from everycall.policy.plain import PlainPermission, PlainPlan, PlainPolicy, PlainRule

if TYPE_CHECKING:
    from everycall.core.vocabulary import Service

_DISPATCH: Final = {"1": MINUTE, "2": 2 * MINUTE, "3": 10 * MINUTE, "4": 30 * MINUTE, "5": HOUR}
"""By priority. NFPA 1225 asks for 60 s from answer to dispatch for the highest; the rest is the town's."""

_ARRIVE: Final = {"1": 8 * MINUTE, "2": 12 * MINUTE, "3": 30 * MINUTE, "4": 90 * MINUTE, "5": 3 * HOUR}


def _plan(priority: str, *, officers: int = 0, stage: bool = False, closes: bool = True, **send: int) -> PlainPlan:
    return PlainPlan(
        priority=priority,
        send=tuple([Requirement(capability=name, count=count) for name, count in send.items()]),
        minimum_officers=officers,
        stage=stage,
        dispatch_within=_DISPATCH[priority],
        arrive_within=_ARRIVE[priority],
        cancellation_closes=closes,
    )


def _rule(name: str, services: tuple[Service, ...], types: tuple[str, ...], plan: PlainPlan) -> PlainRule:
    return PlainRule(rule=name, services=services, types=types, plan=plan)


def starter_policy(version: str = "starter-1") -> PlainPolicy:
    """The rules as they ship."""
    police: tuple[Service, ...] = ("police",)
    fire: tuple[Service, ...] = ("fire",)
    ems: tuple[Service, ...] = ("ems",)
    rules = (
        # A responder in trouble is keyed on the emergency signal, for every service's responders alike.
        _rule(
            "responder_emergency",
            (),
            ("responder_emergency",),
            _plan("1", police=3, officers=3, closes=False),
        ),
        # A cancellation of these may be spoken under duress, so it closes nothing.
        _rule("violence_at_home", police, ("domestic_violence",), _plan("1", police=2, officers=2, closes=False)),
        _rule(
            "robbery",
            police,
            ("robbery", "hold_up_alarm", "hostage"),
            _plan("1", police=2, officers=2, closes=False),
        ),
        _rule("violence", police, ("assault", "weapon", "sexual_assault"), _plan("1", police=2, officers=2)),
        _rule("intruder", police, ("burglary_in_progress",), _plan("1", police=2, officers=2)),
        _rule("missing", police, ("missing_person",), _plan("2", police=1)),
        _rule("collision", police, ("collision_*",), _plan("2", police=1)),
        _rule("welfare", police, ("welfare_check",), _plan("2", police=1)),
        _rule("suspicion", police, ("suspicious_person", "suspicious_vehicle", "trespass"), _plan("3", police=1)),
        _rule("theft", police, ("burglary_report", "theft", "shoplifting", "vandalism"), _plan("3", police=1)),
        _rule("intrusion_alarm", police, ("intrusion_alarm",), _plan("3", police=1)),
        _rule("road", police, ("traffic_hazard", "animal_on_road"), _plan("3", police=1)),
        _rule("nuisance", police, ("noise", "dispute"), _plan("4", police=1)),
        _rule("standing_traffic", police, ("parking",), _plan("5", police=1)),
        _rule("property_guard", police, ("guard_private_property",), _plan("4", police=1)),
        _rule("building_fire", fire, ("structure_fire", "explosion"), _plan("1", engine=2, ladder=1, chief=1)),
        _rule("fire_other", fire, ("vehicle_fire", "outdoor_fire", "smoke"), _plan("2", engine=1)),
        _rule("fire_alarm", fire, ("fire_alarm",), _plan("2", engine=1, ladder=1)),
        _rule(
            "rescue",
            fire,
            ("collision_trapped", "water_rescue", "elevator_entrapment"),
            _plan("1", engine=1, ladder=1),
        ),
        _rule("gas", fire, ("gas_leak", "carbon_monoxide"), _plan("1", engine=1, stage=True)),
        _rule("fire_service", fire, ("water_leak", "lock_out"), _plan("4", engine=1)),
        _rule("heart_and_breath", ems, ("cardiac_arrest", "choking"), _plan("1", als=1, ambulance=2)),
        _rule(
            "life_threat",
            ems,
            ("chest_pain", "breathing", "stroke", "unconscious", "childbirth"),
            _plan("1", als=1),
        ),
        _rule("hurt_by_somebody", ems, ("injury_assault", "injury_weapon"), _plan("1", als=1, stage=True)),
        _rule("overdose", ems, ("overdose",), _plan("1", als=1)),
        _rule("collision_injury", ems, ("collision_*",), _plan("2", ambulance=1)),
        _rule("illness", ems, ("sick_person", "abdominal_pain", "fever", "back_pain"), _plan("3", ambulance=1)),
        _rule("fall", ems, ("fall", "injury_minor"), _plan("3", ambulance=1)),
        _rule("lift", ems, ("lift_assist", "transfer"), _plan("4", ambulance=1)),
    )
    return PlainPolicy(
        version=version,
        rules=rules,
        # What nobody has understood yet gets the highest priority.
        defaults={
            "police": _plan("1", police=1),
            "fire": _plan("1", engine=1),
            "ems": _plan("1", als=1),
            "other": _plan("3", police=1),
            "unknown": _plan("1", police=1),
        },
        permissions=(
            PlainPermission(
                rule="later_at_callers_wish",
                act="hold",
                roles=("dispatcher", "supervisor"),
                grounds=("caller_asks_for_later", "same_unit_follows_up"),
                types=(
                    "noise",
                    "dispute",
                    "parking",
                    "burglary_report",
                    "theft",
                    "vandalism",
                    "lift_assist",
                    "water_leak",
                ),
                longest=HOUR,
            ),
            PlainPermission(
                rule="spare_the_last_unit",
                act="hold",
                roles=("supervisor", "duty_chief"),
                grounds=("last_free_unit",),
                types=("noise", "parking", "theft", "vandalism", "lift_assist", "transfer", "water_leak"),
                longest=30 * MINUTE,
            ),
            PlainPermission(
                rule="offer_to_neighbour",
                act="hand_over",
                roles=("call_taker", "dispatcher", "supervisor", "duty_chief"),
                grounds=("their_area", "their_unit_is_nearer", "our_units_are_out"),
                longest=3 * MINUTE,
            ),
            PlainPermission(
                rule="not_a_public_duty",
                act="decline",
                roles=("supervisor", "duty_chief"),
                grounds=("not_a_public_duty",),
                types=("guard_private_property", "lock_out"),
            ),
        ),
        floor=HOUSE_FLOOR,
        ladder=STANDARD_LADDER,
    )
