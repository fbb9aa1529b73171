"""What is said of Perception Encoders only: which models there are, texts that are cut, and the operator's routes for them."""

from __future__ import annotations

from typing import Any

from case import CLIENT_MISTAKE, CLIP, ONE, PERCEPTION_ENCODER, TWO, OnPurpose, Table
from cases_texts import KINDS

FAMILY = PERCEPTION_ENCODER
EITHER = "a Perception Encoder gives its raw vectors through the CLIP routes"
INVALID = OnPurpose(
    "a name that can never be right is a 400 and is not repeated in `x-model-id`",
    400,
    r"Invalid Model ID sent in request\.",
    ("x-model-id",),
)


def models(table: Table) -> None:
    table.section("Which model", FAMILY)
    field, text = FAMILY.version_field, {"text": "a dog"}
    either = OnPurpose(EITHER, 200, None, ("x-model-id",))

    def named(version: Any, **options: Any) -> None:
        table.post(f"{field} `{version}`", FAMILY.embed_text, {**text, field: version}, **options)

    unknown = OnPurpose(
        "the message says where the models of this server are listed",
        404,
        r"Requested Roboflow resource not found\..*/model/registry.*",
        ("x-model-id",),
    )
    for version in ("PE-Core-G14-448", "PE-Core-T16-384", "PE-Lang-L14-448", "L14-336"):
        named(version, on_purpose=unknown)
    named(" PE-Core-L14-336", on_purpose=INVALID)
    named(
        "perception_encoder/PE-Core-L14-336",
        on_purpose=OnPurpose("the names that GET /model/registry lists are taken", 200, None, ("x-model-id",)),
    )
    # These could be repositories of the hub.
    for version in (
        "perception-encoder/PE-Core-L14-336",
        "facebook/PE-Core-L14-336",
    ):
        named(version, on_purpose=unknown)
    named(
        "ViT-B-16",
        on_purpose=OnPurpose(
            "the message says that the model is no Perception Encoder",
            404,
            r"Requested Roboflow resource not found\..*The model is no Perception Encoder;.*",
            ("x-model-id",),
        ),
    )
    table.post(
        "clip_version_id is passed over",
        FAMILY.embed_text,
        {**text, "clip_version_id": "ViT-B-99", field: FAMILY.versions[1]},
    )
    table.post(
        "perception_encoder_version_id is passed over by the CLIP routes",
        CLIP.embed_text,
        {**text, field: "PE-Core-X"},
    )
    table.post(
        "clip_version_id names a Perception Encoder",
        CLIP.embed_text,
        {**text, "clip_version_id": FAMILY.versions[0]},
        on_purpose=either,
    )
    table.post("no key anywhere", FAMILY.embed_image, {"image": ONE})


def texts(table: Table) -> None:
    table.section("Texts", FAMILY)

    def text(name: str, value: Any, **options: Any) -> None:
        table.post(name, FAMILY.embed_text, {"text": value}, **options)

    text("empty", "")
    text("empty ones in an array", ["", "a dog", ""])
    text("white space", " \n\t ")
    text("32 tokens", "dog " * 30)
    text("33 tokens are cut", "dog " * 31)
    text("one of three too long", ["a dog", "dog " * 76, "a cat"])
    text("10,000 words", "dog " * 10_000)
    for name, value in (("true", True), ("null", None)):
        table.post(
            f"truncate {name}, which changes nothing",
            FAMILY.embed_text,
            {"text": "dog " * 100, "truncate": value},
        )
    table.post(
        "truncate false, an extension",
        FAMILY.embed_text,
        {"text": "dog " * 100, "truncate": False},
        on_purpose=OnPurpose(
            "an extension of ours: refuses what would be cut", 400, ".*102 tokens.*"
        ),
    )
    table.post(
        "a subject and a prompt that are too long",
        FAMILY.compare,
        {"subject": "dog " * 76, "subject_type": "text", "prompt": ["a dog", "cat " * 76]},
    )
    for name, value in KINDS:
        text(name, value)
    text("special tokens of its own typed", "<start_of_text> a dog <end_of_text> cat")
    text("special tokens in capitals", "<END_OF_TEXT> a dog")
    text("forty, of many lengths", ["dog " * (n % 40) for n in range(40)])
    text("the same one twice", ["a dog", "a cat", "a dog"])


def limits(table: Table) -> None:
    table.section("Limits", FAMILY)
    prompts = OnPurpose(
        CLIENT_MISTAKE, 400, "The maximum number of prompts that can be compared at once is 8.*"
    )
    table.post(
        "nine images",
        FAMILY.embed_image,
        {"image": [ONE] * 9},
        on_purpose=OnPurpose(
            CLIENT_MISTAKE, 400, "The maximum number of images that can be embedded at once is 8.*"
        ),
    )
    table.post("nine texts", FAMILY.embed_text, {"text": ["a dog"] * 9})
    for name, more in (
        ("nine prompts", {"prompt": ["a"] * 9}),
        ("nine prompts in a mapping", {"prompt": {c: c for c in "abcdefghi"}}),
        ("nine image prompts", {"prompt": [ONE] * 9, "prompt_type": "image"}),
        ("nine images by name", {"prompt": {c: TWO for c in "abcdefghi"}, "prompt_type": "image"}),
    ):
        table.post(name, FAMILY.compare, {"subject": ONE, **more}, on_purpose=prompts)


def operator_routes(table: Table) -> None:
    """Behind those for CLIP, which end with all that is loaded unloaded and ViT-B-16 and ViT-B-32 there again."""
    table.section("Operator routes", FAMILY)
    first, second = (f"perception_encoder/{version}" for version in FAMILY.versions)
    table.post("add one", "/model/add", {"model_id": first})
    table.send("registry after that", "GET", "/model/registry")
    table.post("add it again, with a key", "/model/add", {"model_id": first, "api_key": "k"})
    table.post(
        "a request brings another",
        FAMILY.embed_text,
        {"text": "a", FAMILY.version_field: FAMILY.versions[1]},
    )
    table.send("registry with both", "GET", "/model/registry")
    table.post("remove one", "/model/remove", {"model_id": second})
    table.post("remove it again", "/model/remove", {"model_id": second})
    table.post(
        "a request to the removed model loads it",
        FAMILY.embed_image,
        {"image": ONE, FAMILY.version_field: FAMILY.versions[1]},
    )
    unknown = OnPurpose(
        "the message says where the models of this server are listed",
        404,
        r"Requested Roboflow resource not found\..*/model/registry.*",
        ("x-model-id",),
    )
    for model in (
        "perception_encoder/PE-Core-X",
        "perception_encoder",
        "PE-Core-L14-336",
        "perception-encoder/PE-Core-L14-336",
    ):
        table.post(f"add `{model}`", "/model/add", {"model_id": model}, on_purpose=unknown)
    table.post(
        "remove an unknown one", "/model/remove", {"model_id": "perception_encoder/PE-Core-X"}
    )
    table.send("clear", "POST", "/model/clear")
    table.send("registry after clearing", "GET", "/model/registry")
    table.post("a request after clearing loads the default", FAMILY.embed_text, {"text": "a dog"})
    table.send("registry after that request", "GET", "/model/registry")
