"""Checks a value against a shape of contracts/*.json, and says what is wrong the way Runway does (Zod 4 issues).

A shape is a name ("string|null"), or a dict with const, enum, anyOf, array or required + props. Objects are closed: a
key that the shape does not have is an issue.
"""

import json
import pathlib

FOLDER = pathlib.Path(__file__).parent / "contracts"

TYPES = {
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, (int, float)) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "any": lambda value: True,
    "unknown": lambda value: True,
}
RECEIVED = ((type(None), "null"), (bool, "boolean"), (str, "string"), ((int, float), "number"), (list, "array"))


def load(name):
    return json.loads((FOLDER / f"{name}.json").read_text())


def received(value):
    return next((name for kind, name in RECEIVED if isinstance(value, kind)), "object")


def wrong_type(path, expected, got):
    message = f"Invalid input: expected {expected}, received {got}"
    return {"expected": expected, "code": "invalid_type", "path": path, "message": message}


def wrong_value(path, values):
    many = "|".join(f"'{value}'" if isinstance(value, str) else str(value) for value in values)
    message = f"Invalid option: expected one of {many}" if len(values) > 1 else f"Invalid input: expected {many}"
    return {"code": "invalid_value", "values": values, "path": path, "message": message}


def unknown_keys(path, keys):
    many = ", ".join(f'"{key}"' for key in keys)
    message = f"Unrecognized key{'s' if len(keys) > 1 else ''}: {many}"
    return {"code": "unrecognized_keys", "keys": keys, "path": path, "message": message}


def named(name, value, path):
    if name.startswith(("Record<", "{")):
        return [] if isinstance(value, dict) else [wrong_type(path, "record", received(value))]
    return [] if TYPES[name](value) else [wrong_type(path, name, received(value))]


def members(shape, value, path):
    if not isinstance(value, dict):
        return [wrong_type(path, "object", received(value))]
    found = []
    for key, inner in shape["props"].items():
        if key in value:
            found += issues(inner, value[key], [*path, key])
        elif key in shape["required"]:
            found.append(missing(inner, [*path, key]))
    strangers = [key for key in value if key not in shape["props"]]
    return found + ([unknown_keys(path, strangers)] if strangers else [])


def missing(shape, path):
    if isinstance(shape, dict) and ("const" in shape or "enum" in shape):
        return wrong_value(path, shape.get("enum") or [shape["const"]])
    kinds = {"array": "array", "props": "object", "anyOf": "nonoptional"}
    name = shape if isinstance(shape, str) else next(kinds[key] for key in kinds if key in shape)
    return wrong_type(path, name, "undefined")


def items(shape, value, path):
    if not isinstance(value, list):
        return [wrong_type(path, "array", received(value))]
    return [issue for n, item in enumerate(value) for issue in issues(shape["array"], item, [*path, n])]


def one_of(shape, value, path):
    tries = [issues(option, value, path) for option in shape["anyOf"]]
    if not all(tries):
        return []
    return [{"code": "invalid_union", "errors": tries, "path": path, "message": "Invalid input"}]


def listed(shape, value, path):
    values = shape.get("enum") or [shape["const"]]
    same = any(value == option and isinstance(value, bool) == isinstance(option, bool) for option in values)
    return [] if same else [wrong_value(path, values)]


FORMS = {"const": listed, "enum": listed, "anyOf": one_of, "array": items, "props": members}


def issues(shape, value, path=()):
    """What is wrong with a value, [] if nothing is."""
    path = list(path)
    if isinstance(shape, str):
        name, nullable = shape.removesuffix("|null"), shape.endswith("|null")
        return [] if value is None and nullable else named(name, value, path)
    if value is None and shape.get("nullable"):
        return []
    return next(form(shape, value, path) for key, form in FORMS.items() if key in shape)


def variant(union, key, value):
    """The member of a union whose key is this constant; None: there is none."""
    return next((shape for shape in union if shape["props"][key].get("const") == value), None)
