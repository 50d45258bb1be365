"""The client on real sockets: whose certificate counts when an address is asked, and a server that falls silent."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipelines.downloads.addresses import Policy
from pipelines.downloads.client import Client, Interrupted
from tests.model_server import Fault, ModelServer

# Of the name hub.test, signed by itself; it protects nothing.
CERTIFICATE = Path(__file__).with_name("hub.test.pem")


@pytest.fixture
def port() -> Iterator[int]:
    """Of a server on this machine that has the certificate of hub.test."""
    with ModelServer() as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(CERTIFICATE)
        server.speak_tls(context)
        server.put("/about", {"is": "here"})
        yield int(server.address.rpartition(":")[2])


async def here(host: str, port: int) -> list[str]:
    return ["127.0.0.1"]


def ask(name: str, port: int) -> Any:
    """What stands at this name, which is said to be this machine."""

    async def work() -> Any:
        context = ssl.create_default_context(cafile=str(CERTIFICATE))
        trusted = frozenset({f"https://{name}:{port}"})
        wire = httpx.AsyncHTTPTransport(verify=context, trust_env=False)
        client = Client(Policy(trusted=trusted), {}, look_up=here, transport=wire)
        try:
            return await client.json(f"https://{name}:{port}/about")
        finally:
            await client.close()

    return asyncio.run(work())


def test_the_certificate_is_held_against_the_name_and_not_the_address(port: int) -> None:
    assert ask("hub.test", port) == {"is": "here"}


@pytest.mark.parametrize("name", ["other.test", "127.0.0.1"])
def test_the_certificate_of_another_name_is_not_accepted(name: str, port: int) -> None:
    with pytest.raises(Interrupted, match=r"(?i)certificate"):
        ask(name, port)


def test_a_server_that_falls_silent_is_given_up() -> None:
    async def work(server: ModelServer) -> None:
        client = Client(Policy(trusted=frozenset({server.address})), {}, stall_seconds=0.1)
        try:
            await client.json(f"{server.address}/about")
        finally:
            await client.close()

    with ModelServer() as server:
        server.put("/about", {"is": "here"}).faults += [Fault(hold_after=3)]
        with pytest.raises(Interrupted, match="lost"):
            asyncio.run(work(server))
