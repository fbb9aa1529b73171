"""A small server on 127.0.0.1: the pictures behind the URLs of the comparison, and, for Roboflow's
server, the platform that it asks for models which it does not have."""

from __future__ import annotations

import gzip
import http.server
import json
import threading

import pictures


class LoopbackServer:
    """Serves from its own thread until `close`."""

    def __init__(self, port: int = 0) -> None:
        documents = {
            "/picture.png": ("image/png", pictures.png()),
            "/my%20photo.png": ("image/png", pictures.png()),
            "/packed": ("image/png", gzip.compress(pictures.png(), mtime=0)),
            "/word": ("image/png", pictures.png()),
            "/picture.jpg": ("image/jpeg", pictures.jpeg()),
            "/mislabelled": ("text/html", pictures.png()),
            "/page.html": ("text/html", b"<html><body>No picture here.</body></html>"),
            "/empty": ("image/png", b""),
        }
        encodings = {"/packed": "gzip", "/word": "utf-8"}
        redirects = {
            "/redirect": "/picture.png",
            "/loop": "/loop",
            "/to-file": "file:///etc/hosts",
            "/to-blank": "/my photo.png",
        }

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                if path in documents:
                    self.reply(200, *documents[path])
                elif path in redirects:
                    self.reply(302, "text/plain", b"", redirects[path])
                elif path == "/error":
                    self.reply(500, "text/plain", b"broken")
                else:  # the platform's answer for an unknown model, too
                    self.reply(404, "application/json", json.dumps({"error": "missing"}).encode())

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                self.do_GET()

            def reply(self, status: int, kind: str, body: bytes, location: str = "") -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                encoding = encodings.get(self.path)
                if encoding:
                    self.send_header("Content-Encoding", encoding)
                if location:
                    self.send_header("Location", location)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                pass  # clients that hang up once they know the status

        self.server = Server(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
