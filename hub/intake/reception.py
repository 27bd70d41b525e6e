"""From an envelope to facts: routed, told from duplicates, put in time, kept, and judged."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import structlog

from hub.intake.batch import Batch
from hub.intake.counting import CounterBook, Finding
from hub.intake.identity import IdentityBook, Seen
from hub.intake.presence import Presence
from hub.intake.router import Parcel, Routed, Router, uids_of
from hub.intake.timekeeping import Timekeeper
from hub.model.device import Device, DeviceUid
from hub.model.journal import Draft
from hub.model.kinds import LINK_ERRORS, LINK_LOST
from hub.model.report import Report, Sample, Topic
from hub.ports import Envelope, NewcomerRow, QuarantineRow
from hub.services.counter import Verdict

log = structlog.get_logger(__name__)

Judge = Callable[[Report, Batch], None]
"""What happens to a fact once it is known to be new: rules, alarms, tickets, commands."""

COUNTED = (
    *("received", "duplicates", "late", "late_wills", "quarantined", "newcomers"),
    *("flooded", "doubted"),
)


class Reception:
    """The first half of the intake; `judge` is the second."""

    def __init__(
        self, *, router: Router, identity: IdentityBook, presence: Presence, judge: Judge
    ) -> None:
        self.counts = dict.fromkeys(COUNTED, 0)
        self.timekeeper = Timekeeper()
        self.presence = presence
        self.counters = CounterBook()
        self._router = router
        self._identity = identity
        self._judge = judge
        self._devices: dict[str, Device] = {}
        self._behind: dict[str, list[str]] = {}
        """Whose will was doubted → who is gone as well if that was true."""
        self.errors: dict[str, int] = {}
        """Exchanges with a device that failed, ever."""
        self.live: set[str] = set()
        """Links whose messages are of now; what comes over others had waited."""

    def set_devices(self, devices: Sequence[Device]) -> None:
        """Learn the books anew."""
        self._devices = {device.uid: device for device in devices}

    def put_device(self, device: Device) -> None:
        """Learn that a device has another state."""
        self._devices[device.uid] = device
        self._router.put_device(device)

    def judge_clocks(self, link: str, *, judging: bool) -> None:
        """Say whether messages of this link are live (True) or what waited (False)."""
        (self.live.add if judging else self.live.discard)(link)

    def take(self, envelope: Envelope, batch: Batch, *, skipped: bool = False) -> None:
        """Take what one envelope says; `skipped`: the hub has dropped some before it."""
        routed = self._router.route(envelope)
        if not isinstance(routed, tuple):  # what nearly every message is: reports of one device
            self._take_routed(routed, envelope.link, batch, skipped=skipped)
            return
        judging = envelope.link in self.live
        for report in routed:
            self._take_report(report, batch, judging=judging, skipped=skipped)

    def _take_routed(self, routed: Routed, link: str, batch: Batch, *, skipped: bool) -> None:
        """Take whatever an envelope turned out to be."""
        if isinstance(routed, QuarantineRow):
            self.quarantine(routed, batch)
        elif isinstance(routed, NewcomerRow):
            self.counts["newcomers"] += 1
            batch.changes.newcomers.append(routed)
        elif isinstance(routed, Parcel):
            self._take_parcel(routed, link, batch, skipped=skipped)
        else:
            for report in routed:
                self._take_report(report, batch, judging=link in self.live, skipped=skipped)

    def _take_parcel(self, parcel: Parcel, link: str, batch: Batch, *, skipped: bool) -> None:
        """Take the parts in order; where the first is a late will, the others wait for its end."""
        for place, part in enumerate(parcel.parts):
            before = self.counts["late_wills"]
            self._take_routed(part, link, batch, skipped=skipped)
            if not place and self.counts["late_wills"] > before:
                first, *others = map(uids_of, parcel.parts)
                self._behind[first[0]] = [uid for uids in others for uid in uids]
                return

    def quarantine(self, row: QuarantineRow, batch: Batch) -> None:
        """Keep a message for a person to look at."""
        self.counts["quarantined"] += 1
        batch.changes.quarantine.append(row)

    def finish(self, batch: Batch) -> None:
        """Add what the books of identity and presence have to store."""
        self._tell_doubt(batch)
        cursors, digests = self._identity.take_rows()
        batch.changes.cursors.extend(cursors)
        batch.changes.digests.extend(digests)
        batch.changes.heard.extend(self.presence.take_rows())
        batch.changes.states.extend(self.counters.take_rows())

    def _tell_doubt(self, batch: Batch) -> None:
        doubt = self.timekeeper.take_doubt()
        if doubt is None:
            return
        said = {"offset_seconds": round(doubt[0], 1), "devices": doubt[1]}
        log.error("most devices have another time than the hub; look at both time services", **said)
        batch.record(
            [Draft(at=batch.now, type="clock.doubted", subject="hub", actor="hub", data=said)]
        )

    def lose(self, uid: str, why: str, batch: Batch) -> None:
        """Note that a device is gone, once, for screens, history and rules."""
        if self.presence.lose(uid):
            self.make_event(uid, LINK_LOST, batch, batch.now)
            self.tell(uid, "device.silent", batch, why=why)
        for behind in self._behind.pop(uid, ()):
            self.lose(behind, why, batch)

    def _take_report(self, report: Report, batch: Batch, *, judging: bool, skipped: bool) -> None:
        seen = self._identity.take(report, skipped=skipped)
        if seen is Seen.DUPLICATE:
            self.counts["duplicates"] += 1
            return
        if report.topic is Topic.AVAIL and self.presence.is_late_will(report):
            self.counts["late_wills"] += 1
            return
        after_gap = seen is Seen.NEW_AFTER_GAP and not report.late
        if after_gap:
            self.tell(report.uid, "device.gap", batch, topic=report.topic, before_seq=report.seq)
        at, late, offset = self.timekeeper.settle(report, judging=judging)
        if late:
            self.counts["late"] += 1
        else:
            apart = report.topic is Topic.TELEMETRY and not judging
            self._note_presence(report, batch, apart=apart)
        if at != report.at or late != report.late or after_gap:
            report = msgspec.structs.replace(report, at=at, late=late, after_gap=after_gap)
        self._pass_on(report, batch)
        if offset is not None:
            self._note_clock(report, offset, batch)

    def _pass_on(self, report: Report, batch: Batch) -> None:
        report, findings = self.counters.check(report)
        for finding in findings:
            _tell_counter(self, report, finding, batch)
        batch.keep(report)
        self._judge(report, batch)

    def _note_presence(self, report: Report, batch: Batch, *, apart: bool = False) -> None:
        if report.online is False:
            self.lose(report.uid, "it said goodbye, or its connection broke", batch)
            return
        if report.retained and report.topic is not Topic.AVAIL:
            return
        back, rebooted = self.presence.hear(report, apart=apart)
        if rebooted:
            self.make_event(report.uid, "rebooted", batch, report.received)
        if back:
            self.make_event(report.uid, "link.back", batch, report.received)
            self.tell(report.uid, "device.back", batch)

    def _note_clock(self, report: Report, offset: float, batch: Batch) -> None:
        kind = "device.clock_wrong" if offset else "device.clock_right"
        self.tell(report.uid, kind, batch, offset_seconds=round(offset, 1))
        sample = Sample("clock.offset", round(offset, 1))
        self._pass_on(_reading(report.address, report.uid, report.received, sample), batch)

    def begin_counting(self, link: str, batch: Batch) -> None:
        """Count from nothing on for devices of a bus that was never asked before."""
        for device in self._devices.values():
            if device.link == link and device.uid not in self.errors:
                self._count(device, 0, batch)

    def count_error(self, uid: str, batch: Batch) -> None:
        """Count an exchange that failed; the device is not heard by that."""
        self._count(self._devices[uid], self.errors.get(uid, 0) + 1, batch)

    def _count(self, device: Device, errors: int, batch: Batch) -> None:
        self.errors[device.uid] = errors
        sample = Sample(LINK_ERRORS, errors)
        self._pass_on(_reading(device.address, device.uid, batch.now, sample), batch)

    def make_reading(self, uid: str, batch: Batch, *samples: Sample) -> None:
        """Let the hub read something of itself; it is heard by that."""
        device = self._devices[uid]
        report = _reading(device.address, device.uid, batch.now, *samples)
        self._note_presence(report, batch)
        self._pass_on(report, batch)

    def make_event(self, uid: str, event: str, batch: Batch, at: float, **data: object) -> None:
        """Let the hub itself say that something has happened at a device."""
        device = self._devices[uid]
        self._pass_on(
            Report(
                address=device.address,
                uid=device.uid,
                topic=Topic.EVENT,
                at=at,
                received=batch.now,
                event=event,
                data=data,
            ),
            batch,
        )

    def tell(self, uid: str, kind: str, batch: Batch, **data: object) -> None:
        """Write an entry about a device to the journal."""
        device = self._devices[uid]
        draft = Draft(
            at=batch.now, type=kind, subject=device.id, actor="hub", place=device.place, data=data
        )
        batch.record([draft])
        batch.touched.add(uid)


def _reading(address: str, uid: DeviceUid, at: float, *samples: Sample) -> Report:
    return Report(
        address=address, uid=uid, topic=Topic.TELEMETRY, at=at, received=at, samples=samples
    )


def _tell_counter(reception: Reception, report: Report, finding: Finding, batch: Batch) -> None:
    said = {"point": finding.point, "value": finding.value, "before": finding.before}
    if finding.verdict is Verdict.REPLACED:
        reception.make_event(report.uid, "counter.replaced", batch, report.at, **said)
        reception.tell(report.uid, "device.counter_replaced", batch, **said)
        return
    reception.counts["doubted"] += 1
    if finding.is_news:
        why = finding.verdict.value
        reception.tell(report.uid, "device.counter_doubted", batch, **said, why=why)
