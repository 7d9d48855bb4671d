"""A server that speaks the OpenAI chat-completions protocol and misbehaves as it is told.

with OpenAIServer(answer) as server:
    env = server.environment("toy")   # for the model openai-api/toy/NAME
"""

import base64
import hashlib
import json
import socket
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, Self

Fault = Literal[
    "rate_limit",
    "rate_limit_retry_after",
    "server_error",
    "unavailable",
    "reset",
    "malformed_json",
    "not_an_object",
    "no_choices",
    "empty_choices",
    "no_message",
    "null_content",
    "empty_content",
    "cut_short",
    "slow",
    "parts",
    "parts_of_other_kinds",
    "huge",
    "blanks",
    "control_codes",
]


@dataclass(frozen=True)
class Call:
    """One request as it arrived."""

    key: str
    """What was asked: a digest of the messages."""
    messages: tuple[dict[str, Any], ...]
    images: tuple[bytes, ...]
    """The pictures of the messages, decoded from their data URIs."""
    body: dict[str, Any]
    number: int
    """How many other keys had come before this one first did."""
    again: int
    """How many requests with the same key had come before it."""

    @property
    def text(self) -> str:
        """The text of the last message."""
        content = self.messages[-1]["content"]
        return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


Answer = Callable[[Call], str]
Misbehave = Callable[[Call], Fault | None]


@dataclass
class OpenAIServer:
    """Runs on a free port while the `with` block lasts.

    Attributes:
        answer: the text to reply with.
        fault: what to do instead of replying properly, or None.
        seconds: how long each proper reply takes.
        slow_seconds: how long a `slow` one takes, which is a proper reply in the end.
        calls: all requests, in order of arrival.
        answered: keys whose proper and timely reply was sent in full, with how many times.
        faults: what was done instead, with how many times.
    """

    answer: Answer
    fault: Misbehave = lambda call: None
    seconds: float = 0.0
    slow_seconds: float = 3.0
    calls: list[Call] = field(default_factory=list)
    answered: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    _order: dict[str, int] = field(default_factory=dict)
    _seen: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"owner": self})
        self._http = _Quiet(("127.0.0.1", 0), handler)
        self._http.daemon_threads = True
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()

    @property
    def url(self) -> str:
        """Base URL of the API."""
        return f"http://127.0.0.1:{self._http.server_port}/v1"

    def environment(self, service: str = "toy") -> dict[str, str]:
        """The variables by which Inspect finds it, as the service of `openai-api/SERVICE/MODEL`."""
        return {f"{service.upper()}_BASE_URL": self.url, f"{service.upper()}_API_KEY": "none"}

    def arrived(self, body: dict[str, Any]) -> Call:
        """Note a request."""
        messages = tuple(body["messages"])
        key = hashlib.sha256(json.dumps(messages, sort_keys=True).encode()).hexdigest()[:16]
        with self._lock:
            number = self._order.setdefault(key, len(self._order))
            call = Call(key, messages, _images(messages), body, number, self._seen[key])
            self._seen[key] += 1
            self.calls.append(call)
        return call

    def note(self, counter: Counter[str], key: str) -> None:
        """Count something, from any thread."""
        with self._lock:
            counter[key] += 1


def _images(messages: tuple[dict[str, Any], ...]) -> tuple[bytes, ...]:
    found = []
    for message in messages:
        for part in message["content"] if isinstance(message["content"], list) else ():
            if part["type"] == "image_url":
                header, body = part["image_url"]["url"].split(",", 1)
                assert header == "data:image/png;base64", header
                found.append(base64.b64decode(body, validate=True))
    return tuple(found)


def completion(text: str | None) -> dict[str, Any]:
    """The body of a proper reply."""
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": "toy",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }


def _error(message: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": message, "code": None}}


def _spoilt(fault: Fault) -> tuple[int, bytes, dict[str, str]]:
    """Status, body and headers of a reply that is not as it should be."""
    no_message = completion("") | {"choices": [{"index": 0, "finish_reason": "stop"}]}
    without = {name: value for name, value in completion("").items() if name != "choices"}
    replies: dict[str, tuple[int, object, dict[str, str]]] = {
        "rate_limit": (429, _error("rate_limit_exceeded"), {}),
        "rate_limit_retry_after": (429, _error("rate_limit_exceeded"), {"Retry-After": "0.2"}),
        "server_error": (500, _error("internal"), {}),
        "unavailable": (503, _error("overloaded"), {}),
        "malformed_json": (200, b'{"id": "chatcmpl-1", "choices": [{"mess', {}),
        "not_an_object": (200, "busy", {}),
        "no_choices": (200, without, {}),
        "empty_choices": (200, completion("") | {"choices": []}, {}),
        "no_message": (200, no_message, {}),
        "null_content": (200, completion(None), {}),
        "empty_content": (200, completion(""), {}),
        "huge": (200, completion("x" * 2**25), {}),
        "blanks": (200, b" " * 2**25 + b"{}", {}),
        "control_codes": (400, _error("bad \x1b[2J request"), {}),
    }
    status, body, headers = replies[fault]
    return status, body if isinstance(body, bytes) else json.dumps(body).encode(), headers


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that are gone, as killed ones are."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    owner: OpenAIServer
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        call = self.owner.arrived(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        fault = self.owner.fault(call)
        if fault is not None:
            self.owner.note(self.owner.faults, fault)
        if fault == "reset":
            # lingering for no time turns the close into a reset
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        if fault in ("parts", "parts_of_other_kinds"):
            text = self.owner.answer(call)
            parts: list[dict[str, object]] = [{"type": "text", "text": text[:9]}, {"type": "text", "text": text[9:]}]
            if fault == "parts_of_other_kinds":
                parts.insert(0, {"type": "thinking", "thinking": "on the left"})
            body = completion(None)
            body["choices"][0]["message"]["content"] = parts
            if self._send(200, json.dumps(body).encode(), {}):
                self.owner.note(self.owner.answered, call.key)
            return
        if fault not in (None, "slow", "cut_short"):
            assert fault is not None
            self._send(*_spoilt(fault))
            return
        time.sleep(self.owner.slow_seconds if fault == "slow" else self.owner.seconds)
        body = json.dumps(completion(self.owner.answer(call))).encode()
        if fault == "cut_short":
            self._send(200, body, {}, sent=len(body) // 2)
        elif self._send(200, body, {}) and fault is None:
            self.owner.note(self.owner.answered, call.key)

    def _send(self, status: int, body: bytes, headers: dict[str, str], sent: int | None = None) -> bool:
        """False if the client was no longer there."""
        try:
            self.send_response(status)
            for name, value in {
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
                **headers,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body[:sent])
            self.wfile.flush()
        except OSError:
            self.close_connection = True
            return False
        if sent is not None:
            self.close_connection = True
        return True

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
