"""Everything about HTTP and JSON that is not a field: query, headers, methods, CORS, operators."""

from __future__ import annotations

from typing import Any

from case import (
    ONE,
    Family,
    OnPurpose,
    Table,
)


def query_and_key(table: Table, family: Family) -> None:
    table.section("Query and API key", family)
    text = {"text": "a dog"}

    def query(rest: str, **options: Any) -> None:
        table.post(f"`?{rest}`", f"{family.embed_text}?{rest}", text, **options)

    query("api_key=secret")
    query("api_key=")
    query("api_key=a&api_key=b")
    query("api_key=%EA%B0%80%20b%2Fc")
    for value in (
        *("true", "false", "True", "FALSE", "1", "0", "yes", "no", "Yes", "on", "off", "ON"),
        *("t", "f", "T", "y", "n", "N", "2", "maybe", "", "1.0", "%20true", "truee", "null", "-1"),
    ):
        query(f"countinference={value}")
    query("countinference=true&countinference=maybe")
    query("countinference=maybe&countinference=true")
    query("countinference")
    query("service_secret=x&countinference=False&api_key=k")
    query("unknown=1&disable_model_monitoring=maybe")
    query("%ZZ=1")
    for route, body in (
        (family.embed_image, {"image": ONE}),
        (family.compare, {"subject": ONE, "prompt": "a"}),
    ):
        table.post(f"countinference bad, {route}", f"{route}?countinference=maybe", body)
    table.post(
        "bad query and bad body: both are reported",
        f"{family.embed_text}?countinference=maybe",
        {"text": 5},
    )
    for value in ("Bearer secret", "bearer secret", "Basic c2VjcmV0", "Bearer", "nonsense"):
        table.post(
            f"`Authorization: {value}`", family.embed_text, text, headers={"Authorization": value}
        )


def content_types(table: Table, family: Family) -> None:
    table.section("Content types and JSON", family)
    good = b'{"text":"a dog"}'

    def typed(kind: str | None, **options: Any) -> None:
        name = f"`{kind}`" if kind else "no Content-Type"
        headers = {"Content-Type": kind} if kind else {}
        table.post(name, family.embed_text, good, headers=headers, **options)

    for kind in (
        *("application/json", "Application/JSON", "application/json; charset=utf-8"),
        *("application/json;charset=UTF-8", "application/vnd.api+json", "application/problem+JSON"),
        *(None, "text/plain", "application/x-www-form-urlencoded", "application/jsonx", "json"),
        *("application/octet-stream", "multipart/form-data; boundary=x", "text/json"),
        *("application/", "+json", "application/+json", "application/json, text/plain"),
    ):
        typed(kind)

    def raw(name: str, body: bytes, **options: Any) -> None:
        headers = {"Content-Type": "application/json"}
        table.post(name, family.embed_text, body, headers=headers, **options)

    raw("empty body", b"")
    table.send("empty body, no Content-Type", "POST", family.embed_text, None, headers={})
    raw("white space", b"  \n ")
    raw("top-level array", b'[{"text":"a dog"}]')
    raw("top-level string", b'"a dog"')
    raw("top-level number", b"5")
    raw("top-level null", b"null")
    raw("top-level true", b"true")
    raw("empty object", b"{}")
    raw("duplicate keys: the last wins", b'{"text":["a","b"],"text":"a dog"}')
    raw("duplicate keys: the last is wrong", b'{"text":"a dog","text":5}')
    raw("byte order mark", b"\xef\xbb\xbf" + good)
    raw("white space around", b" \r\n\t" + good + b"\n\n")
    raw("escaped characters", b'{"te\\u0078t":"a \\ud83d\\ude00 d\\u006fg \\n"}')
    raw("lone surrogate", b'{"text":"a \\ud83d dog"}')
    raw("NUL in a string", b'{"text":"a \\u0000 dog"}')
    raw("invalid UTF-8", b'{"text":"a \xff dog"}')
    raw("invalid UTF-8 outside of strings", b'{\xff"text":"a dog"}')
    raw(
        "UTF-16",
        '{"text":"a dog"}'.encode("utf-16"),
        on_purpose=OnPurpose(
            "JSON on the wire is UTF-8 (RFC 8259); Python guesses other encodings",
            400,
            None,
            ("x-model-id",),
        ),
    )
    raw("NaN as a value", b'{"text":"a dog","start":NaN}')
    raw("Infinity as a value", b'{"text":"a dog","start":-Infinity}')
    raw("a number of 400 digits", b'{"text":"a dog","start":' + b"9" * 400 + b"}")
    raw("a number of 400 digits in an unknown field", b'{"text":"a","x":' + b"9" * 400 + b"}")
    raw("a number of 4,300 digits in an unknown field", b'{"text":"a","x":' + b"9" * 4300 + b"}")
    raw(
        "a number of 4,301 digits in an unknown field",
        b'{"text":"a","x":' + b"9" * 4301 + b"}",
        on_purpose=OnPurpose("the message names the limit", 400),
    )
    raw(
        "1,100,000 numbers in an unknown field",
        b'{"text":"a","x":[' + b"1," * 1_099_999 + b"1]}",
        on_purpose=OnPurpose(
            "a body may hold 250,000 values, because short ones take twenty times their length "
            "in memory; the message names the limit",
            400,
            None,
            ("x-model-id",),
        ),
    )
    raw("1e999", b'{"text":"a dog","start":1e999}')
    raw("nested 120 deep, ignored", b'{"text":"a","x":' + b"[" * 120 + b"]" * 120 + b"}")
    raw(
        "nested 200 deep, ignored",
        b'{"text":"a","x":' + b"[" * 200 + b"]" * 200 + b"}",
        on_purpose=OnPurpose(
            "bodies may nest 128 deep, where no request needs more than 4; the message names the "
            "limit",
            400,
            None,
            ("x-model-id",),
        ),
    )
    raw(
        "nested 100,000 deep, ignored",
        b'{"text":"a","x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        on_purpose=OnPurpose("the message names the limit", 400),
    )
    for name, body in (
        ("cut off", b'{"text":"a d'),
        ("cut off after the colon", b'{"text":'),
        ("words", b"hello"),
        ("single quotes", b"{'text':'a dog'}"),
        ("unquoted key", b'{text:"a dog"}'),
        ("trailing comma", b'{"text":"a dog",}'),
        ("trailing comma in an array", b'{"text":["a dog",]}'),
        ("two documents", good + good),
        ("garbage after the document", good + b" x"),
        ("raw line break in a string", b'{"text":"a\ndog"}'),
        ("unknown escape", b'{"text":"a \\x dog"}'),
        ("leading zero", b'{"text":"a","start":01}'),
        ("comment", b'{"text":"a dog" /* no */}'),
        ("missing colon", b'{"text" "a dog"}'),
        ("missing comma", b'{"text":"a" "id":"b"}'),
        ("only a brace", b"{"),
        ("broken word", b'{"text":tru}'),
        ("form data", b"text=a+dog"),
        ("bad JSON behind Korean", '{"text":"안녕",}'.encode()),
    ):
        raw(f"malformed: {name}", body)


def methods_and_paths(table: Table, family: Family) -> None:
    table.section("Methods and paths", family)
    legacy = OnPurpose(
        "the real server's `GET /{dataset}/{version}` for detection models catches it; "
        "here the path takes POST only",
        405,
        None,
        ("allow",),
    )
    for path in (family.embed_image, family.embed_text, family.compare):
        table.send(f"GET {path}", "GET", path, on_purpose=legacy)
    table.send(
        f"HEAD {family.embed_text}",
        "HEAD",
        family.embed_text,
        on_purpose=OnPurpose("the path takes POST only", 405, None, ("allow",)),
    )
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS"):
        table.send(
            f"{method} {family.embed_text}",
            method,
            family.embed_text,
            {"text": "a dog"} if method in ("PUT", "PATCH") else None,
            on_purpose=OnPurpose(
                "`Allow` names POST, the method that works", 405, None, ("allow",)
            ),
        )
    table.post(
        f"POST {family.embed_text}/",
        f"{family.embed_text}/",
        {"text": "a dog"},
        on_purpose=OnPurpose("a slash at the end changes nothing", 200, None, ("allow", "x-model-id")),
    )
    for path in (
        f"/{family.embed_text}",
        *(
            f"/{family.prefix}/{family.versions[0]}/embed_text",
            f"/{family.prefix}",
            f"/{family.prefix}/",
        ),
    ):
        table.post(f"POST {path}", path, {"text": "a dog"})
    table.post(
        f"POST /{family.prefix}/unknown",
        f"/{family.prefix}/unknown",
        {"text": "a dog"},
        on_purpose=OnPurpose(
            "the real server takes every other path of two parts for a detection model; here it is "
            "answered like every unknown path",
            405,
            None,
            ("allow", "x-model-id"),
        ),
    )
    for path in ("/no/such/path/here", "/nothing"):
        table.send(f"GET {path}", "GET", path)
        table.post(f"POST {path}", path, {})
    escaped = f"/{family.prefix}/embed%5Ftext"
    table.post(f"POST {escaped}", escaped, {"text": "a dog"})


def headers_and_cors(table: Table, family: Family) -> None:
    table.section("Headers and CORS", family)
    text = {"text": "a dog"}

    def with_headers(name: str, headers: dict[str, str], **options: Any) -> None:
        table.post(name, family.embed_text, text, headers=headers, **options)

    with_headers("x-request-id, 32 digits", {"X-Request-Id": "0123456789ab4def8123456789abcdef"})
    with_headers(
        "x-request-id, a dashed UUID",
        {"X-Request-Id": "01234567-89ab-4def-8123-456789abcdef"},
    )
    echoed = OnPurpose(
        "every id that fits a log line comes back, as from Roboflow's Docker images "
        "(API_LOGGING_ENABLED); the bare server keeps only UUIDs of version 4",
        ignoring=("x-request-id",),
    )
    with_headers(
        "x-request-id, a UUID of version 1",
        {"X-Request-Id": "0123456789ab1def8123456789abcdef"},
        on_purpose=echoed,
    )
    with_headers("x-request-id, a word", {"X-Request-Id": "my-request"}, on_purpose=echoed)
    with_headers("x-request-id, empty", {"X-Request-Id": ""})
    with_headers("Accept-Encoding: gzip", {"Accept-Encoding": "gzip, deflate"})
    with_headers("Accept: text/html", {"Accept": "text/html"})
    with_headers("execution_id", {"execution_id": "abc"})
    with_headers("Expect: 100-continue", {"Expect": "100-continue"})
    table.post(
        "chunked body",
        family.embed_image,
        {"image": ONE},
        headers={"Transfer-Encoding": "chunked"},
    )
    origin = {"Origin": "https://example.com"}
    with_headers("simple CORS request", origin)
    with_headers("simple CORS request with a cookie", {**origin, "Cookie": "a=b"})
    with_headers("Origin: null", {"Origin": "null"})
    table.post("CORS on a 422", family.embed_text, {}, headers=origin)
    table.send("CORS on a 404", "GET", "/no/such/path/here", headers=origin)

    def preflight(name: str, path: str, method: str, headers: str | None, **options: Any) -> None:
        asked = {**origin, "Access-Control-Request-Method": method}
        if headers is not None:
            asked["Access-Control-Request-Headers"] = headers
        table.send(name, "OPTIONS", path, headers=asked, **options)

    preflight("preflight", family.embed_text, "POST", "content-type, authorization")
    preflight("preflight without headers", family.embed_image, "POST", None)
    preflight("preflight for any header", family.compare, "POST", "x-whatever")
    preflight("preflight of an unknown path", "/no/such/path", "POST", "content-type")
    preflight("preflight for an odd method", family.embed_text, "BREW", "content-type")
    preflight("preflight for GET /info", "/info", "GET", None)


def operator_routes(table: Table, family: Family) -> None:
    table.section("Operator routes", family)
    model = {"model_id": "clip/ViT-B-16"}
    table.send(
        "GET /info",
        "GET",
        "/info",
        on_purpose=OnPurpose("the server says its own name", 200, None, ("body",)),
    )
    for path in ("/healthz", "/readiness", "/model/registry", "/model/registry?api_key=k"):
        table.send(f"GET {path}", "GET", path)
    for path in ("/info", "/healthz"):
        table.send(
            f"HEAD {path}",
            "HEAD",
            path,
            on_purpose=OnPurpose("load balancers ask with HEAD", 200),
        )
        table.post(f"POST {path}", path, {})
    table.post("add a model that is there", "/model/add", model)
    table.post(
        "add with api_key and model_type",
        "/model/add",
        {**model, "api_key": "k", "model_type": "embedding"},
    )
    unknown = OnPurpose(
        "the message says where the models of this server are listed",
        404,
        r"Requested Roboflow resource not found\..*/model/registry.*",
        ("x-model-id",),
    )
    invalid = OnPurpose(
        "a name that can never be right is not repeated in `x-model-id`",
        400,
        r"Invalid Model ID sent in request\.",
        ("x-model-id",),
    )
    table.post(
        "add an unknown version", "/model/add", {"model_id": "clip/ViT-B-99"}, on_purpose=unknown
    )
    table.post("add without model_id", "/model/add", {})
    table.post("add, model_id a number", "/model/add", {"model_id": 5})
    table.post("add, model_id null", "/model/add", {"model_id": None})
    table.post("add, model_id `clip`", "/model/add", {"model_id": "clip"}, on_purpose=unknown)
    table.post("add, model_id empty", "/model/add", {"model_id": ""}, on_purpose=invalid)
    table.post(
        "add, model_id with two slashes", "/model/add", {"model_id": "clip/a/b"}, on_purpose=unknown
    )
    table.post(
        "add, malformed JSON", "/model/add", b"{", headers={"Content-Type": "application/json"}
    )
    table.send("add, no body", "POST", "/model/add")
    table.post("remove a model", "/model/remove", {"model_id": "clip/ViT-B-32"})
    table.send("registry after the removal", "GET", "/model/registry")
    table.post("remove it again", "/model/remove", {"model_id": "clip/ViT-B-32"})
    table.post("remove an unknown model", "/model/remove", {"model_id": "clip/ViT-B-99"})
    table.post("remove without model_id", "/model/remove", {})
    table.post("remove, model_id null", "/model/remove", {"model_id": None})
    table.post(
        "a request to the removed model loads it",
        family.embed_text,
        {"text": "a", "clip_version_id": "ViT-B-32"},
    )
    table.send(
        "registry after that",
        "GET",
        "/model/registry",
        on_purpose=OnPurpose(
            "models stand in the order in which the operator names them, there in that of loading",
            200,
            None,
            ("body",),
        ),
    )
    table.send("clear", "POST", "/model/clear")
    table.send("registry after clearing", "GET", "/model/registry")
    table.post("a request after clearing loads the model", family.embed_text, {"text": "a dog"})
    table.post("add after clearing", "/model/add", {"model_id": "clip/ViT-B-32"})
    table.send(
        "GET /model/add",
        "GET",
        "/model/add",
        on_purpose=OnPurpose("the path takes POST only", 405, None, ("allow",)),
    )
    table.post(
        "POST /model/registry",
        "/model/registry",
        {},
        on_purpose=OnPurpose("the path takes GET only", 405, None, ("allow", "x-model-id")),
    )
