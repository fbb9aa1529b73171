"""Where a training run stands: its clock, its rates, its curve and its checkpoints."""

import contextlib
import pathlib
import sys
import time

import torch


def add_arguments(parser, origin):
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--steps", type=int)
    length.add_argument("--minutes", type=float, help="of training time; the schedule follows the clock")
    start = parser.add_mutually_exclusive_group()
    start.add_argument("--resume", action="store_true", help="go on where OUT/checkpoint.pt stands")
    start.add_argument("--from", dest="origin", type=pathlib.Path, help=f"start a new schedule from a {origin}")
    parser.add_argument("--show-every", type=float, default=120, metavar="SECONDS")
    parser.add_argument("--save-every", type=float, default=300, metavar="SECONDS")
    parser.add_argument("--seed", type=int, default=1)


def trapezoid(progress, warmup, flat):
    """A share of the rate: up in a line, level until flat, down in a line to nearly nothing."""
    if progress < warmup:
        return 0.02 + 0.98 * progress / warmup
    return min(1.0, 0.002 + 0.998 * (1 - progress) / (1 - flat))


def save(state, file):
    """All of it or nothing: an interrupted save leaves the one before."""
    torch.save(state, file.with_suffix(".new"))
    file.with_suffix(".new").rename(file)


class Clock:
    """Counts steps and the time spent on them, over all stretches of a run."""

    def __init__(self, options):
        self.options = options
        self.step, self.spent = 0, 0.0
        self.since = self.shown = self.saved = time.monotonic()

    def state(self):
        return {"step": self.step, "spent": self.spent}

    def load(self, state):
        self.step, self.spent = state["step"], state["spent"]

    @property
    def progress(self):
        if self.options.steps:
            return self.step / self.options.steps
        return self.spent / (60 * self.options.minutes)

    def steps(self):
        """Yields for each step until the schedule is through."""
        self.since = time.monotonic()
        while self.progress < 1:
            yield
            now = time.monotonic()
            self.spent += now - self.since
            self.since = now
            self.step += 1

    @contextlib.contextmanager
    def stopped(self):
        """Measuring is no training time."""
        began = time.monotonic()
        yield
        self.since += time.monotonic() - began

    def is_time_to_show(self):
        now = time.monotonic()
        if now - self.shown < self.options.show_every:
            return False
        self.shown = now
        return True

    def is_time_to_save(self):
        now = time.monotonic()
        if now - self.saved < self.options.save_every:
            return False
        self.saved = now
        return True


class Curve:
    """OUT/curve.tsv: the mean loss since the row before, and how set-aside pictures fare."""

    def __init__(self, out, is_resumed):
        out.mkdir(parents=True, exist_ok=True)
        self.file = out / "curve.tsv"
        if not is_resumed:
            self.file.unlink(missing_ok=True)
        # The model card says what was run, with all that differed between stretches.
        with (out / "commands.txt").open("a" if is_resumed else "w") as commands:
            commands.write(" ".join([pathlib.Path(sys.argv[0]).name, *sys.argv[1:]]) + "\n")
        self.losses = []

    def cut(self, step):
        """Drops rows past a step, which is where training goes on."""
        if not self.file.exists():
            return
        header, *rows = self.file.read_text().splitlines()
        kept = [row for row in rows if int(row.split("\t")[0]) <= step]
        self.file.write_text("\n".join([header, *kept]) + "\n")

    def add(self, loss):
        self.losses.append(loss.detach())

    def note(self, clock, rates, aside):
        loss = torch.stack(self.losses).mean().item()
        self.losses = []
        if not self.file.exists():
            self.file.write_text("\t".join(["step", "minutes", *rates, "loss", *aside]) + "\n")
        row = [clock.step, f"{clock.spent / 60:.1f}", *(f"{rate:.2e}" for rate in rates.values()), f"{loss:.4f}"]
        row += [f"{value:.4f}" for value in aside.values()]
        with self.file.open("a") as file:
            file.write("\t".join(map(str, row)) + "\n")
        print(*row, flush=True)
