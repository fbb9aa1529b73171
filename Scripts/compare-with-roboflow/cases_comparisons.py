"""What is wrong with the body of a comparison."""

from __future__ import annotations

from case import CLIENT_MISTAKE, ONE, TWO, Family, OnPurpose, Table


def compare_bodies(table: Table, family: Family) -> None:
    table.section("compare, wrong bodies", family)
    post = table.post
    post("nothing at all", family.compare, {})
    post("subject missing", family.compare, {"prompt": "a dog"})
    post("prompt missing", family.compare, {"subject": ONE})
    for name, value in (
        ("null", None),
        ("a number", 5),
        ("an array", [ONE]),
        ("an empty object", {}),
        ("an object without type", {"value": "x"}),
        ("true", True),
    ):
        post(f"subject {name}", family.compare, {"subject": value, "prompt": "a dog"})
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
        post(f"prompt {name}", family.compare, {"subject": ONE, "prompt": value})
    for field_name in ("subject_type", "prompt_type"):
        for value in (None, 5, True, ["image"]):
            body = {"subject": ONE, "prompt": "a dog", field_name: value}
            post(f"{field_name} {value!r}", family.compare, body)
        for value in ("audio", "", "Image", "TEXT", "text "):
            body = {"subject": ONE, "prompt": "a dog", field_name: value}
            wanted = f"{field_name} must be either 'image' or 'text'.*"
            post(
                f"{field_name} {value!r}",
                family.compare,
                body,
                on_purpose=OnPurpose(CLIENT_MISTAKE, 400, wanted),
            )
    for name, value, what in (("array", [], "prompt"), ("mapping", {}, "prompt")):
        post(
            f"prompt an empty {name}",
            family.compare,
            {"subject": ONE, "prompt": value},
            on_purpose=OnPurpose(CLIENT_MISTAKE, 400, f"At least one {what} is required.*"),
        )
    wrong = OnPurpose(CLIENT_MISTAKE, 400, ".+")
    image_as_text = {"subject": "a dog", "subject_type": "text", "prompt_type": "text"}
    post(
        "an image where `subject_type` is text",
        family.compare,
        {"subject": ONE, "subject_type": "text", "prompt": "a dog"},
        on_purpose=wrong,
    )
    post(
        "an image where `prompt_type` is text",
        family.compare,
        {**image_as_text, "prompt": ONE},
        on_purpose=wrong,
    )
    post(
        "an array of images where `prompt_type` is text",
        family.compare,
        {**image_as_text, "prompt": [ONE, TWO]},
        on_purpose=wrong,
    )
    post(
        "a mapping with an image where `prompt_type` is text",
        family.compare,
        {**image_as_text, "prompt": {"a": "a dog", "b": ONE}},
        on_purpose=wrong,
    )
    base64_text = ONE["value"]
    post(
        "subject image as a bare base64 string",
        family.compare,
        {"subject": base64_text, "prompt": "a"},
    )
    post(
        "prompt images as bare base64 strings",
        family.compare,
        {"subject": ONE, "prompt": [base64_text, TWO["value"]], "prompt_type": "image"},
    )
    post(
        "a mapping of an image and a bare base64 string",
        family.compare,
        {"subject": ONE, "prompt": {"a": ONE, "b": TWO["value"]}, "prompt_type": "image"},
    )
    words = OnPurpose(
        "the real server ends up trying Python's pickle; ours only base64", 400, "Could not load .*"
    )
    post(
        "subject image as words",
        family.compare,
        {"subject": "a dog", "prompt": "a"},
        on_purpose=words,
    )
    post(
        "prompt image as words",
        family.compare,
        {"subject": ONE, "prompt": "a dog", "prompt_type": "image"},
        on_purpose=words,
    )
    post(
        "prompt image as a path of the server",
        family.compare,
        {"subject": ONE, "prompt": "/etc/hosts", "prompt_type": "image"},
        on_purpose=OnPurpose(
            "files of the server are never opened for a client", 400, "Could not load .*"
        ),
    )
    post(
        "an unusable subject and too many prompts: the subject is reported",
        family.compare,
        {"subject": {"type": "base64", "value": "AAA"}, "prompt": ["a"] * 9},
        on_purpose=OnPurpose(
            "what costs nothing to see is reported first", 400, ".*maximum number of prompts.*8.*"
        ),
    )
