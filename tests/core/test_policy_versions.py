"""No rule comes into force unchecked (rule 9 of the house), unless named persons sign for it, with an end."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from floor_driver import (
    ADMINISTRATOR,
    CREW,
    DISPATCHER,
    FULL,
    START,
    SUPERVISOR,
    Floor,
    Rules,
    adopting,
    certificate_for,
    full_certificate,
    raw,
    request,
    staffed,
)

from everycall.core import commands as c
from everycall.core.actors import Actor
from everycall.core.base import DAY, HOUR, MINUTE, SECOND
from everycall.core.certificates import (
    REQUIRED_PROPERTIES,
    AttributeVerdict,
    CertificateSummary,
    PropertyVerdict,
    Verdict,
)
from everycall.core.facts import CATEGORICAL, PROTECTED, FactGiven
from everycall.core.hand_overs import HandOverOffered
from everycall.core.holding import ResponseHeld
from everycall.core.incidents import IncidentOpened
from everycall.core.needs import NeedAsked
from everycall.core.outcomes import Declined
from everycall.core.planning import PlanChanged
from everycall.core.policies import HOUSE, Asked, Offer
from everycall.core.settling import NeedsSettled
from everycall.core.versions import (
    Certified,
    OverObjection,
    PolicyAdopted,
    PolicyCameIntoForce,
    PolicyCountersigned,
    PolicyLapsed,
    ReadsNothingProtected,
)

A, B, C = "a" * 64, "b" * 64, "c" * 64
CHIEF = Actor(person="C1", role="duty_chief")
POLICE = NeedAsked(service="police", type="burglary")


def objection(*persons: str, reason: str = "storm", text: str = "reads employer", ends_in: int = HOUR) -> OverObjection:
    return OverObjection(persons=persons, reason=reason, objection=text, ends_at=START + ends_in)


def in_force(floor: Floor) -> str | None:
    return None if floor.state.policy is None else floor.state.policy.policy


# -- who, and on what certificate --------------------------------------------------------------------------


@pytest.mark.parametrize("actor", [DISPATCHER, CREW, Actor(person="O1", role="oversight")])
def test_not_everybody_puts_a_policy_in_force_or_signs_for_one(actor: Actor) -> None:
    assert Floor().refused(adopting(), actor).code == "no_authority"
    assert Floor().refused(c.CountersignPolicy(policy=A, ends_at=START, reason="x"), actor).code == "no_authority"


@pytest.mark.parametrize("actor", [SUPERVISOR, ADMINISTRATOR, CHIEF])
def test_a_policy_with_a_full_certificate_comes_into_force_whatever_it_reads(actor: Actor) -> None:
    floor = Floor()
    floor.do(adopting(reads=("weapon", "caller.employer", "zone.harbour"), version="2"), actor)
    assert floor.last(PolicyAdopted).reads == ("caller.employer", "weapon", "zone.harbour")
    assert floor.state.policy is not None
    assert floor.state.policy.version == "2"
    assert floor.state.deadlines == {}


@pytest.mark.parametrize("reads", [(), ("weapon",), ("caller.employer",)])
def test_that_a_policy_reads_nothing_protected_is_no_proof_any_more(reads: tuple[str, ...]) -> None:
    refusal = Floor().refused(adopting(reads=reads, standing=ReadsNothingProtected()), SUPERVISOR)
    assert (refusal.code, refusal.rule) == ("certificate_required", "house:9")


def certificate(**changes: Any) -> CertificateSummary:
    return msgspec.structs.replace(full_certificate(A, ("caller.employer",), "mine"), **changes)


def verdicts(but: str, verdict: Verdict | None) -> tuple[PropertyVerdict, ...]:
    """All hold but one, which is as given, or missing."""
    held = [PropertyVerdict(name=name, verdict="holds") for name in REQUIRED_PROPERTIES if name != but]
    return (*held, *([] if verdict is None else [PropertyVerdict(name=but, verdict=verdict)]))


EMPLOYER = "caller.employer"
HOLDS = AttributeVerdict(name=EMPLOYER, verdict="holds")
LACKING: list[tuple[str, CertificateSummary | None, str]] = [
    ("none", None, "certificate_missing"),
    ("of another hash", certificate(certificate="other"), "certificate_missing"),
    ("of another text", certificate(policy=B), "certificate_of_another_policy"),
    ("one engine", certificate(engines=("z3",)), "certificate_not_full"),
    ("one engine twice", certificate(engines=("z3", "z3")), "certificate_not_full"),
    ("no engine", certificate(engines=()), "certificate_not_full"),
    ("attribute not looked at", certificate(attributes=()), "certificate_not_full"),
    (
        "attribute refuted",
        certificate(attributes=(AttributeVerdict(name=EMPLOYER, verdict="refuted"),)),
        "certificate_not_full",
    ),
    (
        "attribute refuted once and held once",
        certificate(attributes=(HOLDS, AttributeVerdict(name=EMPLOYER, verdict="refuted"), HOLDS)),
        "certificate_not_full",
    ),
    (
        "an attribute of its own that is not established",
        certificate(attributes=(HOLDS, AttributeVerdict(name="club.member", verdict="not_established"))),
        "certificate_not_full",
    ),
    (
        "a property both ways",
        certificate(properties=(*verdicts("", None), *verdicts("danger", "refuted"))),
        "certificate_not_full",
    ),
    *[
        (f"{name} {verdict}", certificate(properties=verdicts(name, verdict)), "certificate_not_full")
        for name in REQUIRED_PROPERTIES
        for verdict in (None, "refuted", "not_established")
    ],
]  # fmt: skip


@pytest.mark.parametrize(("found", "code"), [row[1:] for row in LACKING], ids=[row[0] for row in LACKING])
def test_a_certificate_that_shows_less_than_everything_is_none(found: CertificateSummary | None, code: str) -> None:
    floor = Floor(certificates={} if found is None else {"mine": found})
    refusal = floor.refused(adopting(reads=(EMPLOYER,), standing=Certified(certificate="mine")), SUPERVISOR)
    assert (refusal.code, refusal.rule) == (code, "house:9")
    assert in_force(floor) is None
    floor.certificates["mine"] = certificate()
    floor.do(adopting(reads=(EMPLOYER,), standing=Certified(certificate="mine")), SUPERVISOR)
    assert in_force(floor) == A


def test_a_refusal_names_what_the_certificate_does_not_show() -> None:
    partly = certificate(properties=verdicts("danger", "refuted"), attributes=(), engines=("z3",))
    floor = Floor(certificates={"mine": partly})
    told = floor.refused(adopting(reads=(EMPLOYER,), standing=Certified(certificate="mine")), SUPERVISOR).because
    assert "danger: refuted" in told
    assert f"{EMPLOYER}: not looked at" in told
    assert "fewer than 2 engines" in told
    assert "unknown" not in told


def test_who_the_caller_is_is_protected_and_kept_as_a_code() -> None:
    assert len(PROTECTED) == 15
    assert PROTECTED <= CATEGORICAL
    for name in ("religion", "ethnicity", "gender", "immigration_status", "disability", "age_group"):
        assert f"caller.{name}" in PROTECTED


def test_a_policy_is_handed_three_hundred_facts_at_the_most_and_their_names_are_plain() -> None:
    many = tuple(f"zone.z{number}" for number in range(300))
    floor = Floor()
    floor.do(adopting(reads=many), SUPERVISOR)
    for bad in ((*many, "one.more"), ("not a name",), ("x" * 81,), ("",)):
        with pytest.raises(msgspec.ValidationError):
            floor.propose(adopting(reads=bad), SUPERVISOR)


# -- over an objection -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("standing", "code"),
    [
        (objection(), "objection_incomplete"),
        (objection("S1", reason=""), "objection_incomplete"),
        (objection("S1", text=""), "objection_incomplete"),
        (objection("S2", "S3"), "objection_not_signed"),
        (objection("S1", ends_in=13 * HOUR), "objection_without_end"),
        (objection("S1", "S1", ends_in=13 * HOUR), "objection_without_end"),
        (objection("S1", "S2", ends_in=31 * DAY), "objection_without_end"),
        (objection("S1", ends_in=-1), "objection_without_end"),
        (objection("S1", ends_in=0), "objection_without_end"),
    ],
)
def test_over_an_objection_it_takes_names_of_which_one_sends_it_a_reason_and_an_end(
    standing: OverObjection, code: str
) -> None:
    refusal = Floor().refused(adopting(standing=standing), SUPERVISOR, after=0)
    assert (refusal.code, refusal.rule) == (code, "house:9")


@pytest.mark.parametrize(("persons", "longest"), [(("S1",), 12 * HOUR), (("S1", "S2"), 30 * DAY)])
def test_one_person_has_twelve_hours_and_two_have_thirty_days(persons: tuple[str, ...], longest: int) -> None:
    floor = Floor()
    floor.do(adopting(standing=objection(*persons, ends_in=longest)), SUPERVISOR, after=0)
    floor.wait(longest // SECOND - 1)
    assert in_force(floor) == A
    floor.wait(1)
    assert in_force(floor) is None
    assert floor.last(PolicyLapsed).at == START + longest


def test_the_refused_certificate_and_its_failing_pair_stay_in_the_record() -> None:
    floor = Floor()
    pair = ("call 1: employer agency A; nobody is sent", "call 2: any other employer; one unit within 60 s")
    standing = msgspec.structs.replace(objection("S1"), certificate="refused", failing=pair)
    floor.do(adopting(standing=standing), SUPERVISOR, after=0)
    assert floor.last(PolicyAdopted).standing == standing


DECIDING = Rules(
    policy=A,
    reads=frozenset(),
    offers={"fence": Offer(to="county", within=3 * MINUTE, ground="their_area")},
)


def decide_everything(floor: Floor) -> None:
    """One of each decision that a policy makes."""
    request(floor)  # opened
    floor.do(c.Classify(call="C000001", type="shooting"))  # planned anew
    held = request(floor)
    floor.do(c.HoldResponse(incident=held, agency="PD", ground="unit_shortage", until=floor.now + 5 * MINUTE))
    request(floor)
    floor.do(c.OfferHandOver(needs=("C000003-1",), to="county", ground="other_agency_duty"))
    request(floor, NeedAsked(service="police", type="fence"))  # offered by the rule
    floor.do(c.TakeCall(needs=(NeedAsked(service="police", type="burglary", priority="3"),)))
    floor.do(c.Settle(needs=("C000005-1",), outcome=Declined(ground="no_police_matter", authority="code 4")))


def marks(floor: Floor) -> list[bool]:
    outcome = floor.last(NeedsSettled).outcome
    assert isinstance(outcome, Declined)
    return [
        *[response.over_objection for opened in floor.all(IncidentOpened) for response in opened.responses],
        floor.last(PlanChanged).over_objection,
        floor.last(ResponseHeld).hold.over_objection,
        *[offered.over_objection for offered in floor.all(HandOverOffered)],
        *[held.over_objection for held in floor.state.hand_overs.values()],
        outcome.over_objection,
    ]


def test_every_decision_under_an_objection_is_marked() -> None:
    floor = staffed(DECIDING)
    floor.do(adopting(standing=objection("S1", "S2", ends_in=DAY)), SUPERVISOR, after=0)
    decide_everything(floor)
    assert len(marks(floor)) == 4 + 1 + 1 + 2 + 2 + 1
    assert all(marks(floor))
    assert floor.replayed().encoded() == floor.state.encoded()


def test_no_decision_of_a_checked_policy_is_marked() -> None:
    floor = staffed(DECIDING)
    decide_everything(floor)
    assert not any(marks(floor))


def test_what_was_decided_before_is_marked_once_it_is_touched() -> None:
    floor = staffed(DECIDING)
    untouched, held, offered = (request(floor) for _ in range(3))
    floor.do(adopting(standing=objection("S1", "S2", ends_in=DAY)), SUPERVISOR, after=0)
    floor.do(c.HoldResponse(incident=held, agency="PD", ground="unit_shortage", until=floor.now + 5 * MINUTE))
    floor.do(c.OfferHandOver(needs=("C000003-1",), to="county", ground="other_agency_duty"))
    found = {key: floor.state.incidents[key].responses["PD"].over_objection for key in (untouched, held, offered)}
    assert found == {untouched: False, held: True, offered: True}


def test_what_the_houses_rules_decide_is_not_the_objections() -> None:
    floor = staffed(DECIDING)
    floor.do(adopting(B, standing=objection("S1", "S2", ends_in=DAY)), SUPERVISOR, after=0)
    incident = request(floor)
    response = floor.state.incidents[incident].responses["PD"]
    assert response.plan.rule == "house:send"
    assert not response.over_objection


# -- the second signature ----------------------------------------------------------------------------------


def alone() -> Floor:
    floor = Floor(evaluator=DECIDING)
    floor.do(adopting(standing=objection("S1", ends_in=12 * HOUR)), SUPERVISOR, after=0)
    return floor


def sign(ends_in: int = 30 * DAY, reason: str = "agreed", policy: str = A) -> c.CountersignPolicy:
    return c.CountersignPolicy(policy=policy, ends_at=START + ends_in, reason=reason)


def test_the_second_signature_lengthens_it_to_thirty_days_from_the_adoption() -> None:
    floor = alone()
    floor.do(sign(), CHIEF, after=3600)
    assert floor.last(PolicyCountersigned).person == "C1"
    assert floor.state.policy is not None
    standing = floor.state.policy.standing
    assert isinstance(standing, OverObjection)
    assert (standing.persons, standing.ends_at) == (("S1", "C1"), START + 30 * DAY)
    floor.wait(20 * 86_400)
    assert in_force(floor) == A
    assert floor.state.incidents[request(floor)].responses["police"].over_objection, "what it touches stays marked"
    floor.wait(10 * 86_400)
    assert in_force(floor) is None
    assert floor.last(PolicyLapsed).at == START + 30 * DAY
    assert floor.replayed().encoded() == floor.state.encoded()


@pytest.mark.parametrize(
    ("body", "actor", "code"),
    [
        (sign(), SUPERVISOR, "countersigned_by_the_same"),
        (sign(30 * DAY + 1), CHIEF, "countersigned_without_end"),
        (sign(11 * HOUR), CHIEF, "countersigned_without_end"),
        (sign(reason=""), CHIEF, "countersigned_without_end"),
        (sign(policy=B), CHIEF, "unknown_policy"),
    ],
)
def test_what_is_no_second_signature(body: c.CountersignPolicy, actor: Actor, code: str) -> None:
    floor = alone()
    assert floor.refused(body, actor).code == code
    floor.wait(12 * 3600)
    assert in_force(floor) is None
    assert floor.refused(sign(), CHIEF).code == "unknown_policy", "what has ended is adopted again"


def test_what_two_have_signed_or_what_is_checked_waits_for_no_signature() -> None:
    floor = alone()
    floor.do(sign(DAY), CHIEF)
    third = Actor(person="M1", role="administrator")
    assert floor.refused(sign(), third).code == "nothing_to_countersign"
    floor.do(adopting(B), SUPERVISOR)
    assert floor.refused(sign(policy=B), CHIEF).code == "nothing_to_countersign"


def test_a_second_signature_does_not_outlast_the_policys_own_end() -> None:
    floor = Floor()
    floor.do(adopting(standing=objection("S1"), effective_to=START + DAY), SUPERVISOR, after=0)
    floor.do(sign(20 * DAY), CHIEF)
    assert floor.state.deadlines["policy:policy"].due == START + DAY


def test_what_waits_for_its_day_can_be_signed_meanwhile() -> None:
    floor = Floor()
    body = adopting(standing=objection("S1", ends_in=12 * HOUR), effective_from=START + 2 * HOUR)
    floor.do(body, SUPERVISOR, after=0)
    floor.do(sign(10 * DAY), CHIEF, after=60)
    assert list(floor.state.deadlines) == [f"policy:from/{A}"]
    floor.wait(2 * 3600)
    assert in_force(floor) == A
    assert floor.state.deadlines["policy:policy"].due == START + 10 * DAY


# -- one adoption, one text ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "other",
    [
        {"version": "2"},
        {"authority": "somebody else"},
        {"reads": ()},
        {"reads": (EMPLOYER, "weapon")},
        {"reads": (EMPLOYER, EMPLOYER)},
        {"effective_from": START + HOUR},
        {"effective_to": None},
        {"effective_to": START + 3 * DAY},
    ],
)
def test_an_adoption_says_of_the_text_what_its_certificate_says_and_nothing_else(other: dict[str, Any]) -> None:
    body = adopting(reads=(EMPLOYER,), effective_to=START + 2 * DAY, standing=Certified(certificate="mine"))
    floor = Floor(certificates={"mine": certificate_for(body, "mine")})
    refusal = floor.refused(msgspec.structs.replace(body, **other), SUPERVISOR)
    assert (refusal.code, refusal.rule) == ("certificate_not_of_this_adoption", "house:9")
    assert next(iter(other)) in refusal.because
    floor.do(body, SUPERVISOR)
    assert floor.state.policy is not None
    assert floor.state.policy.reads == (EMPLOYER,)


# -- who signs, and how often alone ---------------------------------------------------------------------------

NO_CODES = (
    "Jane Doe",
    "D417 ",
    "D4\u200b17",
    "D4\N{CYRILLIC SMALL LETTER A}17",
    "D417\n",
    "D/417",
    "\N{NO-BREAK SPACE}",
)


@pytest.mark.parametrize("person", NO_CODES)
def test_whoever_signs_has_a_staff_code_that_looks_like_no_other(person: str) -> None:
    floor = alone()
    named = Actor(person=person, role="duty_chief")
    bodies: tuple[c.AdoptPolicy | c.CountersignPolicy, ...] = (
        adopting(B),
        adopting(B, standing=objection(person)),
        sign(),
    )
    for body in bodies:
        refusal = floor.refused(body, named)
        assert (refusal.code, refusal.rule) == ("no_staff_code", "house:9")
        assert refusal.because.isascii()
    assert floor.refused(adopting(B, standing=objection("S1", person)), SUPERVISOR).code == "no_staff_code"


def test_small_and_capital_letters_name_one_person() -> None:
    two = objection("S1", "s1", ends_in=13 * HOUR)
    assert Floor().refused(adopting(standing=two), SUPERVISOR, after=0).code == "objection_without_end"
    floor = alone()
    assert floor.refused(sign(), Actor(person="s1", role="duty_chief")).code == "countersigned_by_the_same"
    floor = Floor()
    floor.do(adopting(standing=objection("s1", "S1")), SUPERVISOR, after=0)
    assert floor.state.objected_alone_at == START
    floor.do(sign(DAY), CHIEF)
    assert floor.state.objected_alone_at is None


def again(floor: Floor, *persons: str, policy: str = A) -> c.AdoptPolicy:
    ends_at = floor.now + 11 * HOUR
    standing = OverObjection(persons=persons, reason="storm", objection="reads employer", ends_at=ends_at)
    return adopting(policy, standing=standing)


@pytest.mark.parametrize("policy", [A, B])
@pytest.mark.parametrize("actor", [SUPERVISOR, CHIEF])
def test_one_person_alone_has_a_night_and_not_one_after_the_other(policy: str, actor: Actor) -> None:
    floor = alone()
    floor.wait(11 * 3600)
    assert floor.refused(again(floor, actor.person, policy=policy), actor).code == "objection_by_one_again"
    floor.wait((START + 30 * DAY - floor.now) // SECOND - 1)
    assert floor.refused(again(floor, actor.person, policy=policy), actor, after=0).code == "objection_by_one_again"
    floor.do(again(floor, actor.person, policy=policy), actor, after=1)
    assert floor.now == START + 30 * DAY
    assert raw(floor.state)["objected_alone_at"] == floor.now
    assert floor.replayed().encoded() == floor.state.encoded()


def test_a_minute_under_a_certified_version_does_not_buy_another_night() -> None:
    floor = alone()
    floor.do(adopting(B), CHIEF)
    assert floor.refused(again(floor, "S1"), SUPERVISOR).code == "objection_by_one_again"


def test_once_a_second_person_has_signed_one_may_again_begin_alone() -> None:
    floor = alone()
    floor.do(sign(2 * DAY), CHIEF)
    floor.do(again(floor, "S1", policy=B), SUPERVISOR)
    assert floor.refused(again(floor, "S1"), SUPERVISOR).code == "objection_by_one_again"
    floor.do(again(floor, "S1", "C1", policy=C), SUPERVISOR)
    floor.do(again(floor, "S1"), SUPERVISOR)
    assert floor.replayed().encoded() == floor.state.encoded()


# -- from when to when -------------------------------------------------------------------------------------


def test_a_version_waits_for_its_day_and_the_one_before_stays_until_then() -> None:
    floor = Floor()
    floor.do(adopting(A), SUPERVISOR, after=0)
    floor.do(adopting(B, effective_from=START + DAY, version="next"), SUPERVISOR, after=0)
    assert in_force(floor) == A
    assert [held.policy for held in floor.state.next_policies] == [B]
    floor.wait(86_399)
    assert in_force(floor) == A
    floor.wait(1)
    assert in_force(floor) == B
    came = floor.last(PolicyCameIntoForce)
    assert (came.policy, came.version, came.at) == (B, "next", START + DAY)
    assert floor.state.next_policies == ()
    assert floor.state.deadlines == {}
    assert floor.replayed().encoded() == floor.state.encoded()


def test_it_comes_into_force_at_its_own_time_however_late_somebody_looks() -> None:
    floor = Floor()
    floor.do(adopting(B, effective_from=START + HOUR, effective_to=START + 3 * HOUR), SUPERVISOR, after=0)
    floor.wait(10 * 86_400)
    assert floor.last(PolicyCameIntoForce).at == START + HOUR
    assert floor.last(PolicyLapsed).at == START + 3 * HOUR
    assert in_force(floor) is None


def test_at_its_end_the_houses_rules_hold_and_not_the_version_before() -> None:
    floor = staffed(Rules(policy=B))
    floor.do(adopting(A), SUPERVISOR, after=0)
    floor.do(adopting(B, effective_to=floor.now + HOUR), SUPERVISOR, after=0)
    floor.wait(3600)
    assert in_force(floor) is None
    assert floor.state.incidents[request(floor)].responses["PD"].plan.rule == "house:send"


def test_a_newer_version_ends_the_end_of_the_one_before() -> None:
    floor = Floor()
    floor.do(adopting(A, effective_to=START + HOUR), SUPERVISOR, after=0)
    floor.do(adopting(B, effective_from=START + HOUR), SUPERVISOR, after=0)
    floor.wait(7200)
    assert in_force(floor) == B
    assert floor.all(PolicyLapsed) == [], "it begins at the instant at which the other ends"
    assert floor.state.deadlines == {}


def test_versions_wait_in_the_order_of_their_days() -> None:
    floor = Floor()
    for policy, day in ((A, 3), (B, 1), (C, 2)):
        floor.do(adopting(policy, effective_from=START + day * DAY), SUPERVISOR, after=0)
    assert [held.policy for held in floor.state.next_policies] == [B, C, A]
    floor.wait(3 * 86_400)
    assert [came.policy for came in floor.all(PolicyCameIntoForce)] == [B, C, A]
    assert in_force(floor) == A


def test_the_later_adoption_takes_the_place_of_what_waits_for_the_same_instant_or_has_the_same_text() -> None:
    floor = Floor()
    floor.do(adopting(C, effective_from=START + DAY), SUPERVISOR, after=0)
    floor.do(adopting(A, effective_from=START + DAY), SUPERVISOR, after=0)
    assert [held.policy for held in floor.state.next_policies] == [A]
    floor.do(adopting(A, effective_from=START + 2 * DAY), SUPERVISOR, after=0)
    assert [held.effective_from for held in floor.state.next_policies] == [START + 2 * DAY]
    assert list(floor.state.deadlines) == [f"policy:from/{A}"]


def test_the_same_version_may_be_adopted_again_unchanged() -> None:
    floor = Floor()
    floor.do(adopting(A), SUPERVISOR)
    before = floor.state.policy
    floor.do(adopting(A), SUPERVISOR)
    assert before is not None
    assert floor.state.policy == msgspec.structs.replace(before, adopted_at=floor.now)


@pytest.mark.parametrize(
    ("when", "code"),
    [
        ({"effective_to": START}, "policy_ended_already"),
        ({"effective_to": START - DAY}, "policy_ended_already"),
        ({"effective_from": START + DAY, "effective_to": START + DAY}, "policy_ends_before_it_begins"),
        ({"effective_from": START + 2 * DAY, "effective_to": START + DAY}, "policy_ends_before_it_begins"),
        ({"effective_from": START + 2 * HOUR, "standing": objection("S1")}, "policy_ends_before_it_begins"),
    ],
)
def test_times_that_make_no_sense_are_refused(when: dict[str, Any], code: str) -> None:
    assert Floor().refused(adopting(A, **when), SUPERVISOR, after=0).code == code


def test_a_beginning_in_the_past_is_now() -> None:
    floor = Floor()
    floor.do(adopting(A, effective_from=START - DAY), SUPERVISOR, after=0)
    assert in_force(floor) == A
    assert floor.state.deadlines == {}


def test_the_names_of_deadlines_cannot_be_made_up_by_the_name_of_a_policy() -> None:
    floor = Floor()
    floor.do(adopting("policy", effective_from=START + HOUR), SUPERVISOR, after=0)
    floor.do(adopting("from/policy", effective_from=START + 2 * HOUR), SUPERVISOR, after=0)
    floor.do(adopting(A, effective_to=START + 3 * HOUR), SUPERVISOR, after=0)
    assert len(floor.state.deadlines) == 3
    floor.wait(3600)
    assert in_force(floor) == "policy"
    floor.wait(3600)
    assert in_force(floor) == "from/policy"


# -- what an evaluator is asked ----------------------------------------------------------------------------


def test_a_policy_file_that_does_not_fit_sends_help_by_the_houses_rules() -> None:
    floor = Floor(evaluator=Rules(policy="other"))
    floor.do(adopting(), SUPERVISOR)
    incident = request(floor)
    assert floor.state.incidents[incident].responses["police"].plan.rule == "house:send"
    assert HOUSE.reads == frozenset()
    asked = Asked("police", None, {}, START)
    assert HOUSE.may("decline", "duty_chief", "x", asked).allowed is False
    assert HOUSE.may("hand_over", "dispatcher", "x", asked, "county").allowed is True
    assert floor.state.deadlines[f"dispatch:{incident}/police"].due == floor.now + 60 * SECOND


def test_a_policy_is_asked_about_the_need_the_facts_it_reads_and_the_calls_first_instant() -> None:
    asked: list[Asked] = []
    sent_to: list[str | None] = []

    class Listening(Rules):
        def plan(self, about: Asked) -> Any:
            asked.append(about)
            return super().plan(about)

        def may(self, act: Any, role: Any, ground: str, about: Asked, to: str | None = None) -> Any:
            asked.append(about)
            sent_to.append(to)
            return super().may(act, role, ground, about, to)

    floor = staffed(Listening(reads=frozenset({"weapon", "zone.harbour"})))
    facts = (FactGiven(name="zone.harbour", value=True), FactGiven(name="floors", value=3))
    received = floor.now - 90 * SECOND
    incident = request(floor, POLICE, facts=facts, received_at=received)
    floor.wait(600)
    floor.do(c.Classify(call="C000001", type="theft", reason="coded"))
    until = floor.now + MINUTE
    floor.do(c.OfferHandOver(needs=("C000001-1",), to="county", ground="other_agency_duty"))
    floor.do(c.AnswerHandOver(hand_over="H000001", answer="refused"))
    floor.do(c.HoldResponse(incident=incident, agency="PD", ground="unit_shortage", until=until))
    floor.do(c.Settle(needs=("C000001-1",), outcome=Declined(ground="no_police_matter", authority="code 4")))
    expected = {"zone.harbour": True}
    assert {(about.service, about.received_at) for about in asked} == {("police", received)}
    assert all(about.facts == expected for about in asked)
    assert [about.incident_type for about in asked] == ["burglary", "theft", "theft", "theft", "theft"]
    assert sent_to == ["county", None, None]


def test_a_certificate_that_is_full_is_so_for_its_own_text_only() -> None:
    floor = Floor(certificates={"mine": full_certificate(A, (), "mine")})
    assert floor.refused(adopting(B, standing=Certified(certificate="mine")), SUPERVISOR).code == (
        "certificate_of_another_policy"
    )
    assert len({"mine", FULL}) == 2
