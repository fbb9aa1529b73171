import CLIPWeights

/// The names of open_clip's layout, which are those of OpenAI's code.
///
/// Query, key and value are joined in one tensor. A projection without a bias is a matrix by which features are
/// multiplied.
extension CheckpointNames {
    init(openCLIP shape: ModelConfiguration, in checkpoint: WeightScope) {
        // A network that open_clip makes of separate towers (`custom_text`) has the text tower's tensors under `text`.
        let marks = ["text.positional_embedding", "text.token_embedding.weight"]
        let text = marks.contains(where: checkpoint.contains) ? "text." : ""
        var trunk: ModelConfiguration.PatchTransformer?
        if case .transformer(let transformer) = shape.vision?.architecture, transformer.trunk != nil {
            trunk = transformer
        }
        self.init(
            vision: trunk.map(Self.trunkTower) ?? Self.openCLIPVision,
            text: Tower(
                blocks: "\(text)transformer.resblocks",
                block: Self.openCLIPBlock,
                positions: "\(text)positional_embedding",
                projection: shape.text?.projection == .biased
                    ? LinearNames("\(text)text_projection")
                    : LinearNames(weight: "\(text)text_projection", bias: ""),
                projectionIsTransposed: shape.text?.projection == .plain,
                finalNorm: "\(text)ln_final"
            ),
            patches: trunk == nil
                ? Patches(
                    kernels: LinearNames("visual.conv1"),
                    classToken: "visual.class_embedding",
                    inputNorm: "visual.ln_pre"
                ) : Self.trunkPatches,
            tokenTable: "\(text)token_embedding.weight",
            ignorable: [
                "attn_mask", "text.attn_mask", "input_resolution", "context_length", "vocab_size",
            ]
        )
    }

    private static let openCLIPVision = Tower(
        blocks: "visual.transformer.resblocks",
        block: openCLIPBlock,
        positions: "visual.positional_embedding",
        projection: LinearNames(weight: "visual.proj", bias: ""),
        projectionIsTransposed: true,
        finalNorm: "visual.ln_post"
    )

    private static let openCLIPBlock = Block(
        attentionNorm: "ln_1",
        queryKeyValue: QueryKeyValue(weights: ["attn.in_proj_weight"], biases: ["attn.in_proj_bias"]),
        attentionOutput: "attn.out_proj",
        feedForward: FeedForward(norm: "ln_2", expansion: "mlp.c_fc", contraction: "mlp.c_proj"),
        attentionGains: "ls_1.gamma",
        feedForwardGains: "ls_2.gamma"
    )
}
