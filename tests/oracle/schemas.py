"""Schemas, and values that they do not want, or that they do."""

SCHEMAS = [
    ('{"properties": {"a": {"type": ["string", "null", "array", "object", "boolean", "integer"]}}}', {"a": 1.5}),
    (
        '{"properties": {"a": {"minimum": 1000000, "type": "number"}, "b": {"minLength": 2000}, "c": {"multipleOf": 0.3}, "d": {"maximum": 1.5}, "e": {"enum": [1.5, 1000000, null, true, "it\'s", [1]]}, "f": {"const": null}, "g": {"enum": [1.5, 1000000, null, true, "it\'s \\"q\\" \\\\ \\n é", "x"]}}}',
        {"a": 12345, "b": "x", "c": 1, "d": 1e21, "e": 2, "f": 1, "g": 3},
    ),
    ('{"properties": {"a": {"minLength": 3, "pattern": "^q"}}, "minProperties": 5}', {"a": "x"}),
    (
        '{"properties": {"a/b~c": {"type": "string"}, "é": {"type": "string"}, "\'": {"type": "string"}}}',
        {"a/b~c": 1, "é": 1, "'": 1},
    ),
    (
        '{"properties": {"b": {"anyOf": [{"type": "string", "minLength": 1}, {"minimum": 5, "multipleOf": 2}]}}}',
        {"b": 3},
    ),
    (
        '{"properties": {"b": {"oneOf": [{"type": "string"}, {"minimum": 5}]}, "c": {"oneOf": [{"minimum": 1}, {"minimum": 2}, {"minimum": 3}]}}}',
        {"b": 3, "c": 9},
    ),
    (
        '{"properties": {"c": {"contains": {"type": "string"}}, "mc": {"contains": {"type": "string"}, "minContains": 2}, "xc": {"contains": {"type": "string"}, "maxContains": 1}}}',
        {"c": [1], "mc": ["a", 1], "xc": ["a", "b"]},
    ),
    (
        '{"properties": {"dr": {"dependentRequired": {"a": ["b", "c"]}}, "ds": {"dependentSchemas": {"a": {"required": ["z"]}}}, "u": {"unevaluatedProperties": false, "properties": {"a": {}}}, "us": {"unevaluatedProperties": {"type": "string"}}}}',
        {"dr": {"a": 1}, "ds": {"a": 1}, "u": {"a": 1, "b": 2, "c": 3}, "us": {"a": 1}},
    ),
    (
        '{"properties": {"pi": {"prefixItems": [{"type": "string"}], "items": false}, "uq": {"uniqueItems": true}, "n": {"exclusiveMinimum": 5, "multipleOf": 7}, "fs": false, "k": {"const": 3}, "pn": {"propertyNames": {"maxLength": 1}}}}',
        {"pi": [1, 2], "uq": [1, 2, 1], "n": 5, "fs": 1, "k": 2, "pn": {"ab": 1}},
    ),
    (
        '{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"pi": {"items": [{"type": "string"}], "additionalItems": false}, "d": {"dependencies": {"a": ["b"]}}, "e": {"$ref": "#/definitions/q", "type": "string"}}, "definitions": {"q": {"minimum": 5, "multipleOf": 2}}}',
        {"pi": ["a", 2, 3], "d": {"a": 1}, "e": 3},
    ),
    (
        '{"properties": {"g": {"if": {"type": "number"}, "then": {"minimum": 5, "multipleOf": 2}, "else": {"type": "null"}}}}',
        {"g": 3},
    ),
    (
        '{"properties": {"e": {"$ref": "#/definitions/q", "maximum": 1}, "f": {"$ref": "#/definitions/q"}, "h": {"allOf": [{"$ref": "#/definitions/q"}, {"minimum": 9}]}}, "definitions": {"q": {"minimum": 5, "multipleOf": 2}}}',
        {"e": 3, "f": 3, "h": 3},
    ),
    (
        '{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"a": {"format": "ipv4"}, "b": {"format": "date"}, "c": {"format": "email"}, "d": {"format": "uri"}, "e": {"format": "hostname"}, "f": {"format": "ipv6"}, "g": {"format": "date-time"}, "h": {"format": "regex"}, "i": {"format": "uuid"}, "j": {"format": "foo"}, "k": {"format": "duration"}, "l": {"format": "time"}}}',
        {
            "a": "x y",
            "b": "x y",
            "c": "x y",
            "d": "x y",
            "e": "x y",
            "f": "x y",
            "g": "x y",
            "h": "x y",
            "i": "x y",
            "j": "x y",
            "k": "x y",
            "l": "x y",
        },
    ),
    ('{"a":1} x', {"a": 1}),
    ('{"a":1,}', {"a": 1}),
    ('{"a" 1}', {"a": 1}),
    ("", {"a": 1}),
    ('{"minimum":"x"}', {"a": 1}),
    ('{"properties":[]}', {"a": 1}),
    ('{"required":"a"}', {"a": 1}),
    ('{"$schema":"http://json-schema.org/draft-07/schema#","required":"a"}', {"a": 1}),
    ('{"$schema":"http://json-schema.org/draft-04/schema#","required":[]}', {"a": 1}),
    ('{"$ref":"#/a/b"}', {"a": 1}),
    (
        '{"$id":"http://x/y","properties":{"a":{"$ref":"#/definitions/z"}},"definitions":{"z":{"type":"string"}}}',
        {"a": 1},
    ),
    ('{"properties": {"a": {"minItems": 2000, "items": {"type": "string"}}}}', {"a": [1, 2]}),
    (
        '{"properties": {"a": {"items": {"properties": {"b": {"propertyNames": {"pattern": "^x"}}}}}}}',
        {"a": [{"b": {"y": 1, "z": 1}}]},
    ),
    (
        '{"properties": {"a": {"properties": {"b": {"prefixItems": [true], "items": {"properties": {"c": {"type": "string"}}}}}}}}',
        {"a": {"b": [1, {"c": 1}, {"c": 2}]}},
    ),
    (
        '{"properties": {"a": {"additionalProperties": false, "minProperties": 3, "required": ["q"]}, "b": {"additionalProperties": false}}}',
        {"a": {"x": 1}, "b": {"x": 1}},
    ),
    (
        '{"properties": {"a": {"patternProperties": {"^x": {"type": "string"}, "y$": {"type": "null"}}}}}',
        {"a": {"xy": 1}},
    ),
    ('{"properties": {"a": {"type": "object", "additionalProperties": {"type": "string"}}}}', {"a": {"x": 1, "y": 2}}),
    (
        '{"properties": {"a": {"not": {"required": ["x"]}}, "b": {"allOf": [{"type": "string"}]}, "c": {"anyOf": [{"type": "string"}]}, "d": {"oneOf": [{"type": "string"}]}}}',
        {"a": {"x": 1}, "b": 1, "c": 1, "d": 1},
    ),
    ('{"properties": {"a": {"items": {"type": "string", "minLength": 2}}}}', {"a": ["x", 1]}),
    (
        '{"properties": {"a": {"$dynamicRef": "#foo"}}, "$defs": {"x": {"$dynamicAnchor": "foo", "type": "string"}}}',
        {"a": 1},
    ),
    (
        '{"properties": {"a": {"const": {"x": 1}}, "b": {"const": "x"}, "c": {"const": 1000000}, "d": {"enum": [10000000.0, 12345.5, 1e+21]}, "e": {"enum": [1]}}}',
        {"a": 1, "b": 1, "c": 1, "d": 1, "e": True},
    ),
    (
        '{"properties": {"a": {"maxLength": 1}, "b": {"maxItems": 1}, "c": {"maxProperties": 1}}}',
        {"a": "éé", "b": [1, 2], "c": {"a": 1, "b": 2}},
    ),
    ('{"$schema": "http://json-schema.org/draft-07/schema", "type": "string"}', {"a": "éé"}),
    (
        '{"$schema": "https://json-schema.org/draft/2019-09/schema", "properties": {"a": {"items": [{"type": "string"}, {"type": "string"}], "additionalItems": {"type": "null"}}}}',
        {"a": [1, 1, 1, 2]},
    ),
    (
        '{"$schema": "http://json-schema.org/draft-07/schema#", "properties": {"a": {"contains": {"type": "string"}}, "b": {"dependencies": {"x": {"required": ["y"]}}}}}',
        {"a": [1], "b": {"x": 1}},
    ),
    (
        '{"properties": {"a": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"type": "string"}}}',
        {"a": 1},
    ),
    (
        '{"properties": {"a": {"if": {"type": "number"}, "then": {"$ref": "#/$defs/b"}}}, "$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"minimum": 5, "multipleOf": 2}}}',
        {"a": 1},
    ),
    ('{"allOf": [{"properties": {"a": {"type": "string"}}}, {"required": ["b"]}]}', {"a": 1}),
    ('{"allOf": [{"properties": {"a": {"type": "string"}}}, {"required": ["b"], "minProperties": 4}]}', {"a": 1}),
    (
        '{"type": "object", "properties": {"a": {"type": "object", "properties": {"b": {"type": "string"}, "c": {"type": "string"}}}}}',
        {"a": {"b": 1, "c": 1}},
    ),
    (
        '{"type": "object", "properties": {"a": {"type": "string", "minLength": 3}, "b": {"anyOf": [{"type": "string"}, {"minimum": 5}]}, "c": {"allOf": [{"type": "string"}, {"$ref": "#/$defs/x"}]}, "d": {"oneOf": [{"type": "number"}, {"minimum": 1}]}, "e": {"enum": [1, "x"]}, "f": {"not": {"type": "number"}}, "g": {"if": {"type": "number"}, "then": {"minimum": 5}}}, "$defs": {"x": {"maxLength": 1, "type": "string", "pattern": "^q"}}, "required": ["z", "y"], "additionalProperties": false}',
        {"a": 1, "b": 3, "c": "abc", "d": 3, "e": 2, "f": 3, "g": 3, "q": 1, "r": 2},
    ),
    ('{"type":"foo"}', {"a": 1.5}),
    ("{", {"a": 1.5}),
    ("[]", {"a": 1.5}),
    ("true", {"a": 1.5}),
    ("false", {"a": 1.5}),
    ('{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"b":{"pattern":"("}}}', {"a": 1.5}),
    ('{"properties":{"a":{"$ref":"urn:x"}}}', {"a": 1.5}),
    ('{"properties":{"a":{"type":["number","string","integer"]}}}', {"a": 1.5}),
    ('{"properties":{"a":{"type":"integer"}}}', {"a": 1.5}),
    ('{"properties":{"a":{"type":["integer","null"]}}}', {"a": 1.5}),
]
