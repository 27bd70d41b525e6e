"""Every failure of the hub is a type in this file.

HubError
├── ConfigError          a file that a person wrote is wrong; carries every fault found
├── AuthenticationError  nobody known is asking (401)
│   ├── PasswordUnsetError   a one-time code fits; a password has to be chosen with it
│   ├── SecondFactorError    the password is right, the code of the second factor has to follow
│   └── ProviderError        the organisation's sign-in has let nobody in; carries the reason
├── ForbiddenError       somebody known asks for what is not theirs (403)
├── NotFoundError        no such thing, or none that this person may see (404)
├── ConflictError        an illegal step; carries the steps that are possible (409)
│   └── RepetitionError      the same request came before, and its outcome is not known (409)
├── InvalidRequestError  a request's fields are wrong (422)
├── GoneError            a cursor that retention or a restore has passed (410)
├── TooManyRequestsError a limit was reached; carries when to come back (429)
├── DeviceError          a device or its link
│   ├── LinkError        the connection
│   │   ├── TakenOverError   another hub has taken the session; stand by
│   │   └── CredentialsError the device refuses name or password; do not try at once
│   ├── ProtocolError    what came over it
│   └── CommandRefusedError  an order that may not or cannot be given
├── ClockSetError        the machine's clock was set, and rightly; the hub must start anew
├── OutboundRefusedError an address outside that may not be reached
└── StoreError           the store did not take a commit
    ├── StoreFullError   the disk is full
    └── StoreBrokenError the disk or the database cannot be trusted; the hub must stop
"""

from __future__ import annotations

import msgspec


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """One fault in a file that a person wrote; `line` and `column` count from 1, 0 is unknown.

    `sheet` is that of a workbook. `zh` and `zh_hint` say the same in Chinese, where that is known.
    """

    file: str
    line: int = 0
    column: int = 0
    message: str
    hint: str = ""
    sheet: str = ""
    zh: str = ""
    zh_hint: str = ""

    def __str__(self) -> str:
        """Write the fault as `file:line:column: message; hint`, or `file sheet!C7: …`."""
        tail = f"; {self.hint}" if self.hint else ""
        return f"{self.place}: {self.message}{tail}"

    @property
    def place(self) -> str:
        """Where it is: `file:line:column`, or `file sheet!C7` as spreadsheets name a cell."""
        if self.sheet:
            return (
                f"{self.file} {self.sheet}!{self.cell}"
                if self.line
                else f"{self.file} {self.sheet}"
            )
        numbers = [str(each) for each in (self.line, self.column) if each]
        return ":".join([self.file, *numbers])

    @property
    def cell(self) -> str:
        """Column and row as a spreadsheet writes them, such as `C7`."""
        letters, rest = "", self.column
        while rest:
            rest, digit = divmod(rest - 1, 26)
            letters = chr(ord("A") + digit) + letters
        return f"{letters}{self.line or ''}"

    @property
    def chinese(self) -> str:
        """The fault in Chinese, with row and column; in English where nobody has said it so."""
        if not self.zh:
            return str(self)
        where = [self.file, f"工作表 {self.sheet}" if self.sheet else ""]
        where += [f"第 {self.line} 行" if self.line else "", self._chinese_column()]
        tail = f"；{self.zh_hint}" if self.zh_hint else ""
        return f"{' '.join(filter(None, where))}：{self.zh}{tail}"

    def _chinese_column(self) -> str:
        if not self.column:
            return ""
        letters = self.cell.rstrip("0123456789")
        return f"{letters} 列" if self.sheet else f"第 {self.column} 列"


class HubError(Exception):
    """Any failure that the hub knows by name; the sentence is English, `zh` says it in Chinese."""

    def __init__(self, message: str = "", *, zh: str = "") -> None:
        super().__init__(f"{zh} {message}" if zh else message)
        self.texts = {"zh": zh, "en": message} if zh else {"en": message}


class ConfigError(HubError):
    """A file that a person wrote is wrong; every fault is listed, not only the first."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class AuthenticationError(HubError):
    """Nobody known is asking: sign in, or send a key."""


class PasswordUnsetError(AuthenticationError):
    """The one-time code is right, but it opens nothing: its person chooses a password first."""


class SecondFactorError(AuthenticationError):
    """The password is right; the second factor's code is missing or wrong: go on by `token`."""

    def __init__(self, message: str, *, token: str) -> None:
        super().__init__(message)
        self.token = token


class ProviderError(AuthenticationError):
    """The organisation's sign-in (OpenID Connect) has named nobody who may come in.

    `reason` is `down` (it does not answer), `lost` (this browser is on no way), `denied` (it, or
    the person, said no), `unknown` (nobody here is meant) or `distrust` (its answer is not good).
    """

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class ForbiddenError(HubError):
    """The person or key has no right to do this here."""


class NotFoundError(HubError):
    """There is no such thing, or none that this person may see."""


class ConflictError(HubError):
    """The step is not possible in this state; `possible` names those that are."""

    def __init__(self, message: str, *, possible: tuple[str, ...] = (), zh: str = "") -> None:
        super().__init__(message, zh=zh)
        self.possible = possible


class RepetitionError(ConflictError):
    """The same request came before; `first` is `under_way`, or `unknown` if the hub died in it."""

    def __init__(self, message: str, *, first: str, zh: str = "") -> None:
        super().__init__(message, zh=zh)
        self.first = first


class InvalidRequestError(HubError):
    """A request's fields are wrong; `problems` maps a field to what is wrong with it.

    `faults` says the same in both languages, where that is known.
    """

    def __init__(
        self,
        message: str,
        *,
        problems: dict[str, str] | None = None,
        faults: dict[str, dict[str, str]] | None = None,
        zh: str = "",
    ) -> None:
        super().__init__(message, zh=zh)
        self.faults = faults or {}
        self.problems = problems or {name: words["en"] for name, words in self.faults.items()}


class GoneError(HubError):
    """What followed a cursor is not there any more; `oldest` is where to start again.

    `restored` where a restore from a backup gave it up: what was told then may never have been.
    """

    def __init__(self, message: str, *, oldest: str, restored: bool = False, zh: str = "") -> None:
        super().__init__(message, zh=zh)
        self.oldest = oldest
        self.restored = restored


class TooManyRequestsError(HubError):
    """A limit was reached; try again after `retry_after` seconds."""

    def __init__(self, message: str, *, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class DeviceError(HubError):
    """Something is wrong with a device or its link."""


class LinkError(DeviceError):
    """A connection could not be made, or was lost."""


class TakenOverError(LinkError):
    """Another hub has taken over this one's session: stand by instead of fighting for it."""


class CredentialsError(LinkError):
    """A device refuses the name or password: each further try may lock the account."""


class ProtocolError(DeviceError):
    """What a device said cannot be understood."""


class CommandRefusedError(DeviceError):
    """An order that may not, or cannot, be given now."""


class ClockSetError(HubError):
    """The machine's clock was set, and rightly: the hub must start anew."""


class OutboundRefusedError(HubError):
    """An address outside may not be reached; an administrator can allow its network."""


class StoreError(HubError):
    """The store did not take a commit; nothing of it was written."""


class StoreFullError(StoreError):
    """The disk is full; nothing was written and nothing is acknowledged."""


class StoreBrokenError(StoreError):
    """The disk or the database cannot be trusted any more; stop, look at the disk, start again."""

    fatal = True
