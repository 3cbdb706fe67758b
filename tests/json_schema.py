"""What a command has printed with --json, held to the schema that is committed."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from ablate.operations.schema import SCHEMA

__all__ = ["validated"]


@cache
def _validator() -> Draft202012Validator:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def validated(text: str) -> Any:
    """The value of a text of JSON: a document, or a list of them, each as the schema of its kind says.

    Raises:
        jsonschema.ValidationError: when one is not.
    """
    value = json.loads(text)
    whole = _validator().schema
    for document in value if isinstance(value, list) else [value]:
        # Of the kind that it says it is, so that what is wrong is named and not only that no kind fits.
        own = {"$ref": f"#/$defs/{document['kind']}"}
        assert own in whole["oneOf"], own
        _validator().evolve(schema={**own, "$defs": whole["$defs"]}).validate(document)
    return value
