"""Small bars drawn on the server as SVG; what they show stands in numbers beside them."""

from __future__ import annotations

WIDTH, HEIGHT = 200, 16


def share_bar(share: float | None, before: float | None) -> str:
    """Draw a share from 0 to 1, and as a frame what it was before; empty where there is neither."""
    if share is None and before is None:
        return ""
    ghost = f'<rect class="before" {_box(before, 1)}/>' if before is not None else ""
    full = f'<rect class="now" {_box(share, 4)}/>' if share is not None else ""
    return (
        f'<svg class="share" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true">'
        f'<rect class="whole" {_box(1.0, 1)}/>{full}{ghost}</svg>'
    )


def _box(share: float, inset: int) -> str:
    width = max(share, 0.0) * (WIDTH - 2)
    return f'x="1" y="{inset}" width="{width:.1f}" height="{HEIGHT - 2 * inset}"'
