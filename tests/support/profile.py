"""The profile service on a free port of this machine, and browsers that speak to it.

with ProfileService(settings) as service, service.browser() as browser:
    browser.sign_up("ada")

Behind a proxy it has another `origin` than its own `address`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import secrets
import socket
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import httpx
import psycopg
import uvicorn

from pfpkit.profile.app import application
from pfpkit.profile.settings import ObjectPlace, Settings

SECRET = "0123456789abcdef" * 4
PASSWORD = "correct horse battery"
JSON = {"Accept": "application/json"}
"""What a program asks for, that wants no pages."""
_TOKEN = re.compile(r'name="csrf-token" content="([0-9a-f]{64})"')


def settings_in(folder: Path, **changes: Any) -> Settings:
    """Settings with everything in a folder, no node and no gateway."""
    database, objects = _places(folder)
    plain = Settings(
        origin="http://127.0.0.1:0",
        secret=SECRET,
        database_url=database,
        objects=objects,
        nodes=("http://127.0.0.1:1",),
        chain_id=31337,
        gateways=("http://127.0.0.1:1",),
        work=folder,
        max_head_age_s=None,
        per_minute=10_000,
        poll_s=0.1,
    )
    return replace(plain, **changes)


def _places(folder: Path) -> tuple[str, ObjectPlace]:
    """A new database and a place for objects: real services where the environment names them."""
    server, endpoint = os.environ.get("PFPKIT_TEST_POSTGRESQL"), os.environ.get("PFPKIT_TEST_S3")
    database = f"sqlite:///{folder}/profile.db"
    if server:
        name = f"test_{secrets.token_hex(8)}"
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute(f"create database {name}")
        database = f"{server.replace('postgresql://', 'postgresql+psycopg://')}/{name}"
    if not endpoint:
        return database, ObjectPlace(folder=folder / "objects")
    place = ObjectPlace(
        bucket=f"test-{secrets.token_hex(8)}",
        endpoint=endpoint,
        region="us-east-1",
        key_id=os.environ["PFPKIT_TEST_S3_KEY_ID"],
        secret_key=os.environ["PFPKIT_TEST_S3_SECRET_KEY"],
    )
    make_bucket(place)
    return database, place


def make_bucket(place: ObjectPlace) -> None:
    """Make a bucket by a request that is signed as AWS's (Signature Version 4)."""
    now = datetime.now(UTC)
    day, moment = now.strftime("%Y%m%d"), now.strftime("%Y%m%dT%H%M%SZ")
    host, empty = place.endpoint.partition("://")[2], hashlib.sha256(b"").hexdigest()
    names = "host;x-amz-content-sha256;x-amz-date"
    lines = f"host:{host}\nx-amz-content-sha256:{empty}\nx-amz-date:{moment}\n"
    request = f"PUT\n/{place.bucket}\n\n{lines}\n{names}\n{empty}"
    scope = f"{day}/{place.region}/s3/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    key = f"AWS4{place.secret_key}".encode()
    for part in (day, place.region, "s3", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}"
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    credential = f"AWS4-HMAC-SHA256 Credential={place.key_id}/{scope}"
    headers = {
        "x-amz-content-sha256": empty,
        "x-amz-date": moment,
        "Authorization": f"{credential}, SignedHeaders={names}, Signature={signature}",
    }
    answer = httpx.put(f"{place.endpoint}/{place.bucket}", headers=headers, trust_env=False)
    assert answer.status_code == 200, answer.text


class ProfileService:
    """Serves `settings` at `address` until the `with` block ends."""

    def __init__(self, settings: Settings, origin: str = "") -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._address = self._socket.getsockname()
        self.address = f"http://127.0.0.1:{self._address[1]}"
        self.origin = origin or self.address
        self.settings = replace(settings, origin=self.origin)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Serve, also after a `stop`, at the same address."""
        if self._socket.fileno() < 0:
            self._socket = socket.create_server(self._address)
        self.app = application(self.settings)
        config = uvicorn.Config(
            self.app, log_config=None, log_level="critical", ws="none", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, args=([self._socket],), daemon=True, name="profile"
        )
        self._thread.start()
        while not self._server.started:
            if not self._thread.is_alive():
                raise RuntimeError("the service did not start")
            time.sleep(0.01)

    def stop(self) -> None:
        """End it; open pages are hung up on."""
        self._server.should_exit = True
        self._thread.join(20)
        self._socket.close()

    @property
    def parts(self) -> Any:
        """The service's own parts, to look into its database and store."""
        return self.app.state.service

    def browser(self, **headers: str) -> Browser:
        """A browser that was never here."""
        return Browser(self.origin, headers)


class Browser(httpx.Client):
    """Keeps cookies, and sends forms as a page of the service does."""

    def __init__(self, origin: str, headers: dict[str, str], **options: Any) -> None:
        plain = {"Accept": "text/html", **headers}
        super().__init__(base_url=origin, headers=plain, timeout=30, trust_env=False, **options)
        self.origin = origin

    @property
    def token(self) -> str:
        """The CSRF token that a page has now."""
        found = _TOKEN.search(self.get("/signin").text)
        assert found is not None, "the page has no CSRF token"
        return found[1]

    def send_form(self, path: str, files: Any = None, **fields: str) -> httpx.Response:
        """Send a form with the token that its page has."""
        fields.setdefault("csrf_token", self.token)
        return self.post(path, data=fields, files=files)

    def send_json(self, path: str, **values: Any) -> httpx.Response:
        """Send JSON as a script of the page does."""
        headers = {"X-CSRF-Token": self.token, "Accept": "application/json", "Origin": self.origin}
        return self.post(path, json=values, headers=headers)

    def sign_up(self, name: str, password: str = PASSWORD) -> Self:
        """Sign up, and stay signed in."""
        answer = self.send_form("/signup", name=name, password=password)
        assert answer.status_code == 303, answer.text
        return self

    def upload(self, data: bytes, name: str = "picture.png") -> httpx.Response:
        """Upload an ordinary picture."""
        return self.send_form("/me/picture", files={"picture": (name, data)})

    def picture_of(self, name: str) -> dict[str, Any]:
        """What a platform is told of somebody's picture."""
        answer = self.get(f"/users/{name}/picture", headers={"Accept": "application/json"})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and word of a refusal."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    return answer.status_code, json.loads(answer.text)["type"].removeprefix("/problems/")
