"""Request forms, and what is wrong with the fields of a body."""

from __future__ import annotations

import pictures
from case import (
    CLIENT_MISTAKE,
    COMPARE,
    EMBED_IMAGE,
    EMBED_TEXT,
    NUMBERED,
    ONE,
    THREE,
    TWO,
    OnPurpose,
    Table,
)


def forms(table: Table) -> None:
    table.section("Request forms")
    post = table.post
    post("embed_image, one object", EMBED_IMAGE, {"image": ONE})
    post("embed_image, array of one", EMBED_IMAGE, {"image": [ONE]})
    post("embed_image, array of three sizes", EMBED_IMAGE, {"image": [ONE, TWO, THREE]})
    post("embed_image, array of eight", EMBED_IMAGE, {"image": [ONE, TWO] * 4})
    post("embed_text, string", EMBED_TEXT, {"text": "a raccoon in the wild"})
    post("embed_text, array of one", EMBED_TEXT, {"text": ["a raccoon in the wild"]})
    post("embed_text, array of three", EMBED_TEXT, {"text": ["a dog", "two cats", "a red car"]})
    post("embed_text, array of forty", EMBED_TEXT, {"text": [f"photo {n}" for n in range(40)]})
    words = ["a dog", "a cat", "a raccoon"]
    for subject_type, subject in (("image", ONE), ("text", "a raccoon")):
        for prompt_type, prompts in (("text", words), ("image", [ONE, TWO, THREE])):
            common = {"subject": subject, "subject_type": subject_type, "prompt_type": prompt_type}
            name = f"compare, {subject_type} with {prompt_type}"
            post(f"{name}, one", COMPARE, {**common, "prompt": prompts[0]})
            post(f"{name}, array of one", COMPARE, {**common, "prompt": prompts[:1]})
            post(f"{name}, array", COMPARE, {**common, "prompt": prompts})
            mapping = dict(zip(("zeta", "alpha", "중간"), prompts))
            post(f"{name}, mapping", COMPARE, {**common, "prompt": mapping})
    post("compare, types left to their defaults", COMPARE, {"subject": ONE, "prompt": "a dog"})
    post("compare, eight prompts", COMPARE, {"subject": ONE, "prompt": ["a dog"] * 8})
    post(
        "compare, mapping of eight", COMPARE, {"subject": ONE, "prompt": {c: c for c in "abcdefgh"}}
    )
    post(
        "compare, mapping with the keys `type` and `z`",
        COMPARE,
        {"subject": ONE, "prompt": {"type": "a dog", "z": "a cat"}},
    )
    post(
        "compare, mapping with the key `value`",
        COMPARE,
        {"subject": ONE, "prompt": {"value": "a dog"}},
    )
    post(
        "compare, mapping with the key `type`",
        COMPARE,
        {"subject": ONE, "prompt": {"type": "base64"}},
    )
    post(
        "compare, mapping with a numeric and an empty key",
        COMPARE,
        {"subject": ONE, "prompt": {"1": "a dog", "": "a cat"}},
    )


def fields(table: Table) -> None:
    table.section("Fields that all three share")
    post = table.post
    text = {"text": "a dog"}
    for version in ("ViT-B-16", "ViT-B-32"):
        post(f"clip_version_id {version}", EMBED_TEXT, {**text, "clip_version_id": version})
    post(
        "clip_version_id ViT-B-32 for an image",
        EMBED_IMAGE,
        {"image": ONE, "clip_version_id": "ViT-B-32"},
    )
    post(
        "clip_version_id ViT-B-32 for a comparison",
        COMPARE,
        {"subject": ONE, "prompt": "a dog", "clip_version_id": "ViT-B-32"},
    )
    unknown = OnPurpose(
        "the message says where the models of this server are listed",
        404,
        r"Requested Roboflow resource not found\..*/model/registry.*",
        ("x-model-id",),
    )
    invalid = OnPurpose(
        "a name that can never be right is a 400 and is not repeated in `x-model-id`",
        400,
        r"Invalid Model ID sent in request\.",
        ("x-model-id",),
    )
    for route, body in (
        (EMBED_TEXT, text),
        (EMBED_IMAGE, {"image": ONE}),
        (COMPARE, {"subject": ONE, "prompt": "a dog"}),
    ):
        post(
            f"clip_version_id unknown, {route}",
            route,
            {**body, "clip_version_id": "ViT-B-99"},
            on_purpose=unknown,
        )
    post(
        "clip_version_id in lower case",
        EMBED_TEXT,
        {**text, "clip_version_id": "vit-b-16"},
        on_purpose=unknown,
    )
    post(
        "clip_version_id empty",
        EMBED_TEXT,
        {**text, "clip_version_id": ""},
        on_purpose=invalid,
    )
    post(
        "clip_version_id null",
        EMBED_TEXT,
        {**text, "clip_version_id": None},
        on_purpose=OnPurpose(
            "the real server looks for a model named `clip/None`; null means the default",
            200,
            None,
            ("x-model-id",),
        ),
    )
    for version in ("a/b", "../etc", "/"):
        body = {**text, "clip_version_id": version}
        post(f"clip_version_id `{version}`", EMBED_TEXT, body, on_purpose=invalid)
    post("clip_version_id a number", EMBED_TEXT, {**text, "clip_version_id": 16})
    post(
        "unknown version and an unusable image: the version is reported",
        EMBED_IMAGE,
        {"image": {"type": "base64", "value": "AAA"}, "clip_version_id": "ViT-B-99"},
        on_purpose=unknown,
    )
    post("model_id is ignored", EMBED_TEXT, {**text, "model_id": "clip/ViT-B-32"})
    post("model_id of another kind is ignored", EMBED_TEXT, {**text, "model_id": "yolov8n-640"})
    post("model_id a number", EMBED_TEXT, {**text, "model_id": 5})
    post("id given", EMBED_TEXT, {**text, "id": "my-request"})
    post("id null", EMBED_TEXT, {**text, "id": None})
    post("id a number", EMBED_TEXT, {**text, "id": 7})
    post("unknown fields are ignored", EMBED_TEXT, {**text, "foo": {"bar": [1]}, "confidence": 0.4})
    post("api_key given", EMBED_TEXT, {**text, "api_key": "secret"})
    post("api_key null", EMBED_TEXT, {**text, "api_key": None})
    post("api_key a number", EMBED_TEXT, {**text, "api_key": 5})
    for name in ("source", "source_info", "stream_pipeline_context_id"):
        for value in ("x", None, 5):
            post(f"{name} {value!r}", EMBED_TEXT, {**text, name: value})
    for value in (1.5, 2, "2.5", None, "soon", True, [1]):
        post(f"start {value!r}", EMBED_TEXT, {**text, "start": value})
    booleans = (
        True,
        False,
        1,
        0,
        1.0,
        2,
        0.5,
        "true",
        "OFF",
        "y",
        "No",
        "T",
        "maybe",
        "",
        None,
        [],
    )
    for name in ("usage_billable", "disable_model_monitoring"):
        for value in booleans:
            post(f"{name} {value!r}", EMBED_TEXT, {**text, name: value})
    post(
        "several wrong fields at once",
        EMBED_TEXT,
        {
            "id": 1,
            "api_key": 2,
            "usage_billable": "x",
            "clip_version_id": 3,
            "model_id": 4,
            "text": 5,
        },
    )


def embed_image_bodies(table: Table) -> None:
    table.section("embed_image, wrong bodies")
    post = table.post
    post("image missing", EMBED_IMAGE, {"id": "x"})
    post("nothing at all", EMBED_IMAGE, {})
    for name, value in (
        ("null", None),
        ("a string", "aGVsbG8="),
        ("a number", 5),
        ("true", True),
        ("an empty object", {}),
        ("an object without type", {"value": "aGVsbG8="}),
        ("type null", {"type": None, "value": "x"}),
        ("type a number", {"type": 5, "value": "x"}),
        ("an array of strings", ["aGVsbG8="]),
        ("an array of numbers", [1, 2]),
        ("an array of null", [None]),
        ("an array, its second wrong", [ONE, "x"]),
        ("an array, its second without type", [ONE, {"value": "x"}]),
        ("an array of arrays", [[ONE]]),
        ("a mapping of images", {"a": ONE}),
    ):
        post(f"image {name}", EMBED_IMAGE, {"image": value})
    post(
        "image an empty array",
        EMBED_IMAGE,
        {"image": []},
        on_purpose=OnPurpose(CLIENT_MISTAKE, 400, "At least one image is required.*"),
    )
    post("`text` instead of image", EMBED_IMAGE, {"text": "a dog"})
    post("unknown fields in the image are ignored", EMBED_IMAGE, {"image": {**ONE, "x": 1}})
    post(
        "array with one unusable image",
        EMBED_IMAGE,
        {"image": [ONE, {"type": "base64", "value": pictures.base64_of(b"no picture")}]},
        on_purpose=OnPurpose(
            NUMBERED,
            400,
            r"Could not load input image\. Cause: The bytes are no picture .* \(image 2 of 2\)",
        ),
    )


def embed_text_bodies(table: Table) -> None:
    table.section("embed_text, wrong bodies")
    post = table.post
    for name, value in (
        ("null", None),
        ("a number", 5),
        ("true", True),
        ("an object", {"a": "b"}),
        ("an array of numbers", [1, 2]),
        ("an array, its second a number", ["a dog", 2]),
        ("an array with null", [None]),
        ("an array of arrays", [["a dog"]]),
        ("an image", ONE),
    ):
        post(f"text {name}", EMBED_TEXT, {"text": value})
    post(
        "text an array of 300 numbers",
        EMBED_TEXT,
        {"text": [1] * 300},
        on_purpose=OnPurpose("a 422 lists the first 100 mistakes", 422),
    )
    post("text missing", EMBED_TEXT, {"texts": ["a dog"]})
    post(
        "text an empty array",
        EMBED_TEXT,
        {"text": []},
        on_purpose=OnPurpose(CLIENT_MISTAKE, 400, "At least one text is required.*"),
    )


def compare_bodies(table: Table) -> None:
    table.section("compare, wrong bodies")
    post = table.post
    post("nothing at all", COMPARE, {})
    post("subject missing", COMPARE, {"prompt": "a dog"})
    post("prompt missing", COMPARE, {"subject": ONE})
    for name, value in (
        ("null", None),
        ("a number", 5),
        ("an array", [ONE]),
        ("an empty object", {}),
        ("an object without type", {"value": "x"}),
        ("true", True),
    ):
        post(f"subject {name}", COMPARE, {"subject": value, "prompt": "a dog"})
    for name, value in (
        ("null", None),
        ("a number", 5),
        ("true", False),
        ("an array of strings and images", ["a dog", ONE]),
        ("an array of images and strings", [ONE, "a dog"]),
        ("an array of numbers", [1]),
        ("an array of null", [None]),
        ("an array of arrays", [["a dog"]]),
        ("an array of mappings", [{"a": "b"}]),
        ("a mapping of numbers", {"a": 1}),
        ("a mapping with one number", {"a": "a dog", "b": 2}),
        ("a mapping of arrays", {"a": ["a dog"]}),
        ("a mapping of null", {"a": None}),
        ("a mapping of objects", {"a": {"b": "c"}}),
        ("an object with type 5 and value", {"type": 5, "value": "x"}),
    ):
        post(f"prompt {name}", COMPARE, {"subject": ONE, "prompt": value})
    for field_name in ("subject_type", "prompt_type"):
        for value in (None, 5, True, ["image"]):
            body = {"subject": ONE, "prompt": "a dog", field_name: value}
            post(f"{field_name} {value!r}", COMPARE, body)
        for value in ("audio", "", "Image", "TEXT", "text "):
            body = {"subject": ONE, "prompt": "a dog", field_name: value}
            wanted = f"{field_name} must be either 'image' or 'text'.*"
            post(
                f"{field_name} {value!r}",
                COMPARE,
                body,
                on_purpose=OnPurpose(CLIENT_MISTAKE, 400, wanted),
            )
    for name, value, what in (("array", [], "prompt"), ("mapping", {}, "prompt")):
        post(
            f"prompt an empty {name}",
            COMPARE,
            {"subject": ONE, "prompt": value},
            on_purpose=OnPurpose(CLIENT_MISTAKE, 400, f"At least one {what} is required.*"),
        )
    wrong = OnPurpose(CLIENT_MISTAKE, 400, ".+")
    image_as_text = {"subject": "a dog", "subject_type": "text", "prompt_type": "text"}
    post(
        "an image where `subject_type` is text",
        COMPARE,
        {"subject": ONE, "subject_type": "text", "prompt": "a dog"},
        on_purpose=wrong,
    )
    post(
        "an image where `prompt_type` is text",
        COMPARE,
        {**image_as_text, "prompt": ONE},
        on_purpose=wrong,
    )
    post(
        "an array of images where `prompt_type` is text",
        COMPARE,
        {**image_as_text, "prompt": [ONE, TWO]},
        on_purpose=wrong,
    )
    post(
        "a mapping with an image where `prompt_type` is text",
        COMPARE,
        {**image_as_text, "prompt": {"a": "a dog", "b": ONE}},
        on_purpose=wrong,
    )
    base64_text = ONE["value"]
    post("subject image as a bare base64 string", COMPARE, {"subject": base64_text, "prompt": "a"})
    post(
        "prompt images as bare base64 strings",
        COMPARE,
        {"subject": ONE, "prompt": [base64_text, TWO["value"]], "prompt_type": "image"},
    )
    post(
        "a mapping of an image and a bare base64 string",
        COMPARE,
        {"subject": ONE, "prompt": {"a": ONE, "b": TWO["value"]}, "prompt_type": "image"},
    )
    words = OnPurpose(
        "the real server ends up trying Python's pickle; ours only base64", 400, "Could not load .*"
    )
    post("subject image as words", COMPARE, {"subject": "a dog", "prompt": "a"}, on_purpose=words)
    post(
        "prompt image as words",
        COMPARE,
        {"subject": ONE, "prompt": "a dog", "prompt_type": "image"},
        on_purpose=words,
    )
    post(
        "prompt image as a path of the server",
        COMPARE,
        {"subject": ONE, "prompt": "/etc/hosts", "prompt_type": "image"},
        on_purpose=OnPurpose(
            "files of the server are never opened for a client", 400, "Could not load .*"
        ),
    )
    post(
        "an unusable subject and too many prompts: the subject is reported",
        COMPARE,
        {"subject": {"type": "base64", "value": "AAA"}, "prompt": ["a"] * 9},
        on_purpose=OnPurpose(
            "what costs nothing to see is reported first", 400, ".*maximum number of prompts.*8.*"
        ),
    )
