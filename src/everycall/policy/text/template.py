"""A text to begin with: complete, lawful for every call, and full of comments that say what to change."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from everycall.policy.text.layout import format_policy
from everycall.policy.text.whole import read_policy

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMON_TYPES: Final = (
    "assault",
    "burglary",
    "cardiac_arrest",
    "collision",
    "domestic_violence",
    "fall",
    "gas_leak",
    "missing_person",
    "noise",
    "overdose",
    "robbery",
    "sick_person",
    "structure_fire",
    "theft",
    "welfare_check",
)
"""Types of incidents to begin with, where a centre has not named its own."""

_PLACE: Final = re.compile("<([A-Z_]+)>")


def new_policy(
    version: str, title: str, author: str, authority: str, time_zone: str, types: Sequence[str] = COMMON_TYPES
) -> bytes:
    """A policy to fill in. It reads without problems and sends the highest priority to every call until it is changed.

    Args:
        version: The name of the version, a code.
        title: What the policy is called.
        author: Who writes it.
        authority: On whose authority: the law, ordinance or order.
        time_zone: Where its hours are, as the IANA names it.
        types: The codes of the incident types that the centre knows.

    Raises:
        PolicyError: One of them cannot stand in a policy.
    """
    said = {
        "VERSION": _quoted(version),
        "TITLE": _quoted(title),
        "AUTHOR": _quoted(author),
        "AUTHORITY": _quoted(authority),
        "TIME_ZONE": _quoted(time_zone),
        "TYPES": ", ".join(map(_quoted, types)),
    }
    written = _PLACE.sub(lambda place: said[place[1]], _TEMPLATE).encode()
    read_policy(written)
    return format_policy(written)


def _quoted(words: str) -> str:
    escaped = words.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


_TEMPLATE: Final = """\
# A policy: what help goes out, how fast, and who may hold, hand over or decline.
# Every word of the language is explained in docs/policy-language.md. After each change run
#   everycall policy check <this file>
# which proves that like calls are treated alike, or shows two calls that are not.

everycall_policy: 1  # the version of the language
version: <VERSION>
title: <TITLE>
author: <AUTHOR>
authority: <AUTHORITY>
reason: The first written version.  # say why, in a sentence
time_zone: <TIME_ZONE>
# effective: {from: 2027-01-01T00:00:00-08:00, to: 2028-01-01T00:00:00-08:00}  # each end may be left out

# What rules may look at. A rule can ask about nothing else.
attributes:
  type:
    kind: choice
    values: [<TYPES>]
    source: call_taker
    unknown: triage
  weapon: {kind: yes_no, source: call_taker, danger: true}  # danger: a yes never gets less help than a no
  injured: {kind: number, from: 0, to: 20, unit: persons, source: caller, danger: true}
  # Who the caller is, is protected: like calls may differ in it and must get the same help.
  caller.language: {kind: choice, values: [english, other], source: call_taker, protected: true}

# Areas that rules may ask about, as in zone: {within: harbour}.
# zones:
#   harbour: {service_area: true, premises: 1200, source: city map}

# Who is told, step by step, after a deadline has passed. The last is somebody who can order help.
ladders:
  standard: [{tell: dispatcher, after: 0 s}, {tell: supervisor, after: 2 min}, {tell: duty_chief, after: 5 min}]

# Who may hold, hand over or decline, on which grounds, for how long. What is not granted nobody may do.
grants:
  offer_to_neighbour:
    act: hand_over
    roles: [dispatcher, supervisor, duty_chief]
    grounds: [their_area, their_unit_is_nearer]
    within: 3 min
    ladder: standard
  # A response that may wait, for example:
  # later_at_callers_wish:
  #   act: hold
  #   roles: [dispatcher, supervisor]
  #   grounds: [caller_asks_for_later]
  #   within: 1 h
  #   ladder: standard

plans:
  police_now:
    priority: 1
    send: {police: 2}
    minimum_officers: 2
    dispatch_within: 60 s
    arrive_within: 8 min
    ladder: standard
    may: [offer_to_neighbour]
  fire_now:
    priority: 1
    send: {engine: 2}
    dispatch_within: 60 s
    arrive_within: 8 min
    find_out_within: 2 min  # where the type is unknown; see the floor of triage
    ladder: standard
    may: [offer_to_neighbour]
  medical_now:
    priority: 1
    send: {ambulance: 1}
    dispatch_within: 60 s
    arrive_within: 8 min
    find_out_within: 2 min
    ladder: standard
    may: [offer_to_neighbour]

# Tried from the top; the first whose condition holds decides.
rules:
  # A less urgent plan for what is less urgent, for example:
  # - rule: noise
  #   when: {service: police, type: noise, weapon: no, injured: 0}
  #   plan: {as: police_now, priority: 4, arrive_within: 90 min, may: [later_at_callers_wish]}
  #   because: Nobody is in danger.
  - rule: fire
    when: {service: fire}
    plan: fire_now
  - rule: medical
    when: {service: ems}
    plan: medical_now

# Each whose condition holds raises what was decided. None of these can lower anything.
add:
  - rule: somebody_is_armed
    when: {weapon: yes}
    add: {send: {police: 2}, minimum_officers: 2}
  - rule: somebody_may_be_hurt
    when: {injured: {between: [1, 20], or: unknown}}
    add: {send: {ambulance: 1}}
  - rule: interpreter
    when: {not: {caller.language: [english, unknown]}}
    add: {support: [interpreter]}

# What a call of unknown type gets that no rule decides, and the least that any of unknown type gets.
triage:
  plan: {as: police_now, find_out_within: 2 min}
  floor: {priority: 1, dispatch_within: 1 min, find_out_within: 2 min}

# What every other call gets.
default: {plan: police_now}

# Help that may depend on who the caller is, because it must; it can only be more.
may_differ:
  - {support: interpreter, by: [caller.language], because: The caller must be understood.}

# The allowances that hold for every call.
floor:
  answer_within: 15 s
  acknowledge_within: 1 min
  call_back_within: 1 min
  find_out_within: 2 min
  hand_over_within: 3 min
  hand_over_arrival_within: 30 min
  welfare_every: 15 min
  outcome_within: 30 min
  review_within: 3 d
  retire_after: 1 d
  ladder: standard
"""
