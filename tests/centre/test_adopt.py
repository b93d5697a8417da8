"""Putting a policy in force: proved in the same run, or over an objection that stands in the record for ever."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from everycall.centre.adopt import Objection, Proved, countersign_policy, prove, put_in_force
from everycall.centre.embedded import EmbeddedCentre
from everycall.centre.history import differing_parts, versions_of
from everycall.core.actors import Actor
from everycall.core.base import DAY, HOUR, MINUTE
from everycall.core.calls import TakeCall
from everycall.core.commands import AnyCommand, Command
from everycall.core.events import decode_event
from everycall.core.incidents import IncidentOpened, OpenIncident
from everycall.core.needs import NeedAsked
from everycall.core.refusals import Refusal
from everycall.core.units import EnrolAgency
from everycall.core.versions import AdoptPolicy, Certified, OverObjection, PolicyAdopted
from everycall.engine.answers import Answer, Done
from everycall.policy.certificate import Certificate, read_certificate
from everycall.policy.text import read_policy
from everycall.record import SqliteRecord

STORY = Path(__file__).parents[2] / "docs" / "policy-story"
NAIVE = (STORY / "1-naive.yaml").read_bytes()
ZONE = (STORY / "3-zone.yaml").read_bytes()
LAWFUL = (STORY / "4-jurisdiction.yaml").read_bytes()
CHIEF = Actor(person="D417", role="duty_chief")
SECOND = Actor(person="D002", role="supervisor")
START = 1_800_000_000_000_000


class Clock:
    time = START

    def now(self) -> int:
        return self.time


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "centre.record"


def opened(path: Path, clock: Clock | None = None) -> EmbeddedCentre:
    if path.exists():
        return EmbeddedCentre.open(path, clock=clock or Clock())
    return EmbeddedCentre.create(path, centre="centre", clock=clock or Clock())


@dataclass(frozen=True)
class Adopted:
    """What came of it."""

    policy: str
    certificate: str
    answer: Answer | None


PROVED: dict[bytes, Proved] = {}


def adopt_policy(centre: EmbeddedCentre, text: bytes, actor: Actor, *, objection: Objection | None = None) -> Adopted:
    proved = PROVED.setdefault(text, prove(text)) if text not in PROVED else PROVED[text]
    answer = put_in_force(centre, proved, actor, objection=objection)
    return Adopted(proved.policy.hash, proved.certificate_hash, answer)


def everycall(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", "from everycall.cli import main; main()", *arguments],
        capture_output=True,
        check=False,
        timeout=120,
    )


def adopted_in(path: Path) -> PolicyAdopted:
    with SqliteRecord.open(path, read_only=True) as record:
        bodies = [decode_event(data).body for _, data in record.read()]
    return next(body for body in reversed(bodies) if isinstance(body, PolicyAdopted))


def test_a_policy_that_holds_comes_into_force_with_its_text_and_its_certificate(path: Path) -> None:
    with opened(path) as centre:
        adoption = adopt_policy(centre, LAWFUL, CHIEF)
        assert isinstance(adoption.answer, Done)
        assert centre.engine.state.policy is not None
        assert centre.engine.state.policy.policy == hashlib.sha256(LAWFUL).hexdigest()
    with SqliteRecord.open(path, read_only=True) as record:
        assert record.blob(adoption.policy) == LAWFUL
        certificate = read_certificate(record.blob(adoption.certificate))
    assert certificate.headline.startswith("This text treats like calls alike on these attributes.")
    assert certificate.authority == "the agreement on police powers at that property (cite yours)"
    assert [proxy.name for proxy in certificate.proxies] == ["agency_building"]
    assert adopted_in(path).reads == ("anyone_in_danger", "weapon", "zone.agency_building")


def test_a_call_is_then_decided_by_that_version_and_says_so_again_after_a_restart(path: Path) -> None:
    clock = Clock()
    with opened(path, clock) as centre:
        adopt_policy(centre, LAWFUL, CHIEF)
    with opened(path, clock) as centre:
        desk = Actor(person="T1", role="call_taker")
        bodies: tuple[AnyCommand, ...] = (
            EnrolAgency(agency="RPD", services=("police",)),
            TakeCall(channel="emergency_voice", needs=(NeedAsked(service="police", type="robbery"),)),
            OpenIncident(call="C000001"),
        )
        for number, body in enumerate(bodies):
            clock.time += 1_000_000
            actor = Actor(person="A1", role="administrator") if number == 0 else desk
            assert isinstance(centre.engine.handle(Command(id=f"c{number}", actor=actor, body=body)), Done)
        assert centre.engine.policy_missing is None
        (incident,) = centre.engine.state.incidents.values()
        (response,) = incident.responses.values()
    assert (response.plan.rule, response.plan.priority) == ("violence", "1")
    assert response.plan.policy == f"guarding-1 ({hashlib.sha256(LAWFUL).hexdigest()[:12]})"
    with SqliteRecord.open(path, read_only=True) as record:
        assert any(isinstance(decode_event(data).body, IncidentOpened) for _, data in record.read())


def test_a_policy_that_does_not_hold_is_not_adopted_and_leaves_no_trace(path: Path) -> None:
    opened(path).close()
    with SqliteRecord.open(path, read_only=True) as record:
        before = [data for _, data in record.read()]
    with opened(path) as centre:
        adoption = adopt_policy(centre, NAIVE, CHIEF)
    assert adoption.answer is None
    with SqliteRecord.open(path, read_only=True) as record:
        assert [data for _, data in record.read()] == before
        with pytest.raises(Exception, match="no blob"):
            record.blob(adoption.policy)


def objection(*persons: str, ends_at: int) -> Objection:
    return Objection(persons=persons, reason="the mayor insists", ends_at=ends_at)


def test_over_objection_the_failing_pair_the_persons_and_the_end_are_in_the_record(path: Path) -> None:
    with opened(path) as centre:
        adoption = adopt_policy(centre, NAIVE, CHIEF, objection=objection("D417", ends_at=START + 12 * HOUR))
        assert isinstance(adoption.answer, Done)
    standing = adopted_in(path).standing
    assert isinstance(standing, OverObjection)
    assert standing.persons == ("D417",)
    assert standing.objection == "like calls alike refuted; unknown refuted"
    told = " ".join(standing.failing)
    assert "caller.employer agency_a" in told
    assert "rule agency_a" in told
    with SqliteRecord.open(path, read_only=True) as record:
        (version,) = versions_of(record)
        assert read_certificate(record.blob(standing.certificate or "")).headline.endswith(
            "not shown to treat like calls alike."
        )
    assert (version.standing, version.signed, version.until) == ("over_objection", ("D417",), START + 12 * HOUR)


@pytest.mark.parametrize(
    ("persons", "ends"),
    [
        (("D417",), 12 * HOUR + MINUTE),
        (("D417", "D417"), 13 * HOUR),
        (("D417", "D002"), 30 * DAY + MINUTE),
        (("D002",), HOUR),
        (("D417",), -HOUR),
    ],
)
def test_over_objection_nobody_gets_more_time_than_the_house_allows(
    path: Path, persons: tuple[str, ...], ends: int
) -> None:
    with opened(path) as centre:
        adoption = adopt_policy(centre, NAIVE, CHIEF, objection=objection(*persons, ends_at=START + ends))
        assert isinstance(adoption.answer, Refusal)
        assert centre.engine.state.policy is None


def test_the_second_person_signs_afterwards_and_nobody_signs_twice(path: Path) -> None:
    with opened(path) as centre:
        policy = adopt_policy(centre, NAIVE, CHIEF, objection=objection("D417", ends_at=START + HOUR)).policy
        same = countersign_policy(centre, CHIEF, policy=policy, ends_at=START + 20 * DAY, reason="again")
        assert isinstance(same, Refusal)
        signed = countersign_policy(centre, SECOND, policy=policy, ends_at=START + 20 * DAY, reason="I agree")
        assert isinstance(signed, Done)
    with SqliteRecord.open(path, read_only=True) as record:
        (version,) = versions_of(record)
    assert version.signed == ("D417", "D002")
    assert version.until == START + 20 * DAY


def forged(policy: bytes, of: bytes, path: Path) -> tuple[str, str]:
    """A certificate of one text that was edited to be about another."""
    with opened(path) as centre:
        adoption = adopt_policy(centre, of, CHIEF)
        genuine = centre.record.blob(adoption.certificate)
        wanted = hashlib.sha256(policy).hexdigest()
        centre.record.put_blob(policy)
        return wanted, centre.record.put_blob(genuine.replace(adoption.policy.encode(), wanted.encode()))


def raw(policy: str, certificate: str, of: Certificate | None = None, **other: Any) -> Command:
    body = AdoptPolicy(
        policy=policy,
        version="v" if of is None else of.version,
        reads=() if of is None else of.reads,
        authority="a" if of is None else of.authority,
        reason="r",
        standing=Certified(certificate=certificate),
    )
    name = f"raw-{certificate[:8]}-{len(other)}{list(other)}"
    return Command(id=name, actor=CHIEF, body=msgspec.structs.replace(body, **other))


def test_a_certificate_of_another_text_puts_nothing_in_force(path: Path) -> None:
    with opened(path) as centre:
        certificate = adopt_policy(centre, ZONE, CHIEF).certificate
        before = centre.engine.state.policy
        centre.record.put_blob(NAIVE)
        for wrong in (certificate, "0" * 64, "", centre.record.put_blob(b"{}")):
            answer = centre.engine.handle(raw(hashlib.sha256(NAIVE).hexdigest(), wrong or "x"))
            assert isinstance(answer, Refusal)
        assert centre.engine.state.policy == before


def test_a_forged_certificate_is_found_by_proving_again(path: Path) -> None:
    policy, certificate = forged(NAIVE, ZONE, path)
    with opened(path) as centre:
        told = read_certificate(centre.record.blob(certificate))
        answer = centre.engine.handle(raw(policy, certificate, told))
        assert isinstance(answer, Done), "the core cannot prove; that is said in ADR 9"
    found = everycall("policy", "history", str(path), "--recheck", "--json")
    assert found.returncode == 1
    again = msgspec.json.decode(found.stdout)["rechecked"]
    assert again[certificate].startswith("the proof now says otherwise: ")
    assert {"headline", "like_calls_alike"} <= set(again[certificate].partition(": ")[2].split(", "))
    assert [word for name, word in again.items() if name != certificate] == ["as certified"]


def test_an_adoption_that_says_of_the_text_other_than_its_certificate_is_refused(path: Path) -> None:
    later = LAWFUL.replace(b"\nattributes:", b"\neffective: {to: 2099-02-01T00:00:00Z}\n\nattributes:", 1)
    proved = prove(later)
    with opened(path) as centre:
        centre.record.put_blob(later)
        certificate = centre.record.put_blob(proved.certificate)
        told = read_certificate(proved.certificate)
        ends = round(datetime(2099, 2, 1, tzinfo=UTC).timestamp()) * 1_000_000
        others: tuple[dict[str, Any], ...] = (
            {},
            {"reads": (), "effective_to": ends},
            {"version": "v", "effective_to": ends},
            {"authority": "me", "effective_to": ends},
            {"effective_to": ends, "effective_from": ends - DAY},
        )
        for other in others:
            answer = centre.engine.handle(raw(proved.policy.hash, certificate, told, **other))
            assert isinstance(answer, Refusal), other
            assert answer.code == "certificate_not_of_this_adoption"
        assert isinstance(put_in_force(centre, proved, CHIEF), Done)
        assert centre.engine.state.policy is not None
        assert centre.engine.state.policy.effective_to == ends


def lie(**said: Any) -> bytes:
    """The certificate of the lawful text with something else in it, laid out as a check lays it out."""
    told = msgspec.json.decode(prove(LAWFUL).certificate)
    return msgspec.json.format(msgspec.json.encode({**told, **said}), indent=1) + b"\n"


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ({"proxies": []}, "proxies"),
        ({"overlaps": {}}, "overlaps"),
        ({"reads": []}, "reads"),
        ({"authority": "another court"}, "authority"),
        ({"title": "Nice"}, "title"),
    ],
)
def test_a_certificate_from_which_something_was_taken_is_found_by_proving_again(
    path: Path, said: dict[str, Any], found: str
) -> None:
    with opened(path) as centre:
        policy = centre.record.put_blob(LAWFUL)
        data = lie(**said)
        certificate = centre.record.put_blob(data)
        assert isinstance(centre.engine.handle(raw(policy, certificate, read_certificate(data))), Done)
    again = everycall("policy", "history", str(path), "--recheck", "--json")
    assert again.returncode == 1
    assert msgspec.json.decode(again.stdout)["rechecked"] == {certificate: f"the proof now says otherwise: {found}"}


def test_seconds_counts_and_versions_of_engines_may_differ_between_two_proofs() -> None:
    kept = read_certificate(prove(LAWFUL).certificate)
    properties = tuple(msgspec.structs.replace(p, questions=9, witnesses=9, cpu_seconds=9.0) for p in kept.properties)
    same = msgspec.structs.replace(kept, properties=properties, cpu_seconds=9.0)
    assert differing_parts(kept, same) == []
    other = tuple(msgspec.structs.replace(p, smtlib="0" * 64) for p in kept.properties)
    assert differing_parts(kept, msgspec.structs.replace(kept, properties=other)) == [p.name for p in other]
    newer = msgspec.structs.replace(kept, properties=other, engines=("z3 99", "CaDiCaL 99"))
    assert set(differing_parts(kept, newer)) <= {"engines"}
    trimmed = tuple(msgspec.structs.replace(p, listed=()) for p in kept.properties)
    for engines in (kept.engines, newer.engines):
        found = differing_parts(kept, msgspec.structs.replace(kept, properties=trimmed, engines=engines))
        assert set(found) >= {p.name for p in kept.properties if p.listed}
        assert any(p.listed for p in kept.properties)


def test_a_version_for_later_waits_for_its_day(path: Path) -> None:
    clock = Clock()
    clock.time = round(datetime(2027, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
    later = LAWFUL.replace(b"\nattributes:", b"\neffective: {from: 2027-02-01T00:00:00Z}\n\nattributes:", 1)
    with opened(path, clock) as centre:
        assert isinstance(adopt_policy(centre, later, CHIEF).answer, Done)
        assert centre.engine.state.policy is None
        clock.time += 40 * DAY
        centre.engine.advance()
        assert centre.engine.state.policy is not None
    with SqliteRecord.open(path, read_only=True) as record:
        (version,) = versions_of(record)
    assert version.since == round(datetime(2027, 2, 1, tzinfo=UTC).timestamp()) * 1_000_000


def test_old_versions_stay_readable_byte_for_byte(path: Path) -> None:
    with opened(path) as centre:
        adopt_policy(centre, ZONE, CHIEF)
        adopt_policy(centre, LAWFUL, CHIEF)
    with SqliteRecord.open(path, read_only=True) as record:
        first, second = versions_of(record)
    assert first.until == second.since
    for version, text in ((first, ZONE), (second, LAWFUL)):
        found = everycall("policy", "history", str(path), "--text", version.policy[:10])
        assert found.stdout == text


def test_the_verbs_tell_a_chief_what_to_do(path: Path, tmp_path: Path) -> None:
    naive, lawful, record = str(STORY / "1-naive.yaml"), str(STORY / "4-jurisdiction.yaml"), str(path)
    found = everycall("policy", "adopt", lawful, "--record", record, "--by", "D417", "--create", "centre")
    assert (found.returncode, b"Recorded as entry" in found.stdout) == (0, True), found.stderr
    found = everycall("policy", "adopt", naive, "--record", record, "--by", "D417")
    assert found.returncode == 1
    assert b"caller.employer" in found.stdout
    assert b"--over-objection" in found.stderr
    for wrong, word in (
        (("--over-objection",), b"--reason"),
        (("--with", "D002"), b"--over-objection"),
        (("--over-objection", "--reason", "r", "--until", "2027-01-01T00:00:00"), b"offset from UTC"),
    ):
        found = everycall("policy", "adopt", naive, "--record", record, "--by", "D417", *wrong)
        assert found.returncode == 2
        assert word in found.stderr
    found = everycall("policy", "adopt", naive, "-r", record, "--by", "D417", "--over-objection", "--reason", "must be")
    assert found.returncode == 0, found.stderr
    policy = hashlib.sha256(NAIVE).hexdigest()
    found = everycall("policy", "countersign", policy, "-r", record, "--by", "D002", "--reason", "so be it")
    assert found.returncode == 0, found.stderr
    found = everycall("policy", "history", record)
    assert found.returncode == 0
    signed = msgspec.json.decode(everycall("policy", "history", record, "--json").stdout)["versions"][-1]
    assert (signed["standing"], signed["signed"]) == ("over_objection", ["D417", "D002"])
    assert "objection" in found.stdout.decode()
    assert everycall("policy", "history", str(tmp_path / "none")).returncode == 2
    assert everycall("policy", "adopt", str(tmp_path / "none"), "-r", record, "--by", "D417").returncode == 2


def test_the_end_without_a_word_is_within_what_is_allowed() -> None:
    from everycall.centre.adopt_cli import _end  # noqa: PLC0415

    now = datetime.now(UTC)
    alone = datetime.fromtimestamp(_end(None, alone=True) / 1_000_000, UTC)
    both = datetime.fromtimestamp(_end(None, alone=False) / 1_000_000, UTC)
    assert timedelta(hours=11) < alone - now < timedelta(hours=12)
    assert timedelta(days=28) < both - now < timedelta(days=30)


def test_every_example_that_is_adopted_here_can_be_read() -> None:
    assert {read_policy(text).heading.version for text in (NAIVE, ZONE, LAWFUL)} == {
        "instruction-1",
        "instruction-3",
        "guarding-1",
    }


@pytest.mark.parametrize("person", ["Jane Doe", "", "D4\u200b17", " D417"])
def test_who_has_no_staff_code_adopts_nothing_and_leaves_no_record_behind(tmp_path: Path, person: str) -> None:
    record = tmp_path / "new.record"
    lawful = str(STORY / "4-jurisdiction.yaml")
    typed = ("policy", "adopt", lawful, "-r", str(record), "--create", "centre")
    for more in (("--by", person), ("--by", "D417", "--over-objection", "--reason", "r", "--with", person)):
        found = everycall(*typed, *more)
        assert found.returncode == 2
        assert b"a staff code, never a name" in found.stderr
    found = everycall(*typed, "--by", "D417", "--over-objection", "--reason", "r", "--with", "d417")
    assert (found.returncode, b"the same person" in found.stderr) == (2, True)
    found = everycall(*typed, "--by", "D417", "--over-objection", "--reason", "r", "--until", "2020-01-01T00:00:00Z")
    assert (found.returncode, b"within 12 hours" in found.stderr) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_one_person_alone_does_not_stand_for_it_night_after_night(path: Path) -> None:
    clock = Clock()
    with opened(path, clock) as centre:
        for text, expected in ((NAIVE, Done), (NAIVE, Refusal), (ZONE, Done)):
            alone = objection("D417", ends_at=clock.time + 12 * HOUR - MINUTE)
            answer = adopt_policy(centre, text, CHIEF, objection=alone).answer
            assert isinstance(answer, expected)
            clock.time += 11 * HOUR
        again = objection("D417", ends_at=clock.time + HOUR)
        refused = adopt_policy(centre, NAIVE, CHIEF, objection=again).answer
    assert isinstance(refused, Refusal)
    assert refused.code == "objection_by_one_again", "a certified version in between buys no other night"


def test_whoever_countersigns_types_what_the_table_shows(path: Path, tmp_path: Path) -> None:
    naive = hashlib.sha256(NAIVE).hexdigest()
    with EmbeddedCentre.create(path, centre="centre") as centre:
        ends_at = round(datetime.now(UTC).timestamp()) * 1_000_000 + HOUR
        assert isinstance(adopt_policy(centre, NAIVE, CHIEF, objection=objection("D417", ends_at=ends_at)).answer, Done)
    typed = ("-r", str(path), "--by", "D002", "--reason", "so be it")
    for wrong in ("", naive[:3], "0" * 12, naive + "0"):
        found = everycall("policy", "countersign", wrong, *typed)
        assert found.returncode == 2
        assert naive[:12].encode() in found.stderr
        assert b"(instruction-1)" in found.stderr
    found = everycall("policy", "countersign", naive[:12], "-r", str(path), "--by", "Jane Doe", "--reason", "x")
    assert (found.returncode, b"a staff code, never a name" in found.stderr) == (2, True)
    found = everycall("policy", "countersign", naive[:12].upper(), *typed)
    assert found.returncode == 0, found.stderr
    found = everycall("policy", "countersign", naive[:12], *typed)
    assert (found.returncode, b"Waiting: none." in found.stderr) == (2, True)
    assert (
        everycall(
            "policy", "countersign", naive, "-r", str(tmp_path / "none"), "--by", "D2", "--reason", "r"
        ).returncode
        == 2
    )
