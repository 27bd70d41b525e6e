"""Figures for Prometheus, taken from the live state when they are asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from hub.ports import Live, Pulse

Counts = Callable[[], Mapping[str, float]]
"""Gives counters by name, such as `messages_received`; they only rise."""


class HubCollector(Collector):
    """Counts devices by link state, alarms by severity, tickets by state, and what it is given."""

    def __init__(self, live: Live, pulse: Pulse, counts: Counts) -> None:
        self._live = live
        self._pulse = pulse
        self._counts = counts

    def describe(self) -> Iterable[Metric]:
        """Name nothing beforehand: the state need not be there when this is registered."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield every figure as it is now."""
        live = self._live
        yield _gauge("devices", "Devices by link state", "link", live.links())
        alarms, tickets = live.open_alarms(), live.open_tickets()
        yield _gauge("alarms", "Open alarms by severity", "severity", (a.severity for a in alarms))
        yield _gauge("tickets", "Open tickets by state", "state", (t.state for t in tickets))
        seq = GaugeMetricFamily("lingdang_journal_seq", "Number of the last journal entry")
        seq.add_metric([], self._pulse.last_seq())
        yield seq
        for name, count in self._counts().items():
            yield CounterMetricFamily(f"lingdang_{name}", name.replace("_", " "), value=count)


def build_registry(live: Live, pulse: Pulse, counts: Counts) -> CollectorRegistry:
    """Make a registry of the hub's own: nothing else in the process adds to it."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(HubCollector(live, pulse, counts))
    return registry


def _gauge(name: str, about: str, label: str, values: Iterable[str]) -> Metric:
    family = GaugeMetricFamily(f"lingdang_{name}", about, labels=[label])
    for value, count in sorted(Counter(values).items()):
        family.add_metric([value], count)
    return family
