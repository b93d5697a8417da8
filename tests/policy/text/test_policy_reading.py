"""What a text means: the whole frame, section by section, and every form of condition."""

# ruff: noqa: E501 - a row of a table is a line

from __future__ import annotations

import json
import time
from hashlib import sha256

import pytest
from policy_frame import FRAME, changed, meaning

from everycall.policy.attributes import Attribute, Choice, Number, Several, YesNo, Zone
from everycall.policy.components import Components
from everycall.policy.conditions import All, Always, Any, Between, During, Has, In, Is, Not, Within
from everycall.policy.rules import (
    Floor,
    Grant,
    Heading,
    MayDiffer,
    Offer,
    Plan,
    Raise,
    Stage,
    Step,
    Substitution,
    TriageFloor,
)
from everycall.policy.text import PolicyError, format_policy, read_policy, read_with_warnings

POLICY = read_policy(FRAME.encode())
STANDARD = (Step(role="dispatcher", at=0), Step(role="supervisor", at=120), Step(role="duty_chief", at=600))
SHORT = (Step(role="supervisor", at=0),)
LATER = Grant(
    act="hold", roles=("dispatcher", "supervisor"), grounds=("caller_asks_for_later",), within=3600, ladder=STANDARD
)
NEIGHBOUR = Grant(
    act="hand_over", roles=("supervisor",), grounds=("their_area",), within=180, ladder=SHORT, to=("county",)
)
TWO_OFFICERS = Plan(
    priority=1,
    send=(("police", 2),),
    minimum_officers=2,
    dispatch_within=60,
    arrive_within=480,
    ladder=STANDARD,
    cancellation_closes=False,
)
REPORT = Plan(priority=4, send=(("police", 1),), dispatch_within=1800, ladder=STANDARD, may=(LATER, NEIGHBOUR))


def attribute(name: str) -> Attribute:
    return next(each for each in POLICY.attributes if each.name == name)


def test_the_hash_is_that_of_the_bytes_and_nothing_else() -> None:
    assert POLICY.hash == sha256(FRAME.encode()).hexdigest()
    assert read_policy(FRAME.encode() + b"# a comment\n").hash != POLICY.hash
    assert meaning(FRAME + "# a comment\n") == meaning(FRAME)


def test_the_heading_says_who_on_whose_authority_and_for_when() -> None:
    assert POLICY.heading == Heading(
        version="rivermouth-2027-01",
        title="Who gets what help",
        author="Office of the Chief",
        authority="City Code 3.20.030",
        reason="First written rules.",
        time_zone="America/Los_Angeles",
        effective_from="2027-01-01T00:00:00-08:00",
        effective_to="2028-01-01T00:00:00-08:00",
    )


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("effective: {from: 2027-01-01T00:00:00-08:00}", ("2027-01-01T00:00:00-08:00", None)),
        ("effective: {to: 2027-01-01T00:00Z}", (None, "2027-01-01T00:00Z")),
        ("", (None, None)),
    ],
)
def test_each_end_of_the_time_in_force_may_be_left_out(written: str, expected: tuple[str | None, str | None]) -> None:
    text = changed("effective: {from: 2027-01-01T00:00:00-08:00, to: 2028-01-01T00:00:00-08:00}", written)
    heading = read_policy(text.encode()).heading
    assert (heading.effective_from, heading.effective_to) == expected


def test_service_and_clock_ship_with_every_policy_before_what_is_declared() -> None:
    assert [each.name for each in POLICY.attributes][:4] == ["service", "time.of_day", "time.weekday", "type"]
    assert attribute("service").domain == Choice(values=("police", "fire", "ems", "other"))
    assert not POLICY.variables()["time.of_day"].unknown


def test_attributes_have_their_domains() -> None:
    assert attribute("weapon").domain == YesNo()
    assert attribute("patients").domain == Number(lowest=0, highest=20, unit="persons")
    assert attribute("hazards").domain == Several(values=("chemicals", "power_lines"))
    assert attribute("storey").domain == Number(lowest=-3, highest=100, unit="floors")
    assert attribute("storey").counts_as == 0
    assert attribute("alarm_verified").counts_as is None
    assert attribute("weapon").danger
    assert not attribute("storey").danger
    assert attribute("weapon").source == "call_taker"
    assert attribute("weapon").line == 12


@pytest.mark.parametrize(
    ("written", "counts_as"),
    [
        ("{kind: yes_no, source: x, unknown: {counts_as: no}}", False),
        ("{kind: yes_no, source: x, unknown: {counts_as: yes}}", True),
        ("{kind: choice, values: [a, b], source: x, unknown: {counts_as: b}}", "b"),
        ("{kind: several, values: [a, b], source: x, unknown: {counts_as: no}}", False),
        ("{kind: number, from: 1, to: 3, unit: m, source: x, unknown: {counts_as: 3}}", 3),
    ],
)
def test_unknown_counts_as_a_value_of_the_domain(written: str, counts_as: object) -> None:
    text = changed("{kind: yes_no, source: alarm_company, unknown: itself}", written)
    read = next(each for each in read_policy(text.encode()).attributes if each.name == "alarm_verified")
    assert read.counts_as == counts_as
    assert type(read.counts_as) is type(counts_as)


def test_the_shipped_list_is_protected_without_being_told() -> None:
    assert attribute("caller.employer").protected
    assert attribute("caller.language").protected
    assert not attribute("weapon").protected


def test_what_is_derived_from_a_protected_attribute_is_protected_through_any_number_of_steps() -> None:
    assert attribute("works_nearby").protected
    text = changed(
        "  works_nearby:",
        "  third: {kind: yes_no, source: x, derived_from: [second]}\n"
        "  second: {kind: yes_no, source: x, derived_from: [weapon, works_nearby]}\n"
        "  works_nearby:",
    )
    protected = {each.name for each in read_policy(text.encode()).attributes if each.protected}
    assert protected == {"caller.employer", "caller.language", "works_nearby", "second", "third"}


def test_taking_off_the_list_is_read_with_its_reason_for_the_check_to_object_to() -> None:
    text = changed(
        "caller.employer: {kind: choice, values: [agency_a, other], source: caller}",
        "caller.employer: {kind: choice, values: [agency_a, other], source: caller, protected: false,"
        " taken_off: The contract says so., unknown: itself}",
    ).replace("derived_from: [caller.employer]", "derived_from: [caller.language]")
    read = next(each for each in read_policy(text.encode()).attributes if each.name == "caller.employer")
    assert (read.protected, read.taken_off) == (False, "The contract says so.")


def test_zones_lie_inside_each_other() -> None:
    assert POLICY.zones == (
        Zone(name="central", service_area=True, premises=8200, source="city map", line=22),
        Zone(name="block", inside="central", premises=40, line=23),
        Zone(name="federal_building", inside="block", premises=1, source="parcel map", line=24),
    )


def test_rules_have_their_plans_lines_and_reasons() -> None:
    robbery, guard = POLICY.rules
    assert (robbery.id, robbery.plan, robbery.because) == ("robbery", TWO_OFFICERS, 'NENA type "robbery"')
    assert robbery.line == FRAME.split("\n").index("  - rule: robbery") + 1
    assert guard.instead == (
        Substitution(component="send.ambulance", because="Another unit brings it.", until="it has come"),
    )


def test_a_named_plan_with_changes_keeps_the_rest() -> None:
    assert POLICY.rules[1].plan == Plan(
        priority=4,
        send=(("police", 1),),
        dispatch_within=1800,
        ladder=STANDARD,
        may=(LATER, NEIGHBOUR),
        stages=(Stage(because="Somebody may be armed.", until="The police say that it is safe."),),
        offer=Offer(to="federal_police", ground="their_property", within=180, meanwhile="send", ladder=STANDARD),
    )


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("report", REPORT),
        ("{priority: 0}", Plan(priority=0)),
        (
            "{priority: 9, send: {engine: 1, chief: 2}, support: [boat]}",
            Plan(priority=9, send=(("chief", 2), ("engine", 1)), support=("boat",)),
        ),
    ],
)
def test_a_plan_is_named_or_written_out(written: str, expected: Plan) -> None:
    assert read_policy(changed("default: {plan: report}", f"default: {{plan: {written}}}").encode()).default == expected


def test_every_key_of_a_named_plan_can_be_replaced() -> None:
    text = changed(
        "default: {plan: report}",
        "default: {plan: {as: two_officers, priority: 5, send: {}, minimum_officers: 0, support: [a], dispatch_within: 1 h,"
        " arrive_within: 2 h, find_out_within: 3 h, ladder: short, cancellation_closes: yes, may: [later]}}",
    )
    assert read_policy(text.encode()).default == Plan(
        priority=5,
        support=("a",),
        dispatch_within=3600,
        arrive_within=7200,
        find_out_within=10800,
        ladder=SHORT,
        may=(LATER,),
    )


def test_add_rules_say_only_what_they_raise() -> None:
    assert [rule.add for rule in POLICY.add] == [
        Raise(support=("interpreter",)),
        Raise(send=(("ambulance", 1),), priority=2),
    ]
    text = changed(
        "add: {support: [interpreter]}",
        "add: {support: [interpreter], minimum_officers: 3, stage: {because: a, until: b}, dispatch_within: 1 s,"
        " arrive_within: 2 s, find_out_within: 3 s, ladder: short, keep_open: true, go_meanwhile: yes,"
        " forbid: [decline, hold]}",
    )
    assert read_policy(text.encode()).add[0].add == Raise(
        support=("interpreter",),
        minimum_officers=3,
        stage=Stage(because="a", until="b"),
        dispatch_within=1,
        arrive_within=2,
        find_out_within=3,
        ladder=SHORT,
        keep_open=True,
        go_meanwhile=True,
        forbid=("decline", "hold"),
    )


def test_triage_default_floor_and_what_may_differ() -> None:
    assert POLICY.triage == Plan(
        priority=1,
        send=(("police", 2),),
        minimum_officers=2,
        dispatch_within=60,
        arrive_within=480,
        find_out_within=120,
        ladder=STANDARD,
        cancellation_closes=False,
    )
    assert POLICY.triage_floor == TriageFloor(priority=2, dispatch_within=120, find_out_within=120)
    assert POLICY.default == REPORT
    assert POLICY.may_differ == (
        MayDiffer(
            support="interpreter",
            attributes=("caller.language",),
            because="The caller must be understood.",
            line=FRAME[: FRAME.index("may_differ")].count("\n") + 1,
        ),
    )
    assert POLICY.floor == Floor(
        answer_within=15,
        acknowledge_within=60,
        call_back_within=60,
        find_out_within=120,
        hand_over_within=180,
        hand_over_arrival_within=1800,
        welfare_every=900,
        outcome_within=1800,
        review_within=259_200,
        retire_after=86_400,
        ladder=STANDARD,
    )


WEAPON = Is(variable="weapon", value=True)

CONDITIONS = [
    ("always", Always()),
    ("{weapon: yes}", WEAPON),
    ("{weapon: true}", WEAPON),
    ("{weapon: no}", Is(variable="weapon", value=False)),
    ("{weapon: unknown}", Is(variable="weapon", value=None)),
    ("{weapon: {is: unknown}}", Is(variable="weapon", value=None)),
    ("{weapon: {is: yes}}", WEAPON),
    ("{weapon: {is: yes, or: unknown}}", In(variable="weapon", values=(True,), or_unknown=True)),
    ("{weapon: [yes, no]}", In(variable="weapon", values=(True, False))),
    ("{type: theft}", Is(variable="type", value="theft")),
    ("{type: unknown}", Is(variable="type", value=None)),
    ("{type: [theft, robbery]}", In(variable="type", values=("theft", "robbery"))),
    ("{type: [theft, unknown]}", In(variable="type", values=("theft",), or_unknown=True)),
    ("{type: [unknown]}", Is(variable="type", value=None)),
    ("{type: {in: [theft]}}", In(variable="type", values=("theft",))),
    ("{type: {in: [theft], or: unknown}}", In(variable="type", values=("theft",), or_unknown=True)),
    ("{service: fire}", Is(variable="service", value="fire")),
    ("{patients: 0}", Is(variable="patients", value=0)),
    ("{patients: {in: [1, 3]}}", In(variable="patients", values=(1, 3))),
    ("{patients: {between: [0, 1]}}", Between(variable="patients", lowest=0, highest=1)),
    ("{storey: {between: [-3, -3]}}", Between(variable="storey", lowest=-3, highest=-3)),
    (
        "{patients: {between: [0, 1], or: unknown}}",
        Between(variable="patients", lowest=0, highest=1, or_unknown=True),
    ),
    ("{hazards: {has: chemicals}}", Has(attribute="hazards", value="chemicals")),
    ("{hazards: {has: chemicals, or: unknown}}", Has(attribute="hazards", value="chemicals", or_unknown=True)),
    ("{hazards.chemicals: unknown}", Is(variable="hazards.chemicals", value=None)),
    ("{hazards.chemicals: {is: no, or: unknown}}", In(variable="hazards.chemicals", values=(False,), or_unknown=True)),
    ("{zone: {within: block}}", Within(zone="block")),
    ("{zone: {or: unknown, within: block}}", Within(zone="block", or_unknown=True)),
    ("{time: {during: [22:00, 06:00]}}", During(start=1320, end=360)),
    ("{time: {during: ['00:00', 24:00]}}", During(start=0, end=1440)),
    ("{weekday: sunday}", Is(variable="time.weekday", value="sunday")),
    ("{weekday: {in: [saturday, sunday]}}", In(variable="time.weekday", values=("saturday", "sunday"))),
    ("{not: {weapon: yes}}", Not(part=WEAPON)),
    ("{not: {weapon: yes, patients: 0}}", Not(part=All(parts=(WEAPON, Is(variable="patients", value=0))))),
    ("{all: [{weapon: yes}]}", All(parts=(WEAPON,))),
    ("{any: [{weapon: yes}, {patients: 0}]}", Any(parts=(WEAPON, Is(variable="patients", value=0)))),
    ("{weapon: yes, patients: 0}", All(parts=(WEAPON, Is(variable="patients", value=0)))),
    (
        "{weapon: yes, any: [{patients: 0}, always]}",
        All(parts=(WEAPON, Any(parts=(Is(variable="patients", value=0), Always())))),
    ),
    ("{works_nearby: yes}", Is(variable="works_nearby", value=True)),
]


@pytest.mark.parametrize(("written", "expected"), CONDITIONS, ids=[written for written, _ in CONDITIONS])
def test_a_condition_means(written: str, expected: object) -> None:
    text = changed("when: {service: police, type: [robbery, hold_up_alarm]}", f"when: {written}")
    assert read_policy(text.encode()).rules[0].when == expected


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("1 s", 1), ("90 s", 90), ("90s", 90), ("2 min", 120), ("1 h", 3600), ("3 d", 259_200), ('"2 min"', 120),
     ("366 d", 366 * 86_400)],
)  # fmt: skip
def test_a_duration_is_a_whole_number_and_its_unit(written: str, seconds: int) -> None:
    assert (
        read_policy(changed("answer_within: 15 s", f"answer_within: {written}").encode()).floor.answer_within == seconds
    )


def test_windows_line_ends_mean_the_same() -> None:
    assert meaning(FRAME.replace("\n", "\r\n")) == meaning(FRAME)


def test_a_long_reason_may_run_on_over_indented_lines() -> None:
    text = changed('because: NENA type "robbery"', "because: one\n      two # no part of it\n")
    assert read_policy(text.encode()).rules[0].because == "one two"


def test_the_order_of_the_sections_is_free() -> None:
    front, rest = FRAME.split("\nattributes:")
    attributes, rest = rest.split("\nzones:")
    assert meaning(f"{front}\nzones:{rest}attributes:{attributes}") == meaning(FRAME)


def test_what_nothing_uses_is_named_in_a_warning() -> None:
    _, warnings = read_with_warnings(FRAME.encode())
    assert [(each.line, each.says) for each in warnings] == [
        (14, "No rule asks about 'hazards'."),
        (15, "No rule asks about 'storey'."),
        (16, "No rule asks about 'alarm_verified'."),
    ]
    text = (
        changed("may: [later, neighbour]", "may: [later]")
        .replace("  report:", "  unused: {priority: 1, ladder: third}\n  report:")
        .replace("  short:", "  third: [{tell: supervisor, after: 0 s}]\n  short:")
        .replace("  block:", "  island: {}\n  block:")
    )
    says = [each.says for each in read_with_warnings(text.encode())[1]]
    assert "Nothing uses the plan 'unused'." in says
    assert "Nothing uses the grant 'neighbour'." in says
    assert "No rule asks about the zone 'island'." in says
    assert not [each for each in says if "ladder" in each]


def many_rules(count: int) -> bytes:
    rule = """\
  - rule: rule_{0}
    when: {{service: police, type: [robbery, theft], patients: {{between: [0, 3], or: unknown}}, zone: {{within: block}}}}
    plan: {{as: two_officers, priority: 2, send: {{police: 3}}, dispatch_within: 60 s}}
    because: NENA type "robbery"
"""
    return FRAME.replace("rules:\n", "rules:\n" + "".join(map(rule.format, range(count))), 1).encode()


@pytest.mark.parametrize(("rules", "seconds"), [(200, 2), pytest.param(3_000, 20, marks=pytest.mark.soak)])
def test_reading_takes_no_longer_than(rules: int, seconds: float) -> None:
    text = many_rules(rules)
    began = time.process_time()
    assert len(read_policy(text).rules) == rules + 2
    assert time.process_time() - began < seconds


def test_a_ladder_truck_is_help_and_no_ladder_of_people() -> None:
    """The components once took every name that ends in `.ladder` for something without an order."""
    more, less = Plan(priority=1, send=(("ladder", 1),)), Plan(priority=1)
    components = Components([more, less], [])
    assert components.items[0].ordered
    assert components.items[0].levels == ("0", "1")
    assert components.ranks(more) > components.ranks(less)


def test_two_people_may_be_told_at_the_same_time() -> None:
    text = changed("[{tell: supervisor, after: 0 s}]", "[{tell: unit, after: 0 s}, {tell: supervisor, after: 0 s}]")
    grant = read_policy(text.encode()).default.may[1]
    assert grant.ladder == (Step(role="unit", at=0), Step(role="supervisor", at=0))


def test_an_incident_type_is_written_as_the_dispatch_system_has_it() -> None:
    text = changed("values: [robbery,", 'values: [robbery, "Theft - Report Only (P)", "Down Outside/One <2>",')
    policy = read_policy(text.encode())
    kinds = next(each.domain for each in policy.attributes if each.name == "type")
    assert isinstance(kinds, Choice)
    assert "Theft - Report Only (P)" in kinds.values
    assert format_policy(format_policy(text.encode())) == format_policy(text.encode())
    again = next(each.domain for each in read_policy(format_policy(text.encode())).attributes if each.name == "type")
    assert again == kinds


@pytest.mark.parametrize("wrong", [" theft", "theft ", "(theft)", "th\u00e9ft", "theft\u202e", "a" * 101, "th*ft", '"'])
def test_an_incident_type_that_could_be_misread_is_refused(wrong: str) -> None:
    quoted = json.dumps(wrong, ensure_ascii=False)
    with pytest.raises(PolicyError):
        read_policy(changed("values: [robbery,", f"values: [robbery, {quoted},").encode())
