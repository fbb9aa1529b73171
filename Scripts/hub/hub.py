#!/usr/bin/env python3
"""A stand-in for the hub: repositories of files, served by its protocol, with every misbehaviour that a client has to bear.

    hub.py ROOT [--port P] [--log FILE] [--rate BYTES]

ROOT/OWNER/NAME/ holds a repository's files, and ROOT/OWNER/NAME.refs.json, if it is there, other revisions with files that they have
besides: {"refs/pr/7": {"model.safetensors": "path below ROOT"}, "<40 digits>": {}}.
The port is written to standard output. Files of 10 KiB and more are "large": their tags are SHA-256, and they are sent from another origin
(localhost instead of 127.0.0.1) by addresses that are signed. Standard library only.

What goes wrong is told over POST /_rules, a list of rules; each is tried in turn:

    {"method": "GET", "path": "regex", "times": 1, "act": "status", "status": 503, "fields": {"Retry-After": "1"}}

| act | what happens |
|---|---|
| status | that status, with the fields and "body" |
| endless | a body without length and end |
| cut | so many bytes of the body ("after"), then the connection breaks, or is closed ("gently") |
| stall | so many bytes, then nothing for "seconds" |
| short, long | a Content-Length that is "by" bytes less or more than the file, and as many bytes |
| corrupt | byte "at" of the body is another one |
| gzip | the body packed, though nobody asked for it |
| unsized | no Content-Length, on HEAD and GET |
| norange | ranges are not heeded |
| wrongrange | a Content-Range that begins elsewhere |
| redirect | a redirect to "location" |
| expired | 403, as for an address whose time is over |
| slow | "rate" bytes a second |
| bare | nothing of the hub in the header: no commit, no tag, no size |

GET /_log gives the requests since the last time as JSON; POST /_settings sets "token", "gated", "private", "expiry" (seconds), "api" (false: a
mirror without the interface), "signed" (false: files are sent where they are asked for).
"""

import argparse
import gzip
import hashlib
import http.server
import json
import os
import re
import socket
import socketserver
import sys
import threading
import time
import urllib.parse

from repositories import File, Hub


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "stand-in"

    def log_message(self, *_):
        pass

    @property
    def hub(self):
        return self.server.hub

    def do_HEAD(self):
        self.answer()

    def do_GET(self):
        self.answer()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        data = json.loads(body or b"null")
        if self.path == "/_rules":
            with self.hub.lock:
                self.hub.rules = data
        elif self.path == "/_settings":
            self.hub.settings.update(data)
        elif self.path == "/_renamed":
            self.hub.renamed = data
        self.plain(200, b"{}")

    def plain(self, status, body=b"", fields=()):
        self.send_response(status)
        for name, value in dict(fields).items():
            self.send_header(name, value)
        if "Content-Length" not in fields:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def endless(self):
        self.send_response(200)
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        try:
            while True:
                self.wfile.write(b" " * 65536)
        except OSError:
            pass

    def refuse(self, status, code, message):
        self.plain(status, message.encode(), {"X-Error-Code": code, "X-Error-Message": message})

    def answer(self):
        url = urllib.parse.urlsplit(self.path)
        path = urllib.parse.unquote(url.path)
        if path == "/_log":
            with self.hub.lock:
                log, self.hub.log = self.hub.log, []
            return self.plain(200, json.dumps(log).encode())
        with self.hub.lock:
            self.hub.log.append(
                {
                    "method": self.command, "path": self.path, "host": self.headers.get("Host", ""),
                    "token": self.headers.get("Authorization"), "range": self.headers.get("Range"),
                    "encoding": self.headers.get("Accept-Encoding"), "agent": self.headers.get("User-Agent"),
                }
            )
        rule = self.hub.rule(self.command, self.path)
        act = rule.get("act")
        if act == "status":
            return self.plain(rule["status"], rule.get("body", "no").encode(), rule.get("fields", {}))
        if act == "endless":
            return self.endless()
        if act == "expired":
            return self.plain(403, b"<Error><Code>AccessDenied</Code></Error>", {"Content-Type": "application/xml"})
        if act == "redirect":
            return self.plain(rule.get("status", 302), b"", {"Location": rule["location"], **rule.get("fields", {})})
        if path.startswith("/signed/"):
            return self.signed(path, url, rule)
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/revision/(.+)", path):
            return self.interface(*found.groups(), rule)
        if found := re.fullmatch(r"/api/models/([^/]+/[^/]+)/tree/(.+)", path):
            return self.tree(*found.groups())
        if found := re.fullmatch(r"/([^/]+/[^/]+)/resolve/(refs/pr/\d+|[^/]+)/(.+)", path):
            return self.resolve(*found.groups(), rule)
        self.plain(404, b"<html>no such page</html>")

    def admitted(self, repository):
        """Whether the repository may be read; otherwise the refusal has been sent."""
        settings = self.hub.settings
        token = self.headers.get("Authorization")
        if token is not None and settings["token"] is not None and token != "Bearer " + settings["token"]:
            self.plain(401, b"", {"X-Error-Message": "Invalid credentials in Authorization header"})
            return False
        if repository in settings["private"] and token is None:
            self.refuse(401, "RepoNotFound", "Repository not found")
            return False
        if repository in settings["gated"]:
            self.refuse(401 if token is None else 403, "GatedRepo", "Access to this model is restricted")
            return False
        return True

    def look_up(self, repository, revision):
        """Commit and files; None where the refusal has been sent."""
        if not self.admitted(repository):
            return None
        found = self.hub.files(repository, revision)
        if found is None:
            self.refuse(401 if self.headers.get("Authorization") is None else 404, "RepoNotFound", "Repository not found")
            return None
        if found[0] is None:
            self.refuse(404, "RevisionNotFound", "Invalid rev id: " + revision)
            return None
        return found

    def renamed(self, repository):
        new = self.hub.renamed.get(repository)
        if new:
            self.plain(307, b"", {"Location": self.path.replace(repository, new, 1)})
        return new

    def interface(self, repository, revision, rule):
        if not self.hub.settings["api"]:
            return self.plain(404, b"not here")
        if self.renamed(repository):
            return None
        found = self.look_up(repository, revision)
        if found is None:
            return None
        commit, files = found
        body = json.dumps(
            {
                "id": repository, "modelId": repository, "sha": commit, "private": False, "tags": [],
                "siblings": [{"rfilename": name} for name in sorted(files)],
            }
        ).encode()
        if rule.get("act") == "gzip":
            return self.plain(200, gzip.compress(body), {"Content-Type": "application/json", "Content-Encoding": "gzip"})
        self.plain(200, body, {"Content-Type": "application/json"})

    def tree(self, repository, revision):
        # A folder may follow, as transformers asks for those of templates: here no repository has one.
        known = self.hub.files(repository, revision)
        base = revision.rsplit("/", 1)[0]
        if known and known[0] is None and base != revision and (self.hub.files(repository, base) or [None])[0]:
            return self.refuse(404, "EntryNotFound", "No such folder")
        found = self.look_up(repository, revision)
        if found is None:
            return
        rows = []
        for name, path in sorted(found[1].items()):
            file = File.at(path)
            row = {"type": "file", "path": name, "size": file.size, "oid": file.tag[:40]}
            if file.is_large:
                row["lfs"] = {"oid": file.tag, "size": file.size, "pointerSize": 134}
            rows.append(row)
        self.plain(200, json.dumps(rows).encode(), {"Content-Type": "application/json"})

    def resolve(self, repository, revision, name, rule):
        if self.renamed(repository):
            return None
        found = self.look_up(repository, revision)
        if found is None:
            return None
        commit, files = found
        if name not in files:
            return self.plain(404, b"", {"X-Error-Code": "EntryNotFound", "X-Error-Message": "Entry not found", "X-Repo-Commit": commit})
        file = File.at(files[name])
        fields = {"X-Repo-Commit": commit, "Accept-Ranges": "bytes"}
        if rule.get("act") == "bare":
            fields = {}
        if file.is_large and self.hub.settings["signed"]:
            until = int(time.time() + self.hub.settings["expiry"])
            inner = urllib.parse.quote(os.path.relpath(file.path, self.hub.root), safe="/")
            signature = hashlib.sha256(f"{inner} {until}".encode()).hexdigest()[:16]
            location = f"http://localhost:{self.server.server_address[1]}/signed/{inner}?until={until}&signature={signature}"
            linked = {} if rule.get("act") in ("bare", "unsized") else {"X-Linked-Size": str(file.size)}
            if rule.get("act") != "bare":
                linked["X-Linked-Etag"] = f'"{file.tag}"'
            return self.plain(302, b"Found. Redirecting", {**fields, **linked, "Location": location})
        if rule.get("act") != "bare":
            fields["ETag"] = f'"{file.tag[:8]}"' if self.hub.opaque else f'"{file.tag}"'
        self.send_file(file, rule, fields)

    def signed(self, path, url, rule):
        query = dict(urllib.parse.parse_qsl(url.query))
        inner = urllib.parse.quote(path.removeprefix("/signed/"), safe="/")
        until = int(query.get("until", 0))
        right = hashlib.sha256(f"{inner} {until}".encode()).hexdigest()[:16]
        if query.get("signature") != right or until < time.time():
            return self.plain(403, b"<Error><Code>AccessDenied</Code></Error>")
        if self.headers.get("Authorization"):
            return self.plain(400, b"<Error><Code>InvalidArgument</Code>Only one auth mechanism allowed</Error>")
        file = File.at(os.path.join(self.hub.root, path.removeprefix("/signed/")))
        self.send_file(file, rule, {"ETag": '"another"', "Accept-Ranges": "bytes"})

    def send_file(self, file, rule, fields):
        act = rule.get("act")
        start, end, status = 0, file.size, 200
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if wanted and act != "norange":
            start = int(wanted[1])
            end = min(end, int(wanted[2]) + 1) if wanted[2] else end
            if start >= file.size:
                return self.plain(416, b"", {**fields, "Content-Range": f"bytes */{file.size}"})
            status = 206
            shown = start + 1 if act == "wrongrange" else start
            fields = {**fields, "Content-Range": f"bytes {shown}-{end - 1}/{file.size}"}
        length = end - start
        packed = None
        if act == "gzip":
            with open(file.path, "rb") as source:
                source.seek(start)
                packed = gzip.compress(source.read(length), 1)
            length = len(packed)
            fields = {**fields, "Content-Encoding": "gzip", "ETag": fields.get("ETag", "").replace('"', "", 1).join(['W/"', ""])}
        if act == "short":
            length = max(0, length - rule["by"])
        elif act == "long":
            length += rule["by"]
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name, value)
        if act == "unsized":
            self.send_header("Connection", "close")
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        if self.command == "HEAD":
            return
        self.send_body(file, start, length, packed, rule)

    def send_body(self, file, start, length, packed, rule):
        act = rule.get("act")
        rate = rule.get("rate", self.hub.rate)
        limit = rule["after"] if act in ("cut", "stall") else length
        begun, sent = time.monotonic(), 0
        step = 1 << 18 if not rate else max(1, min(1 << 16, rate // 50))
        with open(file.path, "rb") as source:
            source.seek(start)
            while sent < min(limit, length):
                count = min(step, limit - sent, length - sent)
                piece = packed[sent : sent + count] if packed is not None else source.read(count)
                piece += b"\0" * (count - len(piece))
                if act == "corrupt" and start + sent <= rule["at"] < start + sent + count:
                    at = rule["at"] - start - sent
                    piece = piece[:at] + bytes([piece[at] ^ 1]) + piece[at + 1 :]
                try:
                    self.wfile.write(piece)
                except OSError:
                    self.close_connection = True
                    return
                sent += count
                if rate:
                    time.sleep(max(0, sent / rate - (time.monotonic() - begun)))
        if act == "stall" and sent < length:
            self.wfile.flush()
            time.sleep(rule.get("seconds", 30))
        if sent < length:
            self.close_connection = True
            if rule.get("gently"):
                return
            try:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            except OSError:
                pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, root, port=0, rate=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.hub = Hub(root, rate)

    def handle_error(self, *_):
        pass

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("root")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--rate", type=int, default=0, help="bytes a second of each answer; 0 for as many as go")
    options = parser.parse_args()
    server = Server(options.root, options.port, options.rate)
    print(server.server_address[1], flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
