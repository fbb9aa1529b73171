/// Gives the bytes of a tensor piece by piece, in row-major order and little endian.
struct TensorCopy {
    /// The most bytes of a piece.
    private static let pieceByteCount = 1 << 20

    let tensor: PickledTensor
    /// The bytes of the whole storage.
    let storage: UnsafeRawBufferPointer
    let isBigEndian: Bool

    /// Calls `body` with the pieces, in order.
    func write(_ body: (UnsafeRawBufferPointer) throws(WeightError) -> Void) throws(WeightError) {
        guard tensor.byteCount > 0 else { return }
        let size = tensor.elementType.byteCount
        if tensor.isContiguous, !isBigEndian || size == 1 {
            let bytes = UnsafeRawBufferPointer(
                rebasing: storage[tensor.byteOffset..<tensor.byteOffset + tensor.byteCount]
            )
            var start = 0
            while start < bytes.count {
                let end = min(bytes.count, start + Self.pieceByteCount)
                try body(UnsafeRawBufferPointer(rebasing: bytes[start..<end]))
                start = end
            }
            return
        }
        switch size {
        case 1: try gather(UInt8.self, body)
        case 2: try gather(UInt16.self, body)
        case 4: try gather(UInt32.self, body)
        default: try gather(UInt64.self, body)
        }
    }

    /// Visits all indices, with the innermost changing fastest.
    private func gather<Element: FixedWidthInteger & BitwiseCopyable>(
        _ type: Element.Type,
        _ body: (UnsafeRawBufferPointer) throws(WeightError) -> Void
    ) throws(WeightError) {
        let size = MemoryLayout<Element>.size
        var piece: [Element] = []
        piece.reserveCapacity(Self.pieceByteCount / size)
        var index = [Int](repeating: 0, count: tensor.shape.count)
        let innerLength = tensor.shape.last ?? 1
        let innerStride = (tensor.strides.last ?? 0) * size
        var row = tensor.byteOffset
        while true {
            for inner in 0..<innerLength {
                let element = storage.loadUnaligned(
                    fromByteOffset: row + inner * innerStride,
                    as: Element.self
                )
                piece.append(isBigEndian ? element.byteSwapped : element)
                if piece.count == Self.pieceByteCount / size {
                    try Self.flush(&piece, body)
                }
            }
            // This goes to the next row: the innermost dimension that is not at its end advances, and those inside it
            // start again.
            var dimension = tensor.shape.count - 2
            while dimension >= 0 {
                index[dimension] += 1
                row += tensor.strides[dimension] * size
                if index[dimension] < tensor.shape[dimension] { break }
                row -= tensor.strides[dimension] * size * tensor.shape[dimension]
                index[dimension] = 0
                dimension -= 1
            }
            if dimension < 0 { break }
        }
        try Self.flush(&piece, body)
    }

    private static func flush<Element>(
        _ piece: inout [Element],
        _ body: (UnsafeRawBufferPointer) throws(WeightError) -> Void
    ) throws(WeightError) {
        let result: Result<Void, WeightError> = piece.withUnsafeBytes { bytes in
            do throws(WeightError) {
                return .success(try body(bytes))
            } catch {
                return .failure(error)
            }
        }
        piece.removeAll(keepingCapacity: true)
        try result.get()
    }
}
