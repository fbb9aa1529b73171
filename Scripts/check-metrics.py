#!/usr/bin/env python3
"""Lets a real Prometheus scrape a server after a mixed run, and compares its numbers with the requests that were sent.

usage: check-metrics.py CLIP [--requests N]

Starts `clip serve` with keys and a port for metrics, and sends right and wrong requests to every route that it lists, from many
connections at once. The answers are counted by route, method and status. Then promtool checks the text, Prometheus scrapes it,
and its query interface has to give the same numbers. Every expression in Deploy/grafana and Deploy/prometheus is evaluated, too:
each metric in it has to exist in the scrape. Needs Debian's package prometheus. Prints a line for each check that passes.
"""

import argparse
import base64
import collections
import http.client
import json
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
KEY = "a-key-for-this-check"
THREADS = 16


def hold(what, condition, detail=""):
    if not condition:
        sys.exit(f"FAILED  {what}: {detail}")
    print(f"ok  {what}")


def wait_for(what, look, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.05)
    sys.exit(f"FAILED  {what}: not within {seconds} s")


class Server:
    """`clip serve` on ports that the system chooses."""

    def __init__(self, clip, folder):
        keys = folder / "keys"
        keys.write_text(KEY + "\n")
        keys.chmod(0o600)
        self.log = folder / "log"
        arguments = [clip, "serve", "--port", "0", "--metrics-port", "0", "--health-port", "0", "--log-format", "json",
                     "--api-keys-file", str(keys), "--allow-models", "none", "--model-memory", "1GB", "--image-cache-bytes", "1000000"]
        self.process = subprocess.Popen(arguments, stderr=self.log.open("w"), stdout=subprocess.DEVNULL)
        wait_for("the server is ready", lambda: self.lines("is ready"))
        self.port, self.metrics, self.health = (
            self.said(words) for words in ["listening on", "metrics are served on", "health checks are answered on"])

    def lines(self, words):
        return [line for line in self.log.read_text().splitlines() if words in line]

    def said(self, words):
        line = json.loads(self.lines(words)[0])["message"]
        return int(re.search(r":(\d+)(/|$)", line).group(1))

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def pictures():
    folder = ROOT / "Examples" / "pictures"
    return [path.read_bytes() for path in sorted(folder.rglob("*.jpg"))[:3]]


def requests(listed, count):
    """A number of requests, each with its method, path, body and header fields, and its route."""
    picture = [base64.b64encode(data).decode() for data in pictures()]
    json_type = {"Content-Type": "application/json"}
    key = {"Authorization": "Bearer " + KEY}
    texts = lambda number: json.dumps({"text": [f"caption {number % 50}", "a cat"]}).encode()
    image = lambda number: json.dumps({"image": {"type": "base64", "value": picture[number % len(picture)]}}).encode()
    compare = lambda number: json.dumps(
        {"subject": "a cat", "prompt": [f"caption {number % 50}"], "subject_type": "text", "prompt_type": "text"}).encode()
    openai = lambda number: json.dumps({"model": "clip-mini", "input": f"caption {number % 50}"}).encode()
    kinds = [
        ("POST", "/clip/embed_text", texts, json_type | key, "/clip/embed_text"),
        ("POST", "/clip/embed_image", image, json_type | key, "/clip/embed_image"),
        ("POST", "/clip/compare", compare, json_type | key, "/clip/compare"),
        ("POST", "/v1/embeddings", openai, json_type | key, "/v1/embeddings"),
        ("POST", "/clip/embed_text?api_key=" + KEY, texts, json_type, "/clip/embed_text"),
        ("POST", "/clip/embed_text/", texts, json_type | {"Authorization": "Bearer wrong-key"}, "/clip/embed_text"),
        ("POST", "/clip/embed_text", texts, json_type, "/clip/embed_text"),
        ("POST", "/clip/embed_text", lambda _: b'{"text": ', json_type | key, "/clip/embed_text"),
        ("POST", "/clip/embed_text", lambda _: b'{"txt": 1}', json_type | key, "/clip/embed_text"),
        ("POST", "/clip/embed_image", lambda _: b'{"image": {"type": "base64", "value": "AAAA"}}', json_type | key,
         "/clip/embed_image"),
        ("OPTIONS", "/clip/embed_text", None,
         {"Origin": "https://example.com", "Access-Control-Request-Method": "POST"}, "/clip/embed_text"),
        ("GET", "/nowhere", None, key, "unknown"), ("GET", "/nowhere/%00/else", None, key, "unknown"),
        ("PUT", "/nowhere", None, key, "unknown"), ("BREW", "/info", None, key, "/info"),
    ]
    for method, route in listed:
        path = re.sub(r"\{.*\}", "clip-mini", route)
        body = (lambda _: b"{}") if method in ("POST", "PUT") else None
        kinds.append((method, path, body, json_type | key, route))
        kinds.append((method, path, body, json_type, route))
        kinds.append(("DELETE", path, None, key, route))
    # The check's own scrapes are counted as well, but under a route of their own.
    return [kinds[number % len(kinds)] + (number,) for number in range(count)]


def ask(connection, method, path, body, fields):
    connection.request(method, path, body=body, headers=fields)
    answer = connection.getresponse()
    data = answer.read()
    return answer.status, data


def send_all(port, work):
    counted = collections.Counter()
    sent = [0]
    lock = threading.Lock()
    problems = []
    queue = iter(work)

    def run():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while True:
            with lock:
                item = next(queue, None)
            if item is None:
                return
            method, path, body, fields, route, number = item
            data = body(number) if body else None
            try:
                status, _ = ask(connection, method, path, data, fields)
            except Exception as error:  # told below: a lost answer would make the comparison worthless
                problems.append(f"{method} {path}: {error!r}")
                return
            name = method if method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS") else "other"
            with lock:
                counted[(route, name, str(status))] += 1
                sent[0] += 1

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    hold(f"{sent[0]} requests over {THREADS} connections were answered", not problems, problems[:3])
    return counted


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


class Prometheus:
    def __init__(self, folder, target):
        self.port = free_port()
        configuration = folder / "prometheus.yaml"
        configuration.write_text(
            "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs:\n  - job_name: swift-clip\n"
            f"    static_configs: [{{targets: ['127.0.0.1:{target}']}}]\n")
        self.process = subprocess.Popen(
            ["prometheus", f"--config.file={configuration}", f"--storage.tsdb.path={folder / 'data'}",
             f"--web.listen-address=127.0.0.1:{self.port}", "--log.level=error"],
            stdout=subprocess.DEVNULL, stderr=(folder / "prometheus.log").open("w"))

    def query(self, expression):
        address = f"http://127.0.0.1:{self.port}/api/v1/query?" + urllib.parse.urlencode({"query": expression})
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return json.load(answer)["data"]["result"]
        except urllib.error.HTTPError as error:
            # It is still starting.
            return [] if error.code == 503 else sys.exit(f"FAILED  {expression}: {error.read().decode()}")
        except OSError:
            return []

    def stop(self):
        self.process.terminate()
        self.process.wait(30)


def by_labels(result, *names):
    return {tuple(sample["metric"].get(name, "") for name in names): float(sample["value"][1]) for sample in result}


def expressions():
    dashboard = json.loads((ROOT / "Deploy/grafana/dashboard.json").read_text())
    for panel in dashboard["panels"]:
        for target in panel.get("targets", []):
            yield panel["title"], target["expr"]
    alerts = (ROOT / "Deploy/prometheus/alerts.yaml").read_text()
    for name, text in re.findall(r"- alert: (\w+)\n\s+expr: (?:>-\n)?((?:.|\n)*?)\n\s+(?:for|labels):", alerts):
        yield name, " ".join(text.split())


def names_in(expression):
    expression = re.sub(r"\{[^}]*\}|\"[^\"]*\"", "", expression)
    return set(re.findall(r"\b(?:clip|process)_[a-z_]+", expression))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("clip")
    parser.add_argument("--requests", type=int, default=2000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        server = Server(given.clip, folder)
        try:
            check(server, folder, given.requests)
        finally:
            server.stop()
        lines = [json.loads(line) for line in server.log.read_text().splitlines()]
        hold(f"each of {len(lines)} lines of the log is a JSON object with time, level and message",
             all({"time", "level", "message"} <= line.keys() for line in lines))


def check(server, folder, count):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    status, index = ask(connection, "GET", "/", None, {})
    listed = re.findall(r"^(GET|POST|PUT|DELETE) +(/\S*)$", index.decode(), re.MULTILINE)
    listed = [(method, route) for method, route in listed if route != "/metrics"]
    hold(f"the server lists {len(listed)} routes beside /metrics", status == 200 and len(listed) > 10)
    counted = send_all(server.port, requests(listed, count))
    counted[("/", "GET", "200")] += 1
    routes = {route for route, _, _ in counted} - {"unknown"}
    hold("every route was asked", routes == {route for _, route in listed}, routes ^ {route for _, route in listed})
    kinds = collections.Counter(status for (_, _, status), number in counted.items() for _ in range(number))
    print(f"    {len(counted)} kinds of route, method and status; by status: {dict(sorted(kinds.items()))}")

    scrape = urllib.request.urlopen(f"http://127.0.0.1:{server.metrics}/metrics", timeout=10).read()
    told = subprocess.run(["promtool", "check", "metrics"], input=scrape, capture_output=True)
    said = (told.stdout + told.stderr).decode()
    hold("promtool check metrics says nothing", told.returncode == 0 and not said, said)
    rules = subprocess.run(["promtool", "check", "rules", str(ROOT / "Deploy/prometheus/alerts.yaml")], capture_output=True)
    hold("promtool check rules", rules.returncode == 0, rules.stderr.decode())
    config = subprocess.run(["promtool", "check", "config", str(ROOT / "Deploy/prometheus/prometheus.yaml")],
                            capture_output=True)
    hold("promtool check config", config.returncode == 0, config.stderr.decode())

    prometheus = Prometheus(folder, server.metrics)
    try:
        compare(prometheus, counted, scrape.decode())
    finally:
        prometheus.stop()


def compare(prometheus, counted, scrape):
    start = time.time()
    wait_for("Prometheus scrapes", lambda: any(
        float(sample["value"][1]) > start for sample in prometheus.query("timestamp(clip_build_info)")))
    version = subprocess.run(["prometheus", "--version"], capture_output=True, text=True)
    print("    " + (version.stdout + version.stderr).splitlines()[0].split(" (")[0])
    expected = {kind: float(number) for kind, number in counted.items()}
    found = by_labels(prometheus.query('clip_http_requests_total{route!="/metrics"}'), "route", "method", "status")
    differing = {kind: (expected.get(kind), found.get(kind)) for kind in expected.keys() | found.keys()
                 if expected.get(kind) != found.get(kind)}
    hold(f"all {len(found)} counters equal the requests sent by route, method and status", not differing, differing)
    by_route = collections.Counter()
    for (route, _, _), number in counted.items():
        by_route[(route,)] += number
    for name in ["count", 'bucket{le="+Inf",route!="/metrics"}']:
        found = by_labels(prometheus.query(f"clip_http_request_duration_seconds_{name}"), "route")
        found.pop(("/metrics",), None)
        hold(f"clip_http_request_duration_seconds_{name} equals the requests by route", found == dict(by_route),
             {route for route in found.keys() | by_route.keys() if found.get(route) != by_route.get(route)})
    refused = sum(number for (_, _, status), number in counted.items() if status == "401")
    found = by_labels(prometheus.query("clip_rejected_total"), "reason")
    hold(f"{refused} requests without the right key are counted as turned away", found[("unauthorized",)] == refused, found)
    names = set(re.findall(r"^# TYPE (\S+) ", scrape, re.MULTILINE))
    asked = 0
    for title, expression in expressions():
        unknown = {name for name in names_in(expression)
                   if name not in names and re.sub(r"_(bucket|sum|count)$", "", name) not in names}
        if unknown:
            sys.exit(f"FAILED  {title}: {unknown} of {expression} are not in the scrape")
        plain = expression.replace("$job", ".*").replace("$instance", ".*").replace("$__rate_interval", "1m")
        prometheus.query(plain)
        asked += 1
    hold(f"{asked} expressions of the dashboard and the alerts are answered, and their metrics exist", asked > 20)


if __name__ == "__main__":
    main()
