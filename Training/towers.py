"""open_clip's towers, computed in ways that suit training on a processor. Names and numbers of weights stay open_clip's.

An image tower whose layers are a list is a ModifiedResNet, one whose layers are a number is a vision transformer, as in
open_clip's own configurations.
"""

import json

import torch
from open_clip.modified_resnet import ModifiedResNet
from open_clip.transformer import PatchDropout, VisionTransformer
from torch import nn
from torch.nn import functional as F

#: Of a vision transformer, which is what open_clip takes unless told otherwise.
HEAD_WIDTH = 64
#: Where the names of what turns features into an embedding begin.
PROJECTIONS = ("visual.attnpool.c_proj.", "visual.proj")


def add_image_arguments(parser):
    parser.add_argument("--image-size", type=int, default=64)
    parser.add_argument("--width", type=int, default=32)
    parser.add_argument("--layers", type=json.loads, default=[2, 2, 2, 2], help="a number makes a vision transformer")
    parser.add_argument("--patch-size", type=int, help="of a vision transformer")
    parser.add_argument("--patch-dropout", type=float, default=0, help="share of patches that a training step leaves out")
    parser.add_argument("--embedding-width", type=int, default=256)


def image_tower(options):
    """open_clip's tower, ready to be trained."""
    if isinstance(options.layers, int):
        tower = VisionTransformer(
            options.image_size, options.patch_size, options.width, options.layers, options.width // HEAD_WIDTH,
            mlp_ratio=4, output_dim=options.embedding_width,
        )
    else:
        tower = ModifiedResNet(
            options.layers, options.embedding_width, options.width // 2, image_size=options.image_size, width=options.width
        )
    prepare(tower, options)
    return tower


def prepare(tower, options):
    """Readies a tower for training in place; what is saved stays the same."""
    if isinstance(tower, ModifiedResNet):
        make_fast(tower)
    elif options.patch_dropout:
        tower.patch_dropout = PatchDropout(options.patch_dropout)


def precision(device):
    return torch.autocast("cuda", torch.bfloat16, enabled=device.type == "cuda")


def configuration(options):
    """open_clip's model_cfg."""
    return {
        "embed_dim": options.embedding_width,
        "vision_cfg": {
            "image_size": options.image_size, "layers": options.layers, "width": options.width,
            "patch_size": options.patch_size,
        },
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


def make_fast(tower):
    """Swaps the batch norms of an image tower in place; what is saved stays the same."""
    for module in list(tower.modules()):
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


def feature_map(tower, images):
    """(n, 3, side, side) -> (n, 32 width, side / 32, side / 32): everything before attention pooling."""
    x = tower.stem(images)
    for layer in (tower.layer1, tower.layer2, tower.layer3, tower.layer4):
        x = layer(x)
    return x


def feature_width(options):
    return options.width if isinstance(options.layers, int) else 32 * options.width


def features(tower, images):
    """(n, feature width): the mean of a ResNet's last feature map, or the class token of a vision transformer."""
    if isinstance(tower, ModifiedResNet):
        return feature_map(tower, images).mean((2, 3))
    tokens = tower.transformer(tower._embeds(images))  # (n, 1 + patches, width)
    return tower.ln_post(tokens[:, 0])


def projected(tower, features):
    """Features (n, feature width) of the pictures that are named -> (n, embedding)."""
    if isinstance(tower, ModifiedResNet):
        return tower.attnpool.c_proj(features)
    return features @ tower.proj


def image_embeddings(model, images):
    """(n, 3, side, side) -> (n, embedding): open_clip's encode_image, for a ResNet at any side that is a multiple of 32."""
    if isinstance(model.visual, ModifiedResNet):
        return pooled(model.visual.attnpool, feature_map(model.visual, images))
    return projected(model.visual, features(model.visual, images))


def pooled(pool, x):
    """Attention pooling of feature maps (n, width, side, side) -> (n, embedding)."""
    n, width, side, _ = x.shape
    tokens = x.flatten(2).transpose(1, 2)  # (n, side x side, width)
    tokens = torch.cat([tokens.mean(1, keepdim=True), tokens], 1) + _positions(pool, side)
    heads = pool.num_heads
    query = pool.q_proj(tokens[:, :1]).view(n, 1, heads, -1).transpose(1, 2)
    keys = pool.k_proj(tokens).view(n, -1, heads, width // heads).transpose(1, 2)
    values = pool.v_proj(tokens).view(n, -1, heads, width // heads).transpose(1, 2)
    return pool.c_proj(F.scaled_dot_product_attention(query, keys, values).transpose(1, 2).reshape(n, width))


@torch.no_grad()
def start_projection(tower, classifiers, mean):
    """Lets the projection begin as what classifiers of the features tell apart, and attention pooling as the mean over the map.

    classifiers: weights (concepts, feature width) of one or more tables; mean (feature width): of the features. Keys are
    zero, so that all places count alike until training says otherwise, and values are the map itself. The projection keeps
    the directions along which the classifiers differ most; a vision transformer's has no bias that could take off the mean.
    """
    # Rows of large tables count less, or the emoji would crowd out the photographs.
    rows = torch.cat([(table - table.mean(0)) / len(table) ** 0.5 for table in classifiers])
    left, values, _ = torch.linalg.svd(rows, full_matrices=False)
    kept = left[:, : tower.output_dim].T @ rows / values[0]
    if not isinstance(tower, ModifiedResNet):
        tower.proj.zero_()[:, : len(kept)] = kept.T
        return
    pool = tower.attnpool
    for projection in (pool.q_proj, pool.k_proj, pool.v_proj):
        projection.bias.zero_()
    pool.positional_embedding.zero_()
    pool.k_proj.weight.zero_()
    nn.init.eye_(pool.v_proj.weight)
    # Fewer concepts than numbers in an embedding leave some at zero.
    pool.c_proj.weight.zero_()[: len(kept)] = kept
    pool.c_proj.bias.zero_()[: len(kept)] = -kept @ mean


def text_embeddings(model, ids, ends):
    """Ids (n, length) up to the longest caption and where each ends -> (n, embedding): open_clip's encode_text, unpadded."""
    length = ids.shape[1]
    x = model.token_embedding(ids) + model.positional_embedding[:length]
    mask = model.attn_mask[:length, :length]
    for block in model.transformer.resblocks:
        x = block(x, attn_mask=mask)
    x = model.ln_final(x[torch.arange(len(x), device=x.device), ends])
    return x @ model.text_projection
