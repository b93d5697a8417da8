"""A policy that has everything, for tests to change in one place."""

# ruff: noqa: E501 - a row of a table is a line

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from everycall.policy.text import read_policy

if TYPE_CHECKING:
    from everycall.policy.rules import Policy

FRAME = """\
everycall_policy: 1
version: rivermouth-2027-01
title: Who gets what help
author: Office of the Chief
authority: City Code 3.20.030
reason: First written rules.
time_zone: America/Los_Angeles
effective: {from: 2027-01-01T00:00:00-08:00, to: 2028-01-01T00:00:00-08:00}

attributes:
  type: {kind: choice, values: [robbery, hold_up_alarm, guard_property, theft], source: call_taker, unknown: triage}
  weapon: {kind: yes_no, source: call_taker, danger: true, unknown: no_less_than_absence}
  patients: {kind: number, from: 0, to: 20, unit: persons, source: caller, danger: true}
  hazards: {kind: several, values: [chemicals, power_lines], source: caller, danger: true}
  storey: {kind: number, from: -3, to: 100, unit: floors, source: caller, unknown: {counts_as: 0}}
  alarm_verified: {kind: yes_no, source: alarm_company, unknown: itself}
  caller.employer: {kind: choice, values: [agency_a, other], source: caller}
  caller.language: {kind: choice, values: [english, other], source: caller, unknown: equal_to_every_value}
  works_nearby: {kind: yes_no, source: record, derived_from: [caller.employer]}

zones:
  central: {service_area: true, premises: 8200, source: city map}
  block: {inside: central, premises: 40}
  federal_building: {inside: block, premises: 1, source: parcel map}

ladders:
  standard: [{tell: dispatcher, after: 0 s}, {tell: supervisor, after: 2 min}, {tell: duty_chief, after: 10 min}]
  short: [{tell: supervisor, after: 0 s}]

grants:
  later: {act: hold, roles: [dispatcher, supervisor], grounds: [caller_asks_for_later], within: 1 h, ladder: standard}
  neighbour: {act: hand_over, roles: [supervisor], grounds: [their_area], to: [county], within: 3 min, ladder: short}

plans:
  two_officers: {priority: 1, send: {police: 2}, minimum_officers: 2, dispatch_within: 60 s, arrive_within: 8 min,
                 ladder: standard, cancellation_closes: false, may: []}
  report: {priority: 4, send: {police: 1}, dispatch_within: 30 min, ladder: standard, may: [later, neighbour]}

rules:
  - rule: robbery
    when: {service: police, type: [robbery, hold_up_alarm]}
    plan: two_officers
    because: NENA type "robbery"
  - rule: guard
    when:
      all:
        - type: guard_property
        - zone: {within: federal_building}
        - weapon: {is: no}
    plan:
      as: report
      stage: {because: Somebody may be armed., until: The police say that it is safe.}
      offer: {to: federal_police, ground: their_property, within: 3 min, meanwhile: send, ladder: standard}
    instead: [{component: send.ambulance, because: Another unit brings it., until: it has come}]
add:
  - rule: interpreter
    when: {not: {caller.language: {in: [english], or: unknown}}}
    add: {support: [interpreter]}
  - rule: hurt
    when: {patients: {between: [1, 20]}}
    add: {send: {ambulance: 1}, priority: 2}
triage: {plan: {as: two_officers, find_out_within: 2 min}, floor: {priority: 2, dispatch_within: 2 min, find_out_within: 2 min}}
default: {plan: report}
may_differ: [{support: interpreter, by: [caller.language], because: The caller must be understood.}]
floor: {answer_within: 15 s, acknowledge_within: 60 s, call_back_within: 60 s, find_out_within: 2 min,
        hand_over_within: 3 min, hand_over_arrival_within: 30 min, welfare_every: 15 min, outcome_within: 30 min,
        review_within: 3 d, retire_after: 1 d, ladder: standard}
"""


def changed(old: str, new: str) -> str:
    """The frame with one place changed."""
    assert FRAME.count(old) == 1, f"{old!r} stands {FRAME.count(old)} times in the frame"
    return FRAME.replace(old, new)


def meaning(text: bytes | str) -> Policy:
    """The policy without its hash and lines."""
    policy = read_policy(text.encode() if isinstance(text, str) else text)
    return msgspec.structs.replace(
        policy,
        hash="",
        attributes=tuple([msgspec.structs.replace(each, line=0) for each in policy.attributes]),
        zones=tuple([msgspec.structs.replace(each, line=0) for each in policy.zones]),
        rules=tuple([msgspec.structs.replace(each, line=0) for each in policy.rules]),
        add=tuple([msgspec.structs.replace(each, line=0) for each in policy.add]),
        may_differ=tuple([msgspec.structs.replace(each, line=0) for each in policy.may_differ]),
    )
