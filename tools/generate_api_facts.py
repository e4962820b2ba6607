"""Make the API facts tables from PVE's own schema dumps.

Usage: python tools/generate_api_facts.py SCHEMA.json VERSION [--out DIR]

Keeps facts only: names, types, ranges, enums, formats, permissions. Descriptions and typetexts are dropped.
Equal types are stored once, so the table stays small and a diff between two versions stays readable.
"""

import argparse
import json
from pathlib import Path
from typing import Any

TYPE_FACTS = (
    "type", "optional", "enum", "minimum", "maximum", "min", "max", "minLength", "maxLength", "pattern", "format",
    "format_description", "default", "default_key", "alias", "keyAlias", "requires", "renderer",
    "additionalProperties", "instance-types", "type-property",
)  # fmt: skip
METHOD_FACTS = ("name", "permissions", "protected", "proxyto", "expose_credentials", "download_allowed")


class Table:
    """Types by their content; `intern` answers the index of a type, adding it on first sight."""

    def __init__(self) -> None:
        self.types: list[dict[str, Any]] = []
        self._index: dict[str, int] = {}

    def intern(self, raw: dict[str, Any]) -> int:
        facts = {k: raw[k] for k in TYPE_FACTS if k in raw and raw[k] is not None}
        if isinstance(facts.get("format"), dict):
            facts["format"] = {k: self.intern(v) for k, v in facts["format"].items()}
        if isinstance(facts.get("additionalProperties"), dict):
            facts["additionalProperties"] = self.intern(facts["additionalProperties"])
        if "items" in raw:
            facts["items"] = self.intern(raw["items"])
        if "properties" in raw:
            facts["properties"] = {k: self.intern(v) for k, v in raw["properties"].items()}
        if "oneOf" in raw:
            facts["oneOf"] = [self.intern(v) for v in raw["oneOf"]]
        if "links" in raw:
            facts["links"] = [link["href"] for link in raw["links"]]
        key = json.dumps(facts, sort_keys=True)
        if key not in self._index:
            self._index[key] = len(self.types)
            self.types.append(facts)
        return self._index[key]


def collect(nodes: list[dict[str, Any]], table: Table, methods: dict[str, Any]) -> None:
    for node in nodes:
        for verb, info in node.get("info", {}).items():
            parameters = info.get("parameters", {})
            entry = {k: info[k] for k in METHOD_FACTS if info.get(k) is not None}
            entry["params"] = {k: table.intern(v) for k, v in sorted(parameters.get("properties", {}).items())}
            if parameters.get("additionalProperties", 1):
                entry["additional"] = 1
            if not info.get("allowtoken", 1):
                entry["allowtoken"] = 0
            entry["returns"] = table.intern(info.get("returns") or {})
            methods.setdefault(node["path"], {})[verb] = entry
        collect(node.get("children", []), table, methods)


def render(version: str, table: Table, methods: dict[str, Any]) -> str:
    """One type and one method per line: small enough, and readable in a diff."""

    def dump(value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    types = ",\n".join(dump(t) for t in table.types)
    rows = [f"{dump(path)}:{dump(methods[path])}" for path in sorted(methods)]
    return f'{{"version":{dump(version)},\n"types":[\n{types}\n],\n"methods":{{\n' + ",\n".join(rows) + "\n}}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("schema", type=Path)
    parser.add_argument("version")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent.parent / "src/proxmox_mpc/api_facts")
    args = parser.parse_args()
    table, methods = Table(), dict[str, Any]()
    collect(json.loads(args.schema.read_text()), table, methods)
    target = args.out / f"pve-{args.version}.json"
    target.write_text(render(args.version, table, methods))
    size = target.stat().st_size
    print(f"{target.name}: {sum(map(len, methods.values()))} methods, {len(table.types)} types, {size} bytes")


if __name__ == "__main__":
    main()
