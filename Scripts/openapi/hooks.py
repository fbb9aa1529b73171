"""What the API's document cannot say, and schemathesis has to know to send requests that are right.

A schema can say that a string is a picture in base64 and that a text has a number of tokens; it cannot make one. So the few schemas
of this kind are narrowed before schemathesis reads the document: pictures to some that are pictures, texts to lengths that fit
whatever their letters are, `dimensions` to the width of the model at hand. The document that is tested is otherwise the one that
is served.
"""

from __future__ import annotations

import base64
import copy
import os
import pathlib
from typing import Any

import jsonschema
import schemathesis
from schemathesis.core.parameters import ParameterLocation
from hypothesis import strategies as st

PICTURES = [path.read_bytes() for path in sorted(pathlib.Path(os.environ["OPENAPI_PICTURES"]).iterdir())]
PICTURES_IN_BASE64 = [base64.b64encode(picture).decode() for picture in PICTURES]
PICTURE_URL = os.environ["OPENAPI_PICTURE_URL"]
WIDTH = int(os.environ["OPENAPI_WIDTH"])
# A letter becomes four tokens at most, and the shortest context of the models at hand has 20 with the two at its ends.
LONGEST_TEXT = 4

NARROWED = {
    "Caption": {"type": "string", "format": "caption"},
    "PictureBase64": {"enum": PICTURES_IN_BASE64},
    "PictureURL": {"enum": [PICTURE_URL]},
    "Dimensions": {"type": "integer", "minimum": 1, "maximum": WIDTH},
    # Those of nothing leave nothing to look for.
    "SearchWeight": {"type": "number", "minimum": 0.5, "maximum": 2},
}
# The document as it is served.
SERVED: dict[str, Any] = {}


@schemathesis.hook
def before_load_schema(context: schemathesis.HookContext, raw_schema: dict[str, Any]) -> None:
    SERVED.update(copy.deepcopy(raw_schema))
    schemas = raw_schema["components"]["schemas"]
    for name, narrowed in NARROWED.items():
        schemas[name] = {**narrowed, "description": schemas[name]["description"]}


@schemathesis.hook
def filter_case(context: schemathesis.HookContext, case: schemathesis.Case) -> bool:
    """Passes over what is right by the document and wrong by what no schema can say."""
    if is_hurried((case.headers or {}).get("x-request-timeout")) or is_right_after_all(case):
        return False
    if case.method == "POST" and case.path.endswith("/embeddings") and isinstance(case.body, dict):
        # Pictures of the examples, where their base64 would be read as a text, which is too long then.
        items = case.body.get("input")
        items = items if isinstance(items, list) else [items]
        texts = [item.get("text") if isinstance(item, dict) else item for item in items]
        return case.body.get("modality") == "image" or not any(text in PICTURES_IN_BASE64 for text in texts)
    if case.path == "/search" and isinstance(case.body, dict):
        return not cancels_out(case.body)
    return True


def cancels_out(body: dict[str, Any]) -> bool:
    """Whether a search might take away what it adds, or has more pictures than a request may have."""
    terms = [entry for name in ("plus", "minus") for entry in (body.get(name) if isinstance(body.get(name), list) else [])]
    terms += [{name: body[name]} for name in ("text", "image", "like") if body.get(name) is not None]
    plain = [{"text": term} if isinstance(term, str) else term for term in terms]
    subjects = [repr(sorted((k, repr(v)) for k, v in term.items() if k != "weight" and v is not None)) for term in plain if isinstance(term, dict)]
    pictures = sum(isinstance(term, dict) and term.get("image") is not None for term in plain)
    return len(set(subjects)) < len(subjects) or pictures > 8


def is_right_after_all(case: schemathesis.Case) -> bool:
    """Whether the body is meant to be wrong, and is so by a narrowed schema alone; the query may have more than the document names.

    A changed body may fit another branch of a union as well: a text that is none of the short ones fits the served schema.
    """
    if case.meta is None or not isinstance(case.body, dict):
        return False
    wrong = {place for place, part in case.meta.components.items() if part.mode.is_negative}
    operation = SERVED["paths"].get(case.path, {}).get(case.method.lower(), {})
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if ParameterLocation.BODY not in wrong or not wrong <= {ParameterLocation.BODY, ParameterLocation.QUERY} or content is None:
        return False
    if ParameterLocation.QUERY in wrong and not set(case.query or {}).isdisjoint(named_in_query(operation)):
        return False
    schema = {**content["schema"], "components": SERVED["components"]}
    return jsonschema.Draft202012Validator(schema).is_valid(case.body)


def named_in_query(operation: dict[str, Any]) -> set[str]:
    """The names of the query's parameters; a key is read whatever it is."""
    named = [SERVED["components"]["parameters"][p["$ref"].split("/")[-1]] if "$ref" in p else p for p in operation.get("parameters", [])]
    return {parameter["name"] for parameter in named if parameter["in"] == "query"} - {"api_key"}


def is_hurried(timeout: str | None) -> bool:
    """Whether the request gives the server less time than it may take, which is answered with 503."""
    try:
        return timeout is not None and 0 < float(timeout) < 10
    except ValueError:
        return False


schemathesis.openapi.format("caption", st.text(st.characters(codec="utf-8"), max_size=LONGEST_TEXT))
schemathesis.openapi.media_type("image/*", st.sampled_from(PICTURES))
schemathesis.openapi.media_type("application/octet-stream", st.sampled_from(PICTURES))
