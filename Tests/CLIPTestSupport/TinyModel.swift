public import Foundation

/// A CLIP small enough for tests, with made-up weights: the Swift twin of `Scripts/goldens/tiny_model.py`.
///
/// Both write the same files, bit for bit, so no weights are committed and the goldens of the reference
/// implementations hold for what a test writes.
public struct TinyModel: Sendable {
    /// One of the two ways in which CLIPs are stored.
    public enum Layout: String, CaseIterable, Sendable {
        case transformers
        case openCLIP = "openclip"
    }

    /// A tower's blocks.
    public struct Tower: Sendable {
        /// Floats of a token between the blocks.
        public var width: Int
        /// Attention heads.
        public var heads: Int
        /// Blocks.
        public var layers: Int
        /// Floats of a token inside an MLP.
        public var mlp: Int
    }

    /// An image tower that is a ResNet.
    public struct ResNet: Sendable {
        /// Channels after the stem.
        public var width: Int
        /// Bottlenecks of the four layers.
        public var layers: [Int]
        /// Floats of an attention head.
        public var headWidth: Int
    }

    /// A tensor with its shape.
    public struct Weight: Sendable {
        /// The lengths of the dimensions, the outermost first.
        public var shape: [Int]
        /// The elements in row-major order.
        public var floats: [Float]
        /// How the file holds the elements.
        public var type: ElementType

        /// Ways of holding numbers, by their names in a file.
        public enum ElementType: String, CaseIterable, Sendable {
            case f32 = "F32"
            case f16 = "F16"
            case bf16 = "BF16"
            case i64 = "I64"

            fileprivate var byteCount: Int {
                switch self {
                case .f16, .bf16: 2
                case .f32: 4
                case .i64: 8
                }
            }

            fileprivate func bytes(of floats: [Float]) -> Data {
                // Little endian, as every platform of ours is.
                switch self {
                case .f32: floats.withUnsafeBytes { Data($0) }
                case .f16: floats.map { Float16($0).bitPattern }.withUnsafeBytes { Data($0) }
                case .bf16: floats.map { UInt16($0.bitPattern >> 16) }.withUnsafeBytes { Data($0) }
                case .i64: floats.map(Int64.init).withUnsafeBytes { Data($0) }
                }
            }
        }

        /// Whether the file holds the elements as whole numbers of 64 bits.
        public var isWhole: Bool {
            get { type == .i64 }
            set { type = newValue ? .i64 : .f32 }
        }

        /// Elements in row-major order.
        public init(shape: [Int], floats: [Float], type: ElementType = .f32) {
            self.shape = shape
            self.floats = floats
            self.type = type
        }
    }

    /// What the goldens call it.
    public var name: String
    /// Floats of an embedding.
    public var embeddingWidth: Int
    /// Whether the activation is QuickGELU, otherwise GELU.
    public var isQuickGELU: Bool
    /// Width and height of an image.
    public var imageSize: Int
    /// Width and height of a patch.
    public var patchSize: Int
    /// The image tower.
    public var vision: Tower
    /// The image tower where it is a ResNet; `patchSize` and `vision` then mean nothing.
    public var resNet: ResNet?
    /// The most tokens of a caption.
    public var contextLength: Int
    /// How many token ids there are.
    public var vocabularySize: Int
    /// The text tower.
    public var text: Tower

    /// OpenAI's form: QuickGELU, the full vocabulary.
    public static let quick = TinyModel(
        name: "quick",
        embeddingWidth: 32,
        isQuickGELU: true,
        imageSize: 64,
        patchSize: 16,
        vision: Tower(width: 64, heads: 2, layers: 3, mlp: 256),
        contextLength: 77,
        vocabularySize: 49_408,
        text: Tower(width: 64, heads: 2, layers: 2, mlp: 256)
    )

    /// Nothing is a power of two, the image is no multiple of the patch; GELU.
    public static let odd = TinyModel(
        name: "odd",
        embeddingWidth: 40,
        isQuickGELU: false,
        imageSize: 50,
        patchSize: 16,
        vision: Tower(width: 72, heads: 3, layers: 2, mlp: 216),
        contextLength: 20,
        vocabularySize: 600,
        text: Tower(width: 48, heads: 2, layers: 3, mlp: 192)
    )

    /// Wide enough that threads divide its columns: three heads of 64 and four of 32.
    ///
    /// No goldens are of it.
    public static let wide = TinyModel(
        name: "wide",
        embeddingWidth: 40,
        isQuickGELU: false,
        imageSize: 50,
        patchSize: 16,
        vision: Tower(width: 192, heads: 3, layers: 3, mlp: 256),
        contextLength: 20,
        vocabularySize: 600,
        text: Tower(width: 128, heads: 4, layers: 2, mlp: 320)
    )

    /// A ResNet whose channels fill no block of eight; QuickGELU, the full vocabulary.
    public static let resNet = TinyModel(
        name: "resnet",
        embeddingWidth: 24,
        isQuickGELU: true,
        imageSize: 70,
        patchSize: 1,
        vision: Tower(width: 0, heads: 0, layers: 0, mlp: 0),
        resNet: ResNet(width: 10, layers: [2, 1, 2, 1], headWidth: 40),
        contextLength: 77,
        vocabularySize: 49_408,
        text: Tower(width: 32, heads: 2, layers: 1, mlp: 128)
    )

    /// The layouts that this model is stored in: transformers has no ResNet.
    public var layouts: [Layout] { resNet == nil ? Layout.allCases : [.openCLIP] }

    /// The pixels that the goldens were made of: (count, imageSize, imageSize, 3) bytes.
    public func pixels(count: Int) -> [UInt8] {
        CounterNumbers.integers("pixels.\(name)", count: count * 3 * imageSize * imageSize, below: 256)
            .map { UInt8($0) }
    }

    /// The weights under the names of a layout.
    public func weights(_ layout: Layout) -> [String: Weight] {
        layout == .openCLIP ? openCLIPWeights() : transformersWeights()
    }

    /// Writes a model directory in which `change` may have altered the weights; returns the path of the weights.
    @discardableResult
    public func write(
        to directory: String,
        _ layout: Layout = .openCLIP,
        changing change: (inout [String: Weight]) -> Void = { _ in }
    ) throws -> String {
        let folder = URL(fileURLWithPath: directory)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        var weights = weights(layout)
        change(&weights)
        let configuration = layout == .openCLIP ? "open_clip_config.json" : "config.json"
        try Data(configurationJSON(layout).utf8).write(to: folder.appendingPathComponent(configuration))
        if layout == .transformers {
            try Data(preprocessorJSON.utf8).write(
                to: folder.appendingPathComponent("preprocessor_config.json")
            )
        }
        let file = layout == .openCLIP ? "open_clip_model.safetensors" : "model.safetensors"
        let path = folder.appendingPathComponent(file)
        try Self.safetensors(weights).write(to: path)
        return path.path
    }

    /// Runs `body` with a model directory that is gone afterwards.
    public func withDirectory<Result>(
        _ layout: Layout = .openCLIP,
        changing change: (inout [String: Weight]) -> Void = { _ in },
        _ body: (String) throws -> Result
    ) throws -> Result {
        let folder = FileManager.default.temporaryDirectory
            .appendingPathComponent("swift-clip-\(name)-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try write(to: folder.path, layout, changing: change)
        return try body(folder.path)
    }

    /// The file format, tensors in the order of their names, as `tiny_model.py` writes it.
    public static func safetensors(_ weights: [String: Weight]) -> Data {
        var header = #"{"__metadata__":{"format":"pt"}"#
        var offset = 0
        let names = weights.keys.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) }
        for name in names {
            guard let weight = weights[name] else { continue }
            let (type, end) = (weight.type.rawValue, offset + weight.floats.count * weight.type.byteCount)
            let shape = weight.shape.map(String.init).joined(separator: ",")
            header +=
                #","\#(name)":{"dtype":"\#(type)","shape":[\#(shape)],"data_offsets":[\#(offset),\#(end)]}"#
            offset = end
        }
        header += "}"
        header += String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
        var data = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Data($0) }
        data.reserveCapacity(8 + header.utf8.count + offset)
        data.append(contentsOf: Array(header.utf8))
        for name in names {
            if let weight = weights[name] { data.append(weight.type.bytes(of: weight.floats)) }
        }
        return data
    }
}

extension TinyModel {
    private func openCLIPWeights() -> [String: Weight] {
        var table = TinyWeights()
        if let resNet {
            table.addResNet(resNet, imageSize: imageSize, embeddingWidth: embeddingWidth)
        } else {
            let patches = (imageSize / patchSize) * (imageSize / patchSize)
            let patchScale = (3.0 / Double(3 * patchSize * patchSize)).squareRoot()
            table.add("visual.conv1.weight", vision.width, 3, patchSize, patchSize, scale: patchScale)
            table.add("visual.class_embedding", vision.width, scale: 0.5)
            table.add("visual.positional_embedding", patches + 1, vision.width, scale: 0.5)
            table.addNorm("visual.ln_pre", vision.width)
            table.addBlocks("visual.transformer.resblocks", vision)
            table.addNorm("visual.ln_post", vision.width)
            let visionScale = (3.0 / Double(vision.width)).squareRoot()
            table.add("visual.proj", vision.width, embeddingWidth, scale: visionScale)
        }
        table.add("token_embedding.weight", vocabularySize, text.width, scale: 0.5)
        table.add("positional_embedding", contextLength, text.width, scale: 0.5)
        table.addBlocks("transformer.resblocks", text)
        table.addNorm("ln_final", text.width)
        let textScale = (3.0 / Double(text.width)).squareRoot()
        table.add("text_projection", text.width, embeddingWidth, scale: textScale)
        table.weights["logit_scale"] = Weight(shape: [], floats: [4])
        return table.weights
    }

    private func transformersWeights() -> [String: Weight] {
        let towers = [
            ("vision_model", "visual.transformer.resblocks."), ("text_model", "transformer.resblocks."),
        ]
        let parts = [
            ("attn.out_proj", "self_attn.out_proj"), ("ln_1", "layer_norm1"), ("ln_2", "layer_norm2"),
            ("mlp.c_fc", "mlp.fc1"), ("mlp.c_proj", "mlp.fc2"),
        ]
        let others = [
            ("visual.class_embedding", "vision_model.embeddings.class_embedding"),
            ("visual.conv1.weight", "vision_model.embeddings.patch_embedding.weight"),
            ("visual.positional_embedding", "vision_model.embeddings.position_embedding.weight"),
            ("positional_embedding", "text_model.embeddings.position_embedding.weight"),
            ("token_embedding.weight", "text_model.embeddings.token_embedding.weight"),
            ("visual.ln_pre.weight", "vision_model.pre_layrnorm.weight"),
            ("visual.ln_pre.bias", "vision_model.pre_layrnorm.bias"),
            ("visual.ln_post.weight", "vision_model.post_layernorm.weight"),
            ("visual.ln_post.bias", "vision_model.post_layernorm.bias"),
            ("ln_final.weight", "text_model.final_layer_norm.weight"),
            ("ln_final.bias", "text_model.final_layer_norm.bias"),
            ("logit_scale", "logit_scale"),
        ]
        var renamed: [String: Weight] = [:]
        for (name, weight) in openCLIPWeights() {
            if let other = others.first(where: { $0.0 == name }) {
                renamed[other.1] = weight
            } else if name == "visual.proj" {
                renamed["visual_projection.weight"] = weight.turned
            } else if name == "text_projection" {
                renamed["text_projection.weight"] = weight.turned
            } else if let tower = towers.first(where: { name.hasPrefix($0.1) }) {
                let rest = name.dropFirst(tower.1.count).split(separator: ".", maxSplits: 1)
                let block = "\(tower.0).encoder.layers.\(rest[0])"
                if rest[1].hasPrefix("attn.in_proj_") {
                    let kind = rest[1].dropFirst("attn.in_proj_".count)
                    for (index, letter) in ["q", "k", "v"].enumerated() {
                        renamed["\(block).self_attn.\(letter)_proj.\(kind)"] = weight.third(index)
                    }
                } else if let part = parts.first(where: { rest[1].hasPrefix($0.0 + ".") }) {
                    renamed["\(block).\(part.1)\(rest[1].dropFirst(part.0.count))"] = weight
                }
            }
        }
        return renamed
    }
}

extension TinyModel.Weight {
    fileprivate var turned: Self {
        let (rows, columns) = (shape[0], shape[1])
        let turned = (0..<columns).flatMap { column in (0..<rows).map { floats[$0 * columns + column] } }
        return Self(shape: [columns, rows], floats: turned)
    }

    fileprivate func third(_ index: Int) -> Self {
        let count = floats.count / 3
        return Self(
            shape: [shape[0] / 3] + shape.dropFirst(),
            floats: Array(floats[index * count..<(index + 1) * count])
        )
    }
}

extension TinyModel: CustomStringConvertible {
    /// Its name, which is enough in a test's output.
    public var description: String { name }
}
