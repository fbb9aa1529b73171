/// The names of image towers that open_clip takes from timm.
///
/// The network lies below `visual.trunk`, open_clip's own projection below `visual.head`.
extension CheckpointNames {
    static func trunkTower(_ shape: ModelConfiguration.PatchTransformer) -> Tower {
        Tower(
            blocks: "visual.trunk.blocks",
            block: Block(
                attentionNorm: "norm1",
                queryKeyValue: QueryKeyValue(
                    weights: ["attn.qkv.weight"],
                    biases: shape.encoder.biases == .queryAndValue
                        ? ["attn.q_bias", nil, "attn.v_bias"] : ["attn.qkv.bias"]
                ),
                attentionOutput: "attn.proj",
                feedForward: trunkFeedForward,
                attentionGains: "ls1.gamma",
                feedForwardGains: "ls2.gamma"
            ),
            positions: "visual.trunk.pos_embed",
            // The projection is timm's classifier, which has a bias, or a layer of open_clip's, which has none.
            projection: LinearNames(shape.projection == .biased ? "visual.trunk.head" : "visual.head.proj"),
            projectionIsTransposed: false,
            finalNorm: "visual.trunk.norm"
        )
    }

    static let trunkPatches = Patches(
        kernels: LinearNames("visual.trunk.patch_embed.proj"),
        classToken: "visual.trunk.cls_token",
        inputNorm: "visual.trunk.norm_pre",
        leadingDimensions: 1,
        pool: LatentPool(
            latent: "visual.trunk.attn_pool.latent",
            query: LinearNames("visual.trunk.attn_pool.q"),
            keyValue: LinearNames("visual.trunk.attn_pool.kv"),
            output: "visual.trunk.attn_pool.proj",
            feedForward: FeedForward(
                norm: "visual.trunk.attn_pool.norm",
                expansion: "visual.trunk.attn_pool.mlp.fc1",
                contraction: "visual.trunk.attn_pool.mlp.fc2"
            )
        )
    )

    private static let trunkFeedForward = FeedForward(
        norm: "norm2",
        expansion: "mlp.fc1",
        contraction: "mlp.fc2"
    )
}
