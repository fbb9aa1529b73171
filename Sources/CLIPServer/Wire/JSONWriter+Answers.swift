internal import CLIPEngine

extension JSONWriter {
    /// A whole body: an object whose members `body` writes.
    static func object(_ body: (inout JSONWriter) -> Void) -> [UInt8] {
        var writer = JSONWriter()
        writer.object(body)
        return writer.bytes
    }

    /// Nearly all numbers of embeddings have fewer characters, comma included.
    static let mostBytesPerNumber = 22

    /// A list of numbers.
    mutating func numbers(_ values: [Float]) {
        array { writer in
            for value in values { writer.number(value) }
        }
    }

    /// Writes the member `towers` of a model: `image` and `text`, or one of them.
    mutating func towers(_ towers: [Tower]) {
        member("towers") { writer in
            writer.array { writer in
                for tower in towers { writer.string(tower.rawValue) }
            }
        }
    }
}
