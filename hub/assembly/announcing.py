"""Has the hub's devices announced to Home Assistant, where the settings ask for it."""

from __future__ import annotations

from hub.assembly.links import Unwatched, Wiring
from hub.feeds.home_assistant.announcement import Voice
from hub.feeds.home_assistant.announcer import Announcer
from hub.ports import Live, Pulse
from hub.services.supervisor import Supervisor


async def announce_devices(wiring: Wiring, live: Live, pulse: Pulse) -> None:
    """Announce until cancelled; without `[home_assistant]` there is nothing to do."""
    settings = wiring.settings.home_assistant
    if settings is None or wiring.dialler is None:
        return
    community = wiring.settings.community
    supervisor = Supervisor(watch=Unwatched(), clock=wiring.clock)
    announcer = Announcer(
        wiring.dialler,
        Voice(settings.prefix, community.id, community.language),
        live=live,
        pulse=pulse,
        models=wiring.models,
        watch=supervisor,
        takes_back=not settings.announce,
    )
    await supervisor.run([announcer])
