"""Measures a model on the held-out pictures with the command itself, and writes measured.json into the model's directory.

usage: measure.py MODEL --clip .build/release/clip --held-out DIR [--captions DIR/captions.csv] [--precision f32]

DIR is what held_out.py laid out. With --captions, retrieval over those pictures is measured too.
"""

import argparse
import json
import pathlib
import subprocess

PHOTOS = {
    "en": ["a photo of a {}.", "a photo of the {}.", "a picture of a {}", "a blurry photo of a {}.", "{}"],
    "ko": ["{} 사진", "{}의 사진", "{} 이미지", "{}"],
}
EMOJI = {
    "en": ["{}", "an emoji of {}", "{} emoji", "a drawing of a {}"],
    "ko": ["{}", "{} 이모지", "{} 그림", "{} 아이콘"],
}
SETS = {"cifar-10": PHOTOS, "tiny-imagenet": PHOTOS, "emoji": EMOJI}


def run(options, *arguments):
    command = [options.clip, "evaluate", "--model", f"clip-mini={options.model}", "--json", *arguments]
    if options.precision:
        command += ["--precision", options.precision]
    made = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if made.returncode:
        raise SystemExit(f"{' '.join(map(str, command))}\n{made.stderr}")
    return json.loads(made.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--clip", type=pathlib.Path, required=True)
    parser.add_argument("--held-out", type=pathlib.Path, required=True)
    parser.add_argument("--captions", type=pathlib.Path)
    parser.add_argument("--precision")
    options = parser.parse_args()
    measured = {}
    for name, templates in SETS.items():
        if not (options.held_out / name).is_dir():
            continue
        for language, texts in templates.items():
            labels = options.held_out / f"{name}.{language}.tsv"
            asked = [part for text in texts for part in ("--template", text)]
            result = run(options, options.held_out / name, "--labels", labels, *asked)
            measured[f"{name}.{language}"] = {key: result[key] for key in ("top1", "top5", "images", "classes", "skipped")}
            print(name, language, measured[f"{name}.{language}"], flush=True)
    if options.captions:
        result = run(options, options.captions.parent, "--captions", options.captions)
        measured["captions.en"] = {
            key: result[key] for key in ("image_to_text", "text_to_image", "images", "captions", "skipped")
        }
        print("captions", measured["captions.en"], flush=True)
    (options.model / "measured.json").write_text(json.dumps(measured, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
