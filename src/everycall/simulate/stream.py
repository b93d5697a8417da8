"""The ordinary calls of the synthetic day: by hour, channel, kind, place and what a unit finds there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from everycall.core.base import HOUR, SECOND
from everycall.core.outcomes import Advised, CancelledByCaller, NoEmergency
from everycall.core.settling import Settle
from everycall.simulate import town
from everycall.simulate.floor import Asked
from everycall.simulate.taking import take
from everycall.simulate.work import called_back, serve_all

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from everycall.core.vocabulary import Channel, OutcomeName, Service
    from everycall.simulate.driver import Process
    from everycall.simulate.floor import Floor

BY_HOUR: Final = (6, 8, 10, 10, 11, 11, 12, 12, 12, 13, 14, 15, 15, 14, 12, 11, 10, 9, 8, 6, 5, 4, 4, 5)
"""Calls in each hour of the day, from six in the morning; some 240 beside the scenes."""

_CHANNELS: Final[tuple[tuple[Channel, int], ...]] = (
    ("emergency_voice", 690),
    ("ten_digit_line", 130),
    ("text", 30),
    ("alarm", 55),
    ("other_agency", 35),
    ("walk_in", 15),
    ("web_form", 12),
    ("email", 8),
    ("relay", 15),
    ("tty", 10),
)
_KINDS: Final[tuple[tuple[tuple[tuple[Service, str], ...], int], ...]] = (
    ((("police", "suspicious_person"),), 70),
    ((("police", "welfare_check"),), 60),
    ((("police", "theft"),), 55),
    ((("police", "noise"),), 45),
    ((("police", "dispute"),), 45),
    ((("police", "parking"),), 35),
    ((("police", "vandalism"),), 25),
    ((("police", "traffic_hazard"),), 35),
    ((("police", "burglary_report"),), 25),
    ((("police", "collision_minor"),), 40),
    ((("police", "missing_person"),), 10),
    ((("police", "domestic_violence"),), 18),
    ((("police", "assault"), ("ems", "injury_assault")), 12),
    ((("police", "collision_injury"), ("ems", "collision_injury")), 18),
    ((("ems", "sick_person"),), 58),
    ((("ems", "fall"),), 42),
    ((("ems", "chest_pain"),), 26),
    ((("ems", "breathing"),), 26),
    ((("ems", "unconscious"), ("fire", "smoke")), 3),
    ((("ems", "stroke"),), 10),
    ((("ems", "overdose"), ("police", "welfare_check")), 10),
    ((("ems", "lift_assist"),), 18),
    ((("fire", "fire_alarm"),), 25),
    ((("fire", "smoke"),), 14),
    ((("fire", "outdoor_fire"),), 10),
    ((("fire", "gas_leak"),), 6),
    ((("fire", "water_leak"),), 8),
    ((("fire", "elevator_entrapment"),), 4),
)
_ENDS: Final[tuple[tuple[str, int], ...]] = (
    ("responded", 780),
    ("gone_on_arrival", 75),
    ("unfounded", 45),
    ("cancelled", 40),
    ("advised", 30),
    ("no_emergency", 30),
)
_CLOSES_NOTHING: Final = frozenset({"domestic_violence"})


def _weighed(dice: Random, table: tuple[tuple[object, int], ...]) -> int:
    """Which row of a table, by whole weights."""
    left = dice.randrange(sum(weight for _, weight in table))
    for number, (_, weight) in enumerate(table):
        left -= weight
        if left < 0:
            return number
    return 0


def ordinary_calls(floor: Floor) -> Iterator[tuple[int, str, Process]]:
    """Every ordinary call of the day: when it comes, its name, its process."""
    for hour, many in enumerate(BY_HOUR):
        dice = floor.dice(f"hour/{hour}")
        for number in range(max(many + dice.randrange(-2, 3), 1)):
            key = f"call {hour:02d}-{number:02d}"
            instant = floor.start + hour * HOUR + dice.randrange(3_600) * SECOND
            yield instant, key, _call(floor, key)


def _call(floor: Floor, key: str) -> Process:
    dice = floor.dice(f"what/{key}")
    needs = _KINDS[_weighed(dice, _KINDS)][0]
    channel = _CHANNELS[_weighed(dice, _CHANNELS)][0]
    end = _ENDS[_weighed(dice, _ENDS)][0]
    if channel == "alarm":
        needs = ((("fire", "fire_alarm"),), (("police", "intrusion_alarm"),))[dice.randrange(2)]
    finds: OutcomeName = "responded"
    if end == "gone_on_arrival":
        finds = "gone_on_arrival"
    elif end == "unfounded":
        finds = "unfounded"
    asked = Asked(
        key,
        channel,
        needs,
        town.somewhere(dice),
        finds=finds,
        language="es" if dice.randrange(100) < 8 else None,  # noqa: PLR2004 - in a hundred
        patients=1 + (dice.randrange(12) == 0),
    )
    taken = yield from take(floor, asked)
    if end in ("advised", "no_emergency"):
        yield dice.randrange(30, 120)
        advised = Advised(advice="report_taken_by_phone", caller_agreed=True)
        nothing = NoEmergency(kind="information_only", confirmed_by="caller")
        floor.driver.do(floor.taker(), Settle(needs=taken.needs, outcome=advised if end == "advised" else nothing))
        return
    serve_all(floor, asked, taken.incident)
    if end == "cancelled" and not any(kind in _CLOSES_NOTHING for _, kind in needs):
        yield dice.randrange(40, 140)
        state = floor.driver.state
        still = tuple([need for need in taken.needs if state.needs[need].outcome is None])
        floor.driver.do(
            floor.taker(), Settle(needs=still, outcome=CancelledByCaller(confirmed="same_voice_on_the_line"))
        )
        for agency in list(state.incidents[taken.incident].responses):
            called_back(floor, taken.incident, agency, "cancelled_by_caller")
