"""open_clip's towers, computed in ways that suit training on a processor. Names and numbers of weights stay open_clip's."""

import torch
from torch import nn
from torch.nn import functional as F


def configuration(options):
    """open_clip's model_cfg."""
    return {
        "embed_dim": options.embedding_width,
        "vision_cfg": {"image_size": options.image_size, "layers": options.layers, "width": options.width, "patch_size": None},
        "text_cfg": {
            "context_length": options.context_length, "vocab_size": 0, "width": options.text_width,
            "heads": options.text_width // 64, "layers": options.text_layers,
        },
    }


class _ColumnsNormalised(torch.autograd.Function):
    """Batch normalisation of a channels-last picture.

    torch's own forward pass takes a third of the whole training time on a processor, since it gathers its statistics
    channel by channel; over (pixels, channels) both sums are one pass each. The backward pass is torch's.
    """

    @staticmethod
    def forward(context, x, weight, bias, epsilon):
        rows = x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])  # (pixels, channels), a view
        mean = rows.mean(0)
        variance = (rows.square().mean(0) - mean.square()).clamp_(min=0)
        inverse = torch.rsqrt(variance + epsilon)
        factor = weight * inverse
        # Not a view, since the layers behind this work in place.
        made = torch.empty_like(x, memory_format=torch.channels_last)
        torch.addcmul(bias - mean * factor, rows, factor, out=made.permute(0, 2, 3, 1).view(rows.shape))
        context.save_for_backward(x, weight, mean, inverse)
        context.epsilon = epsilon
        context.mark_non_differentiable(mean, variance)
        return made, mean, variance

    @staticmethod
    def backward(context, gradient, *_):
        x, weight, mean, inverse = context.saved_tensors
        gradient = gradient.contiguous(memory_format=torch.channels_last)
        parts = torch.ops.aten.native_batch_norm_backward(
            gradient, x, weight, None, None, mean, inverse, True, context.epsilon, [True, True, True]
        )
        return *parts, None


class ColumnBatchNorm2d(nn.BatchNorm2d):
    def forward(self, x):
        if not self.training or x.is_cuda:
            return super().forward(x)
        made, mean, variance = _ColumnsNormalised.apply(x, self.weight, self.bias, self.eps)
        with torch.no_grad():
            count = x.numel() / x.shape[1]
            self.num_batches_tracked += 1
            self.running_mean.lerp_(mean, self.momentum)
            self.running_var.lerp_(variance * (count / (count - 1)), self.momentum)
        return made


def make_fast(model):
    """Swaps the batch norms of an open_clip.CLIP in place; what is saved stays the same."""
    for module in list(model.visual.modules()):
        for name, child in module.named_children():
            if type(child) is nn.BatchNorm2d:
                norm = ColumnBatchNorm2d(child.num_features, child.eps, child.momentum)
                # open_clip starts the last norm of each block at zero; without that, training hardly starts at all.
                norm.load_state_dict(child.state_dict())
                module.add_module(name, norm)


def _positions(pool, side):
    """The learned positions of attention pooling, (1 + side x side, width), stretched to another side."""
    table = pool.positional_embedding
    own = round((len(table) - 1) ** 0.5)
    if own == side:
        return table
    grid = table[1:].reshape(1, own, own, -1).permute(0, 3, 1, 2)
    grid = F.interpolate(grid, size=(side, side), mode="bilinear", align_corners=False)
    return torch.cat([table[:1], grid.flatten(2)[0].T])


def image_embeddings(model, images):
    """(n, 3, side, side) -> (n, embedding): open_clip's encode_image at any side that is a multiple of 32."""
    tower = model.visual
    x = tower.stem(images)
    for layer in (tower.layer1, tower.layer2, tower.layer3, tower.layer4):
        x = layer(x)
    pool = tower.attnpool
    n, width, side, _ = x.shape
    tokens = x.flatten(2).transpose(1, 2)  # (n, side x side, width)
    tokens = torch.cat([tokens.mean(1, keepdim=True), tokens], 1) + _positions(pool, side)
    heads = pool.num_heads
    query = pool.q_proj(tokens[:, :1]).view(n, 1, heads, -1).transpose(1, 2)
    keys = pool.k_proj(tokens).view(n, -1, heads, width // heads).transpose(1, 2)
    values = pool.v_proj(tokens).view(n, -1, heads, width // heads).transpose(1, 2)
    return pool.c_proj(F.scaled_dot_product_attention(query, keys, values).transpose(1, 2).reshape(n, width))


def text_embeddings(model, ids, ends):
    """Ids (n, length) up to the longest caption and where each ends -> (n, embedding): open_clip's encode_text, unpadded."""
    length = ids.shape[1]
    x = model.token_embedding(ids) + model.positional_embedding[:length]
    mask = model.attn_mask[:length, :length]
    for block in model.transformer.resblocks:
        x = block(x, attn_mask=mask)
    x = model.ln_final(x[torch.arange(len(x), device=x.device), ends])
    return x @ model.text_projection
