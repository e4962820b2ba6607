"""A client that knows nothing but the live OpenAPI document: what anybody could write who never saw the product."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

WAIT = {"Prefer": "wait=60"}


@dataclass(frozen=True)
class Reply:
    """What was answered."""

    status: int
    headers: dict[str, str]
    text: str = field(repr=False)

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def ok(self) -> bool:
        return self.status < 400


def exchange(
    method: str, url: str, body: bytes | None = None, headers: dict[str, str] | None = None, timeout_s: float = 90
) -> Reply:
    """One request, whatever is answered."""
    request = urllib.request.Request(url, data=body, headers=headers or {}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=timeout_s) as answer:
            return Reply(answer.status, _lower(answer.headers), answer.read().decode())
    except urllib.error.HTTPError as error:
        return Reply(error.code, _lower(error.headers), error.read().decode())


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


@dataclass(frozen=True)
class Operation:
    """One operation of the document."""

    method: str
    path: str
    spec: dict[str, Any]

    @property
    def parameters(self) -> dict[str, str]:
        """Names of parameters, and where they stand."""
        return {one["name"]: one["in"] for one in self.spec.get("parameters", ())}


@dataclass(frozen=True)
class Document:
    """The document of a server."""

    url: str
    content: dict[str, Any] = field(repr=False)

    @classmethod
    def of(cls, url: str) -> Document:
        return cls(url, exchange("GET", f"{url}/api/v1/openapi.json").json)

    @cached_property
    def _known(self) -> dict[str, Operation]:
        return self.operations()

    def operations(self) -> dict[str, Operation]:
        """All of them, by their ids."""
        return {
            spec["operationId"]: Operation(method.upper(), path, spec)
            for path, methods in self.content["paths"].items()
            for method, spec in methods.items()
        }

    def ask(self, id: str, given: dict[str, Any], token: str = "", **headers: str) -> Reply:
        """Call an operation: what it names as parameters goes where it says, all else into the body."""
        operation = self._known[id]
        path, query, rest = operation.path, {}, dict(given)
        for name, place in operation.parameters.items():
            if name in rest:
                value = rest.pop(name)
                if place == "path":
                    path = path.replace(f"{{{name}}}", urllib.parse.quote(str(value), safe="", errors="surrogatepass"))
                elif value is not None:
                    query[name] = str(value).lower() if isinstance(value, bool) else value
        # Parameters are named as the document names them; a path's in Python's way, where a body's is JSON's.
        for name in re.findall(r"{(\w+)}", path):
            path = path.replace(f"{{{name}}}", urllib.parse.quote(str(rest.pop(_camel(name), "")), safe=""))
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        if token:
            told["Authorization"] = f"Bearer {token}"
        body = None
        if "requestBody" in operation.spec:
            told["Content-Type"] = "application/json"
            body = json.dumps(rest).encode()
        elif rest:
            query |= rest
        words = urllib.parse.urlencode(query, doseq=True)
        return exchange(operation.method, f"{self.url}{path}" + (f"?{words}" if words else ""), body, told)


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)
