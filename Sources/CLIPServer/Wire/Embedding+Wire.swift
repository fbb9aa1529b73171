internal import CLIPEngine
internal import Foundation

extension Embedding {
    /// The embedding at length one, cut to its first numbers if fewer are wanted.
    func unit(cutTo width: Int?) -> Embedding {
        (width.map { $0 < values.count ? prefix($0) : self } ?? self).normalized
    }

    /// The numbers as 32-bit floats, little-endian, in base64.
    var base64: String {
        Data(values.flatMap { number in withUnsafeBytes(of: number.bitPattern.littleEndian, Array.init) })
            .base64EncodedString()
    }
}

extension EmbeddingResult {
    /// The number of values in one embedding.
    var width: Int { embeddings.first?.values.count ?? 0 }

    /// The refusal of a request for more dimensions than the model's embeddings have; nil for other requests.
    func refusal(ofDimensions dimensions: Int?) -> Answer? {
        guard let dimensions, dimensions > width else { return nil }
        return Answer(
            PlainFields.fault("dimensions", "is above the \(width) that the model's embeddings have"),
            model: report.model
        )
    }
}

extension Answer {
    /// An answer with the engine's result.
    init(_ body: [UInt8], of result: EmbeddingResult) {
        self.init(body)
        result.room?.shrink(to: body.count)
        room = result.room
        model = result.report.model
        report = result.report
        loadTime = result.report.loadTime
    }
}
