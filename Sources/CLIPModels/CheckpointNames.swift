import CLIPWeights

/// The names of a CLIP's tensors in a checkpoint, and how they are stored where libraries differ.
///
/// Only the extensions of this type contain names: `CheckpointNames+OpenCLIP`, `+ResNet`, `+Timm` and `+Transformers`.
struct CheckpointNames {
    /// The names of a linear layer's weight and bias; the configuration says whether there is a bias.
    struct LinearNames {
        let weight: String
        let bias: String

        init(_ name: String) { self.init(weight: "\(name).weight", bias: "\(name).bias") }
        init(weight: String, bias: String) { (self.weight, self.bias) = (weight, bias) }
    }

    /// The names of one tower.
    struct Tower {
        /// The name of the blocks, below which each has its number.
        let blocks: String
        /// The names within a block.
        let block: Block
        let positions: String
        let projection: LinearNames
        /// Whether the projection is a matrix, (inputs, outputs), by which features are multiplied.
        let projectionIsTransposed: Bool
        /// The layer norm after the blocks.
        let finalNorm: String
    }

    /// The names within one block.
    struct Block {
        let attentionNorm: String
        /// The weights and biases of query, key and value.
        let queryKeyValue: QueryKeyValue
        let attentionOutput: String
        let feedForward: FeedForward
        /// The gains of LayerScale, for attention and for the MLP.
        var attentionGains = ""
        var feedForwardGains = ""
    }

    /// The names of the weights and biases of query, key and value.
    struct QueryKeyValue {
        /// One tensor in which all three are joined, or three tensors.
        let weights: [String]
        /// The biases in the same way; nil stands for a bias that does not exist.
        let biases: [String?]
    }

    /// The names of an MLP and of the norm before it.
    struct FeedForward {
        let norm: String
        let expansion: String
        let contraction: String
    }

    /// The names of an image tower of patches, apart from its blocks.
    struct Patches {
        let kernels: LinearNames
        let classToken: String
        let inputNorm: String
        /// The number of dimensions of length 1 before the dimensions of the tokens and the positions.
        var leadingDimensions = 0
        /// The names of attention pooling; nil if the layout has none.
        var pool: LatentPool?
    }

    /// The names of the attention pooling with a learned query.
    struct LatentPool {
        /// The learned query, (1, 1, width).
        let latent: String
        /// The query's layer, which may be the same as that of keys and values; then the query has the first third.
        let query: LinearNames
        let keyValue: LinearNames
        let output: String
        let feedForward: FeedForward

        /// Whether query, keys and values are one tensor.
        var isJoined: Bool { query.weight == keyValue.weight }
    }

    /// The logarithm of the factor of the cosines that training learnt; both layouts use this name.
    static let scoreScale = "logit_scale"
    /// The bias that training learnt with it, if each pair was judged separately.
    static let scoreBias = "logit_bias"

    let vision: Tower
    let text: Tower
    let patches: Patches
    let tokenTable: String
    /// Tensors in some checkpoints on which nothing depends: tables of constants that old versions of the libraries saved.
    let ignorable: Set<String>

    /// The names of a layout for a network of this shape.
    ///
    /// Where spellings differ within a layout, the checkpoint decides.
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
