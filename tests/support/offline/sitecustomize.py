"""Loaded by every Python that a test starts with this folder on PYTHONPATH: loopback alone.

Whoever asks for another host is refused and written down in the file OFFLINE_LOG, so that a test
can tell that nothing left the machine. One name stands for a host that strangers reach: it has a
public address, and whoever connects to that address is connected to loopback. What a program other
than Python does is not seen.
"""

import os
import socket
from ipaddress import ip_address

PUBLIC_NAME = "gateway.example"
PUBLIC_ADDRESS = "93.184.215.14"

_connect, _getaddrinfo = socket.socket.connect, socket.getaddrinfo


def _refuse(host):
    with open(os.environ["OFFLINE_LOG"], "a", encoding="utf-8") as log:
        log.write(f"{host}\n")
    raise OSError(f"no network in this test: {host}")


def _is_local(host):
    try:
        return host in (None, "", "localhost") or ip_address(host).is_loopback
    except ValueError:
        return False


def _looked_up(host, *arguments, **options):
    name = host.decode() if isinstance(host, bytes) else host
    if name == PUBLIC_NAME:
        return _getaddrinfo(PUBLIC_ADDRESS, *arguments, **options)
    if name != PUBLIC_ADDRESS and not _is_local(name):
        _refuse(name)
    return _getaddrinfo(host, *arguments, **options)


def _connected(self, address):
    if isinstance(address, tuple):
        if address[0] == PUBLIC_ADDRESS:
            address = ("127.0.0.1", *address[1:])
        elif not _is_local(address[0]):
            _refuse(address[0])
    return _connect(self, address)


socket.getaddrinfo = _looked_up
socket.socket.connect = _connected
