/// Resizes a picture with Pillow's bicubic filter and keeps a crop of it, computing nothing but the crop.
///
/// The result is equal, bit for bit, to Pillow's `resize` (12.3.0) followed by the crop: first along the rows
/// into bytes, then along the columns. A side that keeps its length is not filtered. Source rows are taken
/// one at a time, so that a picture can be resized while it is being decoded.
package struct BicubicResizer {
    /// The rows of the source that the crop depends on.
    ///
    /// Others may be given; they are ignored.
    package let sourceRows: Range<Int>

    private let crop: CenterCrop
    private let horizontal: BicubicWeights?
    private let vertical: BicubicWeights?
    /// (source rows, crop columns, 3): the source after the pass along its rows.
    private var narrowed: [UInt8]

    package init(from source: PixelSize, to resized: PixelSize, keeping crop: CenterCrop) {
        self.crop = crop
        horizontal = Self.weights(from: source.width, to: resized.width, keeping: crop.columns)
        vertical = Self.weights(from: source.height, to: resized.height, keeping: crop.rows)
        sourceRows = vertical?.sources ?? crop.rows
        narrowed = [UInt8](repeating: 0, count: sourceRows.count * crop.columns.count * 3)
    }

    private static func weights(
        from source: Int,
        to resized: Int,
        keeping kept: Range<Int>
    ) -> BicubicWeights? {
        source == resized ? nil : BicubicWeights(sourceLength: source, resizedLength: resized, kept: kept)
    }

    /// Takes one row of the source, in any order.
    ///
    /// `pixels` holds the source's width, (width, 3).
    package mutating func take(row: Int, _ pixels: UnsafePointer<UInt8>) {
        guard sourceRows.contains(row) else { return }
        let width = crop.columns.count * 3
        let offset = (row - sourceRows.lowerBound) * width
        let columns = crop.columns
        narrowed.withUnsafeMutableBufferPointer { narrowed in
            let output = UnsafeMutableBufferPointer(rebasing: narrowed[offset..<offset + width])
            if let horizontal {
                Self.narrow(pixels, by: horizontal, into: output)
            } else {
                _ = output.update(
                    fromContentsOf: UnsafeBufferPointer(start: pixels + columns.lowerBound * 3, count: width)
                )
            }
        }
    }

    /// The pass along a row: (width, 3) -> (crop columns, 3).
    private static func narrow(
        _ pixels: UnsafePointer<UInt8>,
        by weights: BicubicWeights,
        into output: UnsafeMutableBufferPointer<UInt8>
    ) {
        weights.values.withUnsafeBufferPointer { values in
            for column in weights.starts.indices {
                var source = pixels + weights.starts[column] * 3
                let first = column * weights.stride
                var (red, green, blue) = (BicubicWeights.half, BicubicWeights.half, BicubicWeights.half)
                for tap in first..<first + weights.counts[column] {
                    let weight = values[tap]
                    red &+= Int32(source[0]) &* weight
                    green &+= Int32(source[1]) &* weight
                    blue &+= Int32(source[2]) &* weight
                    source += 3
                }
                output[column * 3] = BicubicWeights.byte(red)
                output[column * 3 + 1] = BicubicWeights.byte(green)
                output[column * 3 + 2] = BicubicWeights.byte(blue)
            }
        }
    }

    /// The crop, once every source row was taken: (crop rows, crop columns, 3).
    package func finish() -> PixelBuffer {
        let (columns, rows) = (crop.columns.count, crop.rows.count)
        guard let vertical else { return PixelBuffer(width: columns, height: rows, bytes: narrowed) }
        let width = columns * 3
        var sums = [Int32](repeating: 0, count: width)
        let bytes = [UInt8](unsafeUninitializedCapacity: rows * width) { output, count in
            for row in 0..<rows {
                sums.withUnsafeMutableBufferPointer { sums in
                    sums.update(repeating: BicubicWeights.half)
                    for tap in 0..<vertical.counts[row] {
                        let source = vertical.starts[row] - sourceRows.lowerBound + tap
                        add(row: source, weight: vertical.values[row * vertical.stride + tap], to: sums)
                    }
                    for index in 0..<width {
                        output[row * width + index] = BicubicWeights.byte(sums[index])
                    }
                }
            }
            count = rows * width
        }
        return PixelBuffer(width: columns, height: rows, bytes: bytes)
    }

    private func add(row: Int, weight: Int32, to sums: UnsafeMutableBufferPointer<Int32>) {
        narrowed.withUnsafeBufferPointer { narrowed in
            let source = UnsafeBufferPointer(rebasing: narrowed[row * sums.count..<(row + 1) * sums.count])
            for index in 0..<sums.count {
                sums[index] &+= Int32(source[index]) &* weight
            }
        }
    }
}
