"""Which state of a device may follow which, and by whom it is put there. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from hub.errors import ConflictError, InvalidRequestError
from hub.model.device import Device, Lifecycle

_PLANNED, _TRYING = Lifecycle.PLANNED, Lifecycle.COMMISSIONING
_SERVING, _RETIRED = Lifecycle.IN_SERVICE, Lifecycle.RETIRED

FOLLOWING: Mapping[Lifecycle, tuple[Lifecycle, ...]] = {
    _PLANNED: (_TRYING, _RETIRED),
    _TRYING: (_PLANNED, _RETIRED),
    _SERVING: (_TRYING, _RETIRED),
    Lifecycle.MAINTENANCE: (_SERVING, _TRYING, _RETIRED),
    _RETIRED: (_SERVING, _TRYING, _PLANNED),
}
"""State → those that may follow by a wish; from commissioning to service only a signature leads."""

IDLE = frozenset({_PLANNED, _RETIRED})
"""States in which a device is not there: nobody polls, opens or labels it."""


def check_change(device: Device, to: Lifecycle) -> None:
    """Raise what refuses the change, with what is possible."""
    if to is Lifecycle.MAINTENANCE:
        raise InvalidRequestError(
            f"{device.id}: maintenance is a window with an end; open one",
            problems={"state": "open a maintenance window"},
            zh=f"{device.id}：检修要有结束时间，请在“检修与公告”中开始。",
        )
    if to in FOLLOWING[device.state]:
        return
    if device.state is _TRYING and to is _SERVING:
        raise ConflictError(
            f"{device.id} is being commissioned; sign its acceptance sheet to put it in service",
            zh=f"{device.id} 正在调试，签署验收单后才能投用。",
        )
    possible = ", ".join(FOLLOWING[device.state])
    raise ConflictError(
        f"{device.id} is {device.state}; it can become {possible}",
        zh=f"{device.id} 不能改为这个状态，请刷新后再看。",
    )
