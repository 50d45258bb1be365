"""Where downloads may go: not into the house, not to unknown hosts, and with no token along a redirect."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest

from pipelines.downloads.addresses import HOSTS, Policy, is_public, origin_of, policy_of
from pipelines.downloads.client import Client
from pipelines.downloads.tokens import tokens_by_origin
from pipelines.errors import AccessDenied, AddressRefused, SourceFailed
from pipelines.settings import Settings
from tests.model_server import Fault, ModelServer
from tests.pipelines.downloads.conftest import House, Opener

TOKEN = "hf_canary0123456789"
PRIVATE = (
    "127.0.0.1", "127.9.9.9", "10.0.0.8", "172.16.3.4", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
    "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1", "::", "::1", "fe80::1", "fc00::1", "fd12::8", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a00:1",
    "2002:7f00:1::", "2002:a00:1::", "2001:db8::1", "fec0::1",
)  # fmt: skip
PUBLIC = (
    "18.164.174.23",
    "2600:9000:2490:3200:17:b174:6d00:93a1",
    "::ffff:18.164.174.23",
    "64:ff9b::12a4:ae17",
)


@pytest.mark.parametrize("ip", PRIVATE)
def test_addresses_that_are_not_on_the_internet_are_known(ip: str) -> None:
    assert not is_public(ip)


@pytest.mark.parametrize("ip", PUBLIC)
def test_addresses_on_the_internet_are_known(ip: str) -> None:
    assert is_public(ip)


@pytest.mark.parametrize(
    "address",
    [
        "http://huggingface.co/a/b",
        "ftp://huggingface.co/a/b",
        "file:///etc/passwd",
        "https://huggingface.co:8443/a",
        "https://huggingface.co:22/a",
        "https://huggingface.co.evil.example/a",
        "https://evilhuggingface.co/a",
        "https://evil.example/huggingface.co",
        "https://huggingface.co@evil.example/a",
        "https://ada:secret@huggingface.co/a",
        "https://127.0.0.1/a",
        "https://[::1]/a",
        "https://2130706433/a",
        "https://0x7f.1/a",
        "https://localhost/a",
        "https:///a",
        "//huggingface.co/a",
        "huggingface.co/a",
        "https://huggingface.co\\@evil.example/a",
        "https://huggingface.co\x00.evil.example/a",
        "https://huggingface.co/" + "a" * 4000,
        "",
    ],
)  # fmt: skip
def test_only_plain_https_to_known_hosts_is_asked(address: str) -> None:
    with pytest.raises(AddressRefused):
        Policy().check(address)


def test_the_content_networks_of_both_places_are_known() -> None:
    for host in (
        *HOSTS,
        "cdn-lfs-us-1.hf.co",
        "cas-bridge.xethub.hf.co",
        "us.aws.cdn.hf.co",
        "b2.civitai.com",
    ):
        assert Policy().check(f"https://{host}/a?Signature=b").host == host


def test_only_what_an_administrator_has_written_is_trusted() -> None:
    plain = policy_of(Settings(download_host=("Models.Example",)))
    house = policy_of(Settings(hub_url="http://192.168.1.5:8080"))

    assert plain.check("https://models.example/a").host == "models.example"
    assert not plain.trusted
    assert house.check("http://192.168.1.5:8080/a").port == 8080
    with pytest.raises(AddressRefused):
        house.check("http://192.168.1.5:8081/a")
    with pytest.raises(AddressRefused):
        house.check("http://192.168.1.6:8080/a")


class Wire(httpx.AsyncBaseTransport):
    """Stands where connections are made: notes them and answers from a script."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.asked: list[httpx.Request] = []
        self._answers = list(answers)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self._answers.pop(0)
        if answer.status_code == 599:
            raise httpx.ConnectError("refused", request=request)
        return answer


def ask(wire: Wire, names: dict[str, list[list[str]]], address: str) -> Any:
    """The JSON at the address; `names`: host → what each look-up of it says, one after the other."""

    async def look_up(host: str, port: int) -> list[str]:
        return names[host].pop(0)

    async def work() -> Any:
        tokens = {"https://huggingface.co:443": TOKEN}
        client = Client(Policy(), tokens, look_up=look_up, transport=wire)
        try:
            return await client.json(address)
        finally:
            await client.close()

    return asyncio.run(work())


def answer(status: int = 200, **headers: str) -> httpx.Response:
    body = httpx.ByteStream(json.dumps({"is": "here"}).encode())
    return httpx.Response(status, headers=headers, stream=body)


def test_the_connection_goes_to_the_address_that_was_checked() -> None:
    """A name that points into the house the second time is not asked a second time."""
    wire = Wire(answer())
    names = {"huggingface.co": [[PUBLIC[0]], ["127.0.0.1"]]}

    assert ask(wire, names, "https://huggingface.co/a") == {"is": "here"}
    (request,) = wire.asked
    assert request.url.host == PUBLIC[0]
    assert request.headers["host"] == "huggingface.co"
    assert request.extensions["sni_hostname"] == "huggingface.co"
    assert len(names["huggingface.co"]) == 1


@pytest.mark.parametrize("ip", PRIVATE)
def test_a_name_that_points_into_the_house_is_refused(ip: str) -> None:
    for found in ([ip], [PUBLIC[0], ip]):
        wire = Wire()
        with pytest.raises(AddressRefused, match="not on the internet"):
            ask(wire, {"huggingface.co": [found]}, "https://huggingface.co/a")
        assert wire.asked == []


def test_the_next_address_is_tried_when_one_cannot_be_reached() -> None:
    wire = Wire(answer(599), answer())
    names = {"huggingface.co": [[PUBLIC[1], PUBLIC[0]]]}

    assert ask(wire, names, "https://huggingface.co/a") == {"is": "here"}
    assert [request.url.host for request in wire.asked] == [PUBLIC[1], PUBLIC[0]]


def test_a_token_goes_to_its_host_and_along_no_redirect() -> None:
    wire = Wire(
        answer(302, location="https://cdn-lfs.hf.co/x"),
        answer(302, location="https://huggingface.co/y"),
        answer(),
    )
    names = {"huggingface.co": [[PUBLIC[0]]] * 2, "cdn-lfs.hf.co": [[PUBLIC[0]]]}

    ask(wire, names, "https://huggingface.co/a")
    sent = [request.headers.get("authorization") for request in wire.asked]
    assert sent == [f"Bearer {TOKEN}", None, None]


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "https://169.254.169.254/latest",
        "https://localhost/x",
        "http://huggingface.co/plain",
        "https://evil.example/x",
        "//evil.example/x",
        "file:///etc/passwd",
        "https://[bad/x",
        "https://huggingface.co:99999999/x",
        "",
    ],
)
def test_every_hop_of_a_redirect_is_checked(location: str) -> None:
    wire = Wire(*(answer(302, location=location) for _ in range(8)))
    names = {"huggingface.co": [[PUBLIC[0]]] * 8}

    with pytest.raises((AddressRefused, SourceFailed)):
        ask(wire, names, "https://huggingface.co/a")
    assert all(request.url.host == PUBLIC[0] for request in wire.asked)


def test_redirects_end() -> None:
    wire = Wire(*(answer(302, location="/again") for _ in range(8)))

    with pytest.raises(SourceFailed, match="more than 5"):
        ask(wire, {"huggingface.co": [[PUBLIC[0]]] * 8}, "https://huggingface.co/a")
    assert len(wire.asked) == 6


def test_a_file_that_is_sent_on_into_the_house_is_refused(
    house: House, server: ModelServer, single: str
) -> None:
    """On the real wire: the canary's server runs beside the one that is trusted, and hears nothing."""
    with ModelServer() as canary:
        target = {"Location": f"{canary.address}/painted.safetensors"}
        server.served(single, "painted.safetensors").faults += [Fault(status=302, headers=target)]
        failed = house.get(single)

        assert failed.error is not None
        assert failed.error["code"] == "address_refused"
        assert canary.asked == []
    assert house.listed() == []


def test_tokens_stand_in_no_answer_log_error_or_file(
    open_house: Opener, server: ModelServer, single: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    server.served(single, "painted.safetensors").faults += [Fault(status=500), Fault(status=401)]
    with open_house(environment={"HF_TOKEN": TOKEN}) as house:
        failed = house.get(single)
        server.files["/api/models/ada/painted/revision/main"].faults += [Fault(status=403)]
        with pytest.raises(AccessDenied) as refused:
            house.begin(single)
        house.downloads.resume(failed.id)
        assert house.ended(failed).state == "done"
        written = [path for path in house.data.parent.rglob("*") if path.is_file()]
        texts = [str(house.downloads.all()), str(failed), str(refused.value.as_dict()), caplog.text]

        assert all(headers["authorization"] == f"Bearer {TOKEN}" for _, headers in server.asked)
        assert written
        assert not any(TOKEN.encode() in path.read_bytes() for path in written)
        assert not any(TOKEN in text for text in texts)


def test_tokens_that_no_header_can_hold_are_left_out() -> None:
    found = tokens_by_origin(Settings(), {"HF_TOKEN": "a\r\nHost: evil", "CIVITAI_TOKEN": " key "})

    assert found == {origin_of(httpx.URL("https://civitai.com")): "key"}
