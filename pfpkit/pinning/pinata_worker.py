"""One call of pinatapy in a process of its own: `python -m pfpkit.pinning.pinata_worker`.

Reads one JSON task from standard input and writes one JSON answer to standard output. pinatapy
0.2.0 has no timeout, follows redirects with the key, reads what is sent and what is answered into
memory, leaves files open, and drops the headers of an answer. So it runs here: this process has a
limit of memory and ends itself at a deadline, whoever started it, and its `requests` is ours. The
key comes by standard input, not by arguments or the environment, which others may see.
"""

import contextlib
import json
import resource
import signal
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pinatapy  # type: ignore[import-untyped]
import requests
import urllib3

MAX_MEMORY = 2**30
MAX_ANSWER_BYTES = 4 * 2**20


class _Requests:
    """What pinatapy finds as its module `requests`: bounded, and without redirects."""

    def __init__(self, timeout: tuple[float, float]) -> None:
        self._timeout = timeout
        self.status = 0
        self.retry_after = ""

    def post(self, url: str, *, headers: Mapping[str, str], **body: Any) -> requests.Response:
        # pinatapy puts a slash before each name, and Pinata would make a folder of it.
        files = [(kind, (name.lstrip("/"), file)) for kind, (name, file) in body.pop("files")]
        return self._request("POST", url, headers, files=files, **body)

    def get(
        self, url: str, *, headers: Mapping[str, str], params: Mapping[str, str]
    ) -> requests.Response:
        return self._request("GET", url, headers, params=params)

    def delete(
        self, url: str, *, headers: Mapping[str, str], data: Mapping[str, str]
    ) -> requests.Response:
        return self._request("DELETE", url, headers, data=data)

    def _request(
        self, method: str, url: str, headers: Mapping[str, str], **rest: Any
    ) -> requests.Response:
        sent = {**headers, "Accept-Encoding": "identity", "User-Agent": "pfpkit"}
        request = requests.Request(method, url, headers=sent, **rest).prepare()
        # Not a session: that reads redirects, whole and without end, and passwords in ~/.netrc.
        response: requests.Response = requests.adapters.HTTPAdapter().send(
            request, stream=True, timeout=self._timeout
        )
        self.status = response.status_code
        self.retry_after = response.headers.get("Retry-After", "")
        body = bytearray()
        # Raw: nothing is decompressed, and an answer that is cut short is an error.
        while piece := response.raw.read(2**16):
            body += piece
            if len(body) > MAX_ANSWER_BYTES:
                raise OverflowError(f"its answer has more than {MAX_ANSWER_BYTES} bytes")
        response._content = bytes(body)
        return response


def run(task: Mapping[str, Any]) -> dict[str, Any]:
    """Do one task and return what came out: `answer`, or `error`, with the HTTP status."""
    web = _Requests((task["connect_s"], task["read_s"]))
    pinatapy.requests = web
    pinatapy.API_ENDPOINT = task["api"] + "/"
    pinata = pinatapy.PinataPy(task["key"], task["secret"])
    calls: dict[str, Callable[[], dict[str, Any]]] = {
        "pin": lambda: pinata.pin_file_to_ipfs(
            task["path"],
            ipfs_destination_path=task["folder"],
            save_absolute_paths=False,
            options=task["options"],
        ),
        "list": lambda: pinata.pin_list(task["options"]),
        "unpin": lambda: pinata.remove_pin_from_ipfs(task["cid"]),
    }
    try:
        answer = calls[task["call"]]()
    except requests.exceptions.JSONDecodeError:
        answer = {}
    # Those of requests are OSErrors.
    except (OSError, urllib3.exceptions.HTTPError, OverflowError, MemoryError) as error:
        # An answer that is too large will be so again.
        final = isinstance(error, OverflowError | MemoryError)
        return {"error": f"{type(error).__name__}: {error}"[:2000], "final": final}
    if 200 <= web.status < 300:
        return {"status": web.status, "answer": answer}
    # Of errors pinatapy makes a dict, of redirects whatever their body says.
    text = str(answer.get("text", "")) if isinstance(answer, dict) else ""
    return {"status": web.status, "retry_after": web.retry_after, "text": text[:65536]}


def main() -> None:
    task = json.load(sys.stdin)
    signal.alarm(int(task["within_s"]) + 5)
    # Not every system has this limit; the size of what is sent is bounded in any case.
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (MAX_MEMORY, MAX_MEMORY))
    json.dump(run(task), sys.stdout)


if __name__ == "__main__":
    main()
