"""A report's samples as the readings that history gives back."""

from __future__ import annotations

from hub.model.report import Report, Sample
from hub.ports import ReadingRow


def to_reading(report: Report, sample: Sample) -> ReadingRow:
    """Return one sample as a reading."""
    return ReadingRow(
        uid=report.uid,
        point=sample.point,
        at=report.at,
        received=report.received,
        value=sample.value,
        quality=sample.quality,
        boot=report.boot,
        seq=report.seq,
    )
