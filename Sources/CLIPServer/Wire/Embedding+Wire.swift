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
