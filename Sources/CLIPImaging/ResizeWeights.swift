import CResize

/// The source pixels of each resized pixel along one side of a picture, with their weights in fixed point.
///
/// The reach, the rounding and the fixed point are the library's, so sums of these weights equal its own bit for bit:
/// Pillow's (libImaging/Resample.c, 12.3.0) or torch's for bytes (UpSampleKernel.cpp, 2.15). When the picture is
/// reduced, the filter widens with it (antialiasing).
struct ResizeWeights: Sendable {
    /// The number of fraction bits: 32 less 8 for the byte and 2 for the filter's overshoot.
    ///
    /// This is Pillow's number. torch's weights have fewer bits, and are shifted so that one loop sums both.
    private static let fractionBits = 22

    /// The stored source pixels that any resized pixel uses.
    let sources: Range<Int>
    /// Whether the picture is stored in reverse along this side.
    let isMirrored: Bool
    /// The first source pixel of each resized pixel, counted from the first of `sources`.
    let starts: [Int32]
    /// The number of source pixels of each resized pixel.
    let counts: [Int32]
    /// The largest possible count, rounded up to a multiple of four: the distance between rows of `values`.
    let stride: Int
    /// The weights in fixed point, (resized pixels, stride); zero after each pixel's count.
    private let values: [Int32]
    /// `values` in the form that the pass along the rows needs.
    private let halves: [Int16]

    /// Makes the weights of the resized pixels in `kept`, of `resizedLength` in all.
    ///
    /// `isMirrored` says that source pixels are stored in reverse; resized pixels never are.
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

    /// The bytes that are held.
    var heldBytes: Int { 4 * (starts.count + counts.count + values.count) + 2 * halves.count }

    /// The next resized pixel whose source pixels have all come, after `turn` others, if they come as they are stored.
    func place(of turn: Int) -> Int {
        isMirrored ? starts.count - 1 - turn : turn
    }

    /// One past the last source pixel of a resized pixel, counted from the first of `sources`.
    func end(of place: Int) -> Int {
        Int(starts[place] + counts[place])
    }

    // MARK: The two passes

    /// Filters along the rows: (count, width, 3) becomes (count, resized pixels, 3).
    ///
    /// - Parameters:
    ///   - rows: the first of `sources` in the first row.
    ///   - stride: the bytes from one row to the next.
    ///   - width: the pixels of a row from there on.
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

    /// Filters along the columns: the source rows of a resized row become that row, which has as many bytes as each of
    /// them.
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

    /// The weight in fixed point; a half is rounded away from zero, as in both libraries.
    private static func fixedPoint(_ weight: Double, bits: Int) -> Int32 {
        let scaled = weight * Double(1 << bits)
        return Int32(weight < 0 ? scaled - 0.5 : scaled + 0.5) << (fractionBits - bits)
    }
}
