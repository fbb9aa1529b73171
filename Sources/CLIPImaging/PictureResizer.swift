/// Resizes a picture and puts the kept part into a square, computing nothing else.
///
/// The result equals, bit for bit, the reference library's own resize of the upright picture followed by its crop and
/// its padding: first along the rows into bytes, then along the columns. A side that keeps its length is not filtered.
/// Pillow (12.3.0, Image.py) reverses the order for a picture that is more than a hundred times as high as wide and
/// becomes lower.
///
/// The picture is taken as it is stored, from its first row to its last, while it is decoded. No pixels are moved for
/// the orientation: for a mirrored side the weights are mirrored, and for a picture that lies on its side the stored
/// columns, which are the upright rows, are filtered first. A resized row is computed as soon as the stored rows under
/// it have come, so that only as many rows are kept as the filter covers.
package struct PictureResizer {
    private let frame: PictureFrame
    private let swapsSides: Bool
    /// Whether stored columns are filtered before stored rows.
    private let shortensFirst: Bool
    /// The weights along the stored rows and along the stored columns.
    private let columns, rows: ResizeWeights
    /// The number of pixels kept of each stored row: resized ones if rows are filtered first, else those that the
    /// filter needs.
    private let keptWidth: Int
    /// (capacity, keptWidth, 3): neighbouring stored rows, including those for the next resized row.
    private var window: [UInt8]
    private let capacity: Int
    /// The window's first row, counted from the first row on which the frame depends.
    private var windowStart = 0
    private var windowCount = 0
    /// The number of finished resized rows, or columns if the picture lies on its side.
    private var finished = 0
    /// (side, side, 3) bytes, of which some still have the fill colour.
    private var output: [UInt8]

    /// The most rows that are filtered at once.
    private static let mostAtOnce = 8

    /// - Parameters:
    ///   - source: the size of the upright picture.
    ///   - frame: the resized size, and what is kept of it.
    ///   - recipe: the filter, the library and the fill colour.
    ///   - orientation: how the stored picture has to be turned to stand upright.
    package init(
        from source: PixelSize,
        into frame: PictureFrame,
        as recipe: PreprocessingRecipe,
        orientation: Orientation = .upright
    ) {
        self.frame = frame
        swapsSides = orientation.swapsSides
        shortensFirst = Self.shortensFirst(source, frame.resized, recipe.library, orientation)
        let across = ResizeWeights(
            sourceLength: source.width,
            resizedLength: frame.resized.width,
            kept: frame.columns,
            isMirrored: orientation.reversesColumns,
            filter: recipe.filter,
            library: recipe.library
        )
        let down = ResizeWeights(
            sourceLength: source.height,
            resizedLength: frame.resized.height,
            kept: frame.rows,
            isMirrored: orientation.reversesRows,
            filter: recipe.filter,
            library: recipe.library
        )
        (columns, rows) = swapsSides ? (down, across) : (across, down)
        keptWidth = shortensFirst ? columns.sources.count : columns.starts.count
        capacity = min(2 * rows.stride + Self.mostAtOnce, rows.sources.count)
        window = [UInt8](repeating: 0, count: capacity * keptWidth * 3)
        output = [UInt8](repeating: 0, count: frame.side * frame.side * 3)
        if recipe.fillColour != .black, frame.columns.count < frame.side || frame.rows.count < frame.side {
            let colour = [recipe.fillColour.red, recipe.fillColour.green, recipe.fillColour.blue]
            for place in output.indices { output[place] = colour[place % 3] }
        }
    }

    private static func shortensFirst(
        _ source: PixelSize,
        _ resized: PixelSize,
        _ library: PreparingLibrary,
        _ orientation: Orientation
    ) -> Bool {
        let columnsFirst =
            library == .openCLIP && source.height > 100 * source.width && resized.height < source.height
        return columnsFirst != orientation.swapsSides
    }

    /// The most bytes that resizing will hold, known before there is a resizer.
    package static func memoryBytes(
        from source: PixelSize,
        into frame: PictureFrame,
        library: PreparingLibrary,
        orientation: Orientation
    ) -> Int {
        let stored = source.upright(by: orientation)
        let resized = frame.resized.upright(by: orientation)
        let side = frame.side
        let (across, down) = (
            Double(stored.width) / Double(resized.width), Double(stored.height) / Double(resized.height)
        )
        // Without reduction, no filter covers more than four pixels.
        let (reachAcross, reachDown) = (Int(4 * max(across, 1)) + 8, Int(4 * max(down, 1)) + 8)
        let kept =
            shortensFirst(source, frame.resized, library, orientation)
            ? min(stored.width, Int(Double(side) * across) + 2 * reachAcross) : side
        let window = min(2 * reachDown + mostAtOnce, stored.height).times(kept).times(3)
        // A weight takes four bytes, and sixteen more in the form for the pass along the rows.
        return window.plus(side * side * 3).plus(side.times(reachAcross + reachDown).times(4 + 16))
    }

    /// The bytes that are held at present.
    package var heldBytes: Int {
        window.count + output.count + columns.heldBytes + rows.heldBytes
    }

    /// The stored rows on which the kept part depends.
    ///
    /// Other rows may be given too; they are ignored.
    package var sourceRows: Range<Int> { rows.sources }

    /// Takes the next rows of the stored picture, each of `width` pixels.
    package mutating func take(_ strip: RowStrip, width: Int) {
        let wanted = (strip.first..<strip.first + strip.count).clamped(to: sourceRows)
        for first in Swift.stride(from: wanted.lowerBound, to: wanted.upperBound, by: Self.mostAtOnce) {
            let count = min(Self.mostAtOnce, wanted.upperBound - first)
            precondition(
                first - sourceRows.lowerBound == windowStart + windowCount,
                "Rows are taken in order."
            )
            makeRoom(for: count)
            keep(
                strip.pixels + (first - strip.first) * strip.stride,
                stride: strip.stride,
                count,
                width: width
            )
            while finished < rows.starts.count,
                rows.end(of: rows.place(of: finished)) <= windowStart + windowCount
            {
                finishNext()
            }
        }
    }

    /// The square, after every row of ``sourceRows`` was taken.
    package consuming func finish() -> PixelBuffer {
        precondition(finished == rows.starts.count, "A picture is resized once all of its rows were taken.")
        return PixelBuffer(width: frame.side, height: frame.side, bytes: output)
    }

    /// Drops the rows that no further resized row needs, if the window is full.
    private mutating func makeRoom(for count: Int) {
        guard windowCount + count > capacity else { return }
        let needed =
            finished < rows.starts.count
            ? Int(rows.starts[rows.place(of: finished)]) : windowStart + windowCount
        let dropped = min(needed - windowStart, windowCount)
        let rowBytes = keptWidth * 3
        window.withUnsafeMutableBytes { window in
            let rest = window[dropped * rowBytes..<windowCount * rowBytes]
            window.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest))
        }
        windowStart += dropped
        windowCount -= dropped
    }

    private mutating func keep(_ pixels: UnsafePointer<UInt8>, stride: Int, _ count: Int, width: Int) {
        let rowBytes = keptWidth * 3
        let first = columns.sources.lowerBound
        let offset = windowCount * rowBytes
        window.withUnsafeMutableBufferPointer { window in
            let target = UnsafeMutableBufferPointer(rebasing: window[offset..<offset + count * rowBytes])
            guard let base = target.baseAddress else { return }
            if shortensFirst {
                for row in 0..<count {
                    (base + row * rowBytes).update(from: pixels + first * 3 + row * stride, count: rowBytes)
                }
            } else {
                columns.narrow(
                    pixels + first * 3,
                    stride: stride,
                    width: width - first,
                    count: count,
                    into: base
                )
            }
        }
        windowCount += count
    }

    private mutating func finishNext() {
        let place = rows.place(of: finished)
        let line = shortensFirst ? narrowed(shortened(to: place)) : shortened(to: place)
        if swapsSides {
            // A stored row is a column of the upright picture.
            for row in 0..<frame.rows.count {
                let pixel = ((frame.top + row) * frame.side + frame.left + place) * 3
                for channel in 0..<3 { output[pixel + channel] = line[row * 3 + channel] }
            }
        } else {
            let row = ((frame.top + place) * frame.side + frame.left) * 3
            output.replaceSubrange(row..<row + line.count, with: line)
        }
        finished += 1
    }

    /// A resized row, in pixels as they are kept.
    private func shortened(to place: Int) -> [UInt8] {
        let width = keptWidth * 3
        let first = (Int(rows.starts[place]) - windowStart) * width
        return [UInt8](unsafeUninitializedCapacity: width) { line, count in
            window.withUnsafeBufferPointer { window in
                let source = window[first..<first + Int(rows.counts[place]) * width]
                rows.shorten(UnsafeBufferPointer(rebasing: source), to: place, into: line)
            }
            count = width
        }
    }

    /// Filters along a row that was kept as it is stored.
    private func narrowed(_ row: [UInt8]) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: columns.starts.count * 3) { line, count in
            row.withUnsafeBufferPointer { row in
                guard let pixels = row.baseAddress, let target = line.baseAddress else { return }
                columns.narrow(pixels, stride: row.count, width: keptWidth, count: 1, into: target)
            }
            count = columns.starts.count * 3
        }
    }
}
