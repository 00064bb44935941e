"""Which back ends there are, and how to reach them: the `pinning` section of a configuration.

    pinning:
      kubo: {url: "http://127.0.0.1:5001"}
      pinata: {per_minute: 250}
      pinata-classic: {}
      services:
        filebase: {url: "https://api.filebase.io/v1/ipfs", per_minute: 100}
      gateways: {per_minute: 600, at_once: 4}      # each that is read back through

Secrets are never in it: they come from the environment, each under a name of its own.

    KUBO_AUTH                       bearer:TOKEN or basic:USER:PASSWORD; only where Kubo asks
    PINATA_JWT                      for `pinata`
    PINATA_API_KEY, PINATA_API_SECRET   for `pinata-classic`
    PINNING_SERVICE_TOKEN_FILEBASE  for the service called `filebase`
"""

import base64
import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Self
from urllib.parse import urlsplit

import httpx

from pfpkit.addresses import without_credentials
from pfpkit.errors import BadInput
from pfpkit.pinning import Pinner, kubo, pinata, pinata_classic, service
from pfpkit.pinning.blockstore import BlockStore
from pfpkit.pinning.client import Secret
from pfpkit.pinning.embedded import EmbeddedPinner
from pfpkit.pinning.pressure import Clock, Pressure

__all__ = [
    "GatewaySettings",
    "PinningSettings",
    "ServiceSettings",
    "make_pinner",
    "make_pinners",
    "token_variable",
]

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,62}")
_LOOPBACK = re.compile(r"localhost|127(\.\d{1,3}){3}|::1")
_KEYS = frozenset({"url", "uploads_url", "per_minute", "at_once"})
_MAX_SECRET = 8192


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """How to reach one service. `per_minute` and `at_once` overrule what is known of it."""

    url: str
    uploads_url: str = ""
    per_minute: float | None = None
    at_once: int | None = None

    @classmethod
    def parse(cls, where: str, given: object, url: str = "", uploads_url: str = "") -> Self:
        """Return the settings in the mapping `given`; BadInput names what is wrong in `where`."""
        known = _KEYS if uploads_url else _KEYS - {"uploads_url"}
        values = _mapping(where, given, known, "{url: https://...}")
        return cls(
            _url(f"{where}.url", values.get("url", url)),
            _url(f"{where}.uploads_url", values.get("uploads_url", uploads_url))
            if uploads_url
            else "",
            *_pace(where, values),
        )

    def pressure(self, default: Pressure) -> Pressure:
        """Return `default` with what these settings say instead."""
        if self.per_minute is not None:
            default = replace(default, per_minute=self.per_minute)
        return default if self.at_once is None else replace(default, at_once=self.at_once)


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """How hard a gateway of others may be pressed, in requests for single blocks."""

    per_minute: float | None = None
    at_once: int | None = None

    @classmethod
    def parse(cls, where: str, given: object) -> Self:
        """Return the settings in the mapping `given`; BadInput names what is wrong in `where`."""
        values = _mapping(where, given, {"per_minute", "at_once"}, "{per_minute: 600}")
        return cls(*_pace(where, values))


@dataclass(frozen=True, slots=True)
class PinningSettings:
    """The whole section; what is not said has its default."""

    kubo: ServiceSettings = ServiceSettings(kubo.URL)
    pinata: ServiceSettings = ServiceSettings(pinata.API, pinata.UPLOADS)
    pinata_classic: ServiceSettings = ServiceSettings(pinata_classic.API)
    services: Mapping[str, ServiceSettings] = field(default_factory=dict)
    gateways: GatewaySettings = GatewaySettings()

    @classmethod
    def parse(cls, given: object) -> Self:
        """Return the settings in the `pinning` section; BadInput names what is wrong.

        >>> PinningSettings.parse({"kubo": {"url": "http://[::1]:5001/"}}).kubo.url
        'http://[::1]:5001'
        """
        section = {} if given is None else given
        if not isinstance(section, Mapping):
            raise BadInput("pinning has to be a mapping of back ends")
        names = ("kubo", "pinata", "pinata-classic", "services", "gateways")
        if unknown := sorted(str(key) for key in section.keys() - set(names)):
            raise BadInput(
                f"pinning has {', '.join(unknown)}, which is none of: {', '.join(names)}"
            )
        services = section.get("services") or {}
        if not isinstance(services, Mapping):
            raise BadInput("pinning.services has to be a mapping of names to settings")
        for name in services:
            if not isinstance(name, str) or not _NAME.fullmatch(name):
                raise BadInput(f"pinning.services has {name!r}; a name is of a-z, 0-9, `.` and `-`")
        parse = ServiceSettings.parse
        return cls(
            parse("pinning.kubo", section.get("kubo"), kubo.URL),
            parse("pinning.pinata", section.get("pinata"), pinata.API, pinata.UPLOADS),
            parse("pinning.pinata-classic", section.get("pinata-classic"), pinata_classic.API),
            MappingProxyType(
                {name: parse(f"pinning.services.{name}", services[name]) for name in services}
            ),
            GatewaySettings.parse("pinning.gateways", section.get("gateways")),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The names that `make_pinners` takes."""
        fixed = (BlockStore.name, kubo.NAME, pinata.NAME, pinata_classic.NAME)
        return (*fixed, *(service.PREFIX + name for name in self.services))


def make_pinners(
    names: Iterable[str],
    settings: PinningSettings,
    environ: Mapping[str, str],
    store: BlockStore,
    clock: Clock | None = None,
) -> tuple[Pinner, ...]:
    """Return the back ends of one run, each once; one that another needs stands before it.

    BadInput lists every unknown name and every secret that is missing or malformed.
    """
    wanted = tuple(dict.fromkeys(names))
    serving: service.Serving | None = None
    made: list[Pinner] = []
    faults: list[str] = []
    # Kubo first: pinning services fetch from it.
    for name in sorted(wanted, key=lambda name: (name != kubo.NAME, wanted.index(name))):
        try:
            pinner = make_pinner(name, settings, environ, store, serving=serving, clock=clock)
        except BadInput as error:
            faults.append(str(error))
            continue
        if isinstance(pinner, kubo.KuboPinner):
            serving = pinner
        made.append(pinner)
    if faults:
        raise BadInput("; ".join(faults))
    return tuple(made)


def make_pinner(
    name: str,
    settings: PinningSettings,
    environ: Mapping[str, str],
    store: BlockStore,
    *,
    serving: service.Serving | None = None,
    clock: Clock | None = None,
) -> Pinner:
    """Return one back end by its name; BadInput names what is missing."""
    if name == BlockStore.name:
        return EmbeddedPinner(store)
    if name == kubo.NAME:
        return _kubo(settings.kubo, environ, clock)
    if name == pinata.NAME:
        return _pinata(settings.pinata, environ, clock)
    if name == pinata_classic.NAME:
        return _classic(settings.pinata_classic, environ, clock)
    at = settings.services.get(name.removeprefix(service.PREFIX))
    if at is None or not name.startswith(service.PREFIX):
        raise BadInput(
            f"{name!r} is no back end; there are {', '.join(settings.names)}, and a pinning "
            "service is configured as pinning.services.NAME.url"
        )
    return _service(name.removeprefix(service.PREFIX), at, environ, serving, clock)


def _kubo(at: ServiceSettings, environ: Mapping[str, str], clock: Clock | None) -> kubo.KuboPinner:
    auth = _kubo_auth(environ)
    if auth is not None:
        _check_private(at.url, "KUBO_AUTH")
    return kubo.KuboPinner(at.url, auth, at.pressure(kubo.PRESSURE), clock)


def _pinata(at: ServiceSettings, environ: Mapping[str, str], clock: Clock | None) -> Pinner:
    jwt = _secret(environ, "PINATA_JWT", "a JWT from app.pinata.cloud, API Keys")
    _check_private(at.url, "PINATA_JWT")
    _check_private(at.uploads_url, "PINATA_JWT")
    return pinata.PinataPinner(
        Secret("Authorization", f"Bearer {jwt}"),
        api=at.url,
        uploads=at.uploads_url,
        pressure=at.pressure(pinata.PRESSURE),
        clock=clock,
    )


def _classic(at: ServiceSettings, environ: Mapping[str, str], clock: Clock | None) -> Pinner:
    key = pinata_classic.ClassicKey(
        _secret(environ, "PINATA_API_KEY", "an API key from app.pinata.cloud, API Keys"),
        _secret(environ, "PINATA_API_SECRET", "the secret of that API key"),
    )
    _check_private(at.url, "PINATA_API_SECRET")
    pressure = at.pressure(pinata_classic.PRESSURE)
    return pinata_classic.PinataClassicPinner(key, api=at.url, pressure=pressure, clock=clock)


def _service(
    name: str,
    at: ServiceSettings,
    environ: Mapping[str, str],
    serving: service.Serving | None,
    clock: Clock | None,
) -> Pinner:
    variable = token_variable(name)
    token = _secret(environ, variable, f"an access token of {name}")
    _check_private(at.url, variable)
    return service.ServicePinner(
        name,
        at.url,
        Secret("Authorization", f"Bearer {token}"),
        serving,
        denied=f"set {variable} to a token that the service accepts",
        pressure=at.pressure(service.PRESSURE),
        clock=clock,
    )


def token_variable(name: str) -> str:
    """Return the name of the variable that holds a pinning service's token.

    >>> token_variable("my.service-2")
    'PINNING_SERVICE_TOKEN_MY_SERVICE_2'
    """
    return "PINNING_SERVICE_TOKEN_" + re.sub("[^A-Z0-9]", "_", name.upper())


def _kubo_auth(environ: Mapping[str, str]) -> Secret | None:
    if not environ.get("KUBO_AUTH", "").strip():
        return None
    text = _secret(environ, "KUBO_AUTH", "bearer:TOKEN or basic:USER:PASSWORD")
    kind, _, rest = text.partition(":")
    if kind == "bearer" and rest:
        return Secret("Authorization", f"Bearer {rest}")
    user, colon, password = rest.partition(":")
    if kind == "basic" and user and colon:
        encoded = base64.b64encode(rest.encode()).decode()
        return Secret("Authorization", f"Basic {encoded}", (rest, password))
    raise BadInput("KUBO_AUTH is neither bearer:TOKEN nor basic:USER:PASSWORD")


def _secret(environ: Mapping[str, str], variable: str, what: str) -> str:
    """Return a secret from the environment; no message ever quotes it."""
    value = environ.get(variable, "").strip()
    if not value:
        raise BadInput(f"{variable} is not set; it has to be {what}")
    if len(value) > _MAX_SECRET or not all("!" <= character <= "~" for character in value):
        raise BadInput(f"{variable} has a blank, a non-ASCII character or too many; is it {what}?")
    return value


def _check_private(url: str, variable: str) -> None:
    """BadInput when a secret would travel in clear; on loopback nobody else hears it."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not _LOOPBACK.fullmatch(parts.hostname or ""):
        raise BadInput(f"{url} is not https, and {variable} would be sent to it for all to read")


def _mapping(
    where: str, given: object, known: AbstractSet[str], such_as: str
) -> Mapping[str, object]:
    values = {} if given is None else given
    if not isinstance(values, Mapping):
        raise BadInput(f"{where} has to be a mapping such as {such_as}")
    if unknown := sorted(str(key) for key in values.keys() - known):
        names = ", ".join(sorted(known))
        raise BadInput(f"{where} has {', '.join(unknown)}, which is none of: {names}")
    return values


def _pace(where: str, values: Mapping[str, object]) -> tuple[float | None, int | None]:
    return (
        _positive(f"{where}.per_minute", values.get("per_minute"), 1e6),
        _whole(f"{where}.at_once", values.get("at_once"), 1000),
    )


def _url(where: str, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise BadInput(f"{where} is missing; it has to be a URL")
    if "$" in value:
        # Ape leaves the name of an undefined variable as it stands.
        raise BadInput(f"{where} names a variable that is not set")
    shown = without_credentials(value)
    try:
        parts = urlsplit(value)
        port_is_fine = parts.port is None or parts.port > 0
        _ = httpx.URL(value).host
    except (ValueError, httpx.InvalidURL):
        raise BadInput(f"{where}: {shown!r} is no URL") from None
    if "@" in parts.netloc:
        raise BadInput(f"{where} holds a user or password; they belong into the environment")
    plain = all("!" <= character <= "~" for character in value) and not set(value) & set("?#")
    if parts.scheme not in ("http", "https") or not parts.hostname or not plain or not port_is_fine:
        raise BadInput(f"{where}: {shown!r} is no http or https URL without blanks, `?` and `#`")
    return value.rstrip("/")


def _positive(where: str, value: object, most: float) -> float | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= most:
        raise BadInput(f"{where} has to be a number over 0 and up to {most:g}")
    return float(value)


def _whole(where: str, value: object, most: int) -> int | None:
    number = _positive(where, value, most)
    if number is not None and number != int(number):
        raise BadInput(f"{where} has to be a whole number")
    return None if number is None else int(number)
