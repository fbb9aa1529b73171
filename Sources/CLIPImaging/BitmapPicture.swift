/// An opened bitmap (BMP), read in Swift because no library for it is made for untrusted files.
///
/// Every byte is reached through bounds-checked arrays, and memory stays at two rows, whatever the header says.
struct BitmapPicture: RowSource {
    let header: ImageHeader
    private let bitmap: BitmapHeader
    private let file: [UInt8]
    private let stop: DecodeStop

    init(_ file: [UInt8], stop: DecodeStop) throws(ImagingError) {
        guard let bitmap = BitmapHeader(file) else { throw .badHeader(.bmp) }
        self.bitmap = bitmap
        self.file = file
        self.stop = stop
        header = ImageHeader(
            format: .bmp,
            storedSize: bitmap.size,
            // Bitmaps are stored from the bottom row up unless the header says otherwise.
            orientation: bitmap.isTopDown ? .upright : .flipped,
            memoryBytes: bitmap.size.width.times(4).plus(1 << 14)
        )
    }

    func forEachStrip(_ body: (RowStrip) -> Void) throws(ImagingError) {
        var pixels = [UInt8](repeating: 0, count: bitmap.size.width * 3)
        func give(_ row: Int) {
            pixels.withUnsafeBufferPointer { pixels in
                guard let base = pixels.baseAddress else { return }
                body(RowStrip(first: row, count: 1, pixels: base, stride: pixels.count))
            }
        }
        if case .runs(let bits) = bitmap.coding {
            var runs = BitmapRuns(file, at: bitmap.pixelOffset, bits: bits, stop: stop)
            var indices = [UInt8](repeating: 0, count: bitmap.size.width)
            for storedRow in 0..<bitmap.size.height {
                try stop.check()
                guard try runs.readRow(into: &indices) else { throw .badPixels(.bmp) }
                for (column, index) in indices.enumerated() { setColour(Int(index), of: column, in: &pixels) }
                give(storedRow)
            }
            return
        }
        // The last row may lack its padding.
        let end = bitmap.pixelOffset + (bitmap.size.height - 1) * bitmap.rowStride + bitmap.rowBytes
        guard end <= file.count else { throw .badPixels(.bmp) }
        for storedRow in 0..<bitmap.size.height {
            try stop.check()
            unpack(at: bitmap.pixelOffset + storedRow * bitmap.rowStride, into: &pixels)
            give(storedRow)
        }
    }

    /// Converts the stored row at `offset` into pixels, (width, 3).
    private func unpack(at offset: Int, into pixels: inout [UInt8]) {
        switch bitmap.coding {
        case .palette(let bits), .runs(let bits):
            for column in 0..<bitmap.size.width {
                let bit = column * bits
                let index = file[offset + bit / 8] >> (8 - bits - bit % 8) & UInt8(1 << bits - 1)
                setColour(Int(index), of: column, in: &pixels)
            }
        case .channels(let bytes, let red, let green, let blue):
            for column in 0..<bitmap.size.width {
                let start = offset + column * bytes
                var pixel = Int(file[start]) | Int(file[start + 1]) << 8
                if bytes > 2 { pixel |= Int(file[start + 2]) << 16 }
                if bytes > 3 { pixel |= Int(file[start + 3]) << 24 }
                pixels[column * 3] = red.byte(of: pixel)
                pixels[column * 3 + 1] = green.byte(of: pixel)
                pixels[column * 3 + 2] = blue.byte(of: pixel)
            }
        }
    }

    private func setColour(_ index: Int, of column: Int, in pixels: inout [UInt8]) {
        pixels[column * 3] = bitmap.palette[index * 3]
        pixels[column * 3 + 1] = bitmap.palette[index * 3 + 1]
        pixels[column * 3 + 2] = bitmap.palette[index * 3 + 2]
    }
}
