"""A small policy as text, for tests to change in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from everycall.policy.text import read_policy

if TYPE_CHECKING:
    from everycall.policy.rules import Policy

TEXT = """\
everycall_policy: 1
version: one
title: Who gets what help
author: Office of the Chief
authority: City Code 3.20.030
reason: First written rules.
time_zone: America/Los_Angeles

attributes:
  type: {kind: choice, values: [robbery, theft, noise], source: call_taker, unknown: triage}
  weapon: {kind: yes_no, source: call_taker, danger: true, unknown: no_less_than_absence}
  patients: {kind: number, from: 0, to: 60, unit: persons, source: caller, danger: true}
  caller.employer: {kind: choice, values: [agency_a, agency_b, other], source: caller}
  caller.language: {kind: choice, values: [english, other], source: caller}

zones:
  harbour: {service_area: true, premises: 900, source: city map}
  hills: {service_area: true, premises: 400, source: city map}

ladders:
  standard: [{tell: dispatcher, after: 0 s}, {tell: supervisor, after: 2 min}]

grants:
  later: {act: hold, roles: [dispatcher], grounds: [caller_asks_for_later], within: 1 h, ladder: standard}

plans:
  two_officers: {priority: 1, send: {police: 2}, minimum_officers: 2, dispatch_within: 60 s, ladder: standard}
  soon: {priority: 2, send: {police: 1}, dispatch_within: 5 min, ladder: standard}
  report: {priority: 4, send: {police: 1}, dispatch_within: 30 min, ladder: standard, may: [later]}

rules:
  - rule: robbery
    when: {type: robbery}
    plan: two_officers
  - rule: theft
    when: {type: theft}
    plan: soon
add:
  - rule: armed
    when: {weapon: yes}
    add: {priority: 1, send: {police: 2}, forbid: [hold]}
triage: {plan: {as: two_officers, find_out_within: 2 min}, floor: {priority: 2, dispatch_within: 2 min, find_out_within: 2 min}}
default: {plan: report}
floor: {answer_within: 15 s, acknowledge_within: 60 s, call_back_within: 60 s, find_out_within: 2 min, hand_over_within: 3 min,
        hand_over_arrival_within: 30 min, welfare_every: 15 min, outcome_within: 30 min, review_within: 3 d, retire_after: 1 d,
        ladder: standard}
"""  # noqa: E501 - as people write it


def text(*changes: tuple[str, str]) -> str:
    """The text with these parts replaced, each of which must be there."""
    found = TEXT
    for old, new in changes:
        assert old in found, old
        found = found.replace(old, new, 1)
    return found


def version(*changes: tuple[str, str]) -> Policy:
    """The policy of the text with these parts replaced."""
    return read_policy(text(*changes).encode())


FOR_EMPLOYEES = (
    "rules:\n",
    "rules:\n  - rule: employees\n    when: {caller.employer: agency_a}\n    plan: report\n",
)
"""The instruction of the design's story, as a rule."""
