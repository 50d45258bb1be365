"""Every error that Darkroom raises on purpose.

StudioError
├── RequestError        a field of a Request has a value that cannot be used       (HTTP 422)
│   └── NothingMasked   a mask marks nothing
├── NotFound            no such job, picture, asset or checkpoint for this owner    (HTTP 404)
├── SettingsError       a flag, variable or key of the settings has a value that cannot be used
├── LoginNeeded         the one who asks has not said the password                  (HTTP 401)
├── Refused             the queue is full, or the server is shutting down           (HTTP 429 or 503)
├── UploadError         a file that was sent cannot be used as a picture            (HTTP 415 or 413)
├── NotPlain            a picture has no plain background that a graphic could be cut off (HTTP 422)
├── ModelUnreadable     a model folder or file is damaged or of an unknown kind     (HTTP 422)
├── ModelKept           a model must stay as and where it is                        (HTTP 409)
├── OutOfMemory         the device cannot hold this picture, even after all fallbacks
├── NotFinite           the picture turned into NaN or infinity at a step
├── StateDamaged        a half-done picture cannot be read from the disk
├── WorkerDied          the GPU process ended in the middle of a job
├── DiskFull            a picture or a model cannot be written                      (HTTP 507)
├── Offline             a download was asked for, and the network may not be used    (HTTP 409)
├── AddressRefused      an address that downloads do not go to                      (HTTP 422)
├── SourceFailed        where a model lies, something else answers than should      (HTTP 502)
├── AccessDenied        a model is only for those who have logged in there          (HTTP 403)
├── LicenceNeeded       the licence of a model has not been accepted                (HTTP 403)
├── NameTaken           something else lies under the name that a model would get   (HTTP 409)
└── AlreadyRunning      another server holds the data folder

Cancelled is no StudioError but a BaseException of its own, so that no recipe swallows it.

A message says what happened, with which value; `remedy` says what to do about it.
"""

from __future__ import annotations

from typing import Any


class StudioError(Exception):
    """Base of the tree. `code` is stable and part of the API; `remedy` is a sentence for the user."""

    code = "error"
    http_status = 500

    def __init__(self, message: str, remedy: str = "", **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.details = details

    def as_dict(self) -> dict[str, Any]:
        """The error as JSON: {"code", "message", "remedy", …details}."""
        return {"code": self.code, "message": self.message, "remedy": self.remedy, **self.details}


class RequestError(StudioError):
    """A field cannot be used as it is. `field` is its name in Request, `value` what was given."""

    code = "bad_request"
    http_status = 422

    def __init__(self, field: str, value: Any, why: str, remedy: str = "") -> None:
        shown = repr(value) if len(repr(value)) <= 80 else repr(value)[:77] + "…"
        super().__init__(f"{field} = {shown}: {why}", remedy, field=field, value=shown)
        self.field, self.why = field, why


class NothingMasked(RequestError):
    """A mask that marks nothing: then nothing of the picture may change."""

    def __init__(self, value: Any) -> None:
        why, remedy = "nothing is masked", "Paint over what is to change."
        super().__init__("inpainting.mask", value, why, remedy)


class NotFound(StudioError):
    """No such thing for this owner; another owner's things are answered in the same words."""

    code = "not_found"
    http_status = 404


class SettingsError(StudioError):
    """A setting cannot be used as it is. `source` is how it was given: --port, DARKROOM_PORT or a key of the file."""

    code = "bad_setting"

    def __init__(self, source: str, value: Any, why: str, remedy: str) -> None:
        super().__init__(f"{source} = {value!r}: {why}" if source else why, remedy)


class LoginNeeded(StudioError):
    """Nobody has logged in, or the login has run out."""

    code = "login_needed"
    http_status = 401


class Refused(StudioError):
    """Not now: a limit of the queue is reached. `retry_after_seconds` says when to ask again."""

    code = "refused"
    http_status = 429

    def __init__(self, message: str, remedy: str = "", retry_after_seconds: int = 10) -> None:
        super().__init__(message, remedy, retry_after_seconds=retry_after_seconds)
        self.retry_after_seconds = retry_after_seconds


class UploadError(StudioError):
    """The file is no picture that we can read, is damaged, or is too large."""

    code = "bad_upload"
    http_status = 415


class NotPlain(StudioError):
    """What a picture shows cannot be told from its background; the message says what was seen there."""

    code = "not_plain"
    http_status = 422


class ModelUnreadable(StudioError):
    """A model cannot be loaded; the message names the file and the cause."""

    code = "model_unreadable"
    http_status = 422


class ModelKept(StudioError):
    """A model is in use, ships with Darkroom, or belongs to another program; it is neither moved nor written on."""

    code = "model_kept"
    http_status = 409


class OutOfMemory(StudioError):
    """The device has too little memory for this picture; the message holds the figures."""

    code = "out_of_memory"

    def __init__(self, message: str, remedy: str = "", **figures: Any) -> None:
        super().__init__(
            message,
            remedy or "Choose a smaller size, or close other programs that use the GPU.",
            **figures,
        )


class NotFinite(StudioError):
    """The latents or the decoded picture hold NaN or infinity."""

    code = "not_finite"


class StateDamaged(StudioError):
    """The bytes from which a picture was to go on are not those that were written."""

    code = "state_damaged"


class WorkerDied(StudioError):
    """The process that owns the GPU ended; the message says how, in words."""

    code = "worker_died"


class DiskFull(StudioError):
    """A file cannot be written; the message names the folder and the bytes that are free."""

    code = "disk_full"
    http_status = 507


class Offline(StudioError):
    """Nothing may be asked of the network."""

    code = "offline"
    http_status = 409


class AddressRefused(StudioError):
    """A URL, or the address behind its name, is none that downloads go to."""

    code = "address_refused"
    http_status = 422


class SourceFailed(StudioError):
    """A model cannot be had from where it is said to lie; the message says what was answered."""

    code = "source_failed"
    http_status = 502


class AccessDenied(StudioError):
    """The place of a model asks for a login or an agreement first."""

    code = "access_denied"
    http_status = 403


class LicenceNeeded(StudioError):
    """The licence, which is among the details, has to be accepted first."""

    code = "licence_needed"
    http_status = 403


class NameTaken(StudioError):
    """Another model lies under this name; nothing is ever overwritten."""

    code = "name_taken"
    http_status = 409


class AlreadyRunning(StudioError):
    """Another process holds the data folder; the message names its pid."""

    code = "already_running"


class Cancelled(BaseException):
    """Raised inside a recipe at its next denoiser call when its job was cancelled."""
