import CLIPImaging
import Testing

@Suite("Bicubic resizing")
struct ResizerTests {
    /// The same result by the shortest way: every weight from its definition in whole pixels, no crop, no streaming.
    private struct Twin {
        var pixels: [UInt8]
        var size: PixelSize

        /// Resizes along one side, given how to reach a pixel along it.
        private func weights(
            from source: Int,
            to resized: Int,
            at position: Int
        ) -> [(source: Int, weight: Int)] {
            let scale = Double(source) / Double(resized)
            let widening = max(1, scale)
            let center = (Double(position) + 0.5) * scale
            let first = max(0, Int(center - 2 * widening + 0.5))
            let end = min(source, Int(center + 2 * widening + 0.5))
            let raw = (first..<end).map { Self.cubic((Double($0) - center + 0.5) * (1 / widening)) }
            let sum = raw.reduce(0, +)
            return zip(first..<end, raw).map { pixel, weight in
                (pixel, Int((weight / sum * 4_194_304).rounded(.toNearestOrAwayFromZero)))
            }
        }

        private static func cubic(_ signed: Double) -> Double {
            let x = abs(signed)
            return x < 1 ? (1.5 * x - 2.5) * x * x + 1 : x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0
        }

        private func byte(_ sum: Int) -> UInt8 { UInt8(min(255, max(0, (sum + 2_097_152) >> 22))) }

        func wide(_ width: Int) -> Twin {
            guard width != size.width else { return self }
            var result = Twin(pixels: [], size: PixelSize(width: width, height: size.height))
            for row in 0..<size.height {
                for column in 0..<width {
                    let weights = weights(from: size.width, to: width, at: column)
                    for channel in 0..<3 {
                        result.pixels.append(
                            byte(
                                weights.reduce(0) {
                                    $0 + $1.weight * Int(pixels[(row * size.width + $1.source) * 3 + channel])
                                }
                            )
                        )
                    }
                }
            }
            return result
        }

        func turned() -> Twin {
            var result = Twin(pixels: [], size: PixelSize(width: size.height, height: size.width))
            for column in 0..<size.width {
                for row in 0..<size.height {
                    result.pixels +=
                        pixels[(row * size.width + column) * 3..<(row * size.width + column) * 3 + 3]
                }
            }
            return result
        }

        func resized(to new: PixelSize) -> Twin { wide(new.width).turned().wide(new.height).turned() }

        func cropped(_ crop: CenterCrop) -> [UInt8] {
            crop.rows.flatMap { row in
                crop.columns.flatMap { column in
                    pixels[(row * size.width + column) * 3..<(row * size.width + column) * 3 + 3]
                }
            }
        }
    }

    /// The pixels of an upright picture as they are stored.
    private func stored(_ pixels: [UInt8], _ size: PixelSize, _ orientation: Orientation) -> [UInt8] {
        let stored =
            orientation.swapsSides ? PixelSize(width: size.height, height: size.width) : size
        return (0..<stored.height).flatMap { storedRow in
            (0..<stored.width).flatMap { storedColumn in
                var (row, column) = (storedRow, storedColumn)
                if orientation.swapsSides { swap(&row, &column) }
                if orientation.reversesRows { row = size.height - 1 - row }
                if orientation.reversesColumns { column = size.width - 1 - column }
                let pixel = (row * size.width + column) * 3
                return pixels[pixel..<pixel + 3]
            }
        }
    }

    /// Resizes by giving stored rows in strips of the given heights, over and over.
    private func resize(
        _ pixels: [UInt8],
        _ size: PixelSize,
        to resized: PixelSize,
        keeping crop: CenterCrop,
        orientation: Orientation,
        strips: [Int] = [8]
    ) -> [UInt8] {
        let stored = stored(pixels, size, orientation)
        let width = orientation.swapsSides ? size.height : size.width
        let height = stored.count / width / 3
        var resizer = BicubicResizer(from: size, to: resized, keeping: crop, orientation: orientation)
        stored.withUnsafeBufferPointer { stored in
            guard let base = stored.baseAddress else { return }
            var first = 0
            var turn = 0
            while first < height {
                let count = min(strips[turn % strips.count], height - first)
                resizer.take(
                    RowStrip(first: first, count: count, pixels: base + first * width * 3, stride: width * 3),
                    width: width
                )
                first += count
                turn += 1
            }
        }
        return resizer.finish().bytes
    }

    private func check(_ source: PixelSize, side: Int, _ orientation: Orientation, _ pixels: [UInt8]) {
        let resized =
            source.width <= source.height
            ? PixelSize(width: side, height: side * source.height / source.width)
            : PixelSize(width: side * source.width / source.height, height: side)
        let crop = CenterCrop(of: resized, side: side)
        let found = resize(
            pixels,
            source,
            to: resized,
            keeping: crop,
            orientation: orientation,
            strips: [1, 8, 3, 30]
        )
        let expected = Twin(pixels: pixels, size: source).resized(to: resized).cropped(crop)
        #expect(found == expected, "\(source) to \(side), \(orientation)")
    }

    private func randomPixels(_ size: PixelSize, _ random: inout SplitMix) -> [UInt8] {
        (0..<size.width * size.height * 3).map { _ in UInt8(random.next(in: 0...255)) }
    }

    @Test(
        "A crop computed alone, while rows come as they are stored, equals the crop of the whole",
        arguments: Orientation.allCases
    )
    func randomSizes(orientation: Orientation) {
        var random = SplitMix(seed: UInt64(orientation.rawValue))
        for turn in 0..<24 {
            // Some are so large that several pixels are taken at once, some so small that none are.
            let largest = turn % 3 == 0 ? 170 : 40
            let source = PixelSize(width: random.next(in: 1...largest), height: random.next(in: 1...largest))
            check(source, side: random.next(in: 1...24), orientation, randomPixels(source, &random))
        }
    }

    @Test("Hard edges, where the filter overshoots, are cut to black and white")
    func overshoot() {
        var random = SplitMix(seed: 8)
        for side in [5, 16, 21] {
            for orientation in [Orientation.upright, .turnedLeft] {
                let pixels = (0..<49 * 43 * 3).map { _ in random.next(in: 0...1) == 0 ? 0 : UInt8(255) }
                check(PixelSize(width: 49, height: 43), side: side, orientation, pixels)
            }
        }
    }

    @Test(
        "Extreme shapes are resized like any other",
        arguments: [
            PixelSize(width: 1, height: 120), .init(width: 120, height: 1), .init(width: 2, height: 121),
        ]
    )
    func extremeShapes(source: PixelSize) {
        var random = SplitMix(seed: 9)
        let pixels = randomPixels(source, &random)
        for side in [1, 3, 8] {
            for orientation in Orientation.allCases { check(source, side: side, orientation, pixels) }
        }
    }

    @Test(
        "A picture that already has its size is kept as it is, but upright",
        arguments: Orientation.allCases
    )
    func identity(orientation: Orientation) {
        let size = PixelSize(width: 5, height: 5)
        let pixels = (0..<75).map { UInt8($0 * 3) }
        let crop = CenterCrop(of: size, side: 5)
        #expect(resize(pixels, size, to: size, keeping: crop, orientation: orientation) == pixels)
    }

    @Test("Only what the crop needs is looked at: a 1 x 50,000 picture costs no more than a small one")
    func sparing() {
        let source = PixelSize(width: 1, height: 50_000)
        let resized = PixelSize(width: 224, height: 224 * 50_000)
        let resizer = BicubicResizer(from: source, to: resized, keeping: CenterCrop(of: resized, side: 224))
        #expect(resizer.sourceRows.count < 8)
    }

    @Test(
        "The crop's offset is rounded to even halves, as Python rounds",
        arguments: [(10, 7, 2), (9, 8, 0), (11, 8, 2), (13, 8, 2), (15, 8, 4), (8, 8, 0), (12, 8, 2)]
    )
    func cropOffset(dimension: Int, side: Int, offset: Int) {
        let crop = CenterCrop(of: PixelSize(width: dimension, height: side), side: side)
        #expect(crop.columns == offset..<offset + side)
        #expect(crop.rows == 0..<side)
    }
}

/// Random numbers that are the same on every run.
struct SplitMix {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next(in range: ClosedRange<Int>) -> Int {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return range.lowerBound + Int((mixed ^ (mixed >> 31)) % UInt64(range.count))
    }
}
