"""Request forms, and what is wrong with the fields of a body."""

from __future__ import annotations

import pictures
from case import (
    CLIENT_MISTAKE,
    CLIP,
    NUMBERED,
    ONE,
    THREE,
    TWO,
    Family,
    OnPurpose,
    Table,
)


def forms(table: Table, family: Family) -> None:
    table.section("Request forms", family)
    post = table.post
    post("embed_image, one object", family.embed_image, {"image": ONE})
    post("embed_image, array of one", family.embed_image, {"image": [ONE]})
    post("embed_image, array of three sizes", family.embed_image, {"image": [ONE, TWO, THREE]})
    post("embed_image, array of eight", family.embed_image, {"image": [ONE, TWO] * 4})
    post("embed_text, string", family.embed_text, {"text": "a raccoon in the wild"})
    post("embed_text, array of one", family.embed_text, {"text": ["a raccoon in the wild"]})
    post(
        "embed_text, array of three",
        family.embed_text,
        {"text": ["a dog", "two cats", "a red car"]},
    )
    post(
        "embed_text, array of forty", family.embed_text, {"text": [f"photo {n}" for n in range(40)]}
    )
    words = ["a dog", "a cat", "a raccoon"]
    for subject_type, subject in (("image", ONE), ("text", "a raccoon")):
        for prompt_type, prompts in (("text", words), ("image", [ONE, TWO, THREE])):
            common = {"subject": subject, "subject_type": subject_type, "prompt_type": prompt_type}
            name = f"compare, {subject_type} with {prompt_type}"
            post(f"{name}, one", family.compare, {**common, "prompt": prompts[0]})
            post(f"{name}, array of one", family.compare, {**common, "prompt": prompts[:1]})
            post(f"{name}, array", family.compare, {**common, "prompt": prompts})
            mapping = dict(zip(("zeta", "alpha", "중간"), prompts))
            post(f"{name}, mapping", family.compare, {**common, "prompt": mapping})
    post(
        "compare, types left to their defaults", family.compare, {"subject": ONE, "prompt": "a dog"}
    )
    post("compare, eight prompts", family.compare, {"subject": ONE, "prompt": ["a dog"] * 8})
    post(
        "compare, mapping of eight",
        family.compare,
        {"subject": ONE, "prompt": {c: c for c in "abcdefgh"}},
    )
    post(
        "compare, mapping with the keys `type` and `z`",
        family.compare,
        {"subject": ONE, "prompt": {"type": "a dog", "z": "a cat"}},
    )
    post(
        "compare, mapping with the key `value`",
        family.compare,
        {"subject": ONE, "prompt": {"value": "a dog"}},
    )
    post(
        "compare, mapping with the key `type`",
        family.compare,
        {"subject": ONE, "prompt": {"type": "base64"}},
    )
    post(
        "compare, mapping with a numeric and an empty key",
        family.compare,
        {"subject": ONE, "prompt": {"1": "a dog", "": "a cat"}},
    )


def fields(table: Table, family: Family) -> None:
    table.section("Fields that all three share", family)
    post, field = table.post, family.version_field
    text = {"text": "a dog"}
    for version in family.versions:
        post(f"{field} {version}", family.embed_text, {**text, field: version})
    post(
        f"{field} {family.versions[1]} for an image",
        family.embed_image,
        {"image": ONE, field: family.versions[1]},
    )
    post(
        f"{field} {family.versions[1]} for a comparison",
        family.compare,
        {"subject": ONE, "prompt": "a dog", field: family.versions[1]},
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
        (family.embed_text, text),
        (family.embed_image, {"image": ONE}),
        (family.compare, {"subject": ONE, "prompt": "a dog"}),
    ):
        post(
            f"{field} unknown, {route}",
            route,
            {**body, field: "ViT-B-99"},
            on_purpose=unknown,
        )
    post(
        f"{field} in lower case",
        family.embed_text,
        {**text, field: family.versions[0].lower()},
        # The real server looks for the files of a Perception Encoder in small letters, and for its sizes as written.
        on_purpose=(
            unknown
            if family is CLIP
            else OnPurpose(
                "capitals count: there the model is found and cannot be read",
                unknown.status,
                unknown.message,
                unknown.ignoring,
            )
        ),
    )
    post(
        f"{field} empty",
        family.embed_text,
        {**text, field: ""},
        on_purpose=invalid,
    )
    post(
        f"{field} null",
        family.embed_text,
        {**text, field: None},
        on_purpose=OnPurpose(
            f"the real server looks for a model named `{family.prefix}/None`; null means the default",
            200,
            None,
            ("x-model-id",),
        ),
    )
    # The first could be a repository of the hub.
    for version, refused in (("a/b", unknown), ("../etc", invalid), ("/", invalid)):
        body = {**text, field: version}
        post(f"{field} `{version}`", family.embed_text, body, on_purpose=refused)
    post(f"{field} a number", family.embed_text, {**text, field: 16})
    post(
        "unknown version and an unusable image: the version is reported",
        family.embed_image,
        {"image": {"type": "base64", "value": "AAA"}, field: "ViT-B-99"},
        on_purpose=unknown,
    )
    post(
        "model_id is ignored",
        family.embed_text,
        {**text, "model_id": f"{family.prefix}/{family.versions[1]}"},
    )
    post(
        "model_id of another kind is ignored",
        family.embed_text,
        {**text, "model_id": "yolov8n-640"},
    )
    post("model_id a number", family.embed_text, {**text, "model_id": 5})
    post("id given", family.embed_text, {**text, "id": "my-request"})
    post("id null", family.embed_text, {**text, "id": None})
    post("id a number", family.embed_text, {**text, "id": 7})
    post(
        "unknown fields are ignored",
        family.embed_text,
        {**text, "foo": {"bar": [1]}, "confidence": 0.4},
    )
    post("api_key given", family.embed_text, {**text, "api_key": "secret"})
    post("api_key null", family.embed_text, {**text, "api_key": None})
    post("api_key a number", family.embed_text, {**text, "api_key": 5})
    for name in ("source", "source_info", "stream_pipeline_context_id"):
        for value in ("x", None, 5):
            post(f"{name} {value!r}", family.embed_text, {**text, name: value})
    for value in (1.5, 2, "2.5", None, "soon", True, [1]):
        post(f"start {value!r}", family.embed_text, {**text, "start": value})
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
            post(f"{name} {value!r}", family.embed_text, {**text, name: value})
    post(
        "several wrong fields at once",
        family.embed_text,
        {
            "id": 1,
            "api_key": 2,
            "usage_billable": "x",
            field: 3,
            "model_id": 4,
            "text": 5,
        },
    )


def embed_image_bodies(table: Table, family: Family) -> None:
    table.section("embed_image, wrong bodies", family)
    post = table.post
    post("image missing", family.embed_image, {"id": "x"})
    post("nothing at all", family.embed_image, {})
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
        post(f"image {name}", family.embed_image, {"image": value})
    post(
        "image an empty array",
        family.embed_image,
        {"image": []},
        on_purpose=OnPurpose(CLIENT_MISTAKE, 400, "At least one image is required.*"),
    )
    post("`text` instead of image", family.embed_image, {"text": "a dog"})
    post("unknown fields in the image are ignored", family.embed_image, {"image": {**ONE, "x": 1}})
    post(
        "array with one unusable image",
        family.embed_image,
        {"image": [ONE, {"type": "base64", "value": pictures.base64_of(b"no picture")}]},
        on_purpose=OnPurpose(
            NUMBERED,
            400,
            r"Could not load input image\. Cause: The bytes are no picture .* \(image 2 of 2\)",
        ),
    )


def embed_text_bodies(table: Table, family: Family) -> None:
    table.section("embed_text, wrong bodies", family)
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
        post(f"text {name}", family.embed_text, {"text": value})
    post(
        "text an array of 300 numbers",
        family.embed_text,
        {"text": [1] * 300},
        on_purpose=OnPurpose("a 422 lists the first 100 mistakes", 422),
    )
    post("text missing", family.embed_text, {"texts": ["a dog"]})
    post(
        "text an empty array",
        family.embed_text,
        {"text": []},
        on_purpose=OnPurpose(CLIENT_MISTAKE, 400, "At least one text is required.*"),
    )
