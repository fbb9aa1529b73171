"""Writes what was observed as Markdown."""

from __future__ import annotations

import itertools
import json
import math
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator

from case import CLIP, PERCEPTION_ENCODER, OnPurpose
from verdict import ON_PURPOSE, SAME, TOLERANCE, UNEXPECTED, Verdict
from wire import Answer

HEAD = """# Compatibility with Roboflow Inference Server

| | |
|---|---|
| ours | {ours} |
| Roboflow's | {theirs}, legacy backend (the one whose image lists are right), ONNX Runtime |
| requests sent to both | {count} |
| answered the same | {same} |
| different on purpose | {on_purpose} |
| unexpected | {unexpected} |
| of these to `/perception_encoder/` | {perception} |

Written by `Scripts/compare-with-roboflow/whole.py CLIP WEIGHTS ROBOFLOW_PYTHON --write FILE`, which
starts both servers; do not edit it by hand. `make clients` repeats the comparison against kept answers
of the real server, without numbers: what differs only in numbers counts as the same there.

## On purpose

What a client of Roboflow's server may notice, and why. "There" is the real server, "here" is this one.

### Mistakes

* **A mistake is 400 with a sentence that says what to change**, where the real server answers 500
  `Internal error.`: too many images or prompts, none at all, an unknown `subject_type`, an image
  without value, an image where a text belongs. Of several images or texts the message names one,
  as in `(image 2 of 8)`.
* **Nothing that was sent comes back.** `input` in a 422 is null. The real server repeats all of it,
  megabytes of base64 if need be. A 422 lists at most 100 mistakes here.
* **What is wrong with a picture is said**: that it is damaged, or what its bytes look like. "Malformed
  base64" is said of base64 only.
* **Methods**: GET on a POST path is 405. HEAD on a GET path is 200, but 405 on `/clear_cache`, which
  HEAD must not clear. No path stands for models of other kinds.

### Limits

* A body has at most 64 MiB (413 beyond), 128 levels, 250,000 values and 4,300 digits a number. It is
  UTF-8.
* `embed_text` takes at most 16,384 texts (`--max-texts`) of 64 KiB each.
* A picture has at most 67 megapixels (2^26).

### Access

* **Routes that change the server**, `/model/add`, `/model/remove`, `/model/clear` and
  `/clear_cache`, are open to this machine only, unless they have a key or `--allow-management` was
  given: elsewhere they are 403. Web pages of other origins may use the three CLIP routes, but these
  only if `--allow-origins` names their origin.
* **Keys** are checked where the operator has given some (`--api-keys-file`). The real server passes
  them on. They are taken from the same places in the same order, and 401 has the body of the real
  server's own refusals.
* **Messages that two readers could read differently** are refused, and the connection ends: no Host,
  two lengths, other transfer codings than chunked, line feeds alone.
* **Packed bodies** may be packed with gzip or deflate. Other packings are 415. Words that name no
  packing are passed over.
* **Files of the server are never opened** (`"type": "file"`, paths as bare strings), and Python
  pickles (`numpy`) are never read.

### URLs

* http is fetched as well as https, but no private, loopback or link-local address, not behind a
  redirect either (`--allow-private-addresses` lifts that). The real server takes only https, and only
  host names with a public suffix. Its variables for that, and its lists of hosts, are honoured
  ([Configuration.md](Configuration.md)).
* A redirect is held to the same rules as the first URL, whatever `VALIDATE_IMAGE_URL_REDIRECTS` says.
* Blanks and other characters that may not stand in a path or query are sent percent-encoded, as
  `requests` does it. A URL with a user and a password is refused.
* A picture that its host sends packed with gzip or deflate is unpacked, once, under the limit of its
  bytes. One packed with br is refused with its name: it is not asked for, and what unpacking it may
  cost has no bound. A Content-Encoding that names no packing (`utf-8`, `aws-chunked`) is passed over.

### Pictures

* **The same pixels** come from JPEG, WebP, PNG, GIF, BMP, TIFF and AVIF, transparent pixels of a GIF and
  halved colours of an AVIF included. The exceptions, where OpenCV overlooks what the file says: a BMP
  of 16 bits, or with channel masks behind a header of 40 bytes; grey AVIF of limited range, or of more
  than 8 bits (a step of 255); and EXIF behind XMP in a JPEG. CMYK is rounded as Pillow rounds it
  (figures below).
* **Orientation** is applied in WebP and AVIF, too. **Alpha** is dropped in TIFF as in every other
  format (multiplied there).
* **Formats**: JPEG 2000 and PPM are not read. HEIC is read where it is asked for (`--image-formats`).
  TIFF in L*a*b*, with signed or floating samples, or with JPEG of the old kind is refused.
* **Pictures that cost too much** are refused, each with its figure, the limit and the flag that sets
  it:
  * an AVIF of more than 12.5 megapixels, alpha, tiles and layers counted (`--max-avif-pixels`), or of
    more than 1.5 MiB (`--max-avif-bytes`);
  * a WebP of more than 40 megapixels, or of some 15 without loss (`--max-webp-pixels`).
* **Pictures that contradict themselves** are refused: an AVIF or HEIC of which a frame, a stream or a
  grid has another size than its boxes say, and a JPEG within a TIFF that is larger than its strip.
* **A JPEG of which pixels are missing** is refused, also where an end was put behind what is left of
  it: its data end at a marker or in the middle, a restart marker is not the one that was due, a code
  has no meaning, or a component is in none of its scans. OpenCV, and so the real server, goes on with
  grey and answers 200, except where the file ends without an end. Bytes too many before a marker,
  versions that are not known, and whatever stands behind the end are no reason to refuse.

### Texts

* More than some 2,800 characters of escapes within escapes (`&amp;amp;amp;...`) are refused (400).
* A decimal reference (`&#65;`) may have more than 4,300 digits, which the real server answers with 500.
* Half of a surrogate pair becomes U+FFFD before the text is cleaned, not while it is. Embeddings were
  the same in every text that was tried.

### Models

* **Names**: `clip_version_id: null` means the default. Unknown models are 404 as there, and the message
  says where the known ones are listed. OpenAI's own spellings (`ViT-B/32`) are known; there they are a
  400. `/info` has this server's own name.
* **A model may have one tower alone.** What needs the other is 400 with a sentence (`The model is an
  image tower alone, ...`), and the registry tells which are there (`towers`).
* **The registry** has more behind the members of the real server. Each model in memory has `state`,
  `source`, `repository`, `revision`, `licence`, `precision`, `bytes` and `load_seconds`. At the end
  stand `model_memory` (bytes in use, and the limit) and `available`: the models that a request or
  `/model/add` would bring, with `state` `configured`, `cached`, `known` (to be fetched, with
  `bytes_to_fetch` where that is known) or `loading`. Perception Encoders are listed as
  `perception_encoder/...`, also those that are known by a name and not here. All others are listed as
  `clip/...`.
* **`/model/remove` and `/model/clear`** delete no files (there they do, unless
  `DISK_CACHE_CLEANUP=False`), and requests that are under way keep their model.
* **Models that a request brings**: `x-model-cold-start` and `x-model-cold-start-count` say so.
  `x-model-load-time` (with what fetching took, as there) and `x-model-load-details` say how long it
  took, also beside an error. A request that waits longer than `--load-seconds` gets 503 with
  Retry-After while the load goes on. A model that cannot be fetched is 503 with Retry-After, one that
  never fits `--model-memory` 507, each with a sentence. A load that failed is tried anew ten seconds
  later, and by `/model/add` at once.

### Perception Encoder

* The routes of `/perception_encoder/` have the bodies of the three CLIP routes, but
  `perception_encoder_version_id` names the model. Embeddings have length one, and texts that are too
  long are cut, as there. `"truncate": false` is an extension: such texts are then refused.
* Where no request names one, `PE-Core-L14-336` is meant, or the first Perception Encoder of `--model`,
  whatever it is called.
* `PE-Core-L14-336` and `PE-Core-B16-224` are fetched when a request names them, as there. Others are a
  404 unless `--allow-models` or `--model` has them. A name in small letters is a 404; there it is a
  model that is found and cannot be read, 500.
* `clip_version_id` may name a Perception Encoder, too, whose embeddings then keep their length. A CLIP
  named at `/perception_encoder` is 404.

### Extensions

* `"truncate": true` cuts a text that is too long instead of refusing it. `"normalize": true` brings
  embeddings to length one.
* The body of `embed_image` may be a picture by itself (`Content-Type: image/...`), whose other fields
  stand in the query. It may be a form whose parts `image`, `images`, `file` or `files` are pictures.
  There both are a 422.
* The query's `clip_version_id`, `normalize` and `truncate` hold where the body says nothing of them;
  there they are passed over.
* A slash at the end of a path changes nothing (there 405).

## Numbers

Both servers ran on the same checkpoints with random weights, in f32: ViT-B-16 and ViT-B-32 of full
size, and PE-Core-L14-336 and PE-Core-B16-224 of full width and two blocks. The error of an embedding is
the norm of the difference over the norm of the real server's vector. Lossy pictures are those whose
pixels depend on the decoder.

| | embeddings or similarities | worst error | median | refused beyond |
|---|---|---|---|---|
"""

COMPARED = """
## What is compared

Compared are the status, the body with its keys in order and all its texts, the form of `x-request-id`,
numbers as above, and the headers
{headers}.

Not compared are

* times, identifiers, versions, and `input` of a 422;
* whether a request was the first of its model;
* `request_paths` in the registry: there the routes that a model was asked through so far, here those
  that it can be asked through;
* the capitals of a Perception Encoder's name in `resolved_model`: there it is in small letters, while
  `x-model-id` has it as it was asked for; here it is the same in both.
"""

REASONS = """
## Every reason

| requests | why the answer differs |
|---|---|
"""


def markdown(verdicts: list[Verdict], versions: dict[str, str], headers: Iterable[str]) -> str:
    counts = Counter(verdict.kind for verdict in verdicts)
    text = HEAD.format(
        count=len(verdicts),
        ours=versions["ours"],
        theirs=versions["theirs"],
        same=counts[SAME],
        on_purpose=counts[ON_PURPOSE],
        unexpected=counts[UNEXPECTED],
        perception=perception_encoder(verdicts),
    )
    text += "".join(numbers_rows(verdicts))
    text += COMPARED.format(headers=wrapped(", ".join(f"`{name}`" for name in sorted(headers))))
    text += REASONS
    meant = [
        v.case.on_purpose.reason for v in verdicts if v.kind == ON_PURPOSE and v.case.on_purpose
    ]
    for reason, count in Counter(meant).most_common():
        text += f"| {count} | {cell(reason)} |\n"
    for title, group in itertools.groupby(verdicts, key=lambda verdict: verdict.case.section):
        text += f"\n## {title}\n\n| request | Roboflow's | ours |\n|---|---|---|\n"
        for verdict in group:
            text += row(verdict)
    return text


def perception_encoder(verdicts: list[Verdict]) -> str:
    """How many of the requests were to the routes of Perception Encoders, and what became of them."""
    ours = [v for v in verdicts if v.case.section.startswith(PERCEPTION_ENCODER.title)]
    counts = Counter(verdict.kind for verdict in ours)
    return (
        f"{len(ours)} in the sections of their name: {counts[SAME]} the same, "
        f"{counts[ON_PURPOSE]} on purpose, {counts[UNEXPECTED]} unexpected"
    )


def numbers_rows(verdicts: list[Verdict]) -> Iterator[str]:
    """One row for each kind of number, and one for each reason why pictures are decoded apart."""
    same = [verdict for verdict in verdicts if verdict.kind == SAME]

    def at(path: str) -> list[Verdict]:
        return [verdict for verdict in same if verdict.case.request.path.startswith(path)]

    pictures = at(CLIP.embed_image)
    groups = {
        "lossless pictures": [v for v in pictures if not v.case.lossy],
        "lossy pictures": [v for v in pictures if v.case.lossy],
        "texts": at(CLIP.embed_text),
        "Perception Encoder, pictures": at(PERCEPTION_ENCODER.embed_image),
        "Perception Encoder, texts": at(PERCEPTION_ENCODER.embed_text),
    }
    for name, group in groups.items():
        errors = [error for verdict in group for error in verdict.relative_errors]
        yield numbers_row(name, errors, TOLERANCE)
    differences = [number for verdict in same for number in verdict.similarity_differences]
    yield numbers_row("similarities (absolute difference)", differences, TOLERANCE)
    apart: dict[OnPurpose, list[Verdict]] = {}
    for verdict in verdicts:
        meant = verdict.case.on_purpose
        if meant and verdict.kind == ON_PURPOSE and math.isfinite(meant.within):
            apart.setdefault(meant, []).append(verdict)
    for meant, group in apart.items():
        names = ", ".join(f'"{verdict.case.name}"' for verdict in group)
        errors = [error for verdict in group for error in verdict.relative_errors]
        yield numbers_row(f"{names}: {meant.reason}", errors, meant.within)


def numbers_row(name: str, numbers: list[float], limit: float) -> str:
    if not numbers:
        return f"| {name} | 0 | | | {figure(limit)} |\n"
    worst, median = figure(max(numbers)), figure(statistics.median(numbers))
    return f"| {name} | {len(numbers)} | {worst} | {median} | {figure(limit)} |\n"


def row(verdict: Verdict) -> str:
    """The real server's answer, and ours in words only where it is another."""
    if verdict.kind == SAME:
        numbers = verdict.relative_errors + verdict.similarity_differences
        ours = "same" + (f", within {figure(max(numbers))}" if numbers else "")
    elif verdict.kind == ON_PURPOSE and verdict.case.on_purpose:
        ours = f"{outcome(verdict.ours)}; on purpose: {verdict.case.on_purpose.reason}"
        if outcome(verdict.ours) == outcome(verdict.theirs):
            what = "; ".join(shortened(difference) for difference in verdict.differences)
            ours = f"{what}; on purpose: {verdict.case.on_purpose.reason}"
    else:
        what = "; ".join(shortened(difference) for difference in verdict.differences)
        ours = f"**UNEXPECTED** {outcome(verdict.ours)}; {what}"
    return f"| {cell(verdict.case.name)} | {cell(outcome(verdict.theirs))} | {cell(ours)} |\n"


def outcome(answer: Answer) -> str:
    """Status and what matters of the body, in a few words."""
    body = answer.body
    if isinstance(body, dict):
        if isinstance(body.get("message"), str):
            return f"{answer.status} {code(shortened(body['message']))}"
        if isinstance(body.get("detail"), str):
            return f"{answer.status} `{body['detail']}`"
        if isinstance(body.get("detail"), list):
            return f"{answer.status} {problems(body['detail'])}"
        for name in ("embeddings", "similarity"):
            if name in body:
                value = body[name]
                what = value.strip("<>") if isinstance(value, str) else list(value)
                return f"{answer.status} {name}: {what}"
        if "models" in body and "name" not in body:  # the registry, not /info
            return f"{answer.status} models {[model['model_id'] for model in body['models']]}"
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return f"{answer.status} {shortened(text)}"


def problems(details: list[dict]) -> str:
    """The first complaint of a 422, and how many more there are."""
    first = details[0]
    place = ".".join(str(step) for step in first["loc"])
    more = f" and {len(details) - 1} more" if len(details) > 1 else ""
    return f"`{first['type']}` at `{place}`{more}"


def figure(number: float) -> str:
    return "0" if number == 0 else f"{number:.1e}"


def shortened(text: str, limit: int = 200) -> str:
    return text if len(text) <= limit else text[:limit] + "..."


def code(text: str) -> str:
    """A code span; some messages have backticks of their own."""
    return f"``{text}``" if "`" in text else f"`{text}`"


def cell(text: str) -> str:
    """Markdown tables know neither line breaks nor bare pipes."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    return printable.replace("|", "\\|").replace("<", "&lt;")


def wrapped(text: str, width: int = 100) -> str:
    lines = [""]
    for word in text.split(" "):
        if len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "\n".join(lines)
