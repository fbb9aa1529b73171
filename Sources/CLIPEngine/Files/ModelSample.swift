/// What tells one of the engine's models from others: its name, and what it makes of a certain picture.
package struct ModelSample: Equatable, Sendable {
    /// As requests name it.
    package let name: String
    /// The number format of its forward passes, such as `bf16`.
    package let precision: String
    /// The picture's embedding, of length one: weights, recipe and all.
    package let embedding: [Float]

    /// - Parameters:
    ///   - name: the model; nil for the default one.
    ///   - terms: of the request that it is looked at for.
    package init(
        of engine: EmbeddingEngine,
        named name: String? = nil,
        terms: RequestTerms = RequestTerms()
    ) async throws(EmbeddingError) {
        let result = try await engine.embed(images: [.encoded(Self.picture)], model: name, terms: terms)
        let model = result.report.model
        self.name = model
        precision = engine.models.first { $0.name == model }?.precision.rawValue ?? ""
        embedding = result.embeddings[0].normalized.values
    }

    /// A bitmap of 64 x 64 pixels with edges, colours and shades: its bytes are part of the formats of files that keep its embedding.
    private static let picture: [UInt8] = {
        let side = 64
        func word(_ value: Int, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(value >> (8 * $0) & 255) }
        }
        // A file header of 14 bytes, and one of 40 for the picture: 24 bits a pixel, rows from the lowest up.
        var bytes = Array("BM".utf8) + word(54 + 3 * side * side, 4) + word(0, 4) + word(54, 4)
        bytes += word(40, 4) + word(side, 4) + word(side, 4) + word(1, 2) + word(24, 2) + word(0, 24)
        for y in 0..<side {
            for x in 0..<side {
                let isInside = (x - 40) * (x - 40) + (y - 24) * (y - 24) < 300
                bytes += isInside ? [40, 80, 220] : [UInt8(4 * x), UInt8(255 - 3 * y), UInt8(x * y % 256)]
            }
        }
        return bytes
    }()
}
