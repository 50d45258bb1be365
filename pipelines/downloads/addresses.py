"""Where downloads may go: https, to known hosts, at public addresses (docs/decisions/012).

Every hop of a redirect is checked anew. The name is resolved once, and the connection goes to an address of that
answer; so a name that points elsewhere a moment later changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

import httpx

from pipelines.errors import AddressRefused
from pipelines.settings import Settings

URL_MAX = 4000  # signed addresses of the content networks have about 1500
# These and the hosts below them. The last is where CivitAI keeps its files.
HOSTS = (
    "huggingface.co",
    "hf.co",
    "civitai.com",
    "5ac0637cfd0766c97916cefa3764fbdf.r2.cloudflarestorage.com",
)
NAT64 = IPv6Network("64:ff9b::/96")
REMEDY = "Allow more hosts with --download-host, or download the file yourself into the folder of models."


@dataclass(frozen=True)
class Policy:
    """`trusted`: origins that the settings name, e.g. a mirror in the house; they may be anywhere and speak http."""

    hosts: tuple[str, ...] = HOSTS
    trusted: frozenset[str] = frozenset()

    def check(self, text: str) -> httpx.URL:
        """The URL, if it may be asked. Raises AddressRefused."""
        try:
            url = httpx.URL(text)
        except (httpx.InvalidURL, ValueError):
            raise _refused(text, "is no address") from None
        if len(text) > URL_MAX or not url.host:
            raise _refused(text, "is no address")
        if url.userinfo:
            raise _refused(text, "has a user name in it")
        if origin_of(url) in self.trusted:
            return url
        if url.scheme != "https" or url.port not in (None, 443):
            raise _refused(text, "is not plain https")
        if not any(url.host == host or url.host.endswith(f".{host}") for host in self.hosts):
            raise _refused(text, f"goes to {url.host[:100]}, which is no known host of models")
        return url

    def check_ip(self, url: httpx.URL, ip: str) -> None:
        """Raises AddressRefused for what the name of a host may not point to."""
        if origin_of(url) not in self.trusted and not is_public(ip):
            why = f"{url.host} points to {ip}, an address that is not on the internet"
            raise AddressRefused(f"Refused: {why}.", REMEDY)


def policy_of(settings: Settings) -> Policy:
    """The hosts that are always known and those of the settings. Only what was changed there is trusted."""
    trusted = {
        origin_of(httpx.URL(getattr(settings, name)))
        for name in ("hub_url", "civitai_url")
        if getattr(settings, name) != getattr(Settings, name)
    }
    return Policy((*HOSTS, *(h.casefold() for h in settings.download_host)), frozenset(trusted))


def origin_of(url: httpx.URL) -> str:
    """Scheme, host and port: who is spoken to."""
    port = url.port or {"https": 443, "http": 80}.get(url.scheme, 0)
    return f"{url.scheme}://{url.host}:{port}"


def is_public(ip: str) -> bool:
    """Whether it is an address on the internet, also by what is wrapped in it."""
    return all(
        one.is_global
        and not (one.is_multicast or one.is_reserved or getattr(one, "is_site_local", False))
        for one in _wrapped(ip_address(ip))
    )


def _wrapped(ip: IPv4Address | IPv6Address) -> Iterator[IPv4Address | IPv6Address]:
    """The addresses to which a packet may really go."""
    if isinstance(ip, IPv4Address):
        yield ip
        return
    inner = [ip.ipv4_mapped, ip.sixtofour, *(ip.teredo or ())]
    if ip in NAT64:
        inner.append(IPv4Address(int(ip) & 0xFFFFFFFF))
    wrapped = [one for one in inner if one is not None]
    if not wrapped or (ip.ipv4_mapped is None and ip not in NAT64):
        yield ip
    yield from wrapped


def _refused(text: str, why: str) -> AddressRefused:
    shown = text.partition("?")[0]
    return AddressRefused(f"Refused: {shown[:120]} {why}.", REMEDY)
