import CLIPWeights

/// What the tensors of a CLIP are called in a checkpoint, and how they are stored where libraries differ.
///
/// Only the extensions of this type know a name: `CheckpointNames+OpenCLIP`, `+Timm`, `+Transformers`.
struct CheckpointNames {
    /// Weight and bias of a linear layer; which biases there are, the configuration says.
    struct LinearNames {
        let weight: String
        let bias: String

        init(_ name: String) { self.init(weight: "\(name).weight", bias: "\(name).bias") }
        init(weight: String, bias: String) { (self.weight, self.bias) = (weight, bias) }
    }

    /// Names of one tower.
    struct Tower {
        /// Where the blocks are, each below its number.
        let blocks: String
        /// Within a block.
        let block: Block
        let positions: String
        let projection: LinearNames
        /// Whether the projection is a matrix (inputs, outputs) that features are multiplied with.
        let projectionIsTransposed: Bool
        /// A layer norm after the blocks.
        let finalNorm: String
    }

    /// Names within one block.
    struct Block {
        let attentionNorm: String
        /// Weight and bias of query, key and value.
        let queryKeyValue: QueryKeyValue
        let attentionOutput: String
        let feedForward: FeedForward
        /// Of LayerScale, for attention and for the MLP.
        var attentionGains = ""
        var feedForwardGains = ""
    }

    /// Weights and biases of query, key and value.
    struct QueryKeyValue {
        /// One tensor that holds all three behind each other, or three.
        let weights: [String]
        /// The same of biases; a nil stands for one that there is not.
        let biases: [String?]
    }

    /// An MLP and the norm before it.
    struct FeedForward {
        let norm: String
        let expansion: String
        let contraction: String
    }

    /// What an image tower of patches has beside its blocks.
    struct Patches {
        let kernels: LinearNames
        let classToken: String
        let inputNorm: String
        /// How many dimensions of length 1 stand before those of tokens and positions.
        var leadingDimensions = 0
        /// Pooling by attention; nil where the layout has none.
        var pool: LatentPool?
    }

    /// Pooling by the attention of a learned query.
    struct LatentPool {
        /// (1, 1, width).
        let latent: String
        /// The query's alone, or the same as of keys and values, where it has the first third.
        let query: LinearNames
        let keyValue: LinearNames
        let output: String
        let feedForward: FeedForward

        /// Whether query, keys and values are one tensor.
        var isJoined: Bool { query.weight == keyValue.weight }
    }

    /// The logarithm of the factor that training has put before cosines; both layouts call it so.
    static let scoreScale = "logit_scale"
    /// What it has added to them then, where each pair was judged by itself.
    static let scoreBias = "logit_bias"

    let vision: Tower
    let text: Tower
    let patches: Patches
    let tokenTable: String
    /// Tensors that some checkpoints carry and that nothing depends on: tables of constants that old versions of the
    /// libraries saved.
    let ignorable: Set<String>

    /// The names of a layout, for a network of that shape.
    ///
    /// Where spellings differ within a layout, the checkpoint is asked.
    init(_ layout: ModelDirectory.Layout, _ shape: ModelConfiguration, in checkpoint: WeightScope) {
        switch layout {
        case .openCLIP: self.init(openCLIP: shape, in: checkpoint)
        case .transformers: self.init(transformers: shape, in: checkpoint)
        }
    }

    init(vision: Tower, text: Tower, patches: Patches, tokenTable: String, ignorable: Set<String>) {
        self.vision = vision
        self.text = text
        self.patches = patches
        self.tokenTable = tokenTable
        self.ignorable = ignorable
    }
}
