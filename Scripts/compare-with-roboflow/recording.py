"""The real server's answers in a file, so that the comparison can be repeated without it."""

from __future__ import annotations

import json
import pathlib
import sys
from dataclasses import dataclass, field
from typing import Any

from wire import Answer


@dataclass
class Recording:
    """Hundreds of requests have a few dozen different answers: each is kept once."""

    theirs: str
    distinct: list[dict[str, Any]] = field(default_factory=list)
    answers: dict[str, tuple[str, int]] = field(default_factory=dict)

    @staticmethod
    def read(path: pathlib.Path) -> Recording:
        content = json.loads(path.read_text())
        return Recording(content["theirs"], content["distinct"], content["answers"])

    def write(self, path: pathlib.Path) -> None:
        """One line an answer, so that a change is readable as a difference."""
        distinct = ",\n".join(json.dumps(answer, ensure_ascii=False) for answer in self.distinct)
        answers = ",\n".join(
            f"{json.dumps(name, ensure_ascii=False)}: {json.dumps(place)}"
            for name, place in self.answers.items()
        )
        path.write_text(
            f'{{"theirs": {json.dumps(self.theirs)},\n'
            f'"distinct": [\n{distinct}\n],\n"answers": {{\n{answers}\n}}}}\n'
        )

    def keep(self, name: str, fingerprint: str, answer: Answer) -> None:
        content = answer.without_numbers()
        # As text, because the order of keys counts.
        texts = [json.dumps(known) for known in self.distinct]
        text = json.dumps(content)
        if text not in texts:
            self.distinct.append(content)
            texts.append(text)
        self.answers[name] = (fingerprint, texts.index(text))

    def answer(self, name: str, fingerprint: str) -> Answer:
        if name not in self.answers:
            sys.exit(f"No answer is kept for '{name}': record again.")
        kept, place = self.answers[name]
        if kept != fingerprint:
            sys.exit(f"The answer kept for '{name}' is to another request: record again.")
        return Answer(**self.distinct[place])
