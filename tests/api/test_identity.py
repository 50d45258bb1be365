"""Identity: who is let in, who stays who, and which cookies are worth nothing."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest

from api.identity import LOCAL, OWNER_COOKIE, SESSION_COOKIE, SESSION_SECONDS, Identity, load_secret
from pipelines import LoginNeeded

SECRET = b"s" * 32
PASSWORD = "correct horse"


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def identity(
    password: str | None = PASSWORD, secret: bytes = SECRET, clock: Clock | None = None
) -> Identity:
    return Identity(secret, password, clock or Clock())


def browser(cookies: list[str]) -> dict[str, str]:
    """The headers of a browser that has been given these cookies."""
    return {"cookie": "; ".join(cookie.partition(";")[0] for cookie in cookies)}


def basic(user: str, password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_without_a_password_everybody_is_local() -> None:
    assert identity(None).owner_of({}) == LOCAL
    assert identity(None).is_signed_in({})
    assert not identity(None).is_password("")


def test_with_a_password_nobody_is_anybody_before_the_login() -> None:
    with pytest.raises(LoginNeeded):
        identity().owner_of({})
    assert not identity().is_signed_in({})


def test_two_browsers_are_two_owners_and_stay_who_they_are() -> None:
    house = identity()
    ada, bob = browser(house.cookies({}, False)), browser(house.cookies({}, False))

    assert house.is_signed_in(ada)
    assert house.owner_of(ada) != house.owner_of(bob)
    again = browser(house.cookies(ada, False))
    assert house.owner_of(again) == house.owner_of(ada)


def test_the_cookies_outlive_a_restart_but_not_a_new_password() -> None:
    ada = browser(identity().cookies({}, False))
    owner = identity().owner_of(ada)
    changed = identity("another password")

    assert not changed.is_signed_in(ada)
    with pytest.raises(LoginNeeded):
        changed.owner_of(ada)
    assert changed.owner_of(browser(changed.cookies(ada, False))) == owner


def test_a_session_runs_out() -> None:
    clock = Clock()
    house = identity(clock=clock)
    ada = browser(house.cookies({}, False))
    clock.now += SESSION_SECONDS

    assert not house.is_signed_in(ada)


def test_logging_out_ends_the_session_and_keeps_the_owner() -> None:
    house = identity()
    cookies = house.cookies({}, False)
    owner = house.owner_of(browser(cookies))
    left = browser([cookies[0], house.farewell(False)])

    assert not house.is_signed_in(left)
    assert house.owner_of(browser(house.cookies(left, False))) == owner


@pytest.mark.parametrize(
    "forged",
    [
        f"{OWNER_COOKIE}=mallory; {SESSION_COOKIE}=99999999999",
        f"{OWNER_COOKIE}=mallory.; {SESSION_COOKIE}=99999999999.",
        f"{OWNER_COOKIE}=.; {SESSION_COOKIE}=.",
        f"{OWNER_COOKIE}=é.ü; {SESSION_COOKIE}=ö.ä",
        f"{OWNER_COOKIE}=mallory.{'0' * 64}; {SESSION_COOKIE}=99999999999.{'0' * 64}",
    ],
)
def test_cookies_that_were_made_up_are_worth_nothing(forged: str) -> None:
    assert not identity().is_signed_in({"cookie": forged})


def test_a_session_cannot_be_lent_to_another_owner_nor_prolonged() -> None:
    house = identity()
    ada, bob = house.cookies({}, False), house.cookies({}, False)
    mixed = browser([ada[0], bob[1]])
    until, _, signature = bob[1].partition(";")[0].partition("=")[2].partition(".")
    prolonged = browser([bob[0], f"{SESSION_COOKIE}={int(until) + 1}.{signature}"])

    assert not house.is_signed_in(mixed)
    assert not house.is_signed_in(prolonged)


def test_cookies_of_other_programs_on_this_host_do_not_disturb() -> None:
    house = identity()
    cookies = browser(house.cookies({}, False))["cookie"]

    assert house.is_signed_in({"cookie": f'odd={{"a": [1]}}; x; {cookies}; tail="unclosed'})


def test_programs_send_the_password_and_are_told_apart_by_their_user_names() -> None:
    house = identity()

    assert house.owner_of(basic("ada", PASSWORD)) == house.owner_of(basic("ada", PASSWORD))
    assert house.owner_of(basic("ada", PASSWORD)) != house.owner_of(basic("bob", PASSWORD))
    assert house.owner_of({"authorization": f"Bearer {PASSWORD}"}).startswith("api-")


@pytest.mark.parametrize(
    "headers",
    [
        basic("ada", "wrong"),
        {"authorization": "Bearer wrong"},
        {"authorization": "Basic !!!"},
        {"authorization": "Basic " + base64.b64encode(b"\xff\xfe").decode()},
        {"authorization": "Digest " + PASSWORD},
        {"authorization": ""},
    ],
)
def test_a_wrong_or_garbled_authorization_is_nobody(headers: dict[str, str]) -> None:
    with pytest.raises(LoginNeeded):
        identity().owner_of(headers)


def test_cookies_are_closed_to_scripts_and_other_sites_and_over_https_to_plain_http() -> None:
    plain, safe = identity().cookies({}, False), identity().cookies({}, True)

    for cookie in (*plain, *safe):
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie
        assert "Path=/" in cookie
    assert all("Secure" in cookie for cookie in safe)
    assert not any("Secure" in cookie for cookie in plain)


def test_neither_password_nor_secret_can_be_read_off_the_object() -> None:
    shown = repr(vars(identity()))

    assert PASSWORD not in shown
    assert SECRET.decode() not in shown


def test_the_secret_is_made_once_for_this_user_only(tmp_path: Path) -> None:
    secret = load_secret(tmp_path / "data")

    assert len(secret) == 32
    assert load_secret(tmp_path / "data") == secret
    assert stat.S_IMODE((tmp_path / "data" / "secret").stat().st_mode) == 0o600


def test_a_secret_that_was_cut_off_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"short")

    assert len(load_secret(tmp_path)) == 32
