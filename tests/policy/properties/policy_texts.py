"""Small policies as people would write them, for tests that say in YAML what they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from everycall.policy.text import read_policy

if TYPE_CHECKING:
    from everycall.policy.rules import Policy

FRAME = """\
everycall_policy: 1
version: test-1
title: Who gets what help
author: Office of the Chief
authority: City Code 3.20.030
reason: To try it.
time_zone: UTC
attributes:
  type: {{kind: choice, values: [robbery, theft, fire, guard_property], source: call_taker, unknown: triage}}
  weapon: {{kind: yes_no, source: caller, danger: true, unknown: no_less_than_absence}}
  patients: {{kind: number, from: 0, to: 9, unit: persons, source: caller, danger: true, unknown: no_less_than_absence}}
  in_danger: {{kind: yes_no, source: call_taker, danger: true, unknown: no_less_than_absence}}
  alarm: {{kind: yes_no, source: alarm_company, unknown: itself}}
  caller.employer: {{kind: choice, values: [agency_a, agency_b, other], source: caller, protected: true,
    unknown: equal_to_every_value}}
  caller.language: {{kind: choice, values: [english, spanish, other], source: caller, protected: true,
    unknown: equal_to_every_value}}
  {attributes}
zones:
  central: {{service_area: true, premises: 8200, source: city map}}
  north: {{service_area: true, premises: 9100, source: city map}}
  federal_building: {{inside: central, premises: 1, source: parcel map}}
ladders:
  standard: [{{tell: dispatcher, after: 0 s}}, {{tell: supervisor, after: 2 min}}, {{tell: duty_chief, after: 10 min}}]
grants:
  later: {{act: hold, roles: [dispatcher], grounds: [caller_asks_for_later], within: 1 h, ladder: standard}}
  no_thanks: {{act: decline, roles: [supervisor], grounds: [not_a_public_duty], within: 1 d, ladder: standard}}
plans:
  fast: {{priority: 1, send: {{police: 2}}, dispatch_within: 60 s, arrive_within: 8 min, find_out_within: 2 min,
    ladder: standard}}
  slow: {{priority: 4, send: {{police: 1}}, dispatch_within: 30 min, arrive_within: 90 min, ladder: standard}}
rules:
{rules}
add:
{add}
triage: {{plan: fast, floor: {{priority: 2, dispatch_within: 2 min, find_out_within: 2 min}}}}
default: {{plan: slow}}
may_differ: {may_differ}
floor: {{answer_within: 15 s, acknowledge_within: 60 s, call_back_within: 60 s, find_out_within: 2 min,
  hand_over_within: 3 min, hand_over_arrival_within: 30 min, welfare_every: 15 min, outcome_within: 30 min,
  review_within: 3 d, retire_after: 1 d, ladder: standard}}
"""

ROBBERY = "  - {rule: robbery, when: {type: [robbery, fire]}, plan: fast, because: danger}"
INTERPRETER = "[{support: interpreter, by: [caller.language], because: the caller must be understood}]"


def text(rules: str = "", add: str = "", may_differ: str = "[]", attributes: str = "") -> bytes:
    """The text of a policy with these rules (after a rule for robberies), each a line of YAML."""

    def lines(given: str) -> str:
        return "\n".join(f"  {line.strip()}" for line in given.strip().splitlines())

    return FRAME.format(
        rules="\n".join(filter(None, [lines(rules), ROBBERY])),
        add=lines(add) or "  []",
        may_differ=may_differ,
        attributes=attributes,
    ).encode()


def policy(rules: str = "", add: str = "", may_differ: str = "[]", attributes: str = "") -> Policy:
    """The policy of `text`."""
    return read_policy(text(rules, add, may_differ, attributes))
