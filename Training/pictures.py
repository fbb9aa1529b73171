"""Pictures become what the image tower takes, varied at random for training or plain for measuring."""

import math

import torch
from torch.nn import functional as F

#: Of OpenAI's preprocessing.
MEAN = [0.48145466, 0.4578275, 0.40821073]
STD = [0.26862954, 0.26130258, 0.27577711]


def normalised(x):
    mean, std = (torch.tensor(values, device=x.device)[:, None, None] for values in (MEAN, STD))
    return (x - mean) / std


def uniform(count, low, high, device):
    return torch.rand(count, device=device) * (high - low) + low


def chance(count, probability, device):
    return torch.rand(count, device=device) < probability


def resampled(x, scale_x, scale_y, shift_x, shift_y, angle, size):
    """Crops by an affine map for each picture; scales below 1 enlarge, shifts are in half sides."""
    cos, sin = torch.cos(angle), torch.sin(angle)
    across = torch.stack([scale_x * cos, -scale_y * sin, shift_x], 1)
    down = torch.stack([scale_x * sin, scale_y * cos, shift_y], 1)
    grid = F.affine_grid(torch.stack([across, down], 1), (len(x), x.shape[1], size, size), align_corners=False)
    padding = "zeros" if x.shape[1] == 4 else "reflection"
    return F.grid_sample(x, grid, mode="bilinear", padding_mode=padding, align_corners=False)


def augmented(raw, size, source):
    """Bytes (n, side, side, 3 or 4) -> floats (n, 3, size, size)."""
    x = raw.permute(0, 3, 1, 2).float() / 255
    n, device = len(x), x.device
    is_drawn = x.shape[1] == 4
    if is_drawn:
        zoom = uniform(n, 0.75, 1.35, device)
        stretch = torch.exp(uniform(n, -0.12, 0.12, device))
        room = 0.25
        angle = uniform(n, -0.25, 0.25, device) * chance(n, 0.6, device)
        mirrored = torch.ones(n, device=device)
        if source == "clipart":
            mirrored = torch.where(chance(n, 0.5, device), -1.0, 1.0)
        shift_x, shift_y = uniform(n, -room, room, device), uniform(n, -room, room, device)
        x = resampled(x, mirrored * zoom * stretch, zoom / stretch, shift_x, shift_y, angle, size)
        x = on_background(x)
    else:
        area = torch.sqrt(uniform(n, 0.5, 1.0, device))
        stretch = torch.exp(uniform(n, -math.log(4 / 3) / 2, math.log(4 / 3) / 2, device))
        wide, high = (area * stretch).clamp(max=1), (area / stretch).clamp(max=1)
        shift_x, shift_y = uniform(n, -1, 1, device) * (1 - wide), uniform(n, -1, 1, device) * (1 - high)
        mirrored = torch.where(chance(n, 0.5, device), -1.0, 1.0)
        x = resampled(x, mirrored * wide, high, shift_x, shift_y, torch.zeros(n, device=device), size)
    return normalised(recoloured(x, 0.25 if is_drawn else 0.2))


def on_background(x):
    """(n, 4, side, side) -> (n, 3, side, side): on black, which is what dropping transparency leaves, on white, on a colour."""
    n, device = len(x), x.device
    colour = torch.rand(n, 3, 1, 1, device=device)
    kind = torch.rand(n, 1, 1, 1, device=device)
    colour = torch.where(kind < 0.4, torch.zeros_like(colour), colour)
    colour = torch.where((kind >= 0.4) & (kind < 0.75), torch.ones_like(colour), colour)
    alpha = x[:, 3:]
    return x[:, :3] * alpha + colour * (1 - alpha)


def recoloured(x, strength):
    n, device = len(x), x.device

    def factors():
        return uniform(n, 1 - strength, 1 + strength, device)[:, None, None, None]

    x = x * factors()
    middle = x.mean((1, 2, 3), keepdim=True)
    x = middle + (x - middle) * factors()
    grey = x.mean(1, keepdim=True)
    saturation = torch.where(chance(n, 0.06, device)[:, None, None, None], torch.zeros((), device=device), factors())
    return (grey + (x - grey) * saturation).clamp(0, 1)


def plain(raw, size):
    """Bytes (n, side, side, 3 or 4) -> floats (n, 3, size, size), as the preprocessing of CLIP would, on black."""
    x = raw.permute(0, 3, 1, 2).float() / 255
    if x.shape[1] == 4:
        x = x[:, :3] * x[:, 3:]
    x = F.interpolate(x, size=(size, size), mode="bicubic", antialias=True, align_corners=False)
    return normalised(x.clamp(0, 1))
