"""Debian's nginx with docs/nginx.conf, on loopback, in front of a service."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import time
from pathlib import Path
from typing import Self

import httpx

from support.loopback import free_port

CONF = Path(__file__).parents[2] / "docs" / "nginx.conf"
NAME = "pictures.example"
_AROUND = """
daemon off;
{user}
worker_processes 1;
pid {folder}/pid;
error_log {folder}/error.log warn;
events {{ worker_connections 256; }}
http {{
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/pfpkit.conf;
}}
"""


class Nginx:
    """nginx as documented, with the service at `address` (host:port) behind it."""

    def __init__(self, folder: Path, address: str) -> None:
        self.folder = folder
        self.tls, self.plain = free_port(), free_port()
        self._certificate()
        text = CONF.read_text()
        changes = {
            "server 127.0.0.1:8700;": f"server {address};",
            "listen 443 ssl": f"listen 127.0.0.1:{self.tls} ssl",
            "listen 80": f"listen 127.0.0.1:{self.plain}",
            "/etc/ssl/pictures.example": str(folder),
            "/var/cache/nginx/pfpkit": str(folder / "cache"),
        }
        for old, new in changes.items():
            assert old in text, f"docs/nginx.conf says no {old!r}"
            text = text.replace(old, new)
        (folder / "pfpkit.conf").write_text(text)
        user = "user root;" if os.getuid() == 0 else ""
        (folder / "nginx.conf").write_text(_AROUND.format(folder=folder, user=user))

    def __enter__(self) -> Self:
        command = [os.environ["PFPKIT_TEST_NGINX"], "-p", str(self.folder)]
        command += ["-e", str(self.folder / "error.log"), "-c", str(self.folder / "nginx.conf")]
        checked = subprocess.run([*command, "-t"], capture_output=True, text=True)
        assert checked.returncode == 0, checked.stderr
        assert "warn" not in checked.stderr, checked.stderr
        self._process = subprocess.Popen(command)
        end = time.monotonic() + 20
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.tls), 1).close()
                return self
            except OSError:
                assert time.monotonic() < end, (self.folder / "error.log").read_text()
                time.sleep(0.05)

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(20)

    def transport(self) -> httpx.BaseTransport:
        """How a client comes to it under its name, with its certificate checked."""
        trusted = ssl.create_default_context(cafile=self.folder / "fullchain.pem")
        return _Named(trusted, self.tls)

    def _certificate(self) -> None:
        made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
        made += ["-nodes", "-days", "1", "-subj", f"/CN={NAME}"]
        made += ["-addext", f"subjectAltName=DNS:{NAME}"]
        made += ["-keyout", str(self.folder / "key.pem")]
        made += ["-out", str(self.folder / "fullchain.pem")]
        subprocess.run(made, check=True, capture_output=True)


class _Named(httpx.HTTPTransport):
    """Sends what is for NAME to a port of this machine."""

    def __init__(self, trusted: ssl.SSLContext, port: int) -> None:
        super().__init__(verify=trusted)
        self._port = port

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        # Another request, for the client reads cookies by the one that it made.
        there = httpx.Request(
            request.method,
            request.url.copy_with(host="127.0.0.1", port=self._port),
            headers=request.headers,
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": request.url.host},
        )
        return super().handle_request(there)
