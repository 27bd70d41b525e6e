"""`lingdang device`: another id, or other hardware, for a device of the books."""

from __future__ import annotations

from typing import Annotated

import typer

from hub.commands.cli_access import CONFIG, HERE

pairing_app = typer.Typer(
    help="Open and close the window in which newcomers are adopted.", no_args_is_help=True
)
device_app = typer.Typer(
    help="Give a device of the books another id, or other hardware.", no_args_is_help=True
)
DEVICE = Annotated[str, typer.Argument(metavar="ID", help="the device's id in the books")]
WHY = Annotated[str, typer.Option(help="the reason, for the journal")]
READING = "POINT=VALUE, such as energy.import=5123.4; several times for several"


@device_app.command()
def rename(
    device: DEVICE,
    new: Annotated[str, typer.Argument(metavar="NEW", help="the id that it gets")],
    *,
    why: WHY,
    config: CONFIG = HERE,
) -> None:
    """Give a device another id: history, tickets, labels and parameters stay with it."""
    from hub.commands.device_change import rename_device

    rename_device(config, device, new, why, typer.echo)


@device_app.command()
def swap(
    device: DEVICE,
    *,
    why: WHY,
    link: Annotated[str | None, typer.Option(help="another link")] = None,
    address: Annotated[str | None, typer.Option(help="another address")] = None,
    model: Annotated[str | None, typer.Option(help="another model")] = None,
    serial: Annotated[str | None, typer.Option(help="the new one's serial number")] = None,
    closing: Annotated[list[str] | None, typer.Option(help=f"old: {READING}")] = None,
    opening: Annotated[list[str] | None, typer.Option(help=f"new: {READING}")] = None,
    at: Annotated[str, typer.Option(help="when, RFC 3339; now without it")] = "",
    config: CONFIG = HERE,
) -> None:
    """Note that other hardware stands there; counters begin anew, without an alarm."""
    from hub.commands.device_change import read_readings, swap_hardware
    from hub.ports.site import HardwareSwap

    told = HardwareSwap(
        why=why,
        link=link,
        address=address,
        model=model,
        serial=serial,
        closing=read_readings(closing or []),
        opening=read_readings(opening or []),
        at=at,
    )
    swap_hardware(config, device, told, typer.echo)


@pairing_app.command("open")
def open_(
    place: Annotated[str, typer.Argument(help="where devices may be put, or above it")],
    *,
    model: Annotated[str, typer.Option(help="of this model alone")] = "",
    minutes: Annotated[int, typer.Option(min=1, max=480, help="until it closes")] = 30,
    why: Annotated[str, typer.Option(help="the reason, for the journal")] = "",
    config: CONFIG = HERE,
) -> None:
    """Let newcomers be adopted for a while; prints the window's id."""
    from hub.commands.pairing import open_pairing
    from hub.ports.site import PairingWish

    wish = PairingWish(place=place, model=model, minutes=minutes, why=why)
    open_pairing(config, wish, typer.echo)


@pairing_app.command()
def close(
    pairing: Annotated[str, typer.Argument(metavar="ID", help="the window's id")],
    config: CONFIG = HERE,
) -> None:
    """Close a window before its end."""
    from hub.commands.pairing import close_pairing

    close_pairing(config, pairing)
