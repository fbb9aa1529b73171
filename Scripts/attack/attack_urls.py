"""URLs that point where a stranger has no business: every spelling of this machine, and random addresses of no network."""

from __future__ import annotations

import ipaddress
import random

import pictures
import wire
from origins import Origin, whole
from stage import Stage, together

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "ALL_PROXY", "HTTPS_PROXY")
# What must never be fetched from, IANA's special-purpose registries.
SPECIAL = (
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/29 192.0.2.0/24 192.88.99.0/24 "
    "192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4 ::/128 ::1/128 fc00::/7 fe80::/10 "
    "fec0::/10 ff00::/8 100::/64 2001:db8::/32 2001:2::/48 3fff::/20 5f00::/16"
).split()


def spelled(port: int) -> list[str]:
    """This machine's own address, as many ways as resolvers and parsers are known to read."""
    four = [
        "127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "0177.0.0.1", "017700000001", "0177.0x0.0.1",
        "127.0.0.1.", "127.000.000.001", "0x7F.1", "127.0.0.01", "127.255.255.254", "0", "0.0.0.0", "00000000000.0.0.0", "0x0",
        "localhost", "LOCALHOST", "localhost.", "localhost.localdomain", "127.0.0.1%00", "127.0.0.1%2f", "127%2e0%2e0%2e1",
        "%31%32%37.0.0.1", "①②⑦.⓪.⓪.①", "127。0。0。1", "127．0．0．1", "ⓛⓞⓒⓐⓛⓗⓞⓢⓣ", "１２７.0.0.1", "loc\u00adalhost", "127.0.0.1\u200b",
        "4294967295", "4294967296", "127.0.0.1.nip.io.localhost", "foo.localhost", "0x7f.0x0.0x0.0x1", "0x00000000007f000001",
        "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "0xa9fea9fe", "2852039166", "0251.0376.0251.0376", "169.254.43518",
        "100.100.100.200", "metadata.google.internal", "instance-data", "kubernetes.default.svc", "host.docker.internal", "router.local",
    ]  # fmt: skip
    six = [
        "::1", "0:0:0:0:0:0:0:1", "::", "::ffff:127.0.0.1", "::ffff:7f00:1", "0:0:0:0:0:ffff:127.0.0.1", "::127.0.0.1", "::7f00:1",
        "64:ff9b::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::7f00:1", "2002:7f00:1::", "2002:7f00:1::1", "2001:0:7f00:1::",
        "fe80::1", "fe80::1%25lo", "fe80::1%lo", "::1%25lo", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "::ffff:0:127.0.0.1",
        "0000:0000:0000:0000:0000:0000:0000:0001", "::ffff:a9fe:a9fe", "::ffff:10.0.0.1", "100::1", "2001:db8::1", "2001:10::1",
        "5f00::1", "3fff::1", "::ffff:0.0.0.0", "::ffff:255.255.255.255", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "2002:a00:1::",
    ]  # fmt: skip
    hosts = four + [f"[{address}]" for address in six]
    urls = [f"http://{host}:{port}/{number}" for number, host in enumerate(hosts)]
    plain = f"127.0.0.1:{port}/"
    urls += [f"http://{who}@{plain}u{number}" for number, who in enumerate(("a", "a:b", "example.com", "example.com:80", "%40", "a%3ab", ":@a"))]
    urls += [f"{scheme}{plain}" for scheme in (
        "file://", "ftp://", "gopher://", "dict://", "ldap://", "smb://", "tftp://", "telnet://", "imap://", "pop3://", "rtsp://",
        "scp://", "sftp://", "ws://", "wss://", "javascript:", "data:image/png;base64,", "jar:http://", "netdoc:", "HTTP:/", "http:",
        "http:///", "http:/\\", "http:\\\\", "//", "http://\\", "url:http://", " http://", "\thttp://", "\nhttp://", "http ://",
        "ht\ntp://", "http://\t", "http://\n", "http:// ", "http://?", "http://#", "http://@", "http://:80@", "view-source:http://",
        "blob:http://", "http+unix://", "unix:", "ipfs://", "mqtt://", "h2://", "http2://", "httpx://",
    )]  # fmt: skip
    urls += [
        f"http://{plain}{tail}" for tail in (
            "a\r\nHost: b", "a\nX: y", "a\rX: y", "a%0d%0aX:%20y", "a\0b", "\x7f", "?\r\n\r\nGET / HTTP/1.1", "#@example.com/", "?@example.com",
            "\\@example.com", ";@example.com", "..;/", "%2e%2e/", "a" * 70000, "?" + "a" * 70000,
        )
    ]  # fmt: skip
    urls += [
        f"http://example.com#@{plain}", f"http://example.com?@{plain}", f"http://example.com\\@{plain}", f"http://example.com\t@{plain}",
        f"http://example.com\n@{plain}", f"http://127.0.0.1:{port}:80/", f"http://127.0.0.1:{port}\t/", f"http://127.0.0.1\t:{port}/",
        f"http://127.0.0.1:+{port}/", f"http://127.0.0.1:-1/", "http://127.0.0.1:0/", "http://127.0.0.1:65536/", "http://127.0.0.1:99999999999/",
        f"http://127.0.0.1:{port}%20/", "http://127.0.0.1:/", "http://127.0.0.1", f"http://[127.0.0.1]:{port}/", f"http://[::1]{port}/",
        f"http://[::1/", f"http://::1]:{port}/", f"http://::1:{port}/", f"http://[::ffff:127.0.0.1%25eth0]:{port}/", "http://[]/", "http://[::g]/",
        "http://", "http:", "", " ", "x", ".", "http://.", "http://..", "http://./", "http://a..b/", "http://-a/", "http://" + "a" * 64 + "/",
        "http://" + "a." * 200 + "b/", "http://" + "a" * 300 + "/", "http://*/", "http://%/", "http://%zz/", "http://a b/", "http://a,b/",
        "http://{127,0}.0.0.1/", "http://[127-128].0.0.1/", f"http://127.0.0.[1-9]:{port}/", "http://<a>/", "http://a|b/", "http://a^b/",
        "http://xn--/", "http://xn--a/", "http://\ud800/".encode("utf-8", "surrogatepass").decode("utf-8", "replace"), "http://\u202e127.0.0.1/",
    ]  # fmt: skip
    return urls


def hostile_urls(stage: Stage) -> None:
    """Every spelling of this machine is refused, whatever proxies the environment names; no connection is made."""
    picture = whole(pictures.png())
    with Origin(lambda c, _: c.sendall(picture)) as canary, Origin(lambda c, _: c.sendall(picture)) as proxy:
        urls = spelled(canary.port)
        targets = [url for url in urls if "\r" not in url and len(url) < 4000][:: 3 if stage.quick else 1]
        environment = {name: proxy.base for name in PROXIES}
        fetched, broken = [], []
        with stage.server(environment=environment) as server:

            def ask(number: int) -> None:
                for url in urls[number::16]:
                    answer = wire.embedded(server.port, url)
                    if answer.status == 200:
                        fetched.append(url)
                    elif answer.status >= 500:
                        broken.append(url)

            with stage.watch(server) as watch:
                crowd = together(16, ask)
            watch.report_health()
            stage.tell("URLs", str(len(urls)))
            stage.exactly("fetched", len(fetched), 0)
            stage.ended(crowd)
            stage.exactly("answered with a fault of the server", len(broken), 0)
            for url in fetched + broken:
                stage.tell("a URL", repr(url)[:60])
        stage.exactly("connections to the origin on this machine", canary.connections, 0)
        stage.exactly("connections to the proxies of the environment", proxy.connections, 0)

        # The same as places to go on to, from an origin that may be asked; the address rule stands for each hop.
        with stage.server({"--allow-private-addresses": None, "--fetch-hosts": "127.0.0.1"}) as server:
            has_list = "--fetch-hosts" not in server.missing
            hops = [url for url in targets if not url.startswith(("http://127", "http://a@", "http://a:b@"))]

            def serve(connection, path: bytes) -> None:
                # A place to go on to that is read as a path of this origin comes back as another path.
                url = hops[int(path[1:])] if path[1:].isdigit() else "/"
                connection.sendall(b"HTTP/1.1 302 Found\r\nLocation: " + url.encode() + b"\r\nContent-Length: 0\r\n\r\n")

            if has_list:
                before = canary.requests
                with Origin(serve) as first:
                    crowd = together(8, lambda n: [wire.embedded(server.port, f"{first.base}/{hop}") for hop in range(n, len(hops), 8)])
                stage.ended(crowd)
                stage.tell("redirects", str(len(hops)))
                stage.tell("requests at the host that is allowed", str(canary.requests - before))
                stage.exactly("connections to the proxies of the environment by redirects", proxy.connections, 0)


def random_address(draw: random.Random) -> str:
    """An address of no public network, bare or inside one of the forms that carry an IPv4 address."""
    network = ipaddress.ip_network(draw.choice(SPECIAL))
    address = network[draw.randrange(network.num_addresses)]
    if address.version == 4:
        number = int(address)
        form = draw.randrange(7)
        if form == 0:
            return str(address)
        if form == 1:
            return str(number)
        if form == 2:
            return hex(number)
        if form == 3:
            return ".".join(oct(part).replace("o", "") if part else "0" for part in address.packed)
        inside = ipaddress.IPv6Address((0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80)[form - 4])
        return f"[{inside}]"
    return f"[{address}]"


def addresses(stage: Stage) -> None:
    """Random addresses of no public network, in many notations: refused before a packet leaves."""
    count, reached, slow = (540 if stage.quick else 5400), [], 0
    allowed = "not allowed"
    with stage.server() as server:

        def ask(number: int) -> None:
            draw = random.Random(number)
            with wire.Wire(server.port, 30) as connection:
                for _ in range(count // 16 + 1):
                    address = random_address(draw)
                    answer = connection.ask(wire.image_body(wire.linked(f"http://{address}/")), "/clip/embed_image")
                    if allowed not in answer.message and "invalid" not in answer.message:
                        reached.append(f"{address} {answer.status} {answer.message}")

        with stage.watch(server) as watch:
            crowd = together(16, ask)
        watch.report_health()
    stage.tell("addresses", str(16 * (count // 16 + 1)))
    stage.ended(crowd)
    stage.exactly("not refused as an address", len(reached), 0)
    for line in reached[:5]:
        stage.tell("an address", line[:60])


ATTACKS = {"urls": hostile_urls, "addresses": addresses}
