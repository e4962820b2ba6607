"""How an answer is written: JSON for programs, and the forms that PVE has for people and viewers.

`/api2/{format}/…`: `json` and `extjs` are what clients use; `html` is PVE's browsable view, here without decoration.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable
from typing import Any

encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

_UTF8 = ";charset=UTF-8"


def _page(body: dict[str, Any]) -> str:
    shown = html.escape(json.dumps(body["data"], indent=2, ensure_ascii=False))
    return f'<!DOCTYPE html>\n<html lang="en">\n<title>Proxmox VE API</title>\n<pre>{shown}</pre>\n</html>\n'


def _viewer(body: dict[str, Any]) -> str:
    """A file for virt-viewer."""
    data = body["data"] if isinstance(body["data"], dict) else {}
    return "".join(f"{line}\n" for line in ["[virt-viewer]", *(f"{k}={v}" for k, v in data.items())])


# Content type and writer, by the format's name in the path.
FORMATS: dict[str, tuple[str, Callable[[dict[str, Any]], str]]] = {
    "json": (f"application/json{_UTF8}", encode),
    "extjs": (f"application/json{_UTF8}", encode),
    "html": (f"text/html{_UTF8}", _page),
    "htmljs": (f"text/html{_UTF8}", lambda body: html.escape(encode(body))),
    "spiceconfig": (f"application/x-virt-viewer{_UTF8}", _viewer),
    # Graphs, which are not drawn here.
    "png": ("image/png", lambda body: ""),
}
# In these, every answer is 200 and says in its body how it went.
TELLS_SUCCESS = frozenset({"extjs", "htmljs"})
