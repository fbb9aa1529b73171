import CLIPWeights

/// The names of transformers' layout: query, key and value are apart, and a projection is a linear layer's weight.
extension CheckpointNames {
    init(transformers shape: ModelConfiguration, in checkpoint: WeightScope) {
        let vision = Self.prefix(
            "vision_model.",
            isAlone: shape.text == nil,
            of: Self.patchKernels,
            in: checkpoint
        )
        let text = Self.prefix(
            "text_model.",
            isAlone: shape.vision == nil,
            of: Self.tokenTable,
            in: checkpoint
        )
        // Two spellings of this norm are in use.
        let isRespelled = checkpoint.contains("\(vision)pre_layernorm.weight")
        self.init(
            vision: Tower(
                blocks: "\(vision)encoder.layers",
                block: Self.transformersBlock,
                positions: "\(vision)embeddings.position_embedding.weight",
                projection: LinearNames("visual_projection"),
                projectionIsTransposed: false,
                finalNorm: "\(vision)post_layernorm"
            ),
            text: Tower(
                blocks: "\(text)encoder.layers",
                block: Self.transformersBlock,
                positions: "\(text)embeddings.position_embedding.weight",
                // SigLIP's projection has a bias and another name.
                projection: LinearNames(
                    shape.text?.projection == .biased ? "\(text)head" : "text_projection"
                ),
                projectionIsTransposed: false,
                finalNorm: "\(text)final_layer_norm"
            ),
            patches: Patches(
                kernels: LinearNames("\(vision)\(Self.patchKernels)"),
                classToken: "\(vision)embeddings.class_embedding",
                inputNorm: isRespelled ? "\(vision)pre_layernorm" : "\(vision)pre_layrnorm",
                pool: Self.transformersPool("\(vision)head")
            ),
            tokenTable: "\(text)\(Self.tokenTable).weight",
            ignorable: [
                "\(text)embeddings.position_ids", "\(vision)embeddings.position_ids",
            ]
        )
    }

    private static let patchKernels = "embeddings.patch_embedding"
    private static let tokenTable = "embeddings.token_embedding"

    /// The prefix of a tower's names; empty in some files of a single tower, which transformers reads as well.
    private static func prefix(
        _ name: String,
        isAlone: Bool,
        of layer: String,
        in checkpoint: WeightScope
    ) -> String {
        isAlone && checkpoint.contains("\(layer).weight") ? "" : name
    }

    private static func transformersPool(_ head: String) -> LatentPool {
        let queryKeyValue = LinearNames(
            weight: "\(head).attention.in_proj_weight",
            bias: "\(head).attention.in_proj_bias"
        )
        return LatentPool(
            latent: "\(head).probe",
            query: queryKeyValue,
            keyValue: queryKeyValue,
            output: "\(head).attention.out_proj",
            feedForward: FeedForward(
                norm: "\(head).layernorm",
                expansion: "\(head).mlp.fc1",
                contraction: "\(head).mlp.fc2"
            )
        )
    }

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
