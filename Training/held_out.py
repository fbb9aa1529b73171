"""Lays out pictures that training never sees as `clip evaluate` reads them: a folder a class, and labels in two languages.

usage: held_out.py OUT [--tiny-imagenet DIR] [--cifar DIR] [--emoji DIR --cldr DIR]

OUT/tiny-imagenet  the 10,000 pictures of the validation set
OUT/cifar-10       the 10,000 pictures of the test set
OUT/emoji          the emoji of common-emoji.txt, drawn by an artist whose drawings prepare.py was not given
OUT/SET.en.tsv and OUT/SET.ko.tsv name the folders of a set.
"""

import argparse
import pathlib
import shutil

from prepare import HERE, VARIATION_SELECTOR, code_points, emoji_names, table


def write_labels(out, name, rows):
    for language, place in (("en", 1), ("ko", 2)):
        lines = (f"{row[0]}\t{row[place]}\n" for row in rows)
        (out / f"{name}.{language}.tsv").write_text("".join(lines), "utf-8")


def copy(file, folder):
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(file, folder / file.name)


def tiny_imagenet(out, source):
    write_labels(out, "tiny-imagenet", [(key, en[0], ko[0]) for key, en, ko, _ in table("tiny-imagenet.tsv")])
    count = 0
    for line in (source / "val" / "val_annotations.txt").read_text().splitlines():
        name, key = line.split("\t")[:2]
        copy(source / "val" / "images" / name, out / "tiny-imagenet" / key)
        count += 1
    return count


def cifar(out, source):
    rows = list(table("cifar-10.tsv"))
    write_labels(out, "cifar-10", [(key, en[0], ko[0]) for key, en, ko, _ in rows])
    count = 0
    for key, *_ in rows:
        for file in sorted((source / "test" / key).iterdir()):
            copy(file, out / "cifar-10" / key)
            count += 1
    return count


def emoji(out, drawings, cldr):
    names = emoji_names(cldr)
    files = {code_points(file.stem): file for file in sorted(drawings.glob("*.png"))}
    rows = []
    for line in (HERE / "common-emoji.txt").read_text("utf-8").splitlines():
        for character in [] if line.startswith("#") else line.split():
            points = tuple(ord(c) for c in character if ord(c) != VARIATION_SELECTOR)
            key = "-".join(f"{point:x}" for point in points)
            rows.append((key, names[points]["en"][0], names[points]["ko"][0]))
            copy(files[points], out / "emoji" / key)
    write_labels(out, "emoji", rows)
    return len(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    for option in ("--tiny-imagenet", "--cifar", "--emoji", "--cldr"):
        parser.add_argument(option, type=pathlib.Path)
    options = parser.parse_args()
    if options.emoji and not options.cldr:
        parser.error("--emoji needs --cldr for the names")
    options.out.mkdir(parents=True, exist_ok=True)
    if options.tiny_imagenet:
        print("tiny-imagenet:", tiny_imagenet(options.out, options.tiny_imagenet))
    if options.cifar:
        print("cifar-10:", cifar(options.out, options.cifar))
    if options.emoji:
        print("emoji:", emoji(options.out, options.emoji, options.cldr))


if __name__ == "__main__":
    main()
