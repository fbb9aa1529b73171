/// Gives a source's rows the way a person sees the picture.
///
/// Mirroring costs one row. A picture on its side has its rows as columns, so it is kept whole (or rather
/// what of it the resizer looks at, three bytes a pixel) until the last stored row is there.
struct UprightRows {
    let orientation: Orientation
    let storedSize: PixelSize

    /// Reads `source` to its end and gives every row, in some order, that `resizer` needs.
    func feed(
        _ source: borrowing some RowSource & ~Copyable,
        to resizer: inout BicubicResizer
    ) throws(ImagingError) {
        switch (orientation.swapsSides, orientation.reversesColumns) {
        case (false, false):
            try source.forEachRow { row, pixels in resizer.take(row: uprightRow(of: row), pixels) }
        case (false, true):
            try feedMirrored(source, to: &resizer)
        case (true, _):
            try feedTransposed(source, to: &resizer)
        }
    }

    private func uprightRow(of row: Int) -> Int {
        orientation.reversesRows ? storedSize.height - 1 - row : row
    }

    private func feedMirrored(
        _ source: borrowing some RowSource & ~Copyable,
        to resizer: inout BicubicResizer
    ) throws(ImagingError) {
        var mirrored = [UInt8](repeating: 0, count: storedSize.width * 3)
        try source.forEachRow { row, pixels in
            mirrored.withUnsafeMutableBufferPointer { mirrored in
                guard let base = mirrored.baseAddress else { return }
                for column in 0..<storedSize.width {
                    Self.copyPixel(from: pixels + column * 3, to: base + (storedSize.width - 1 - column) * 3)
                }
                resizer.take(row: uprightRow(of: row), base)
            }
        }
    }

    private func feedTransposed(
        _ source: borrowing some RowSource & ~Copyable,
        to resizer: inout BicubicResizer
    ) throws(ImagingError) {
        let (width, rows) = (storedSize.height, resizer.sourceRows)  // of the upright picture
        var upright = [UInt8](repeating: 0, count: rows.count * width * 3)
        try source.forEachRow { storedRow, pixels in
            let column = orientation.reversesColumns ? width - 1 - storedRow : storedRow
            upright.withUnsafeMutableBufferPointer { upright in
                guard let base = upright.baseAddress else { return }
                var target = base + column * 3
                for row in rows {
                    let storedColumn = orientation.reversesRows ? storedSize.width - 1 - row : row
                    Self.copyPixel(from: pixels + storedColumn * 3, to: target)
                    target += width * 3
                }
            }
        }
        upright.withUnsafeBufferPointer { upright in
            guard let base = upright.baseAddress else { return }
            for (index, row) in rows.enumerated() {
                resizer.take(row: row, base + index * width * 3)
            }
        }
    }

    @inline(__always)
    private static func copyPixel(from source: UnsafePointer<UInt8>, to target: UnsafeMutablePointer<UInt8>) {
        target[0] = source[0]
        target[1] = source[1]
        target[2] = source[2]
    }
}
