"""Facts about the PVE API, as data: one table per version, no code.

What belongs here: the generated tables `pve-8.4.json` and `pve-9.1.json`. What never does: functions. The client
and the simulator share this data and nothing else, so that the one can judge the other.

A table has three parts:

- `version`: the PVE release it was made from.
- `types`: a list of parameter and answer types; the tables below refer to them by index. A type holds the facts
  `type`, `enum`, `minimum`, `maximum`, `minLength`, `maxLength`, `pattern`, `format` (a name, or an object of
  named parts for property strings), `default`, `default_key`, `alias`, `keyAlias`, `requires`, `items`,
  `properties`, `optional`, `typetext` (only where it cannot be derived) as PVE states them. Nested types
  (`items`, values of `properties`, values of a `format` object, members of `oneOf`) are indexes too.
- `methods`: `{path: {verb: {name, params, returns, ...}}}`; `params` maps a parameter's name to its type.
  `additional: 1` where unknown parameters are let through; `permissions`, `protected`, `proxyto`, `allowtoken`
  (only when 0), `download_allowed` as PVE states them.

Made by `tools/generate_api_facts.py`; never edited by hand.
"""
