"""The what-if: a record's past calls under another policy, and not a byte of the record changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest
from replay_tables import Replayed, call, tables

from everycall.centre.embedded import EmbeddedCentre
from everycall.core.actors import Actor
from everycall.core.base import MINUTE
from everycall.core.calls import TakeCall, UpdateCall
from everycall.core.commands import Command
from everycall.core.facts import FactGiven
from everycall.core.linking import Link
from everycall.core.needs import Classify, NeedAsked
from everycall.core.policies import Requirement, ResponsePlan
from everycall.engine.answers import Done
from everycall.policy.text import read_policy
from everycall.simulate.whatif import Study, WhatIf, calls_for
from everycall.simulate.whatif_cli import diff, whatif
from everycall.simulate.whatif_past import past_of
from everycall.simulate.whatif_plans import compared, verdict_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from everycall.core.commands import AnyCommand
    from everycall.policy.rules import Policy

POLICY = """\
everycall_policy: 1
version: one
title: Who gets what help
author: Office of the Chief
authority: City Code 3.20.030
reason: First written rules.
time_zone: UTC
attributes:
  type: {kind: choice, values: [robbery, theft, noise], source: call_taker, unknown: triage}
  weapon: {kind: yes_no, source: call_taker, danger: true, unknown: no_less_than_absence}
  caller.employer: {kind: choice, values: [agency_a, other], source: caller}
ladders:
  standard: [{tell: dispatcher, after: 0 s}, {tell: supervisor, after: 2 min}]
plans:
  at_once: {priority: 1, send: {police: 2}, dispatch_within: 60 s, arrive_within: 8 min, ladder: standard}
  report: {priority: 4, send: {police: 1}, dispatch_within: 30 min, ladder: standard}
rules:
  - rule: robbery
    when: {type: robbery}
    plan: at_once
add:
  - rule: armed
    when: {weapon: yes}
    add: {priority: 1}
triage: {plan: {as: at_once, find_out_within: 2 min}, floor: {priority: 2, dispatch_within: 2 min, find_out_within: 2 min}}
default: {plan: report}
floor: {answer_within: 15 s, acknowledge_within: 60 s, call_back_within: 60 s, find_out_within: 2 min, hand_over_within: 3 min,
        hand_over_arrival_within: 30 min, welfare_every: 15 min, outcome_within: 30 min, review_within: 3 d, retire_after: 1 d,
        ladder: standard}
"""  # noqa: E501 - as people write it

EMPLOYEES = POLICY.replace(
    "rules:\n", "rules:\n  - rule: employees\n    when: {caller.employer: agency_a}\n    plan: report\n"
)
NOON = 1_800_014_400_000_000


class Clock:
    """It stands where the test puts it."""

    def __init__(self) -> None:
        self.at = NOON

    def now(self) -> int:
        return self.at


class Floor:
    """A centre under the house's own rules, to take calls in."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = Clock()
        self.centre = EmbeddedCentre.create(path, centre="test", clock=self.clock)
        self._number = 0

    def does(self, body: AnyCommand) -> None:
        self._number += 1
        self.clock.at += MINUTE
        actor = Actor(person="D-1", role="dispatcher")
        answer = self.centre.engine.submit(Command(id=f"c{self._number}", at=self.clock.at, actor=actor, body=body))
        assert isinstance(answer.result(), Done), answer.result()

    def takes(self, *needs: NeedAsked, facts: tuple[FactGiven, ...] = (), open_incident: bool = True) -> None:
        self.does(TakeCall(channel="emergency_voice", needs=needs, facts=facts, open_incident=open_incident))


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    made = Floor(tmp_path / "past.record")
    yield made
    made.centre.close()


def need(kind: str | None) -> NeedAsked:
    return NeedAsked(service="police", type=kind)


def studied(floor: Floor, text: str = POLICY, against: str | None = None) -> WhatIf:
    floor.centre.record.flush()
    with past_of(floor.path) as past:
        other = None if against is None else policy(against)
        return Study(policy(text), against=other).run(past.decisions)


def policy(text: str) -> Policy:
    return read_policy(text.encode())


def test_each_need_is_put_to_the_policy_as_it_stood_when_help_was_first_decided_on(floor: Floor) -> None:
    floor.takes(need("theft"))
    floor.does(Classify(call="C000001", type="robbery", reason="more is known"))
    found = studied(floor)
    assert found.needs == found.calls == 1
    assert [(before, after) for before, after, _ in found.rules] == [("house:send", "default")]
    assert found.verdicts["less"] == 1
    assert found.less["priority"] == 1
    assert found.examples["house:send", "default", "less"] == ["C000001-1"]


def test_what_became_known_later_does_not_count(floor: Floor) -> None:
    floor.takes(need("theft"))
    floor.does(UpdateCall(call="C000001", facts=(FactGiven(name="weapon", value=True),)))
    floor.takes(need("theft"), facts=(FactGiven(name="weapon", value=True),))
    found = studied(floor)
    assert found.less["priority"] == 1, "of the first call only: the other was known to be armed"


def test_what_became_known_before_the_first_decision_counts(floor: Floor) -> None:
    floor.takes(need("theft"), open_incident=False)
    floor.does(UpdateCall(call="C000001", facts=(FactGiven(name="weapon", value=True),)))
    floor.does(Classify(call="C000001", type="noise"))
    with past_of(floor.path) as past:
        (decision,) = past.decisions
    assert decision.plan is None
    assert decision.needs[0].type == "noise"
    assert [fact.name for fact in decision.needs[0].facts] == ["weapon"]


def test_needs_decided_on_together_are_compared_together(floor: Floor) -> None:
    """As the core puts their plans together: the theft has no worse plan than the robbery beside it."""
    floor.takes(need("theft"), need("robbery"))
    found = studied(floor)
    assert found.needs == 2
    assert found.calls == 1
    assert "priority" not in found.less


def test_a_need_that_joined_or_was_never_decided_on_cannot_be_compared_with_the_record(floor: Floor) -> None:
    floor.takes(need("theft"))
    incident = next(iter(floor.centre.engine.state.incidents))
    floor.takes(need("theft"), open_incident=False)
    floor.does(Link(call="C000002", incident=incident))
    floor.takes(need("noise"), open_incident=False)
    found = studied(floor)
    assert found.verdicts["not_comparable"] == 2
    assert sorted(found.why_not) == [
        "it joined an incident that was under way",
        "it never came into an incident, so that nothing was decided",
    ]
    between = studied(floor, EMPLOYEES, against=POLICY)
    assert between.verdicts == {"same": 3}


def test_between_two_versions_less_and_who_is_touched(floor: Floor) -> None:
    employer = FactGiven(name="caller.employer", value="agency_a")
    floor.takes(need("robbery"), facts=(employer,))
    floor.takes(need("robbery"))
    floor.takes(need("noise"), facts=(employer,))
    found = studied(floor, EMPLOYEES, against=POLICY)
    assert found.verdicts == {"less": 1, "same": 2}
    assert found.rules == {("robbery", "employees", "less"): 1}
    assert found.groups["type"] == {"robbery": 1}
    assert found.group_totals["type"] == {"robbery": 2, "noise": 1}


def test_a_sealed_fact_counts_as_unknown_and_is_counted(floor: Floor) -> None:
    said = FactGiven(name="caller.employer", value="works at the agency, third floor")
    floor.takes(need("robbery"), facts=(said,))
    found = studied(floor, EMPLOYEES, against=POLICY)
    assert found.verdicts == {"same": 1}
    assert found.sealed == 1
    assert found.sealed_facts == {"caller.employer": 1}


def test_types_that_the_policy_does_not_know_are_counted(floor: Floor) -> None:
    floor.takes(need("arson"))
    floor.takes(need(None))
    found = studied(floor)
    assert found.unknown_types == {"arson": 1}
    assert found.no_type == 1
    assert {after for _, after, _ in found.rules} == {"triage"}


def test_of_a_rebuilt_record_only_the_first_priority_is_compared(tmp_path: Path) -> None:
    rows = [
        call("M1", first_type="robbery", first_priority="2", group_precinct="P1"),
        call("M2", first_type="noise", first_priority="2", group_precinct="P2"),
        call("M3", first_type="noise", first_priority="4"),
        call("M4", first_type="noise", first_priority="high"),
        call("M5", first_type="noise"),
    ]
    path = tmp_path / "rebuilt.record"
    Replayed(*tables(rows), path)
    with past_of(path) as past:
        found = Study(policy(POLICY)).run(past.decisions)
    assert found.verdicts == {"more": 1, "less": 1, "same": 1, "not_comparable": 2}
    assert found.groups["group.precinct"] == {"P2": 1}
    assert sorted(found.why_not) == ["the export gives no first priority", "the export's priorities are no numbers"]


def test_the_record_stays_as_it_is_byte_for_byte(
    floor: Floor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    floor.takes(need("theft"), facts=(FactGiven(name="caller.employer", value="agency_a"),))
    floor.centre.close()
    (tmp_path / "old.yaml").write_text(POLICY, encoding="utf-8")
    (tmp_path / "new.yaml").write_text(EMPLOYEES, encoding="utf-8")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert whatif(floor.path, policy=tmp_path / "new.yaml") == 0
    assert whatif(floor.path, policy=tmp_path / "new.yaml", against=tmp_path / "old.yaml", json=True) == 0
    assert diff(tmp_path / "old.yaml", tmp_path / "new.yaml", record=floor.path) == 1
    assert "past calls: 1 of 1" not in capsys.readouterr().err
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert {name: data for name, data in after.items() if name in before} == before
    assert all(not data for name, data in after.items() if name not in before and name.endswith("-wal"))
    assert {name for name in after if name not in before} <= {"past.record-wal", "past.record-shm"}


def test_a_diff_counts_the_past_calls_of_each_group(
    floor: Floor, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    employer = FactGiven(name="caller.employer", value="agency_a")
    for kind, facts in (("robbery", (employer,)), ("robbery", ()), (None, (employer,))):
        floor.takes(need(kind), facts=facts)
    floor.centre.close()
    (tmp_path / "old.yaml").write_text(POLICY, encoding="utf-8")
    (tmp_path / "new.yaml").write_text(EMPLOYEES, encoding="utf-8")
    assert diff(tmp_path / "old.yaml", tmp_path / "new.yaml", record=floor.path, json=True) == 1
    found = msgspec.json.decode(capsys.readouterr().out)
    assert found["past_calls"] == 3
    counts = {tuple(each["example"].get("old_rule", "").split()): each["past"] for each in found["regions"]}
    assert sum(counts.values()) >= 2, counts
    assert max(counts.values()) <= 2


def test_past_calls_see_numbers_and_hours_as_the_versions_do(floor: Floor) -> None:
    floor.takes(need("theft"), facts=(FactGiven(name="weapon", value=True), FactGiven(name="unheard_of", value="x")))
    floor.centre.record.flush()
    with past_of(floor.path) as past:
        (seen,) = calls_for(policy(POLICY), policy(EMPLOYEES), past.decisions)
    assert seen == {"type": "theft", "service": "police", "weapon": True, "time.of_day": 721, "time.weekday": "friday"}


def test_the_table_has_a_row_a_need_with_ids_and_codes_only(floor: Floor, tmp_path: Path) -> None:
    floor.takes(need("theft"), facts=(FactGiven(name="caller.name", value="Somebody Known"),))
    floor.takes(need("=robbery"))
    floor.centre.close()
    (tmp_path / "new.yaml").write_text(POLICY, encoding="utf-8")
    table = tmp_path / "out.csv"
    assert whatif(floor.path, policy=tmp_path / "new.yaml", csv=table) == 0
    lines = table.read_text("utf-8").splitlines()
    assert lines[0] == "need,call,service,type,received_at,verdict,before,after,less,more,why_not"
    assert lines[1].startswith("C000001-1,C000001,police,theft,")
    assert ",'=robbery," in lines[2], "no spreadsheet shall take it for a formula"
    assert "Somebody" not in table.read_text("utf-8")
    assert whatif(floor.path, policy=tmp_path / "new.yaml", csv=table) == 2, "what is there is not overwritten"


def test_what_cannot_be_read_is_status_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text(POLICY, encoding="utf-8")
    bad.write_text("rules: [", encoding="utf-8")
    assert whatif(tmp_path / "no.record", policy=good) == 2
    assert whatif(tmp_path / "no.record", policy=bad) == 2
    assert whatif(good, policy=good) == 2
    assert diff(good, good, record=tmp_path / "no.record") == 2
    assert capsys.readouterr().err.count("error: ") == 4


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ({"priority": "1"}, {"priority": "2"}, {"priority": -1}),
        ({"priority": "10"}, {"priority": "9"}, {"priority": 1}),
        ({"priority": None}, {"priority": "2"}, {}),
        ({"send": (Requirement(capability="police", count=2),)}, {}, {"send.police": -1}),
        ({"dispatch_within": 60}, {"dispatch_within": None}, {"dispatch_within": -1}),
        ({"dispatch_within": None}, {"dispatch_within": 60}, {"dispatch_within": 1}),
        ({"support": ("interpreter",)}, {}, {"support.interpreter": -1}),
        ({"cancellation_closes": True}, {"cancellation_closes": False}, {"cancellation_closes": 1}),
        ({"stage": False}, {"stage": True}, {"stage": 0}),
        (
            {"stage": True, "stage_because": "a", "stage_until": "b"},
            {"stage": True, "stage_because": "a", "stage_until": "the chief orders it"},
            {"stage": 0},
        ),
        ({"minimum_officers": 1}, {"minimum_officers": 2}, {"minimum_officers": 1}),
    ],
)
def test_plans_are_compared_component_by_component(
    before: dict[str, object], after: dict[str, object], changed: dict[str, int]
) -> None:
    one = msgspec.convert({"rule": "a", "policy": "p", **msgspec.to_builtins(before)}, ResponsePlan)
    other = msgspec.convert({"rule": "b", "policy": "p", **msgspec.to_builtins(after)}, ResponsePlan)
    assert compared(one, other) == changed
    assert compared(other, one) == {name: -sign for name, sign in changed.items()}


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [({}, "same"), ({"a": -1}, "less"), ({"a": 1}, "more"), ({"a": 1, "b": -1}, "mixed"), ({"stage": 0}, "otherwise")],
)
def test_less_in_anything_beside_more_is_mixed(changed: dict[str, int], verdict: str) -> None:
    assert verdict_of(changed) == verdict
