import CLIPWeights

/// What the tensors of a CLIP are called in a checkpoint: the only place that knows.
///
/// open_clip keeps the names of OpenAI's code; transformers has its own. They also differ in form: transformers keeps
/// query, key and value apart, open_clip has them behind each other in one tensor; and a projection of transformers
/// is a linear layer's weight, (outputs, inputs), while open_clip's is a matrix that features are multiplied with,
/// (inputs, outputs).
struct CheckpointNames {
    /// Names of one tower.
    struct Tower {
        /// Where the blocks are, each below its number.
        let blocks: String
        let positions: String
        /// (width, embedding) in open_clip, (embedding, width) in transformers.
        let projection: String
        /// Whether the projection is (inputs, outputs).
        let projectionIsTransposed: Bool
        /// A layer norm after the blocks.
        let finalNorm: String
    }

    /// Names within one block.
    struct Block {
        let attentionNorm: String
        /// Weight and bias of query, key and value: one pair that holds all three, or three pairs.
        let queryKeyValue: [(weight: String, bias: String)]
        let attentionOutput: String
        let feedForwardNorm: String
        let expansion: String
        let contraction: String
    }

    /// Names of an image tower that is a ResNet.
    ///
    /// Only open_clip's layout has one.
    struct ResNet {
        /// A convolution without a bias, and the batch norm behind it.
        struct NormedConvolution {
            let kernels: String
            let norm: String
        }

        let stem: [NormedConvolution]
        /// Where the bottlenecks of a layer are, each below its number.
        let layers: [String]
        /// Within a bottleneck.
        let narrowing: NormedConvolution
        let middle: NormedConvolution
        let widening: NormedConvolution
        let shortcut: NormedConvolution
        /// Of the pooling by attention.
        let positions: String
        let query: String
        let key: String
        let value: String
        let output: String
    }

    let vision: Tower
    let text: Tower
    let block: Block
    let patchKernels: String
    let classToken: String
    let inputNorm: String
    let tokenTable: String
    /// Tensors that some checkpoints carry and that no embedding depends on: the temperature of training, and tables
    /// of constants that old versions of the libraries saved.
    let ignorable: Set<String>

    static let resNet = ResNet(
        stem: (1...3).map { .init(kernels: "visual.conv\($0).weight", norm: "visual.bn\($0)") },
        layers: (1...4).map { "visual.layer\($0)" },
        narrowing: .init(kernels: "conv1.weight", norm: "bn1"),
        middle: .init(kernels: "conv2.weight", norm: "bn2"),
        widening: .init(kernels: "conv3.weight", norm: "bn3"),
        shortcut: .init(kernels: "downsample.0.weight", norm: "downsample.1"),
        positions: "visual.attnpool.positional_embedding",
        query: "visual.attnpool.q_proj",
        key: "visual.attnpool.k_proj",
        value: "visual.attnpool.v_proj",
        output: "visual.attnpool.c_proj"
    )

    /// The names of a layout.
    ///
    /// Two spellings of one norm are in use with transformers, so the checkpoint is asked.
    init(_ layout: ModelDirectory.Layout, in checkpoint: WeightScope) {
        switch layout {
        case .openCLIP: self = Self.openCLIP
        case .transformers:
            let isRespelled = checkpoint.contains("vision_model.pre_layernorm.weight")
            self = Self.transformers(
                inputNorm: isRespelled ? "vision_model.pre_layernorm" : "vision_model.pre_layrnorm"
            )
        }
    }

    private static let openCLIP = CheckpointNames(
        vision: Tower(
            blocks: "visual.transformer.resblocks",
            positions: "visual.positional_embedding",
            projection: "visual.proj",
            projectionIsTransposed: true,
            finalNorm: "visual.ln_post"
        ),
        text: Tower(
            blocks: "transformer.resblocks",
            positions: "positional_embedding",
            projection: "text_projection",
            projectionIsTransposed: true,
            finalNorm: "ln_final"
        ),
        block: Block(
            attentionNorm: "ln_1",
            queryKeyValue: [("attn.in_proj_weight", "attn.in_proj_bias")],
            attentionOutput: "attn.out_proj",
            feedForwardNorm: "ln_2",
            expansion: "mlp.c_fc",
            contraction: "mlp.c_proj"
        ),
        patchKernels: "visual.conv1.weight",
        classToken: "visual.class_embedding",
        inputNorm: "visual.ln_pre",
        tokenTable: "token_embedding.weight",
        ignorable: [
            "logit_scale", "logit_bias", "attn_mask", "input_resolution", "context_length", "vocab_size",
        ]
    )

    private static func transformers(inputNorm: String) -> CheckpointNames {
        CheckpointNames(
            vision: Tower(
                blocks: "vision_model.encoder.layers",
                positions: "vision_model.embeddings.position_embedding.weight",
                projection: "visual_projection.weight",
                projectionIsTransposed: false,
                finalNorm: "vision_model.post_layernorm"
            ),
            text: Tower(
                blocks: "text_model.encoder.layers",
                positions: "text_model.embeddings.position_embedding.weight",
                projection: "text_projection.weight",
                projectionIsTransposed: false,
                finalNorm: "text_model.final_layer_norm"
            ),
            block: Block(
                attentionNorm: "layer_norm1",
                queryKeyValue: ["q", "k", "v"].map {
                    ("self_attn.\($0)_proj.weight", "self_attn.\($0)_proj.bias")
                },
                attentionOutput: "self_attn.out_proj",
                feedForwardNorm: "layer_norm2",
                expansion: "mlp.fc1",
                contraction: "mlp.fc2"
            ),
            patchKernels: "vision_model.embeddings.patch_embedding.weight",
            classToken: "vision_model.embeddings.class_embedding",
            inputNorm: inputNorm,
            tokenTable: "text_model.embeddings.token_embedding.weight",
            ignorable: [
                "logit_scale", "text_model.embeddings.position_ids", "vision_model.embeddings.position_ids",
            ]
        )
    }

    private init(
        vision: Tower,
        text: Tower,
        block: Block,
        patchKernels: String,
        classToken: String,
        inputNorm: String,
        tokenTable: String,
        ignorable: Set<String>
    ) {
        self.vision = vision
        self.text = text
        self.block = block
        self.patchKernels = patchKernels
        self.classToken = classToken
        self.inputNorm = inputNorm
        self.tokenTable = tokenTable
        self.ignorable = ignorable
    }
}
