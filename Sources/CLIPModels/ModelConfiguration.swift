public import CLIPKernels

/// The shape of a CLIP: everything about the network except its weights.
///
/// It is read from the file that comes with a checkpoint, by the rules of the library that wrote the file. Every number
/// is bounded, so that a false file can neither cause an overflow nor ask for absurd amounts of memory. The weights
/// then have to have exactly the shapes that follow from the configuration.
public struct ModelConfiguration: Equatable, Sendable {
    /// The stack of transformer blocks in either tower.
    public struct Encoder: Equatable, Sendable {
        /// The floats of a token between the blocks.
        public var width: Int
        /// The number of blocks; nil if the file does not say, and then the weights tell.
        public var layers: Int?
        /// The number of attention heads, which share the width.
        public var heads: Int
        /// The floats of a token inside an MLP.
        public var mlpWidth: Int
        /// The activation function of the MLPs.
        public var activation: Activation
        /// The number that layer normalisation adds to the variance.
        public var layerNormEpsilon: Float
        /// Which of queries, keys and values have a bias.
        public var biases: AttentionBiases = .all
        /// Whether learned gains scale what either half of a block adds (LayerScale).
        public var hasGains = false
    }

    /// Which of queries, keys and values have a bias.
    public enum AttentionBiases: Equatable, Sendable {
        case all
        /// Queries and values have a bias and keys have none, as in EVA.
        case queryAndValue
        case none
    }

    /// The layer that turns a tower's features into an embedding.
    public enum Projection: Equatable, Sendable {
        /// There is no layer: the features are the embedding.
        case none
        /// A linear layer without a bias.
        case plain
        /// A linear layer with a bias.
        case biased
    }

    /// The image tower.
    public struct Vision: Equatable, Sendable {
        /// The kinds of image towers.
        public enum Architecture: Equatable, Sendable {
            /// A vision transformer (ViT).
            case transformer(PatchTransformer)
            /// OpenAI's modified ResNet.
            case resNet(ResNet)
        }

        /// The width and height of an image in pixels.
        public var imageSize: Int
        /// The network that computes an image's embedding.
        public var architecture: Architecture

        /// The bytes of one image's pixels, (imageSize, imageSize, 3).
        public var pixelByteCount: Int { PixelTable.channels * imageSize * imageSize }
    }

    /// A vision transformer, whose tokens are patches of an image.
    public struct PatchTransformer: Equatable, Sendable {
        /// The width and height of a patch in pixels.
        public var patchSize: Int
        /// The transformer blocks.
        public var encoder: Encoder
        /// The network's name in timm; nil if it is not one of timm's.
        public var trunk: String?
        /// Whether a learned token stands before the patches.
        public var hasClassToken = true
        /// Whether the projection of patches has a bias.
        public var hasPatchBias = false
        /// Whether tokens are normalised before the first block.
        public var hasInputNorm = true
        /// How queries and keys are rotated by their patch's place; nil if they are not.
        public var rotation: Rotation?
        /// How the tokens after the last block become features.
        public var pooling = ImagePooling.classToken
        /// The layer that makes the embedding.
        public var projection = Projection.plain

        /// The number of patches of an image of this size.
        ///
        /// Pixels that do not fill a patch are left out, as in a convolution.
        public func patches(imageSize: Int) -> Int { (imageSize / patchSize) * (imageSize / patchSize) }
        /// The number of tokens of an image of this size: its patches and, if there is one, the class token.
        public func tokens(imageSize: Int) -> Int { patches(imageSize: imageSize) + (hasClassToken ? 1 : 0) }
    }

    /// Rotary positions in two dimensions.
    public struct Rotation: Equatable, Sendable {
        /// The number that is added to a patch's column and row, which count from 0.
        public var offset: Float
        /// The base of the rotation: a head's slowest pair turns about `temperature` times slower than its fastest.
        public var temperature: Float = 10_000
    }

    /// How an image's features are made of its tokens.
    public enum ImagePooling: Equatable, Sendable {
        /// The class token, normalised.
        case classToken
        /// The mean of the patches, which are normalised before or after it is taken.
        case mean(normalisesFirst: Bool)
        /// Attention of one learned query over all normalised tokens, followed by an MLP (MAP).
        case latent(LatentPooling)
    }

    /// Pooling by the attention of a learned query.
    public struct LatentPooling: Equatable, Sendable {
        /// The number of attention heads, which share the width.
        public var heads: Int
        /// The floats of a token inside the MLP.
        public var mlpWidth: Int
        /// The activation function of the MLP.
        public var activation: Activation
    }

    /// OpenAI's modified ResNet: a stem of three convolutions, four layers of bottlenecks, and attention pooling.
    public struct ResNet: Equatable, Sendable {
        /// The number of layers; each after the first halves the size of the maps and doubles the channels.
        static let layerCount = 4
        /// How many times smaller than the image the last maps are.
        static let reduction = 32
        /// How many times more channels a bottleneck's output has than its inside.
        static let expansion = 4

        /// The channels after the stem; 64 in ResNet-50 and ResNet-101.
        public var width: Int
        /// The number of bottlenecks in each of the four layers.
        public var bottlenecks: [Int]
        /// The number of attention heads in the pooling, which share the features.
        public var heads: Int

        /// The channels of the last maps, which are the width of the attention.
        public var featureWidth: Int {
            width * Self.expansion << (Self.layerCount - 1)
        }
        /// The width and height of the last maps of an image of this size.
        ///
        /// The stem halves the size and rounds up; the poolings halve it four times and round down.
        public func grid(imageSize: Int) -> Int { (imageSize + 1) / Self.reduction }
    }

    /// The token of a caption that gives the embedding.
    public enum TextPooling: Equatable, Sendable {
        /// The first token with the largest id, as in OpenAI's code and open_clip, where end-of-text has the largest.
        case largestID
        /// The first token with this id.
        case first(id: Int32)
        /// The last token of the context, be it padding or not.
        case last
    }

    /// The text tower.
    public struct Text: Equatable, Sendable {
        /// The most tokens of a caption, including start-of-text and end-of-text.
        public var contextLength: Int
        /// The number of token ids.
        public var vocabularySize: Int
        /// The token that gives the embedding.
        public var pooling: TextPooling
        /// The transformer blocks.
        public var encoder: Encoder
        /// Whether a token sees only itself and the tokens before it.
        ///
        /// If it sees all tokens, padding has an effect, so captions are always as long as the context.
        public var isCausal = true
        /// The layer that makes the embedding.
        public var projection = Projection.plain

        /// Whether all tokens of the context matter for every caption, padding included.
        public var readsWholeContext: Bool { !isCausal || pooling == .last }

        /// The index of the token that gives a caption's embedding; nil if it has none.
        public func pooledIndex(of ids: [Int32]) -> Int? {
            switch pooling {
            case .largestID: ids.max().flatMap { ids.firstIndex(of: $0) }
            case .first(let id): ids.firstIndex(of: id)
            case .last: ids.indices.last
            }
        }

        /// The tokens on which a caption's embedding depends: those up to the one that gives it, if nothing that follows
        /// matters; otherwise all.
        public func computedTokens(of ids: [Int32]) -> [Int32] {
            guard !readsWholeContext, let pooled = pooledIndex(of: ids), pooled + 1 < ids.count else {
                return ids
            }
            return Array(ids[...pooled])
        }
    }

    /// The towers of a CLIP.
    public enum Tower: CaseIterable, Sendable {
        case image
        case text
    }

    /// The floats of an embedding.
    public var embeddingWidth: Int
    /// The image tower; nil if the checkpoint has only the text tower.
    public var vision: Vision?
    /// The text tower; nil if the checkpoint has only the image tower.
    public var text: Text?

    /// Whether the image tower is a Perception Encoder's, by its name in timm.
    public var isPerceptionEncoder: Bool {
        guard case .transformer(let shape)? = vision?.architecture else { return false }
        return shape.trunk?.hasPrefix("vit_pe_core_") ?? false
    }
}

/// The bounds of a believable CLIP: several times the largest published ones.
///
/// Those are ViT-bigG/14 (48 layers of width 1,664 with MLPs of 8,192), ViT-L/14 at 336 pixels (577 tokens), LongCLIP
/// (248 positions), and RN50x64 (36 bottlenecks in a layer, width 128, 448 pixels).
enum ModelBounds {
    static let width = 1...8_192
    static let layers = 1...128
    static let heads = 1...256
    static let mlpWidth = 1...65_536
    static let imageSize = 1...4_096
    static let patchSize = 1...512
    static let patches = 1...4_096
    static let resNetWidth = 2...512
    static let bottlenecks = 1...128
    static let resNetImageSize = 32...2_048
    /// The most floats in the maps after the first convolutions; RN50x64 has a quarter of them.
    static let resNetMaps = 4 * 128 * 224 * 224
    /// A text has at least a beginning and an end.
    static let contextLength = 2...4_096
    static let vocabularySize = 1...2_000_000
    static let embeddingWidth = 1...16_384
}
