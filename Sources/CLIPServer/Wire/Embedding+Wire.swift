internal import CLIPEngine
internal import Foundation

extension Embedding {
    /// The first numbers of it, if not all are wanted, at length one.
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
    /// Numbers of one embedding.
    var width: Int { embeddings.first?.values.count ?? 0 }

    /// What is told where more numbers are wanted than the model's embeddings have; nil where they are not.
    func refusal(ofDimensions dimensions: Int?) -> Answer? {
        guard let dimensions, dimensions > width else { return nil }
        return Answer(
            PlainFields.fault("dimensions", "is above the \(width) that the model's embeddings have"),
            model: report.model
        )
    }
}

extension Answer {
    /// The answer with what the engine came to.
    init(_ body: [UInt8], of result: EmbeddingResult) {
        self.init(body)
        result.room?.shrink(to: body.count)
        room = result.room
        model = result.report.model
        report = result.report
        loadTime = result.report.loadTime
    }
}
