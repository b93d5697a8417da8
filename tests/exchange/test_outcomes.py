"""The rules that turn words of an export into an outcome, as a table."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from everycall.core.vocabulary import OUTCOME_NAMES
from everycall.exchange.outcomes import OUTCOME_OF_WORDS, settle
from everycall.exchange.profiles import SAID, Said

TABLE = [
    # words, arrived, outcome, contact
    ((), True, "responded", "not_said"),
    ((), False, "not_recorded", None),
    (("nothing",), True, "responded", "not_said"),
    (("nothing",), False, "not_recorded", None),
    (("contact",), True, "responded", "yes"),
    (("no_contact",), True, "responded", "no"),
    (("contact", "no_contact"), True, "responded", "not_said"),
    (("no_contact",), False, "not_recorded", None),
    (("gone_on_arrival",), True, "gone_on_arrival", "no"),
    (("gone_on_arrival",), False, "gone_on_arrival", "no"),
    (("gone_on_arrival", "nothing"), True, "gone_on_arrival", "no"),
    (("unfounded",), True, "unfounded", "not_said"),
    (("unfounded",), False, "not_recorded", None),
    (("unfounded", "unit_arrived"), False, "unfounded", "not_said"),
    (("unit_arrived",), False, "responded", "not_said"),
    (("cancelled_by_caller",), False, "cancelled_by_caller", None),
    (("cancelled_by_caller",), True, "responded", "not_said"),
    (("cancelled_by_agency",), False, "not_reached", None),
    (("cancelled_by_agency",), True, "responded", "not_said"),
    (("duplicate",), False, "duplicate", None),
    (("duplicate",), True, "responded", "not_said"),
    (("no_emergency", "nothing"), False, "no_emergency", None),
    (("settled_by_phone",), False, "advised", None),
    (("accepted_by_other_agency",), False, "handed_over", None),
    (("declined",), False, "declined", None),
    (("not_established",), False, "not_established", None),
    (("cancelled_by_caller", "duplicate"), False, "not_recorded", None),
]


@pytest.mark.parametrize(("said", "arrived", "outcome", "contact"), TABLE)
def test_words_and_arrival_settle_the_outcome(
    said: tuple[Said, ...], *, arrived: bool, outcome: str, contact: str | None
) -> None:
    settled = settle(frozenset(said), arrived=arrived)
    assert (settled.outcome, settled.contact) == (outcome, contact)


def test_two_different_words_are_a_contradiction_and_one_is_none() -> None:
    assert settle(frozenset({"cancelled_by_caller", "duplicate"}), arrived=False).contradiction
    assert not settle(frozenset({"cancelled_by_caller", "nothing"}), arrived=False).contradiction


def test_a_call_that_is_still_open_has_no_outcome_whatever_the_words_say() -> None:
    assert settle(frozenset(SAID), arrived=True, still_open=True).outcome is None


words = st.frozensets(st.sampled_from(SAID))


@given(words, st.booleans())
def test_an_outcome_is_always_one_of_ours_and_contact_goes_with_a_unit_that_came(
    said: frozenset[Said],
    arrived: bool,
) -> None:
    settled = settle(said, arrived=arrived)
    assert settled.outcome in OUTCOME_NAMES
    came = settled.outcome in {"responded", "gone_on_arrival", "unfounded"}
    assert (settled.contact is not None) == came
    if arrived:
        assert came


@given(words)
def test_without_arrival_and_without_a_word_for_it_nothing_is_invented(said: frozenset[Said]) -> None:
    silent = said - set(OUTCOME_OF_WORDS) - {"gone_on_arrival", "unit_arrived"}
    assert settle(silent, arrived=False).outcome == "not_recorded"


def test_every_word_a_profile_can_use_is_in_the_table() -> None:
    assert {word for said, *_ in TABLE for word in said} == set(get_args(Said))
