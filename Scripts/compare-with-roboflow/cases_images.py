"""Images: how they are declared, every format, and what is behind URLs."""

from __future__ import annotations

from typing import Any

import pictures
from case import (
    CLIENT_MISTAKE,
    NUMBERED,
    ONE,
    TWO,
    Family,
    OnPurpose,
    Table,
    image,
)

NO_PICTURE = OnPurpose(
    "what is no picture is told from what is no base64, with what it looks like",
    400,
    "Could not load input image. Cause: The bytes are no picture of a format that is read here.*",
)


def image_declarations(table: Table, family: Family) -> None:
    table.section("Image declarations", family)

    def declared(name: str, kind: Any, *value: Any, **options: Any) -> None:
        declaration = {"type": kind, **({"value": value[0]} if value else {})}
        table.post(name, family.embed_image, {"image": declaration}, **options)

    good = ONE["value"]
    for kind in ("BASE64", "Base64"):
        declared(f"type {kind}", kind, good)
    for prefix in ("png", "jpeg", "webp", "x", "*", "PNG", "svg+xml", "vnd.microsoft.icon"):
        options = {}
        if prefix in ("*", "PNG", "svg+xml", "vnd.microsoft.icon"):
            options["on_purpose"] = OnPurpose(
                "every data: prefix is taken off, not only those of lower-case letters", 200
            )
        declared(
            f"prefix data:image/{prefix};base64,",
            "base64",
            f"data:image/{prefix};base64,{good}",
            **options,
        )
    declared("prefix with a space behind", "base64", f"data:image/png;base64, {good}")
    declared("prefix only", "base64", "data:image/png;base64,")
    declared(
        "prefix data:application/octet-stream;base64,",
        "base64",
        f"data:application/octet-stream;base64,{good}",
        on_purpose=OnPurpose("every data: prefix is taken off", 200),
    )
    lines = "\n".join(good[at : at + 76] for at in range(0, len(good), 76))
    declared("line breaks", "base64", lines)
    declared("CR LF and a last line break", "base64", lines.replace("\n", "\r\n") + "\r\n")
    declared("spaces and exclamation marks", "base64", "!" + good[:40] + " ! " + good[40:])
    declared(
        "non-ASCII characters among it",
        "base64",
        good[:40] + "é가" + good[40:],
        on_purpose=OnPurpose(
            "characters outside the alphabet are passed over, whichever they are", 200
        ),
    )
    padded = pictures.png()
    while len(padded) % 3 != 1:
        padded += b"\0"
    two_pads = pictures.base64_of(padded)
    declared("two padding characters", "base64", two_pads)
    declared("one of two padding characters", "base64", two_pads[:-1])
    declared("no padding", "base64", two_pads[:-2])
    declared("too much padding", "base64", two_pads + "==")
    declared("text behind the padding", "base64", two_pads + "AAAA")
    declared("URL-safe alphabet", "base64", good.replace("+", "-").replace("/", "_"))
    declared("one character", "base64", "A")
    declared("words", "base64", "hello world, this is no base64", on_purpose=NO_PICTURE)
    declared("four valid characters", "base64", "AAAA", on_purpose=NO_PICTURE)
    declared("empty string", "base64", "")
    declared("only characters outside the alphabet", "base64", "!!!!")
    declared("only padding", "base64", "====")
    declared("base64 twice", "base64", pictures.base64_of(good.encode()), on_purpose=NO_PICTURE)
    missing = OnPurpose(CLIENT_MISTAKE, 400, "Could not load input image. Cause: .+")
    for kind in ("base64", "url"):
        declared(f"{kind}, value missing", kind, on_purpose=missing)
        for value in (None, 5, True, [], {"a": 1}, ["aGVsbG8="]):
            declared(f"{kind}, value {value!r}", kind, value, on_purpose=missing)
    for kind in ("", "jpeg", "image", "bas64", "text", "base64 ", "imageurl", "í"):
        declared(f"unknown type `{kind}`", kind, good)
    refused_kind = OnPurpose(
        "types that cannot work over HTTP are refused by name", 400, "Could not load .+"
    )
    declared("numpy", "numpy", good)
    declared("numpy, value missing", "numpy")
    declared("NumPy", "NumPy", good)
    declared(
        "numpy_object",
        "numpy_object",
        good,
        on_purpose=OnPurpose("refused by name like numpy", 400, "Could not load .+"),
    )
    declared("pil", "pil", good, on_purpose=refused_kind)
    declared("multipart", "multipart", good, on_purpose=refused_kind)
    never = OnPurpose("files of the server are never opened for a client", 400, "Could not load .+")
    declared("file, missing", "file", "/no/such/file.png", on_purpose=never)
    declared("file, not a picture", "file", "/etc/hosts", on_purpose=never)


def decoded_pictures(table: Table, family: Family) -> None:
    table.section("Pictures, lossless", family)
    orientation = OnPurpose(
        "orientation is applied in WebP and AVIF as in every other format",
        ignoring=("numbers",),
    )
    for name, data in pictures.lossless().items():
        options: dict[str, Any] = {}
        if name == "WebP, lossless, EXIF orientation 6":
            options["on_purpose"] = orientation
        if name == "TIFF, RGBA":
            options["on_purpose"] = OnPurpose(
                "alpha is dropped as in every other format; the real server multiplies TIFF by it",
                ignoring=("numbers",),
            )
        if name == "BMP, 16 bits":
            options["on_purpose"] = OnPurpose(
                "five bits become eight as in Pillow, 31 as 255; in OpenCV it is 248",
                ignoring=("numbers",),
                within=0.05,
            )
        if name == "BMP, 32 bits, masks behind a short header":
            options["on_purpose"] = OnPurpose(
                "channel masks are heeded; OpenCV passes over them behind a header of 40 bytes",
                ignoring=("numbers",),
            )
        table.post(name, family.embed_image, {"image": image(data)}, **options)
    table.section("Pictures, lossy", family)
    meant = {
        "JPEG, CMYK": OnPurpose(
            "colours are rounded as Pillow rounds them; in OpenCV they come out a step of 255 "
            "brighter",
            ignoring=("numbers",),
            within=0.03,
        ),
        "AVIF, EXIF orientation 6": orientation,
        "AVIF, grey of limited range": OnPurpose(
            "limited range is widened as in every other AVIF; OpenCV takes grey as it is stored",
            ignoring=("numbers",),
        ),
        "JPEG, EXIF orientation 6, behind XMP": OnPurpose(
            "EXIF is looked for behind XMP too; OpenCV looks at the first block of that kind only",
            ignoring=("numbers",),
        ),
    }
    for name, data in pictures.lossy().items():
        picture = {"image": image(data)}
        table.post(name, family.embed_image, picture, lossy=True, on_purpose=meant.get(name))
    table.section("Pictures, damaged or of other formats", family)
    undecodable = (
        "Could not load input image. Cause: The (bytes are no picture|picture is damaged).*"
    )
    said = OnPurpose(
        "'Malformed base64' is said of base64 only: here the message says that the picture is "
        "damaged, or what its bytes look like",
        400,
        undecodable,
    )
    own = {
        "PNG, without its last chunk": OnPurpose(
            "the last chunk is empty: every pixel is there, so the picture is taken", 200
        ),
        "PPM": OnPurpose(
            "the formats decoded are those documented; PPM is not one", 400, undecodable
        ),
        "JPEG 2000": OnPurpose(
            "the formats decoded are those documented; JPEG 2000 is not one", 400, undecodable
        ),
        "EXR magic": OnPurpose(CLIENT_MISTAKE, 400, undecodable),
        "PNG that claims 30,000 x 30,000": OnPurpose(
            "the message names size and limit", 400, "Could not load .*too large.*"
        ),
        "PNG that claims 60,000 x 60,000": OnPurpose(
            CLIENT_MISTAKE, 400, "Could not load .*too large.*"
        ),
    }
    for name, data in pictures.refused().items():
        table.post(name, family.embed_image, {"image": image(data)}, on_purpose=own.get(name, said))


def url_policy(table: Table, family: Family, loopback: str) -> None:
    table.section("Image URLs, default settings", family)

    def url(name: str, value: str, **options: Any) -> None:
        body = {"image": {"type": "url", "value": value}}
        table.post(name, family.embed_image, body, **options)

    guarded = OnPurpose(
        "http is allowed and the address is checked instead: private ones are refused",
        400,
        ".*URL points to a network destination that is not allowed.*",
    )
    host = loopback.removeprefix("http://")
    url("http of a loopback address", f"{loopback}/picture.png", on_purpose=guarded)
    url("https of a loopback address", f"https://{host}/picture.png", on_purpose=guarded)
    url("https of localhost", "https://localhost/picture.png", on_purpose=guarded)
    url("http of the cloud metadata address", "http://169.254.169.254/latest", on_purpose=guarded)
    url("https of a private address", "https://10.0.0.1/a.png", on_purpose=guarded)
    url("https of IPv6 loopback", "https://[::1]/a.png", on_purpose=guarded)
    url(
        "https of an IPv4-mapped IPv6 address",
        "https://[::ffff:127.0.0.1]/a.png",
        on_purpose=guarded,
    )
    url("https of a decimal address", "https://2130706433/a.png", on_purpose=guarded)
    for scheme in ("file:///etc/hosts", "ftp://example.com/a.png", "gopher://example.com/"):
        url(f"`{scheme}`", scheme)
    url("data: as a URL", "data:image/png;base64," + ONE["value"])
    url("a word", "picture")
    url("empty", "")
    url("only a scheme", "https://")
    url("no host", "https:///a.png")
    url("a space in the host", "https://exa mple.com/a.png")
    url("a bad port", "https://example.com:99999/a.png")
    url("a port that is no number", "https://example.com:abc/a.png")
    url("a backslash in the host", "https://example.com\\@127.0.0.1/a.png")
    url(
        "a host that does not exist",
        "https://does-not-exist.invalid/a.png",
        on_purpose=OnPurpose(
            "no list of public suffixes: a host without address is unreachable",
            400,
            "Could not load .*",
        ),
    )
    table.post(
        "compare, subject as a bare URL string",
        family.compare,
        {"subject": f"{loopback}/picture.png", "prompt": "a dog"},
        on_purpose=guarded,
    )


def url_images(table: Table, family: Family, loopback: str) -> None:
    table.section("Image URLs, any host allowed", family)

    def url(name: str, value: str, **options: Any) -> None:
        body = {"image": {"type": "url", "value": value}}
        table.post(name, family.embed_image, body, open=True, **options)

    url("PNG", f"{loopback}/picture.png")
    url("JPEG", f"{loopback}/picture.jpg", lossy=True)
    url("type in capitals is taken too", f"{loopback}/picture.png?x=1#y")
    url("a picture with a wrong content type", f"{loopback}/mislabelled")
    url("a redirect", f"{loopback}/redirect")
    url("a blank in the path", f"{loopback}/my photo.png")
    url("a redirect to a path with a blank", f"{loopback}/to-blank")
    url("packed with gzip", f"{loopback}/packed")
    url("a Content-Encoding that is no packing", f"{loopback}/word")
    url(
        "a user and a password",
        loopback.replace("http://", "http://user:password@") + "/picture.png",
        on_purpose=OnPurpose(
            "URLs with a user are refused, which hide the host from whoever reads them",
            400,
            "Could not load .*",
        ),
    )
    no_url = OnPurpose(
        "what is no URL is told as such in every configuration, without trying to fetch it",
        400,
        "Could not load input image. Cause: Provided image URL is invalid",
    )
    other_scheme = OnPurpose(
        "schemes other than http and https are refused in the same words in every configuration",
        400,
        "Could not load input image. Cause: Providing images via non https:// URL is not .*",
    )
    url("white space around", f" {loopback}/picture.png\n", on_purpose=no_url)
    url("a page", f"{loopback}/page.html", on_purpose=NO_PICTURE)
    url("404", f"{loopback}/missing.png")
    url("500", f"{loopback}/error")
    url("a redirect in circles", f"{loopback}/loop")
    url("a redirect to a file", f"{loopback}/to-file", on_purpose=other_scheme)
    url("a closed port", "http://127.0.0.1:1/picture.png")
    url("a host without address", "http://does-not-exist.invalid/picture.png")
    url("no scheme", loopback.removeprefix("http://") + "/picture.png", on_purpose=no_url)
    url("ftp", "ftp://127.0.0.1/picture.png", on_purpose=other_scheme)
    url("file", "file:///etc/hosts", on_purpose=other_scheme)
    url(
        "an empty document",
        f"{loopback}/empty",
        on_purpose=OnPurpose(CLIENT_MISTAKE, 400, "Could not load input image. Cause: .+"),
    )
    picture = {"type": "url", "value": f"{loopback}/picture.png"}
    table.post(
        "array of a URL and a base64 image",
        family.embed_image,
        {"image": [picture, TWO]},
        open=True,
    )
    table.post(
        "array with one URL that fails",
        family.embed_image,
        {"image": [TWO, {"type": "url", "value": f"{loopback}/missing.png"}]},
        open=True,
        on_purpose=OnPurpose(
            NUMBERED,
            400,
            r"Could not load input image\. Cause: Data pointed by URL could not be decoded into "
            r"image\. \(image 2 of 2\)",
        ),
    )
    table.post(
        "the document's example: image prompt by URL, text subject",
        f"{family.compare}?api_key=k",
        {
            "prompt": picture,
            "prompt_type": "image",
            "subject": "A very cute raccoon",
            "subject_type": "text",
        },
        open=True,
    )
    table.post(
        "bare URL strings as images",
        family.compare,
        {
            "subject": f"{loopback}/picture.png",
            "prompt": [f"{loopback}/picture.png", f"{loopback}/redirect"],
            "prompt_type": "image",
        },
        open=True,
    )
    table.post(
        "a mapping of a URL and a bare URL string",
        family.compare,
        {
            "subject": ONE,
            "prompt": {"a": picture, "b": f"{loopback}/picture.png"},
            "prompt_type": "image",
        },
        open=True,
    )
