#!/usr/bin/env python3
"""Compares `clip evaluate --json` with the same evaluation in open_clip, from the same pictures and labels.

usage: check-evaluate.py CLIP MODEL_DIR...      CLIP: the built command; MODEL_DIR: a checkpoint in OpenCLIP layout,
                                                 with merges of its own if there are any

Any weights can be used, even random ones. Pictures are drawn, and sorted into class folders (and given captions) so that the
reference ranks the right answer first, second, third and so on, in turn. Every fraction then has to be exactly the same.
Answers whose scores the reference separates by less than 1e-5 are not used. Run it in an environment with open_clip_torch,
torchvision and Pillow.
"""

import json
import pathlib
import random
import subprocess
import sys
import tempfile

import open_clip
import torch
from PIL import Image, ImageDraw
from safetensors.torch import load_file
from torchvision import transforms

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "Training"))
from vocabulary import tokenizer  # noqa: E402

CLASSES = {
    "n01": "goldfish", "n02": "tabby cat", "n03": "고양이", "n04": "골든 리트리버", "n05": "grand piano",
    "n06": "école", "n07": "school bus", "n08": "umbrella", "n09": "자전거", "n10": "volcano", "n11": "espresso", "n12": "teapot",
}
TEMPLATES = [template("{}") for template in open_clip.SIMPLE_IMAGENET_TEMPLATES]
SYNONYMS = {"n01": ["goldfish", "Carassius auratus"], "n05": ["grand piano", "grand", "피아노"]}
WORDS = "a red blue small large old dog cat bus tree runs sleeps beside under the river street 개 고양이 나무 위에".split()
LEAST_MARGIN = 1e-5


def scene(seed: int) -> Image.Image:
    """Draws a gradient with shapes on it, of any size."""
    rng = random.Random(seed)
    width, height = rng.randint(40, 300), rng.randint(40, 300)
    bands = [Image.linear_gradient("L").rotate(rng.randrange(0, 360, 90)).resize((width, height)) for _ in range(3)]
    picture = Image.merge("RGB", bands)
    draw = ImageDraw.Draw(picture)
    for _ in range(rng.randint(1, 30)):
        x, y = rng.randrange(width), rng.randrange(height)
        box = (x, y, x + rng.randint(4, width), y + rng.randint(4, height))
        rng.choice((draw.ellipse, draw.rectangle))(box, fill=tuple(rng.randrange(256) for _ in range(3)))
    return picture


class Reference:
    """open_clip's model, tokenizer and preprocessing, in f32; sums and cosines in f64."""

    def __init__(self, directory: pathlib.Path):
        config = json.loads((directory / "open_clip_config.json").read_text())
        self.model = open_clip.CLIP(**config["model_cfg"]).eval()
        self.model.load_state_dict(load_file(directory / "open_clip_model.safetensors"), strict=True)
        context_length = config["model_cfg"]["text_cfg"]["context_length"]
        has_merges = (directory / "merges.txt").exists()
        self.tokenizer = tokenizer(directory, context_length) if has_merges else open_clip.SimpleTokenizer(
            context_length=context_length
        )
        size = config["model_cfg"]["vision_cfg"]["image_size"]
        self.recipe = transforms.Compose([
            transforms.Resize(size, interpolation=transforms.InterpolationMode.BICUBIC),
            transforms.CenterCrop(size),
            transforms.ToTensor(),
            transforms.Normalize(config["preprocess_cfg"]["mean"], config["preprocess_cfg"]["std"]),
        ])

    @torch.no_grad()
    def images(self, pictures: list[Image.Image]) -> torch.Tensor:
        pixels = torch.stack([self.recipe(picture) for picture in pictures])
        return torch.nn.functional.normalize(self.model.encode_image(pixels).double(), dim=1)

    @torch.no_grad()
    def texts(self, texts: list[str]) -> torch.Tensor:
        return torch.nn.functional.normalize(self.model.encode_text(self.tokenizer(texts)).double(), dim=1)

    def classes(self, names: list[list[str]], templates: list[str]) -> torch.Tensor:
        if all(len(synonyms) == 1 for synonyms in names):
            found = open_clip.build_zero_shot_classifier(self.model, self.tokenizer, [n[0] for n in names], templates)
            return found.T.double()
        rows = [
            self.texts([template.replace("{}", name) for name in synonyms for template in templates]).mean(dim=0)
            for synonyms in names
        ]
        return torch.nn.functional.normalize(torch.stack(rows), dim=1)


def evaluate(command: str, model: pathlib.Path, *arguments: str) -> dict:
    result = subprocess.run(
        [command, "evaluate", "--json", "--precision", "f32", "--model", f"checked={model}", *arguments],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True,
    )
    return json.loads(result.stdout)


def answers(scores: torch.Tensor, query: int, depth: int) -> int | None:
    """The answer at rank `query` modulo `depth`, if the reference separates it well from its neighbours."""
    order = scores.argsort(descending=True)
    place = query % depth
    near = scores[order[max(0, place - 1): place + 2]]
    return int(order[place]) if float((near[:-1] - near[1:]).min()) > LEAST_MARGIN else None


def check_classes(command: str, model: pathlib.Path, reference: Reference, folder: pathlib.Path, synonyms: bool):
    """Checks top-1 and top-5, overall and for each class, with folder names as labels or with a file of synonyms."""
    templates = ["a photo of a {}.", "{}"] if synonyms else TEMPLATES
    folders = sorted(CLASSES) if synonyms else sorted(label.replace(" ", "_") for label in CLASSES.values())
    names = [SYNONYMS.get(f, [CLASSES[f]]) for f in folders] if synonyms else [[f.replace("_", " ")] for f in folders]
    scores = reference.images([scene(seed) for seed in range(400)]) @ reference.classes(names, templates).T
    images = [0] * len(folders)
    per_class = [[0, 0] for _ in folders]
    for seed in range(400):
        truth = answers(scores[seed], seed, len(folders))
        if truth is None:
            continue
        place = folder / folders[truth] / ("images" if seed % 2 else "")
        place.mkdir(parents=True, exist_ok=True)
        scene(seed).save(place / f"{seed:03}.png")
        rank = int((scores[seed] > scores[seed][truth]).sum())
        images[truth] += 1
        per_class[truth][0] += rank < 1
        per_class[truth][1] += rank < 5
    first, few = (sum(hits) for hits in zip(*per_class))
    assert all(images), "a class has no picture; its folder would be missing"
    arguments = ["--per-class"]
    if synonyms:
        (folder / "labels.tsv").write_text("".join(f"{f}\t{', '.join(n)}\n" for f, n in zip(folders, names)))
        arguments += ["--labels", str(folder / "labels.tsv")]
        for template in templates:
            arguments += ["--template", template]
    found = evaluate(command, model, str(folder), *arguments)
    assert found["images"] == sum(images) and found["skipped"] == 0 and found["classes"] == len(folders), found
    assert found["top1"] == first / sum(images), (found["top1"], first, sum(images))
    assert found["top5"] == few / sum(images), (found["top5"], few, sum(images))
    for entry, name, count, hits in zip(found["per_class"], folders, images, per_class):
        assert entry["folder"] == name and entry["images"] == count, (entry, name, count)
        assert [entry["top1"], entry["top5"]] == [hit / count for hit in hits], (entry, hits)
    kind = "labels with synonyms" if synonyms else "folder names"
    print(f"  {kind}: {sum(images)} pictures in {len(folders)} classes,", end=" ")
    print(f"top-1 {found['top1']:.4f}, top-5 {found['top5']:.4f}, overall and of each class the same", flush=True)


def check_retrieval(command: str, model: pathlib.Path, reference: Reference, folder: pathlib.Path):
    """Checks recall in both directions, also with captions that are too long, quoted, or equal for two pictures."""
    rng = random.Random(3)
    pictures = [scene(1000 + seed) for seed in range(120)]
    texts = [" ".join(rng.choices(WORDS, k=rng.randint(2, 14))) for _ in range(300)]
    texts += [f'"{texts[0]}", she said', " ".join(rng.choices(WORDS, k=120)), "one\nline more"]
    cosines = reference.texts(texts) @ reference.images(pictures).T
    pairs = [(text, image) for text in range(len(texts)) if (image := answers(cosines[text], text, 14)) is not None]
    pairs += [(pairs[0][0], (pairs[0][1] + 1) % len(pictures))]
    used = sorted({image for _, image in pairs})
    for image in used:
        pictures[image].save(folder / f"{image}.png")
    rows = "".join('%d.png,"%s"\n' % (image, texts[text].replace('"', '""')) for text, image in pairs)
    (folder / "captions.txt").write_text("image,caption\n" + rows)
    cosines = cosines[:, used]
    text_to_image, image_to_text = [], []
    for text, image in pairs:
        own = cosines[text][used.index(image)]
        text_to_image.append(int((cosines[text] >= own).sum()) - 1)
    for column, image in enumerate(used):
        best = max(cosines[text][column] for text, owner in pairs if owner == image)
        image_to_text.append(sum(bool(cosines[text][column] >= best) for text, owner in pairs if owner != image))
    found = evaluate(command, model, str(folder), "--captions", str(folder / "captions.txt"))
    assert found["images"] == len(used) and found["captions"] == len(pairs) and found["skipped"] == 0, found
    for direction, ranks in (("image_to_text", image_to_text), ("text_to_image", text_to_image)):
        for depth in (1, 5, 10):
            expected = sum(rank < depth for rank in ranks) / len(ranks)
            assert found[direction][f"recall@{depth}"] == expected, (direction, depth, found, expected)
    print(f"  retrieval: {len(used)} pictures, {len(pairs)} captions,", end=" ")
    recalls = [list(found[direction].values()) for direction in ("image_to_text", "text_to_image")]
    print("recall @1 @5 @10", *recalls, "the same", flush=True)


def main() -> None:
    command = sys.argv[1]
    for model in map(pathlib.Path, sys.argv[2:]):
        reference = Reference(model)
        print(f"{model.parent.name}/{model.name} against open_clip {open_clip.__version__}:")
        for check in ("names", "synonyms", "retrieval"):
            with tempfile.TemporaryDirectory() as folder:
                if check == "retrieval":
                    check_retrieval(command, model, reference, pathlib.Path(folder))
                else:
                    check_classes(command, model, reference, pathlib.Path(folder), check == "synonyms")


if __name__ == "__main__":
    main()
