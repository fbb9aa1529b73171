import CResize

/// Along one side of a picture: which source pixels make up each resized pixel, and with what weight.
///
/// The reach, the rounding and the fixed point are the library's, so that sums of these weights are equal to its own bit for
/// bit: Pillow's (libImaging/Resample.c, 12.3.0) or torch's for bytes (UpSampleKernel.cpp, 2.15). When the picture shrinks,
/// the filter widens with it (antialiasing).
struct ResizeWeights: Sendable {
    /// Fraction bits: 32 less 8 for the byte and 2 for the filter's overshoot.
    ///
    /// Pillow's; torch's weights have fewer, and are shifted so that one loop sums both.
    private static let fractionBits = 22

    /// The source pixels, as stored, that are looked at by any of the resized ones.
    let sources: Range<Int>
    /// Whether the picture is stored the other way round along this side.
    let isMirrored: Bool
    /// The first source pixel of each resized pixel, counted from the first of `sources`.
    let starts: [Int32]
    /// How many source pixels each resized pixel has.
    let counts: [Int32]
    /// The most that `counts` can hold, filled up to a multiple of four: the distance between rows of
    /// `values`.
    let stride: Int
    /// (resized pixels, stride) weights in fixed point; zero past each count.
    private let values: [Int32]
    /// `values` as the pass along the rows wants them.
    private let halves: [Int16]

    /// Weights of the resized pixels in `kept`, of `resizedLength` in all.
    ///
    /// `isMirrored` tells that source pixels are stored the other way round; resized ones never are.
    init(
        sourceLength: Int,
        resizedLength: Int,
        kept: Range<Int>,
        isMirrored: Bool,
        filter: ResizeFilter,
        library: PreparingLibrary
    ) {
        let isFiltered = sourceLength != resizedLength
        let taps = ResizeTaps(sourceLength: sourceLength, resizedLength: resizedLength, filter: filter)
        let bits = isFiltered && library == .transformers ? taps.fractionBits : Self.fractionBits

        var starts: [Int] = []
        var counts: [Int32] = []
        let stride = isFiltered ? (taps.most + 3) / 4 * 4 : 4
        var values = [Int32](repeating: 0, count: kept.count * stride)
        var weights = [Double](repeating: 0, count: stride)
        for (row, resized) in kept.enumerated() {
            guard isFiltered else {
                starts.append(isMirrored ? sourceLength - 1 - resized : resized)
                counts.append(1)
                values[row * stride] = Self.fixedPoint(1, bits: bits)
                continue
            }
            let (start, count) = taps.weigh(resized, into: &weights)
            for tap in 0..<count {
                let value = Self.fixedPoint(weights[tap], bits: bits)
                values[row * stride + (isMirrored ? count - 1 - tap : tap)] = value
            }
            starts.append(isMirrored ? sourceLength - start - count : start)
            counts.append(Int32(count))
        }
        let first = starts.min() ?? 0
        let end = zip(starts, counts).map { $0 + Int($1) }.max() ?? 0
        sources = first..<end
        self.isMirrored = isMirrored
        self.starts = starts.map { Int32($0 - first) }
        (self.counts, self.stride, self.values) = (counts, stride, values)
        halves = [Int16](unsafeUninitializedCapacity: values.count * 8) { halves, count in
            if let base = halves.baseAddress { cresize_split(values, values.count, base) }
            count = values.count * 8
        }
    }

    /// Bytes that are held.
    var heldBytes: Int { 4 * (starts.count + counts.count + values.count) + 2 * halves.count }

    /// Which resized pixel is the next whose sources are there, after `turn` others, when source pixels come
    /// as they are stored.
    func place(of turn: Int) -> Int {
        isMirrored ? starts.count - 1 - turn : turn
    }

    /// The source pixel behind the last one of a resized pixel, counted from the first of `sources`.
    func end(of place: Int) -> Int {
        Int(starts[place] + counts[place])
    }

    // MARK: The two passes

    /// Along the rows: (count, width, 3) -> (count, resized pixels, 3).
    ///
    /// - Parameters:
    ///   - rows: where the first row has the first of `sources`.
    ///   - stride: bytes from a row to the next.
    ///   - width: pixels of a row from there on.
    func narrow(
        _ rows: UnsafePointer<UInt8>,
        stride rowStride: Int,
        width: Int,
        count: Int,
        into output: UnsafeMutablePointer<UInt8>
    ) {
        starts.withUnsafeBufferPointer { starts in
            counts.withUnsafeBufferPointer { counts in
                values.withUnsafeBufferPointer { values in
                    halves.withUnsafeBufferPointer { halves in
                        var weights = cresize_weights(
                            outputs: Int32(starts.count),
                            stride: Int32(stride),
                            starts: starts.baseAddress,
                            counts: counts.baseAddress,
                            values: values.baseAddress,
                            halves: halves.baseAddress
                        )
                        cresize_narrow(
                            &weights,
                            rows,
                            rowStride,
                            Int32(width),
                            Int32(count),
                            output,
                            starts.count * 3
                        )
                    }
                }
            }
        }
    }

    /// Along the columns: the source rows of a resized row -> that row, of as many bytes as one of them.
    func shorten(
        _ rows: UnsafeBufferPointer<UInt8>,
        to place: Int,
        into output: UnsafeMutableBufferPointer<UInt8>
    ) {
        values.withUnsafeBufferPointer { values in
            guard let values = values.baseAddress, let rows = rows.baseAddress,
                let target = output.baseAddress
            else { return }
            cresize_shorten(values + place * stride, counts[place], rows, output.count, target)
        }
    }

    /// Away from zero at a half, as both libraries round.
    private static func fixedPoint(_ weight: Double, bits: Int) -> Int32 {
        let scaled = weight * Double(1 << bits)
        return Int32(weight < 0 ? scaled - 0.5 : scaled + 0.5) << (fractionBits - bits)
    }
}
