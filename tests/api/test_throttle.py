"""Throttle: ten wrong passwords a minute, a pause that doubles, one bucket for addresses that one machine holds."""

from __future__ import annotations

from api.throttle import ADDRESSES_KEPT, TRIES, TRIES_OF_ALL, Throttle


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def tries_let_through(
    throttle: Throttle, clock: Clock, tries: int, address: str = "10.0.0.9"
) -> int:
    """How many of so many wrong passwords, all sent at once, were looked at."""
    passed = 0
    for _ in range(tries):
        if not throttle.wait_seconds(address):
            passed += 1
            throttle.wrong(address)
    return passed


def test_of_sixty_wrong_passwords_in_a_minute_fifty_are_not_looked_at() -> None:
    clock = Clock()

    assert tries_let_through(Throttle(clock), clock, 60) == TRIES


def test_the_pause_doubles_with_each_round_up_to_an_hour() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    pauses = []
    for _ in range(9):
        tries_let_through(throttle, clock, TRIES)
        pauses.append(throttle.wait_seconds("10.0.0.9"))
        clock.now += pauses[-1]

    assert pauses == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_after_a_quiet_hour_all_is_forgotten() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(3):
        tries_let_through(throttle, clock, TRIES)
        clock.now += throttle.wait_seconds("10.0.0.9")
    clock.now += 3601

    tries_let_through(throttle, clock, TRIES)

    assert throttle.wait_seconds("10.0.0.9") == 60


def test_slow_typing_mistakes_never_add_up() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(50):
        assert not throttle.wait_seconds("10.0.0.9")
        throttle.wrong("10.0.0.9")
        clock.now += 10


def test_other_addresses_are_not_held_up() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    tries_let_through(throttle, clock, 60)

    assert not throttle.wait_seconds("10.0.0.10")


def test_addresses_of_one_ipv6_network_count_as_one() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for number in range(TRIES):
        throttle.wrong(f"2001:db8::{number:x}")

    assert throttle.wait_seconds("2001:db8::ffff")
    assert not throttle.wait_seconds("2001:db8:0:1::1")


def test_an_ipv4_address_is_the_same_in_its_ipv6_form() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    tries_let_through(throttle, clock, TRIES, "::ffff:10.0.0.9")

    assert throttle.wait_seconds("10.0.0.9")


def test_forged_addresses_meet_the_limit_of_all_together() -> None:
    clock = Clock()
    throttle = Throttle(clock)

    passed = sum(
        tries_let_through(throttle, clock, 1, f"10.1.{n // 250}.{n % 250}") for n in range(1000)
    )

    assert passed == TRIES_OF_ALL


def test_memory_is_bounded() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for number in range(ADDRESSES_KEPT + 500):
        throttle.wrong(str(number))

    assert len(throttle._by_address) <= ADDRESSES_KEPT
