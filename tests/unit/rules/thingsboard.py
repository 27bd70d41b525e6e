"""Scenes of ThingsBoard's tests of alarm rules, in our words: the same here, and otherwise."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

HOT = "motor.temperature > 30"


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """A rule, what happens to one device, and what has to come of it."""

    when: str
    story: tuple[str, ...]
    expect: tuple[str, ...] = ()
    more: str = ""
    device: dict[str, float | bool | str] = {}
    place: dict[str, float | bool | str] = {}
    start: str = "2026-03-02T00:00"
    until: str = "50m"


SAME: Mapping[str, Scene] = {
    "a value over the limit raises, the same again adds nothing, and its own limit clears": Scene(
        when=HOT,
        more='clear = "motor.temperature < 10"',
        story=(
            "1m motor.temperature=42",
            "2m motor.temperature=42",
            "3m motor.temperature=20",
            "4m motor.temperature=5",
        ),
        expect=("1m raise", "4m clear"),
    ),
    "what a rule does not read does not move it": Scene(
        when=HOT, story=("1m boom.broken=true", "2m mode=manual")
    ),
    "a switch in the device's attributes turns a rule on": Scene(
        when=f"device.watched and {HOT}",
        device={"watched": True},
        story=("1m motor.temperature=42",),
        expect=("1m raise",),
    ),
    "and off": Scene(
        when=f"device.watched and {HOT}",
        device={"watched": False},
        story=("1m motor.temperature=42",),
    ),
    "a limit comes from the device's attributes": Scene(
        when="motor.temperature > device.limit",
        device={"limit": 50},
        story=("1m motor.temperature=42", "2m motor.temperature=51"),
        expect=("2m raise",),
    ),
    "a limit comes from what owns the device": Scene(
        when="motor.temperature < place.limit",
        place={"limit": 30},
        story=("1m motor.temperature=42", "2m motor.temperature=25"),
        expect=("2m raise",),
    ),
    "a duration that is broken begins anew": Scene(
        when=HOT,
        more='hold = "10s"',
        story=("1m motor.temperature=42", "1m8s motor.temperature=20", "1m9s motor.temperature=42"),
        expect=("1m19s raise",),
    ),
    "a duration goes on over a restart": Scene(
        when=HOT,
        more='hold = "10s"',
        story=("1m motor.temperature=42", "1m5s restart"),
        expect=("1m10s raise",),
    ),
    "a clear may have to last as well": Scene(
        when=HOT,
        more='clear = "motor.temperature < 10"\nrelease = "1m"',
        story=(
            "1m motor.temperature=42",
            "2m motor.temperature=5",
            "2m30s motor.temperature=20",
            "3m motor.temperature=5",
        ),
        expect=("1m raise", "4m clear"),
    ),
    "the third time in a row raises": Scene(
        when=f"streak({HOT},3)",
        story=("1m motor.temperature=42", "2m motor.temperature=42", "3m motor.temperature=42"),
        expect=("3m raise",),
    ),
    "a good reading between begins the count anew": Scene(
        when=f"streak({HOT},3)",
        story=(
            "1m motor.temperature=42",
            "2m motor.temperature=42",
            "3m motor.temperature=20",
            "4m motor.temperature=42",
            "5m motor.temperature=42",
        ),
    ),
    "a clear may have to be repeated as well": Scene(
        when=HOT,
        more='clear = "streak(motor.temperature < 10,2)"',
        story=("1m motor.temperature=42", "2m motor.temperature=5", "3m motor.temperature=5"),
        expect=("1m raise", "3m clear"),
    ),
    "within its schedule a rule raises": Scene(
        when=f"in_schedule('work') and {HOT}",
        start="2026-03-02T09:00",
        story=("1m motor.temperature=42",),
        expect=("1m raise",),
    ),
    "outside of it, or on another day, it does not": Scene(
        when=f"in_schedule('work') and {HOT}",
        start="2026-03-07T09:00",
        story=("1m motor.temperature=42",),
    ),
    "words are compared with one or several": Scene(
        when="fault.code in ('E03', 'E04') and mode != 'manual'",
        story=("1m fault.code=E05 mode=auto", "2m fault.code=E04", "3m mode=manual"),
        expect=("2m raise", "3m clear"),
    ),
    "and with none of several": Scene(
        when="fault.code not in ('none', 'E01')",
        story=("1m fault.code=E01", "2m fault.code=E02", "3m fault.code=none"),
        expect=("2m raise", "3m clear"),
    ),
    "a worse degree is the same alarm": Scene(
        when="motor.temperature > 20",
        more=f'[[rule.stage]]\nwhen = "{HOT}"\nseverity = "critical"',
        story=("1m motor.temperature=25", "2m motor.temperature=42", "3m motor.temperature=5"),
        expect=("1m raise", "2m change", "3m clear"),
    ),
}
OTHERWISE: Mapping[str, Scene] = {
    "a duration is over at its instant, and waits for no further message": Scene(
        when=HOT, more='hold = "10s"', story=("1m motor.temperature=42",), expect=("1m10s raise",)
    ),
    "a device that has gone meanwhile does not keep its condition": Scene(
        when=HOT,
        more='hold = "5m"\ngap = "1m"',
        story=("1m motor.temperature=42", "2m offline", "9m online"),
        expect=("14m raise",),
    ),
    "an attribute that is missing is unknown, and has no default": Scene(
        when="motor.temperature > device.limit", story=("1m motor.temperature=42",)
    ),
    "nothing is inherited: a limit of the place is not one of the device": Scene(
        when="motor.temperature > device.limit",
        place={"limit": 30},
        story=("1m motor.temperature=42",),
    ),
    "a bad reading neither counts nor breaks a repetition": Scene(
        when=f"streak({HOT},2)",
        story=("1m motor.temperature=42", "2m motor.temperature=bad", "3m motor.temperature=42"),
        expect=("3m raise",),
    ),
    "what was so before a schedule begins raises at its first instant": Scene(
        when=f"in_schedule('work') and {HOT}",
        start="2026-03-02T06:00",
        until="3h",
        story=("1m motor.temperature=42",),
        expect=("2h raise",),
    ),
    "a schedule that is over ends the condition, and the alarm where nothing else is said": Scene(
        when=f"in_schedule('work') and {HOT}",
        start="2026-03-02T17:00",
        until="3h",
        story=("1m motor.temperature=42",),
        expect=("1m raise", "1h clear"),
    ),
    "an alarm climbs, and never becomes milder": Scene(
        when="motor.temperature > 20",
        more=f'[[rule.stage]]\nwhen = "{HOT}"\nseverity = "critical"',
        story=(
            "1m motor.temperature=42",
            "2m motor.temperature=25",
            "2m30s motor.temperature=42",
            "3m motor.temperature=5",
        ),
        expect=("1m raise", "3m clear"),
    ),
    "what a person has cleared does not come again at once": Scene(
        when=HOT,
        story=("1m motor.temperature=42", "2m clear_by_hand", "3m motor.temperature=43"),
        expect=("1m raise", "2m clear"),
    ),
    "but once it has been good": Scene(
        when=HOT,
        story=(
            "1m motor.temperature=42",
            "2m clear_by_hand",
            "3m motor.temperature=20",
            "4m motor.temperature=42",
        ),
        expect=("1m raise", "2m clear", "4m raise"),
    ),
    "and after an hour": Scene(
        when=HOT,
        until="2h",
        story=("1m motor.temperature=42", "2m clear_by_hand"),
        expect=("1m raise", "2m clear", "1h2m raise"),
    ),
}
