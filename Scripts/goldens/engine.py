"""Base64 as Python's decoder reads it: what `image.value` of the wire contract goes through on the real server."""

import base64
import json
import pathlib
import random


def make(out: pathlib.Path) -> None:
    generator = random.Random(20261123)
    texts = ["", "=", "====", "!!!!", "A", "AA", "AAA", "AAAA", "AA==", "AAA=", "AA=A", "AA=A=", "A===", "AA===", "AAAA=", "AAAA====", "AA==AAAA", "AA== trailing", "AAA=AA=="]
    texts += ["-_-_", "QUJD\nREVG", " Q U J D ", "QUJD\r\n", "QUI", "QUI=", "Q=UI", "QU=I", "QU==I", "QU=I=", "=QUJD", "==QUJD", "QUJD==QUJD", "QQ=="]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    for _ in range(600):
        text = base64.b64encode(generator.randbytes(generator.randrange(40))).decode()
        for _ in range(generator.randrange(5)):
            place = generator.randrange(len(text) + 1)
            other = generator.choice(["=", "==", "\n", "-", "_", "!", " ", "\t", "é", "\0", generator.choice(alphabet)])
            cut = generator.randrange(3) if generator.random() < 0.3 else 0
            text = text[:place] + other + text[place + cut :]
        texts.append(text)
    cases = []
    for text in texts:
        try:
            decoded = base64.b64decode(text.encode()).hex()
        except ValueError:
            decoded = None
        cases.append({"text": text, "hex": decoded})
    (out / "base64.json").write_text(json.dumps(cases, indent=0) + "\n")
