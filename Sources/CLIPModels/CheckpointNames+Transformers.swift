import CLIPWeights

/// transformers keeps query, key and value apart, and a projection is a linear layer's weight.
extension CheckpointNames {
    init(transformers shape: ModelConfiguration, in checkpoint: WeightScope) {
        // Two spellings of one norm are in use.
        let isRespelled = checkpoint.contains("vision_model.pre_layernorm.weight")
        self.init(
            vision: Tower(
                blocks: "vision_model.encoder.layers",
                block: Self.transformersBlock,
                positions: "vision_model.embeddings.position_embedding.weight",
                projection: LinearNames("visual_projection"),
                projectionIsTransposed: false,
                finalNorm: "vision_model.post_layernorm"
            ),
            text: Tower(
                blocks: "text_model.encoder.layers",
                block: Self.transformersBlock,
                positions: "text_model.embeddings.position_embedding.weight",
                // SigLIP's has a bias and a name of its own.
                projection: LinearNames(
                    shape.text.projection == .biased ? "text_model.head" : "text_projection"
                ),
                projectionIsTransposed: false,
                finalNorm: "text_model.final_layer_norm"
            ),
            patches: Patches(
                kernels: LinearNames("vision_model.embeddings.patch_embedding"),
                classToken: "vision_model.embeddings.class_embedding",
                inputNorm: isRespelled ? "vision_model.pre_layernorm" : "vision_model.pre_layrnorm",
                pool: LatentPool(
                    latent: "vision_model.head.probe",
                    query: Self.poolQueryKeyValue,
                    keyValue: Self.poolQueryKeyValue,
                    output: "vision_model.head.attention.out_proj",
                    feedForward: FeedForward(
                        norm: "vision_model.head.layernorm",
                        expansion: "vision_model.head.mlp.fc1",
                        contraction: "vision_model.head.mlp.fc2"
                    )
                )
            ),
            tokenTable: "text_model.embeddings.token_embedding.weight",
            ignorable: [
                "logit_scale", "logit_bias", "text_model.embeddings.position_ids",
                "vision_model.embeddings.position_ids",
            ]
        )
    }

    private static let poolQueryKeyValue = LinearNames(
        weight: "vision_model.head.attention.in_proj_weight",
        bias: "vision_model.head.attention.in_proj_bias"
    )

    private static let transformersBlock = Block(
        attentionNorm: "layer_norm1",
        queryKeyValue: QueryKeyValue(
            weights: ["q", "k", "v"].map { "self_attn.\($0)_proj.weight" },
            biases: ["q", "k", "v"].map { "self_attn.\($0)_proj.bias" }
        ),
        attentionOutput: "self_attn.out_proj",
        feedForward: FeedForward(norm: "layer_norm2", expansion: "mlp.fc1", contraction: "mlp.fc2")
    )
}
