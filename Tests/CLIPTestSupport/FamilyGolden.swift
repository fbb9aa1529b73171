import Foundation

/// A tiny model of a family beside OpenAI's, and what a reference implementation made of it
/// (`Scripts/goldens/families.py`).
public struct FamilyGolden: Sendable {
    private struct About: Decodable {
        let layout: String
        let tensors: [Tensor]
        let imageSize: Int
        let captions: [[Int32]]
        let images: Int
        let width: Int
    }

    /// Name, shape, and how its numbers are spread.
    private struct Tensor: Decodable {
        let name: String
        let shape: [Int]
        let scale: Float
        let offset: Float

        init(from decoder: any Decoder) throws {
            var list = try decoder.unkeyedContainer()
            name = try list.decode(String.self)
            shape = try list.decode([Int].self)
            scale = try list.decode(Float.self)
            offset = try list.decode(Float.self)
        }
    }

    /// The names of all models.
    public static let all = [
        "siglip", "siglip-tanh", "siglip-bare", "siglip-transformers", "pe", "pe-big", "eva", "mobileclip2-l",
        "gap", "clipa", "mean-of-normal", "gains", "worldwide", "metaclip2-transformers", "clip-vision",
        "clip-text", "metaclip2-vision", "metaclip2-text", "siglip-vision", "siglip-text",
    ]

    /// What the fixtures call it.
    public let name: String
    /// The layout that it is stored in.
    public let layout: TinyModel.Layout
    /// The configuration file.
    public let configuration: [UInt8]
    /// The weights.
    public let weights: [String: TinyModel.Weight]
    /// Width and height of an image.
    public let imageSize: Int
    /// Token ids.
    public let captions: [[Int32]]
    /// How many images there are.
    public let images: Int
    /// Floats of an embedding.
    public let width: Int
    /// (images, width), the reference's.
    public let imageEmbeddings: [Float]
    /// (captions, width), the reference's.
    public let textEmbeddings: [Float]

    /// Whether there is an image tower.
    public var hasImages: Bool { images > 0 }
    /// Whether there is a text tower.
    public var hasTexts: Bool { !captions.isEmpty }

    /// The model of that name.
    public init(_ name: String) throws {
        let json = try Fixture.bytes("families/\(name).json")
        let about = try JSONDecoder().decode(About.self, from: Data(json))
        self.name = name
        let root = try JSONSerialization.jsonObject(with: Data(json)) as? [String: Any]
        let file = try JSONSerialization.data(withJSONObject: root?["configuration"] ?? [:])
        configuration = [UInt8](file)
        layout = about.layout == "openclip" ? .openCLIP : .transformers
        var weights: [String: TinyModel.Weight] = [:]
        for tensor in about.tensors {
            let floats = CounterNumbers.floats(
                tensor.name,
                count: tensor.shape.reduce(1, *),
                scale: tensor.scale,
                offset: tensor.offset
            )
            weights[tensor.name] = TinyModel.Weight(shape: tensor.shape, floats: floats)
        }
        self.weights = weights
        imageSize = about.imageSize
        captions = about.captions
        images = about.images
        width = about.width
        let numbers = try Fixture.bytes("families/\(name).bin").withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map {
                Float(
                    bitPattern: UInt32(
                        littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)
                    )
                )
            }
        }
        imageEmbeddings = Array(numbers.prefix(images * width))
        textEmbeddings = Array(numbers.dropFirst(images * width))
    }

    /// The pixels that the goldens were made of, an image each.
    public var pixels: [[UInt8]] {
        let count = 3 * imageSize * imageSize
        let all = CounterNumbers.integers("pixels.\(name)", count: images * count, below: 256).map {
            UInt8($0)
        }
        return (0..<images).map { Array(all[$0 * count..<($0 + 1) * count]) }
    }
}
