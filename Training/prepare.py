"""Packs pictures and their names into arrays that train.py reads. Nothing of it is committed.

usage: prepare.py --out DIR [--tiny-imagenet DIR] [--cifar DIR] [--emoji NAME=DIR ...] [--cldr DIR] [--clipart DIR]

--tiny-imagenet  a folder with train/WNID/images/*.JPEG (Tiny-ImageNet-200)
--cifar          a folder with train/CLASS/*.jpg (CIFAR-10)
--emoji          a font's drawings, PNG or SVG, code points in the file names; repeat it for each artist
--cldr           common/ of Unicode CLDR: names and keywords of emoji, English and Korean
--clipart        a folder of SVG drawings with Dublin Core titles (Open Clip Art)

For each source it writes SOURCE.npy, bytes (pictures, side, side, channels), and SOURCE.json: the concepts, with names by
language, and the concept of each picture. Held-out pictures are never read: the folders val and test are left alone.
"""

import argparse
import collections
import io
import json
import pathlib
import re
import subprocess
import xml.etree.ElementTree as xml
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).parent
SKIN_TONES = set(range(0x1F3FB, 0x1F400))
REGIONAL_INDICATORS = set(range(0x1F1E6, 0x1F200))
VARIATION_SELECTOR, JOINER = 0xFE0F, 0x200D


def table(name):
    """Rows of a tab-separated table of this folder: key, English names, Korean names, groups."""
    for line in (HERE / name).read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            key, english, korean, *groups = line.split("\t")
            yield key, english.split("|"), korean.split("|"), groups[0].split("|") if groups else []


def concept(key, english, korean, groups, kind):
    return {"key": key, "en": english, "ko": korean, "groups": groups, "kind": kind}


def write(out, source, pictures, concepts, members, artists):
    """artists: how many of the pictures are whose, for the model card."""
    assert len(pictures) == len(members) == sum(artists.values())
    np.save(out / f"{source}.npy", pictures)
    used = {"concepts": concepts, "members": members, "artists": artists}
    (out / f"{source}.json").write_text(json.dumps(used, ensure_ascii=False), "utf-8")
    print(f"{source}: {len(pictures)} pictures of {len(concepts)} concepts", flush=True)


def classes(out, source, folder, names, side, pattern):
    """Folders named by class."""
    rows = list(table(names))
    concepts = [concept(key, en, ko, groups, "photo") for key, en, ko, groups in rows]
    files = [(file, place) for place, row in enumerate(rows) for file in sorted(folder.glob(pattern.format(row[0])))]
    pictures = np.empty((len(files), side, side, 3), np.uint8)
    for place, (file, _) in enumerate(files):
        picture = Image.open(file).convert("RGB")
        assert picture.size == (side, side), file
        pictures[place] = picture
    write(out, source, pictures, concepts, [place for _, place in files], {source: len(files)})


def code_points(name):
    """The code points of an emoji by its file's name, as fonts write it: emoji_u1f600, 1f600, u1F600-grin."""
    if match := re.match(r"u([0-9A-F]{4,6})-", name):  # FxEmojis: one code point, then a word, "bee" for instance
        return (int(match.group(1), 16),)
    match = re.fullmatch(r"(?:emoji_u)?([0-9a-f]{2,6}(?:[-_][0-9a-f]{2,6})*)", name, re.IGNORECASE)
    if not match:
        return None
    points = [int(part, 16) for part in re.split("[-_]", match.group(1))]
    return tuple(point for point in points if point != VARIATION_SELECTOR)


def emoji_names(cldr):
    """Code points -> names by language: first what a screen reader says, then the keywords."""
    names = collections.defaultdict(dict)
    for language in ("en", "ko"):
        for part in ("annotations", "annotationsDerived"):
            for row in xml.parse(cldr / part / f"{language}.xml").iter("annotation"):
                points = tuple(ord(c) for c in row.get("cp") if ord(c) != VARIATION_SELECTOR)
                title, words = names[points].get(language, (None, []))
                if row.get("type") == "tts":
                    title = row.text.strip()
                else:
                    words = [word.strip() for word in row.text.split("|")]
                names[points][language] = (title, words)
    result = {}
    for points, languages in names.items():
        if all(languages.get(language, (None,))[0] for language in ("en", "ko")):
            result[points] = {
                language: [title] + [word for word in words if word != title]
                for language, (title, words) in languages.items()
            }
    return result


def is_plain(points):
    """No skin tones, families or flags of countries: they tell one drawing from the next by details."""
    return JOINER not in points and not SKIN_TONES & set(points) and not REGIONAL_INDICATORS & set(points)


def rendered(file, side):
    if file.suffix == ".svg":
        made = subprocess.run(
            ["rsvg-convert", "--keep-aspect-ratio", "-w", str(side), "-h", str(side), file], capture_output=True
        )
        if made.returncode:
            return None
        picture = Image.open(io.BytesIO(made.stdout))
    else:
        picture = Image.open(file)
    picture = picture.convert("RGBA")
    picture.thumbnail((side, side), Image.Resampling.BICUBIC)
    square = Image.new("RGBA", (side, side))
    square.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
    return np.array(square)


def drawings(files, side):
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(lambda file: rendered(file, side), files))


def emoji(out, artists, cldr, side):
    names = emoji_names(cldr)
    found = []
    for artist, folder in artists:
        seen, passed = set(), 0
        for file in sorted(pathlib.Path(folder).iterdir()):
            if file.suffix not in (".png", ".svg") or ".layer" in file.name:
                continue
            points = code_points(file.stem)
            if points in names and is_plain(points) and points not in seen:
                seen.add(points)
                found.append((points, artist, file))
            else:
                passed += 1
        print(f"emoji of {artist}: {len(seen)}, {passed} files passed over", flush=True)
    keys = sorted({points for points, *_ in found})
    place = {points: index for index, points in enumerate(keys)}
    concepts = [
        concept("-".join(f"{p:x}" for p in points), names[points]["en"], names[points]["ko"], [], "emoji")
        for points in keys
    ]
    made = [(picture, place[points], artist)
            for picture, (points, artist, _) in zip(drawings([f for *_, f in found], side), found) if picture is not None]
    counts = dict(collections.Counter(artist for *_, artist in made))
    write(out, "emoji", np.stack([picture for picture, *_ in made]), concepts, [member for _, member, _ in made], counts)


def clipart(out, folder, side):
    """Open Clip Art: a concept is a title; its groups are the folders it lies in."""
    plain = re.compile(r"^[A-Za-z][A-Za-z ,'-]{2,40}$")
    left_out = {"shapes", "special", "signs_and_symbols", "unsorted", "logos", "decorations", "buttons", "computer"}
    title = re.compile(r"<dc:title>([^<]+)</dc:title>")
    found = []
    for file in sorted(pathlib.Path(folder).rglob("*.svg")):
        folders = file.relative_to(folder).parts[:-1]
        if not folders or folders[0] in left_out or file.stat().st_size > 400_000:
            continue
        match = title.search(file.read_text("utf-8", "replace"))
        if match and plain.match(match.group(1).strip()):
            found.append((match.group(1).strip().lower(), [f.replace("_", " ") for f in folders], file))
    made = [(name, folders, picture)
            for picture, (name, folders, _) in zip(drawings([f for *_, f in found], side), found) if picture is not None]
    keys = sorted({name for name, _, _ in made})
    place = {name: index for index, name in enumerate(keys)}
    folders_of = {name: folders for name, folders, _ in made}
    concepts = [concept(name, [name, f"{name}, {folders_of[name][-1]}"], [], [], "drawing") for name in keys]
    write(out, "clipart", np.stack([p for *_, p in made]), concepts, [place[name] for name, *_ in made],
          {"clipart": len(made)})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    for option in ("--tiny-imagenet", "--cifar", "--cldr", "--clipart"):
        parser.add_argument(option, type=pathlib.Path)
    parser.add_argument("--emoji", action="append", default=[], metavar="NAME=DIR")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    if options.tiny_imagenet:
        folder = options.tiny_imagenet / "train"
        classes(options.out, "tiny-imagenet", folder, "tiny-imagenet.tsv", 64, "{}/images/*.JPEG")
    if options.cifar:
        classes(options.out, "cifar", options.cifar / "train", "cifar-10.tsv", 32, "{}/*.jpg")
    if options.emoji and not options.cldr:
        parser.error("--emoji needs --cldr for the names")
    if options.emoji:
        artists = [artist.split("=", 1) for artist in options.emoji]
        emoji(options.out, artists, options.cldr, 96)
    if options.clipart:
        clipart(options.out, options.clipart, 96)


if __name__ == "__main__":
    main()
