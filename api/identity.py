"""Who is asking: the password, the two signed cookies, and the name under which a person's jobs and pictures lie.

On loopback without a password everybody is the owner "local". With a password, a browser that has logged in carries
`darkroom_owner` (who it is; kept for years, also over a change of the password) and `darkroom_session` (that it knows
the password; 90 days, void once the password changes). Programs send the password as Basic or Bearer; those that
give the same user name are the same owner.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path

from starlette.requests import cookie_parser

from pipelines import LoginNeeded

LOCAL = "local"
OWNER_COOKIE = "darkroom_owner"
SESSION_COOKIE = "darkroom_session"
OWNER_SECONDS = 400 * 86400  # the longest that browsers keep a cookie
SESSION_SECONDS = 90 * 86400
SECRET_BYTES = 32
SCRYPT = {"n": 2**14, "r": 8, "p": 1, "dklen": 32}


class Identity:
    """Checks passwords and cookies. Keeps no password, only what is derived from it and from the secret."""

    def __init__(self, secret: bytes, password: str | None, clock: Callable[[], float]) -> None:
        self.needs_login = password is not None
        self._clock = clock
        self._owner_key = _digest(secret, b"owner")
        # scrypt, so that somebody who has stolen a cookie and the secret still cannot guess the password quickly
        self._session_key = hashlib.scrypt((password or "").encode(), salt=secret, **SCRYPT)
        self._compare_key = secrets.token_bytes(32)
        self._password = _digest(self._compare_key, (password or "").encode())

    def is_password(self, given: str) -> bool:
        """Takes the same time for every wrong one."""
        is_same = hmac.compare_digest(self._password, _digest(self._compare_key, _bytes(given)))
        return is_same and self.needs_login

    def is_signed_in(self, headers: Mapping[str, str]) -> bool:
        """Whether the cookies say so; no password is tried here."""
        return not self.needs_login or (
            self._session(headers) and self._cookie_owner(headers) is not None
        )

    def owner_of(self, headers: Mapping[str, str]) -> str:
        """The owner that the headers prove. Raises LoginNeeded."""
        if not self.needs_login:
            return LOCAL
        owner = self._cookie_owner(headers)
        if owner and self._session(headers):
            return owner
        given = credentials(headers)
        if given is None or not self.is_password(given[1]):
            raise LoginNeeded("You are not logged in.", "Log in with the password.")
        return "api-" + hashlib.sha256(_bytes(given[0])).hexdigest()[:32]

    def cookies(self, headers: Mapping[str, str], is_https: bool) -> list[str]:
        """`Set-Cookie` values for one who has just said the password; a known browser stays who it was."""
        owner = self._cookie_owner(headers) or secrets.token_hex(16)
        until = str(int(self._clock()) + SESSION_SECONDS)
        session = f"{until}.{self._sign_session(owner, until)}"
        owner_value = f"{owner}.{_digest(self._owner_key, owner.encode()).hex()}"
        return [
            _cookie(OWNER_COOKIE, owner_value, OWNER_SECONDS, is_https),
            _cookie(SESSION_COOKIE, session, SESSION_SECONDS, is_https),
        ]

    def farewell(self, is_https: bool) -> str:
        """The `Set-Cookie` that logs out; the browser remembers who it is for the next login."""
        return _cookie(SESSION_COOKIE, "", 0, is_https)

    def _sign_session(self, owner: str, until: str) -> str:
        return _digest(self._session_key, _bytes(f"{owner}.{until}")).hex()

    def _cookie_owner(self, headers: Mapping[str, str]) -> str | None:
        owner, _, signature = _read_cookie(headers, OWNER_COOKIE).partition(".")
        expected = _digest(self._owner_key, _bytes(owner)).hex()
        return (
            owner if owner and hmac.compare_digest(_bytes(signature), expected.encode()) else None
        )

    def _session(self, headers: Mapping[str, str]) -> bool:
        owner = _read_cookie(headers, OWNER_COOKIE).partition(".")[0]
        until, _, signature = _read_cookie(headers, SESSION_COOKIE).partition(".")
        is_ours = hmac.compare_digest(_bytes(signature), self._sign_session(owner, until).encode())
        return is_ours and self._clock() < int(until)


def load_secret(data_dir: Path) -> bytes:
    """The key that signs cookies, made at the first start and readable for this user only."""
    path = data_dir / "secret"
    if path.exists() and path.stat().st_size == SECRET_BYTES:
        return path.read_bytes()
    data_dir.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        secret = secrets.token_bytes(SECRET_BYTES)
        file.write(secret)
    part.replace(path)
    return secret


def credentials(headers: Mapping[str, str]) -> tuple[str, str] | None:
    """(user name or "", password) of an Authorization header, or None."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.casefold() == "bearer":
        return "", value.strip()
    if scheme.casefold() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password


def _read_cookie(headers: Mapping[str, str], name: str) -> str:
    return cookie_parser(headers.get("cookie", "")).get(name, "")


def _cookie(name: str, value: str, seconds: int, is_https: bool) -> str:
    secure = "; Secure" if is_https else ""
    return f"{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}"


def _digest(key: bytes, message: bytes) -> bytes:
    return hmac.new(key, message, hashlib.sha256).digest()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
