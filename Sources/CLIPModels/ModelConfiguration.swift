public import CLIPKernels

/// The shape of a CLIP: everything about the network but its numbers.
///
/// Read from the file that comes with a checkpoint, by the rules of the library that wrote it. Every number is
/// bounded, so that a file that lies can neither overflow nor ask for absurd memory; the weights then have to have
/// exactly the shapes that follow from it.
public struct ModelConfiguration: Equatable, Sendable {
    /// The stack of transformer blocks in either tower.
    public struct Encoder: Equatable, Sendable {
        /// Floats of a token between the blocks.
        public var width: Int
        /// How many blocks there are; nil where the file does not say, and the weights are asked.
        public var layers: Int?
        /// How many attention heads share the width.
        public var heads: Int
        /// Floats of a token inside an MLP.
        public var mlpWidth: Int
        /// The non-linearity of the MLPs.
        public var activation: Activation
        /// What layer normalisation adds to the variance.
        public var layerNormEpsilon: Float
        /// Which of queries, keys and values have a bias.
        public var biases: AttentionBiases = .all
        /// Whether what either half of a block adds is multiplied with learned gains first (LayerScale).
        public var hasGains = false
    }

    /// Which of queries, keys and values have a bias.
    public enum AttentionBiases: Equatable, Sendable {
        case all
        /// All but keys, as in EVA.
        case queryAndValue
        case none
    }

    /// What makes an embedding of a tower's features.
    public enum Projection: Equatable, Sendable {
        /// Nothing: the features are the embedding.
        case none
        /// A linear layer without a bias.
        case plain
        /// A linear layer with one.
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

        /// Width and height of an image in pixels.
        public var imageSize: Int
        /// What computes an image's embedding.
        public var architecture: Architecture

        /// Bytes of one image's pixels, (imageSize, imageSize, 3).
        public var pixelByteCount: Int { PixelTable.channels * imageSize * imageSize }
    }

    /// A vision transformer: patches of an image as tokens.
    public struct PatchTransformer: Equatable, Sendable {
        /// Width and height of a patch in pixels.
        public var patchSize: Int
        /// Its blocks.
        public var encoder: Encoder
        /// What timm calls the network; nil where it is not one of timm's.
        public var trunk: String?
        /// Whether a learned token stands before the patches.
        public var hasClassToken = true
        /// Whether the projection of patches has a bias.
        public var hasPatchBias = false
        /// Whether tokens are normalised before the first block.
        public var hasInputNorm = true
        /// How queries and keys are turned by their patch's place; nil where they are not.
        public var rotation: Rotation?
        /// What becomes of the tokens behind the last block.
        public var pooling = ImagePooling.classToken
        /// What makes the embedding.
        public var projection = Projection.plain

        /// Patches of an image of that size.
        ///
        /// Pixels that do not fill a patch are left out, as in a convolution.
        public func patches(imageSize: Int) -> Int { (imageSize / patchSize) * (imageSize / patchSize) }
        /// Tokens of an image of that size: its patches and the class token, if there is one.
        public func tokens(imageSize: Int) -> Int { patches(imageSize: imageSize) + (hasClassToken ? 1 : 0) }
    }

    /// Rotary positions in two dimensions.
    public struct Rotation: Equatable, Sendable {
        /// What is added to a patch's column and row, which count from 0.
        public var offset: Float
        /// The slowest pair of a head turns by about a `temperature`th of the quickest.
        public var temperature: Float = 10_000
    }

    /// What gives an image's features from its tokens.
    public enum ImagePooling: Equatable, Sendable {
        /// The class token, normalised.
        case classToken
        /// The mean of the patches, normalised before or after it is taken.
        case mean(normalisesFirst: Bool)
        /// Attention of one learned query over all tokens, normalised before, and an MLP (MAP).
        case latent(LatentPooling)
    }

    /// Pooling by the attention of a learned query.
    public struct LatentPooling: Equatable, Sendable {
        /// How many attention heads share the width.
        public var heads: Int
        /// Floats of a token inside the MLP.
        public var mlpWidth: Int
        /// The non-linearity of the MLP.
        public var activation: Activation
    }

    /// OpenAI's modified ResNet: a stem of three convolutions, four layers of bottlenecks, pooling by attention.
    public struct ResNet: Equatable, Sendable {
        /// How many layers there are; each but the first halves the size of the maps and doubles the channels.
        static let layerCount = 4
        /// How much smaller than the image the last maps are.
        static let reduction = 32
        /// How many times the channels of a bottleneck's inside its output has.
        static let expansion = 4

        /// Channels after the stem; 64 in ResNet-50 and ResNet-101.
        public var width: Int
        /// How many bottlenecks each of the four layers has.
        public var bottlenecks: [Int]
        /// How many attention heads share the features in the pooling.
        public var heads: Int

        /// Channels of the last maps, which are the width of the attention.
        public var featureWidth: Int {
            width * Self.expansion << (Self.layerCount - 1)
        }
        /// Width and height of the last maps of an image of that size.
        ///
        /// The stem halves the size and rounds up; the poolings halve it four times and round down.
        public func grid(imageSize: Int) -> Int { (imageSize + 1) / Self.reduction }
    }

    /// Which token of a caption gives the embedding.
    public enum TextPooling: Equatable, Sendable {
        /// The first with the largest id, as OpenAI and open_clip do it: end-of-text has the largest.
        case largestID
        /// The first with this id.
        case first(id: Int32)
        /// The last of the context, padding or not.
        case last
    }

    /// The text tower.
    public struct Text: Equatable, Sendable {
        /// The most tokens of a caption, start-of-text and end-of-text included.
        public var contextLength: Int
        /// How many token ids there are.
        public var vocabularySize: Int
        /// Which token gives the embedding.
        public var pooling: TextPooling
        /// Its blocks.
        public var encoder: Encoder
        /// Whether a token sees only itself and those before it.
        ///
        /// Where it sees all, padding counts: captions are always as long as the context.
        public var isCausal = true
        /// What makes the embedding.
        public var projection = Projection.plain

        /// Whether all of the context counts for every caption, padding or not.
        public var readsWholeContext: Bool { !isCausal || pooling == .last }
    }

    /// The towers of a CLIP.
    public enum Tower: CaseIterable, Sendable {
        case image
        case text
    }

    /// Floats of an embedding.
    public var embeddingWidth: Int
    /// The image tower; nil where the checkpoint is of the text tower alone.
    public var vision: Vision?
    /// The text tower; nil where the checkpoint is of the image tower alone.
    public var text: Text?

    /// Whether the image tower is a Perception Encoder's, by what timm calls it.
    public var isPerceptionEncoder: Bool {
        guard case .transformer(let shape)? = vision?.architecture else { return false }
        return shape.trunk?.hasPrefix("vit_pe_core_") ?? false
    }
}

/// The bounds of a believable CLIP: several times the largest published ones (ViT-bigG/14: 48 layers of width 1,664
/// with MLPs of 8,192; ViT-L/14 at 336 pixels: 577 tokens; LongCLIP: 248 positions; RN50x64: 36 bottlenecks in a layer,
/// width 128, 448 pixels).
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
    /// Numbers in the maps behind the first convolutions; RN50x64 has a quarter of it.
    static let resNetMaps = 4 * 128 * 224 * 224
    /// A text has a beginning and an end.
    static let contextLength = 2...4_096
    static let vocabularySize = 1...2_000_000
    static let embeddingWidth = 1...16_384
}
