public import Foundation

/// What the reference implementations made of a tiny model, stage by stage (`Scripts/goldens/models.py`,
/// `resnet.py`).
public struct Golden: Sendable {
    /// Where one stage lies among the floats.
    public struct Stage: Decodable, Sendable {
        /// "vision" or "text".
        public let tower: String
        /// A name such as "tokens" or "block 1".
        public let stage: String
        /// Floats of a row.
        public let width: Int
        let offset: Int
        let count: Int
    }

    private struct Index: Decodable {
        let images: Int
        let captions: [[Int32]]
        let checksums: [String: String]
        let stages: [Stage]
    }

    /// How many images there are; their pixels are `TinyModel.pixels(count:)`.
    public let images: Int
    /// Token ids, in the order of the captions' real lengths.
    public let captions: [[Int32]]
    /// `checksum(_:)` of the weights that Python wrote, by layout.
    public let checksums: [String: String]
    /// All stages in the order of the network.
    public let stages: [Stage]
    private let floats: [Float]

    /// The goldens of a tiny model.
    public init(_ model: TinyModel) throws {
        let fixture = "\(model.resNet == nil ? "models" : "resnet")/\(model.name)"
        let index = try Fixture.decode(Index.self, from: "\(fixture).json")
        images = index.images
        captions = index.captions
        checksums = index.checksums
        stages = index.stages
        floats = try Fixture.bytes("\(fixture).bin").withUnsafeBytes { bytes in
            (0..<bytes.count / 4).map {
                Float(
                    bitPattern: UInt32(
                        littleEndian: bytes.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self)
                    )
                )
            }
        }
    }

    /// The numbers of a stage, or nothing where the goldens have no such stage.
    public func values(_ tower: String, _ stage: String) -> [Float] {
        guard let found = stages.first(where: { $0.tower == tower && $0.stage == stage }) else { return [] }
        return Array(floats[found.offset..<found.offset + found.count])
    }

    /// FNV-1a over the 64-bit words of a file, the last filled up with zeros.
    public static func checksum(_ bytes: Data) -> String {
        bytes.withUnsafeBytes { bytes in
            var value: UInt64 = 0xCBF2_9CE4_8422_2325
            var offset = 0
            while offset + 8 <= bytes.count {
                let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
                value = (value ^ word) &* 0x100_0000_01B3
                offset += 8
            }
            if offset < bytes.count {
                let rest = bytes[offset...].enumerated().reduce(UInt64(0)) {
                    $0 | UInt64($1.element) << (8 * UInt64($1.offset))
                }
                value = (value ^ rest) &* 0x100_0000_01B3
            }
            let digits = String(value, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }
    }
}
