"""What a case is: a request, and where our answer differs on purpose, how and why."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import pictures
from wire import Answer, Request


@dataclass(frozen=True)
class Family:
    """A group of routes that run a model: the same bodies, but for paths and the field that names it."""

    prefix: str
    version_field: str
    versions: tuple[str, str]
    # What stands before the titles of its sections.
    title: str = ""

    @property
    def embed_image(self) -> str:
        return f"/{self.prefix}/embed_image"

    @property
    def embed_text(self) -> str:
        return f"/{self.prefix}/embed_text"

    @property
    def compare(self) -> str:
        return f"/{self.prefix}/compare"


CLIP = Family("clip", "clip_version_id", ("ViT-B-16", "ViT-B-32"))
PERCEPTION_ENCODER = Family(
    "perception_encoder",
    "perception_encoder_version_id",
    ("PE-Core-L14-336", "PE-Core-B16-224"),
    "Perception Encoder: ",
)


@dataclass(frozen=True)
class OnPurpose:
    """A difference that is meant: why, and what our answer must be.

    Without `status` and `message` only the parts named in `ignoring` may differ: header names, or
    `body`, `numbers`. `message` is a regular expression for the whole `message` of our body.
    `within` is the largest relative error where only numbers differ; nothing where they are of
    another picture.
    """

    reason: str
    status: int | None = None
    message: str | None = None
    ignoring: tuple[str, ...] = ()
    within: float = math.inf

    @property
    def numbers_only(self) -> bool:
        """Whether the answers must be alike but for their numbers."""
        return self.status is None and self.message is None and self.ignoring == ("numbers",)

    def allows(self, ours: Answer) -> bool:
        """Whether an answer with a status or message of its own is the intended one."""
        if self.status is not None and ours.status != self.status:
            return False
        if self.message is None:
            return True
        body = ours.body if isinstance(ours.body, dict) else {}
        text = body.get("message")
        return isinstance(text, str) and re.fullmatch(self.message, text, re.DOTALL) is not None


@dataclass(frozen=True)
class Case:
    """One request to both servers. `open` cases need servers that fetch http URLs of any host;
    `lossy` ones have pictures whose pixels depend on the decoder."""

    section: str
    name: str
    request: Request
    on_purpose: OnPurpose | None = None
    lossy: bool = False
    open: bool = False


class Table:
    """Collects cases under section titles."""

    def __init__(self) -> None:
        self.cases: list[Case] = []
        self.title = ""

    def section(self, title: str, family: Family = CLIP) -> None:
        self.title = family.title + title

    def send(
        self,
        name: str,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> None:
        assert all((case.section, case.name) != (self.title, name) for case in self.cases), name
        request = Request(method, path, body, headers or {})
        self.cases.append(Case(self.title, name, request, **options))

    def post(self, name: str, path: str, body: Any, **options: Any) -> None:
        self.send(name, "POST", path, body, **options)


def image(data: bytes) -> dict[str, str]:
    return {"type": "base64", "value": pictures.base64_of(data)}


ONE = image(pictures.png())
TWO = image(pictures.png(pictures.scene(77, 50, seed=9)))
THREE = image(pictures.png(pictures.scene(50, 131, seed=4)))

NUMBERED = "the message says which of several it was, as in `(image 2 of 2)`"
CLIENT_MISTAKE = "a client's mistake is a 400 that says what to change, not a 500"
