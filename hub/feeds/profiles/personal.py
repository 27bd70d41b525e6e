"""Looks up what concerns people, for a profile that lists it: who reported, and photos."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from hub.feeds.profiles.facts import describe_reporters
from hub.model.profile import Profile
from hub.ports.photo import PhotoOffice
from hub.ports.whistle import WhistleOffice


class PeopleDesk:
    """Asks the offices of reports and photos, and only for what the profile lists."""

    def __init__(self, profile: Profile, whistle: WhistleOffice, photos: PhotoOffice) -> None:
        self._profile = profile
        self._whistle = whistle
        self._photos = photos

    async def look_up(self, incident: str) -> Mapping[str, Any]:
        """Return the facts about people of one incident; what is forgotten is not in it."""
        listed, found = self._profile.personal.fields, dict[str, Any]()
        if any(name.startswith("reporter.") for name in listed):
            said = [person for _, person in await self._whistle.reports_of(incident)]
            found |= describe_reporters([(each.caller, each.phone, each.text) for each in said])
        if "photos" in listed:
            found["photos"] = await self._pictures(incident)
        return found

    async def _pictures(self, incident: str) -> list[dict[str, str]]:
        """Return the newest photos as base64, within the profile's bounds."""
        limits, left = self._profile.attachments, self._profile.attachments.most_bytes
        chosen = self._photos.photos(incident)[-limits.most :] if limits.most else ()
        pictures = []
        for photo in chosen:
            body = await self._photos.read(photo) if photo.size <= left else None
            if body is not None:
                left -= len(body)
                content = base64.b64encode(body).decode()
                pictures.append({"name": f"{photo.id}.jpg", "content": content})
        return pictures
