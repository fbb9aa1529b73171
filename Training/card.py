"""Writes the model card, MODEL/README.md, and its curve from what was measured and counted.

usage: card.py MODEL --pretrained RUN --trained RUN [RUN ...] --packed DIR [--note TEXT]

The runs are what pretrain.py and train.py wrote: commands.txt, curve.tsv, and clip.pt of the last. Several of train.py are
such that went on from each other with --from.
"""

import argparse
import csv
import json
import pathlib

import torch

NAMES = {
    "cifar-10": "CIFAR-10 test set, 10 classes",
    "tiny-imagenet": "Tiny-ImageNet validation set, 200 classes",
    "emoji": "200 common emoji as EmojiOne drew them, whose drawings it was never shown",
}
LANGUAGES = {"en": "English", "ko": "Korean"}
#: Options whose values say nothing about the training.
DIRECTORIES = {"--packed", "--vocabulary", "--out", "--tower", "--from"}

CARD = """# clip-mini

A small CLIP that comes with swift-clip. With it the first run gives an answer even without a network: a picture, some labels in English or
Korean, and which of them fits. The table below says how much it knows. For real use take a full CLIP: `clip pull --list` names
some, and the server reads any OpenCLIP or transformers checkpoint (`clip serve --model ViT-B-16=DIRECTORY`).

Written by `Training/card.py` from measurements.

| | |
|---|---|
| image tower | ModifiedResNet, layers {layers}, width {width}, {image_size} x {image_size} pixels |
| text tower | transformer, {text_layers} layers of width {text_width}, at most {context} tokens, {vocabulary} token ids |
| embedding | {embedding} numbers |
| parameters | {parameters:,} |
| files | {size:.1f} MB; matrices in f16, norms and biases in f32; OpenCLIP layout |
| vocabulary | the first merges of OpenAI's byte-pair encoding, and merges of its own for Korean |

## What it can do

Zero-shot, with `clip evaluate` and the templates of `Training/measure.py`. No picture of these sets was used in training:

| pictures | names | top-1 | top-5 | pictures measured |
|---|---|---|---|---|
{rows}

![How it learned](curve.svg)

## What it cannot do

- It knows nothing that is not in the data below: places, persons, brands, text in pictures, counting, who does what to whom.
- It does not tell fine kinds apart with confidence: it was trained for {minutes} minutes on {device}, where full CLIPs had hundreds of
  GPUs for weeks.
- It does not stand in for OpenAI's embeddings: its {embedding} numbers live in a space of their own.
- It has the biases of its data: photographs taken mostly in North America and Europe, drawings of commercial emoji sets.

## What it was trained on

| data | pictures | captions | terms |
|---|---|---|---|
| Tiny-ImageNet-200, training set | {n[tiny-imagenet]} | class names, ours in Korean | ImageNet's: non-commercial research and education |
| CIFAR-10, training set | {n[cifar]} | class names, ours in Korean | none stated; its author asks to be cited (Krizhevsky, 2009) |
| Noto Color Emoji | {n[noto]} | Unicode CLDR, English and Korean | SIL OFL 1.1, Apache-2.0; CLDR: Unicode licence |
| Blobmoji (Noto's former drawings) | {n[blob]} | the same | Apache-2.0 |
| Twemoji | {n[twemoji]} | the same | CC BY 4.0, Twitter and contributors |
| FxEmojis | {n[fx]} | the same | CC BY 4.0, Mozilla Foundation |
| Open Clip Art | {n[clipart]} | the drawings' titles | public domain |

Every fiftieth of these was set aside for the curve above and not trained on.

Not used for training: Tux Paint's stamps (GPL-2, which asks for more than a card can promise), Flickr8k (research use; kept for
measuring), and EmojiOne's drawings (CC BY-SA 4.0; they serve only to measure).

## Licence

Use the weights for non-commercial research and education only: trying out, teaching, testing. Most of what they know comes from
ImageNet's photographs, whose terms allow no more. The program, its code and these scripts are Apache-2.0, without that limit.

## Training it again

```
python3 -m venv .venv/training && . .venv/training/bin/activate && pip install -r Training/requirements.txt
cd Training
python prepare.py --out DATA --tiny-imagenet tiny-imagenet-200 --cifar CIFAR-10-images --clipart /usr/share/openclipart/svg \\
    --emoji noto=noto-emoji/png/128 --emoji blob=blobmoji/png/128 --emoji twemoji=twemoji-color-font/assets/twemoji-svg \\
    --emoji fx=fxemoji/svgs/FirefoxEmoji --cldr /usr/share/unicode/cldr/common
python vocabulary.py VOCABULARY --packed DATA
python pretrain.py --packed DATA --out TOWER --steps {tower_steps}
python train.py --packed DATA --vocabulary VOCABULARY --tower TOWER/tower.pt --out RUN --steps {steps}
python export.py RUN/clip.pt ../Models/clip-mini --vocabulary VOCABULARY
python held_out.py HELD-OUT --tiny-imagenet tiny-imagenet-200 --cifar CIFAR-10-images \\
    --emoji /usr/share/rubygems-integration/all/gems/gemojione-3.3.0/assets/png --cldr /usr/share/unicode/cldr/common
python measure.py ../Models/clip-mini --clip ../.build/release/clip --held-out HELD-OUT
python card.py ../Models/clip-mini --pretrained TOWER --trained RUN --packed DATA
```

This one took {minutes} minutes on {device}.{note} Its commands, with directories left out:

```
{commands}
```
"""


def percent(fraction):
    return f"{100 * fraction:.1f} %"


def curve(*runs):
    """The rows of runs that went on from each other, as one."""
    rows, steps, minutes = [], 0, 0.0
    for run in runs:
        for row in csv.DictReader((run / "curve.tsv").open(), delimiter="\t"):
            rows.append(row | {"step": int(row["step"]) + steps, "minutes": float(row["minutes"]) + minutes})
        steps, minutes = rows[-1]["step"], rows[-1]["minutes"]
    return rows


def plot(pretraining, training, file):
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "clip-mini"
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 3))
    named_from = pretraining[-1]["minutes"]
    minutes = [row["minutes"] for row in pretraining] + [named_from + row["minutes"] for row in training]
    for source in ("cifar", "tiny-imagenet", "emoji"):
        axes.plot(minutes, [100 * float(row[source]) for row in pretraining + training], label=source)
    axes.axvline(named_from, color="grey", linewidth=0.8, linestyle=":")
    axes.set(xlabel="minutes; classified before the dotted line, named from it on", ylabel="top-1 of set-aside pictures, %")
    axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})


def commands(run):
    """What a run was started with, stretch by stretch, without the directories of the machine that it ran on."""
    lines = []
    for line in (run / "commands.txt").read_text("utf-8").splitlines():
        words = line.split()
        kept = [word for place, word in enumerate(words) if not ({word, words[place - 1]} & DIRECTORIES and place)]
        lines.append(" ".join(kept))
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--pretrained", type=pathlib.Path, required=True, help="the directory that pretrain.py wrote")
    parser.add_argument("--trained", type=pathlib.Path, required=True, nargs="+", help="the directories that train.py wrote")
    parser.add_argument("--packed", type=pathlib.Path, required=True, help="what prepare.py made")
    parser.add_argument("--device", default="two processor cores (AVX2)")
    parser.add_argument("--note", default="", help="what else is to be said of how it was trained")
    options = parser.parse_args()
    measured = json.loads((options.model / "measured.json").read_text("utf-8"))
    rows = []
    for key, result in measured.items():
        name, language = key.rsplit(".", 1)
        if "top1" in result:
            rows.append(
                f"| {NAMES[name]} | {LANGUAGES[language]} | {percent(result['top1'])} | {percent(result['top5'])} "
                f"| {result['images']:,} |"
            )
        else:
            to_text, to_image = result["image_to_text"], result["text_to_image"]
            rows.append(
                f"| Flickr8k, {result['images']:,} pictures, retrieval | {LANGUAGES[language]} "
                f"| recall@1 {percent(to_text['recall@1'])} / {percent(to_image['recall@1'])} "
                f"| recall@5 {percent(to_text['recall@5'])} / {percent(to_image['recall@5'])} | {result['captions']:,} captions |"
            )
    pretraining, training, counts = curve(options.pretrained), curve(*options.trained), {}
    for file in options.packed.glob("*.json"):
        counts.update(json.loads(file.read_text("utf-8"))["artists"])
    tower = torch.load(options.pretrained / "tower.pt", map_location="cpu", weights_only=True)
    models = [torch.load(run / "clip.pt", map_location="cpu", weights_only=True) for run in options.trained]
    state, clocks = models[-1], [tower["clock"], *(model["clock"] for model in models)]
    shape = state["configuration"]
    vision, text = shape["vision_cfg"], shape["text_cfg"]
    plot(pretraining, training, options.model / "curve.svg")
    card = CARD.format(
        layers=vision["layers"], width=vision["width"], image_size=vision["image_size"], text_layers=text["layers"],
        text_width=text["width"], context=text["context_length"], vocabulary=text["vocab_size"], embedding=shape["embed_dim"],
        n={name: f"{count:,}" for name, count in counts.items()}, note=f" {options.note}" if options.note else "",
        rows="\n".join(rows), device=options.device,
        parameters=sum(t.numel() for n, t in state["model"].items() if n != "attn_mask" and "running" not in n and t.ndim),
        size=sum(f.stat().st_size for f in options.model.iterdir() if f.name != "README.md") / 1e6,
        tower_steps=tower["clock"]["step"], steps=sum(model["clock"]["step"] for model in models),
        minutes=round(sum(clock["spent"] for clock in clocks) / 60),
        commands="\n".join(line for run in [options.pretrained, *options.trained] for line in commands(run)),
    )
    (options.model / "README.md").write_text(card, "utf-8")


if __name__ == "__main__":
    main()
