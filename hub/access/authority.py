"""A certificate authority of the site's own, that can vouch for nothing but its own machines.

Whoever installs it on a phone trusts it with every name there is, if it does not bind itself: so it
names what it may sign (RFC 5280, 4.2.1.10). Addresses are private ones (RFC 1918, 4193, 6598),
names those of no public domain, and whatever was named when it was made.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hub.errors import InvalidRequestError

DAYS_OF_AUTHORITY = 3650
DAYS_OF_CERTIFICATE = 397
"""Browsers take no longer ones of public authorities; a lost key is worth as little here."""
BACKDATED = dt.timedelta(hours=1)
"""A telephone whose clock is behind takes a new certificate at once."""
OWN_NAMES = ("localhost", "local", "lan", "internal", "home.arpa")
OWN_NETWORKS = (
    *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),
    *("100.64.0.0/10", "::1/128", "fc00::/7", "fe80::/10"),
)

_Private = ec.EllipticCurvePrivateKey


def make_authority(community: str, hosts: Sequence[str], now: float) -> tuple[bytes, bytes]:
    """Return certificate and key (PEM) of a new authority, for `hosts` and private addresses."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"铃铛 {community} CA"[:64])
    builder = _builder(name, name, key, now, DAYS_OF_AUTHORITY)
    builder = (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(_bounds(hosts), critical=True)
    )
    return _pem(builder.sign(key, hashes.SHA256())), _pem_of_key(key)


def issue(
    authority: bytes, authority_key: bytes, hosts: Sequence[str], now: float
) -> tuple[bytes, bytes]:
    """Return certificate and key (PEM) of a server that answers under `hosts`, for 397 days.

    Raises InvalidRequestError for a host that the authority may not vouch for, naming it.
    """
    parent = x509.load_pem_x509_certificate(authority)
    signer = serialization.load_pem_private_key(authority_key, None)
    if not isinstance(signer, _Private) or signer.public_key() != parent.public_key():
        raise InvalidRequestError("the authority's key is another authority's")
    if strange := [host for host in hosts if not _may_vouch(parent, host)]:
        raise InvalidRequestError(
            f"the authority was made without {', '.join(strange)}, and vouches for no more;"
            " make a new one with all names: every telephone has to install it again"
        )
    key = ec.generate_private_key(ec.SECP256R1())
    # A common name that looks like a host is checked like one; this one does not.
    name = _name(f"Lingdang at {hosts[0]}"[:64])
    builder = _builder(name, parent.subject, key, now, DAYS_OF_CERTIFICATE)
    names = x509.SubjectAlternativeName([general_name(host) for host in hosts])
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
    builder = (
        builder.add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(issuer, critical=False)
    )
    return _pem(builder.sign(signer, hashes.SHA256())), _pem_of_key(key)


def general_name(host: str) -> x509.DNSName | x509.IPAddress:
    """Return how a certificate spells a host: an address, or a name."""
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: _Private, now: float, days: int
) -> x509.CertificateBuilder:
    start = dt.datetime.fromtimestamp(int(now), dt.UTC) - BACKDATED
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _bounds(hosts: Sequence[str]) -> x509.NameConstraints:
    named = [host for host in hosts if isinstance(general_name(host), x509.DNSName)]
    addresses = [host for host in hosts if host not in named and not _is_within(host, OWN_NETWORKS)]
    networks = [ipaddress.ip_network(each) for each in (*OWN_NETWORKS, *addresses)]
    return x509.NameConstraints(
        permitted_subtrees=[
            *(x509.DNSName(name) for name in dict.fromkeys((*OWN_NAMES, *named))),
            *(x509.IPAddress(network) for network in networks),
        ],
        excluded_subtrees=None,
    )


def _is_within(host: str, networks: Sequence[str]) -> bool:
    address = ipaddress.ip_address(host)
    return any(address in ipaddress.ip_network(each) for each in networks)


def _may_vouch(authority: x509.Certificate, host: str) -> bool:
    bounds = authority.extensions.get_extension_for_class(x509.NameConstraints).value
    permitted = bounds.permitted_subtrees or []
    wanted = general_name(host)
    if isinstance(wanted, x509.DNSName):
        names = [each.value for each in permitted if isinstance(each, x509.DNSName)]
        return any(host == name or host.endswith(f".{name}") for name in names)
    networks = [str(each.value) for each in permitted if isinstance(each, x509.IPAddress)]
    return _is_within(host, networks)


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _pem_of_key(key: _Private) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
