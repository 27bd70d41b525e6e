"""`lingdang tls`: an authority of the site's own, and a certificate for the pages; renews it.

The authority's key lies apart from the server's, so that it can be taken off the machine; both are
for their owner's eyes alone.
"""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from hub.access.authority import issue, make_authority
from hub.access.certificate import CertificateCard, read_certificate
from hub.assembly.loading import read_data_settings
from hub.errors import ConfigError, InvalidRequestError, Problem
from hub.model.instant import to_local_text
from hub.settings import Settings

Echo = Callable[[str], None]
FOLDER = "tls"
AUTHORITY, AUTHORITY_KEY = "ca.crt", "authority/ca.key"
CERTIFICATE, KEY = "server.pem", "server.key"
LONGEST_HOST = 253
_AWAY = ("192.0.2.1", "2001:db8::1")
"""Addresses of documentation (RFC 5737, 3849): nothing is sent, the system only picks its own."""


def set_up(config: Path, more: Sequence[str], echo: Echo, *, new_authority: bool = False) -> None:
    """Make authority and certificate, or renew the certificate with the same authority.

    `more` are further hosts. Raises ConfigError where the site has a certificate of its own, or
    the authority's key is not here.
    """
    settings = read_data_settings(config)
    folder = config.absolute().parent / FOLDER
    if settings.tls and settings.tls.certificate_file != folder / CERTIFICATE:
        raise _not_here(config, settings.tls.certificate_file)
    hosts = find_hosts(settings, more)
    make_files(folder, settings.community.name["zh"], hosts, new_authority=new_authority)
    _leave_to_hub(folder / KEY, settings.store.path.parent)
    echo(f"写好了 Written: {folder / CERTIFICATE}")
    for line in describe(folder):
        echo(line)
    if settings.tls is None:
        echo(f"把下面写进 {config}，再重启。 Add this to {config}, then start again:")
        echo(tls_section(settings.web.port))
    else:
        echo("运行中的 hub 一分钟内换上。 A hub that runs takes it within a minute.")


def make_files(
    folder: Path, community: str, hosts: Sequence[str], *, new_authority: bool = False
) -> None:
    """Write what is missing below `folder`, and a new certificate for `hosts` in any case."""
    now = time.time()
    public, private = folder / AUTHORITY, folder / AUTHORITY_KEY
    folder.mkdir(parents=True, exist_ok=True)
    if new_authority or not public.exists():
        certificate, key = make_authority(community, hosts, now)
        _write(private, key)
        _write(public, certificate, mode=0o644)
    try:
        certificate, key = issue(public.read_bytes(), private.read_bytes(), hosts, now)
    except FileNotFoundError:
        raise _without_key(private) from None
    except InvalidRequestError as error:
        raise ConfigError(
            Problem(file=str(public), message=str(error), hint="lingdang tls --new-authority")
        ) from None
    _write(folder / KEY, key)
    _write(folder / CERTIFICATE, certificate, mode=0o644)


def describe(folder: Path) -> Iterable[str]:
    """Say for which hosts and until when, and by what a telephone's owner knows the authority."""
    card, authority = read_certificate(folder / CERTIFICATE), read_certificate(folder / AUTHORITY)
    yield f"  {', '.join(card.hosts)}"
    yield f"  有效到 Good until: {_day(card)}"
    yield f"  根证书指纹 The authority's fingerprint (SHA-256): {authority.fingerprint}"
    yield "  手机安装前核对这串指纹。 Compare it on each telephone before it is installed."


def tls_section(port: int) -> str:
    """Return the section of the settings; what is not encrypted has the next port."""
    plain = port + 1 if 0 < port < 65_535 else 0  # noqa: PLR2004 - the last port
    return f"""[tls]
certificate_file = "{FOLDER}/{CERTIFICATE}"
key_file = "{FOLDER}/{KEY}"
authority_file = "{FOLDER}/{AUTHORITY}"
plain_port = {plain}
"""


def find_hosts(settings: Settings, more: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the names and addresses of this machine under which people reach the pages."""
    name = socket.gethostname().lower()
    short = name.partition(".")[0]
    public = settings.web.public_url.partition("://")[2].partition(":")[0]
    listened = "" if settings.web.host in {"0.0.0.0", "::"} else settings.web.host  # noqa: S104
    found = (*more, public, listened, name, f"{short}.local", *own_addresses())
    usual = ("localhost", "127.0.0.1")
    return tuple(dict.fromkeys(each.strip().lower() for each in (*found, *usual) if _fits(each)))


def own_addresses() -> list[str]:
    """Return the addresses that this machine is reached at, without asking anybody."""
    found: list[str] = []
    for family, away in zip((socket.AF_INET, socket.AF_INET6), _AWAY, strict=True):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((away, 9))
            found.append(str(probe.getsockname()[0]))
    with contextlib.suppress(OSError):
        known = socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_DGRAM)
        found += [str(each[4][0]).partition("%")[0] for each in known]
    return list(dict.fromkeys(found))


def _fits(host: str) -> bool:
    letters = host.strip().replace(".", "").replace("-", "").replace(":", "")
    return 0 < len(host.strip()) <= LONGEST_HOST and letters.isascii() and letters.isalnum()


def _write(path: Path, body: bytes, *, mode: int = 0o600) -> None:
    path.parent.mkdir(mode=0o700, exist_ok=True)
    scratch = path.with_name(path.name + ".new")
    scratch.unlink(missing_ok=True)
    handle = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(body)
        file.flush()
        os.fsync(handle)
    scratch.replace(path)


def _leave_to_hub(key: Path, data: Path) -> None:
    """Give a key that root has made to whom the data belong: to the hub."""
    if os.geteuid() == 0 and data.is_dir():
        owner = data.stat()
        os.chown(key, owner.st_uid, owner.st_gid)


def _day(card: CertificateCard) -> str:
    return to_local_text(card.ends_at)[:10]


def _without_key(path: Path) -> ConfigError:
    return ConfigError(
        Problem(
            file=str(path),
            message="the authority's key is not here, and nothing was written",
            hint="put it back for a moment, or make a new authority: --new-authority",
            zh="根证书的私钥不在这里，什么都没有写入",
            zh_hint="先放回来再续期；丢了就用 --new-authority 重做，手机要重新安装",
        )
    )


def _not_here(config: Path, path: Path) -> ConfigError:
    return ConfigError(
        Problem(
            file=str(config),
            message=f"the site has a certificate of its own, {path}",
            hint="renew it where it comes from; the hub takes the new file within a minute",
            zh=f"这里用的是自己的证书 {path}",
            zh_hint="到签发的地方续期，换上文件后一分钟内生效",
        )
    )
