"""What operators set, and strangers try to get around: keys, routes that change the server, hosts that may be fetched from."""

from __future__ import annotations

import json
import pathlib
import subprocess
import tempfile
import time

import pictures
import wire
from origins import Origin, whole
from server import Server
from stage import Stage, in_milliseconds, together

KEY, OTHER = "a-key-of-the-operator-0123456789", "another-key-of-the-operator-0123"
MANAGEMENT = ("/model/clear", "/model/add", "/model/remove")
TEXT = {"text": "a photo of a cat"}


def missing(stage: Stage, server: Server, *flags: str) -> bool:
    """Says where a guard cannot even be asked for."""
    for flag in set(flags) & set(server.missing):
        stage.holds(f"{flag} is there", False)
    return bool(set(flags) & set(server.missing))


def status(port: int, path: str, body: object = None, fields: str = "", host: str = "127.0.0.1") -> int:
    data = json.dumps(body).encode() if body is not None else b""
    with wire.Wire(port, 10) as connection:
        method = "GET" if body is None else "POST"
        head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n{fields}Content-Length: {len(data)}\r\n\r\n"
        connection.send(head.encode() + data)
        try:
            return connection.answer().status
        except wire.Gone:
            return 0


def keys(stage: Stage) -> None:
    """Keys are asked for wherever the contract carries them, and show up nowhere."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "keys"
        file.write_text(f"# of the operator\n{KEY}\n\n{OTHER}\n")
        file.chmod(0o600)
        with Server(stage.binary, {"--api-keys-file": str(file), "--log-level": "trace"}) as server:
            if missing(stage, server, "--api-keys-file"):
                return
            port, ask = server.port, "/clip/embed_text"
            right = {
                "query": status(port, f"{ask}?api_key={KEY}", TEXT),
                "header": status(port, ask, TEXT, f"Authorization: Bearer {KEY}\r\n"),
                "header, other case": status(port, ask, TEXT, f"authorization: bEARER {OTHER}\r\n"),
                "body": status(port, ask, TEXT | {"api_key": OTHER}),
                "a query without a key": status(port, "/healthz"),
                "readiness": status(port, "/readiness"),
            }
            longer = "x" * 100_000
            wrong = {
                "none": status(port, ask, TEXT),
                "an empty one": status(port, f"{ask}?api_key=", TEXT),
                "a part": status(port, f"{ask}?api_key={KEY[:-1]}", TEXT),
                "more": status(port, f"{ask}?api_key={KEY}x", TEXT),
                "other case": status(port, f"{ask}?api_key={KEY.upper()}", TEXT),
                "the comment": status(port, f"{ask}?api_key=%23%20of%20the%20operator", TEXT),
                "both": status(port, f"{ask}?api_key={KEY}%0a{OTHER}", TEXT),
                "another name": status(port, f"{ask}?API_KEY={KEY}", TEXT),
                "another scheme": status(port, ask, TEXT, f"Authorization: Basic {KEY}\r\n"),
                "no scheme": status(port, ask, TEXT, f"Authorization: {KEY}\r\n"),
                "body, null": status(port, ask, TEXT | {"api_key": None}),
                "body, a list": status(port, ask, TEXT | {"api_key": [KEY]}),
                "a long one": status(port, ask, TEXT | {"api_key": longer}),
                "a wrong one before a right one": status(port, f"{ask}?api_key=wrong", TEXT, f"Authorization: Bearer {KEY}\r\n"),
                "images": status(port, "/clip/embed_image", {"image": wire.encoded(pictures.png())}),
                "comparisons": status(port, "/clip/compare", {"subject": "a", "subject_type": "text", "prompt": "b"}),
                "the registry": status(port, "/model/registry"),
                "management": status(port, "/model/clear", {}),
            }
            wrong_ones = [name for name, found in right.items() if found != 200]
            wrong_ones += [f"{name}: {found}" for name, found in wrong.items() if found not in (401, 403, 422, 431)]
            # A large body without a key costs nothing: it is refused before it has come.
            with wire.Wire(port, 5) as connection:
                connection.send(f"POST {ask}?api_key=wrong HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 60000000\r\n\r\n".encode())
                begun = time.monotonic()
                if connection.answer().status != 401 or time.monotonic() - begun > 1:
                    wrong_ones.append("the head of a large body")
            time.sleep(0.2)
            stage.tell("ways to send a key, right and wrong", str(len(right) + len(wrong) + 1))
            stage.exactly("answered otherwise than they should be", len(wrong_ones), 0)
            for name in wrong_ones:
                stage.tell("a way", name)
            words = server.words()
            stage.exactly("keys in the log", sum(key in words for key in (KEY, OTHER, KEY[:-1])), 0)


def management(stage: Stage) -> None:
    """Routes that change the server, from beyond this machine and from web pages."""
    with stage.server({"--host": "0.0.0.0"}) as server:
        end = time.monotonic() + (4 if stage.quick else 10)
        statuses: list[int] = []

        def clear(_: int) -> None:
            while time.monotonic() < end:
                statuses.append(status(server.port, "/model/clear", {}))

        with stage.watch(server, captions=True) as watch:
            crowd = together(4, clear, 60)
        stage.ended(crowd)
        watch.report_health()
        stage.exactly("taken from strangers", statuses.count(200), 0)
        stage.exactly("other routes taken from strangers", sum(status(server.port, path, {"model_id": "clip/clip-mini"}) == 200 for path in MANAGEMENT), 0)
        stage.exactly("caches cleared by strangers", int(status(server.port, "/clear_cache") == 200), 0)
        stage.tell("captions p99", in_milliseconds(watch.p99("captions")))
        words = server.words().lower()
        stage.holds("a warning that there are no keys", "key" in words and "warning" in words)
    with stage.server() as server:
        taken = [
            name
            for name, fields, host in (
                ("a page of another origin", "Origin: https://evil.example\r\n", "127.0.0.1"),
                ("a page of no origin", "Origin: null\r\n", "127.0.0.1"),
                ("Origin: *", "Origin: *\r\n", "127.0.0.1"),
                ("a name that was made to mean this machine", "", "evil.example"),
                ("the same with a page", "Origin: http://evil.example\r\n", "evil.example"),
            )
            if status(server.port, "/model/clear", {}, fields, host) == 200
        ]
        stage.exactly("taken from web pages", len(taken), 0)
        for name in taken:
            stage.tell("taken", name)
        stage.exactly("the operator's own, on this machine", status(server.port, "/model/clear", {}), 200)


def hosts(stage: Stage) -> None:
    """What may be fetched from, by our names and by Roboflow's; each hop counts."""
    picture = whole(pictures.png())

    def serve(connection, path: bytes) -> None:
        if path.startswith(b"/to/"):
            where = path[4:].decode()
            connection.sendall(f"HTTP/1.1 302 Found\r\nLocation: http://{where}/\r\nContent-Length: 0\r\n\r\n".encode())
        else:
            connection.sendall(picture)

    with Origin(serve) as first, Origin(serve, "127.0.0.9") as second:
        here, there = first.base, second.base
        other = f"127.0.0.9:{second.port}"
        cases = [
            ("an allowed host", {"--fetch-hosts": "127.0.0.1"}, {}, here, True),
            ("another host", {"--fetch-hosts": "127.0.0.1"}, {}, there, False),
            ("another host behind an allowed one", {"--fetch-hosts": "127.0.0.1"}, {}, f"{here}/to/{other}", False),
            ("hosts of another domain", {"--fetch-hosts": "*.example.com"}, {}, there, False),
            ("a denied host", {"--fetch-hosts-deny": "127.0.0.9"}, {}, there, False),
            ("a host that is not denied", {"--fetch-hosts-deny": "127.0.0.9"}, {}, here, True),
            ("a denied host behind another", {"--fetch-hosts-deny": "127.0.0.9"}, {}, f"{here}/to/{other}", False),
            ("a denied host in other words", {"--fetch-hosts-deny": "127.0.0.9"}, {}, f"http://127.9:{second.port}/", False),
            ("http where https is asked for", {"--https-only": None}, {}, here, False),
            ("WHITELISTED_DESTINATIONS", {}, {"WHITELISTED_DESTINATIONS_FOR_URL_INPUT": "127.0.0.1"}, there, False),
            ("WHITELISTED_DESTINATIONS, allowed", {}, {"WHITELISTED_DESTINATIONS_FOR_URL_INPUT": "127.0.0.1"}, here, True),
            ("BLACKLISTED_DESTINATIONS", {}, {"BLACKLISTED_DESTINATIONS_FOR_URL_INPUT": "127.0.0.9"}, there, False),
            ("ALLOW_NON_HTTPS_URL_INPUT", {}, {"ALLOW_NON_HTTPS_URL_INPUT": "False"}, here, False),
            ("ALLOW_URL_INPUT_WITHOUT_FQDN", {}, {"ALLOW_URL_INPUT_WITHOUT_FQDN": "False"}, here, False),
            ("MAX_IMAGE_URL_REDIRECTS", {}, {"MAX_IMAGE_URL_REDIRECTS": "0"}, f"{here}/to/127.0.0.1:{first.port}", False),
            ("ALLOW_URL_INPUT", {}, {"ALLOW_URL_INPUT": "False"}, here, False),
        ]  # fmt: skip
        wrong = []
        for name, flags, environment, url, is_allowed in cases:
            with Server(stage.binary, {"--allow-private-addresses": None, **flags}, environment=environment) as server:
                if missing(stage, server, *flags) or (wire.embedded(server.port, url).status == 200) != is_allowed:
                    wrong.append(name)
        stage.tell("guards of fetching", str(len(cases)))
        stage.exactly("without effect", len(wrong), 0)
        for name in wrong:
            stage.tell("without effect", name)
        refused = 0
        meaningless = [("ALLOW_NON_HTTPS_URL_INPUT", "maybe"), ("MAX_IMAGE_URL_REDIRECTS", "many"), ("ALLOW_URL_INPUT_WITHOUT_FQDN", "2")]
        for name, value in meaningless:
            try:
                Server(stage.binary, environment={name: value}).kill()
            except (RuntimeError, subprocess.SubprocessError):
                refused += 1
        stage.exactly("values without a meaning that refuse the start", refused, len(meaningless))


ATTACKS = {"keys": keys, "management": management, "hosts": hosts}
