"""Health and login, as a browser and a supervisor meet them."""

from __future__ import annotations

import pytest

from api.identity import OWNER_COOKIE, SESSION_COOKIE
from tests.api.conftest import PASSWORD, House

HTML = {"accept": "text/html"}


@pytest.fixture(autouse=True)
def no_traces_of_other_tests(lan: House) -> None:
    lan.client.cookies.clear()
    lan.studio.throttle._by_address.clear()


def test_a_browser_is_led_to_the_login_and_with_the_password_into_the_studio(lan: House) -> None:
    led = lan.client.get("/", headers=HTML)
    assert (led.status_code, led.headers["location"]) == (303, "/login")
    page = lan.client.get("/login", headers=HTML)
    assert 'type="password"' in page.text
    assert page.headers["cache-control"] == "no-store"

    entered = lan.client.post("/login", data={"password": PASSWORD})

    assert (entered.status_code, entered.headers["location"]) == (303, "./")
    assert {OWNER_COOKIE, SESSION_COOKIE} == set(lan.client.cookies)
    assert lan.client.get("/api/v1/status").status_code == 200
    assert lan.client.get("/login").status_code == 303


def test_logging_out_closes_the_door_and_logging_in_again_finds_the_same_things(lan: House) -> None:
    lan.client.post("/login", data={"password": PASSWORD})
    job = lan.make()
    lan.client.post("/logout")

    assert lan.client.get(f"/api/v1/jobs/{job['id']}").status_code == 401
    lan.client.post("/login", data={"password": PASSWORD})
    assert lan.client.get(f"/api/v1/jobs/{job['id']}").status_code == 200


@pytest.mark.parametrize(
    "sent",
    [
        {"data": {"password": "wrong"}},
        {"data": {"password": ""}},
        {"data": {}},
        {"json": {"password": PASSWORD}},
        {"content": b"\xff\xfe", "headers": {"content-type": "application/x-www-form-urlencoded"}},
    ],
)
def test_a_wrong_password_is_told_and_sets_nothing(lan: House, sent: dict[str, object]) -> None:
    answer = lan.client.post("/login", **sent)  # type: ignore[arg-type]

    assert answer.status_code == 401
    assert "That is not the password." in answer.text
    assert not lan.client.cookies


def test_a_file_where_the_password_should_be_is_refused(lan: House) -> None:
    assert lan.client.post("/login", files={"password": b"x"}).status_code == 400


def test_of_sixty_wrong_logins_fifty_are_not_looked_at(lan: House) -> None:
    codes = [lan.client.post("/login", data={"password": str(n)}).status_code for n in range(60)]

    assert (codes.count(401), codes.count(429)) == (10, 50)
    answer = lan.client.post("/login", data={"password": PASSWORD})
    assert answer.status_code == 429
    assert "Wait" in answer.text
    assert not lan.client.cookies


def test_who_is_in_already_is_not_thrown_out_by_the_guesses_of_others(lan: House) -> None:
    ada = lan.owner()
    for number in range(20):
        lan.client.post("/login", data={"password": str(number)})

    assert lan.client.get("/api/v1/status", headers=ada).status_code == 200


def test_without_a_password_there_is_nothing_to_log_into(home: House) -> None:
    assert home.client.get("/login").headers["location"] == "./"
    assert home.client.post("/login", data={"password": "x"}).status_code == 401


def test_the_server_says_that_it_lives(lan: House) -> None:
    assert lan.client.get("/livez").json() == {"status": "alive"}
    assert lan.client.head("/livez").status_code == 200


def test_it_is_ready_once_the_worker_is(home: House) -> None:
    home.make()

    assert home.client.get("/readyz").json() == {"status": "ready"}
