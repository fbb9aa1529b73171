import CLIPImaging
import Testing

@Suite("Resizing")
struct ResizerTests {
    /// The same result by the shortest way: every weight from its definition in whole pixels, no crop, no streaming.
    private struct Twin {
        var pixels: [UInt8]
        var size: PixelSize
        var filter = ResizeFilter.bicubic
        var library = PreparingLibrary.openCLIP

        /// Resizes along one side, given how to reach a pixel along it.
        private func weights(
            from source: Int,
            to resized: Int,
            at position: Int
        ) -> [(source: Int, weight: Double)] {
            let scale = Double(source) / Double(resized)
            let widening = max(1, scale)
            let center = (Double(position) + 0.5) * scale
            let reach = (filter == .bicubic ? 2 : 1) * widening
            let first = max(0, Int(center - reach + 0.5))
            let end = min(source, Int(center + reach + 0.5))
            let raw = (first..<end).map { weight((Double($0) - center + 0.5) * (1 / widening)) }
            let sum = raw.reduce(0, +)
            return zip(first..<end, raw).map { ($0, $1 / sum) }
        }

        private func weight(_ signed: Double) -> Double {
            let x = abs(signed)
            if filter == .bilinear { return max(0, 1 - x) }
            return x < 1 ? (1.5 * x - 2.5) * x * x + 1 : x < 2 ? (((x - 5) * x + 8) * x - 4) * -0.5 : 0
        }

        func wide(_ width: Int) -> Twin {
            guard width != size.width else { return self }
            var result = self
            (result.pixels, result.size) = ([], PixelSize(width: width, height: size.height))
            let all = (0..<width).map { weights(from: size.width, to: width, at: $0) }
            let largest = all.joined().map(\.weight).max() ?? 0
            // torch: the most bits with which the largest still fits into a signed word of 16.
            var bits = 22
            if library == .transformers {
                bits = 0
                while bits < 22, Int(0.5 + largest * Double(1 << (bits + 1))) < 32_768 { bits += 1 }
            }
            let whole = all.map { weights in
                weights.map {
                    ($0.source, Int(($0.weight * Double(1 << bits)).rounded(.toNearestOrAwayFromZero)))
                }
            }
            for row in 0..<size.height {
                for column in 0..<width {
                    for channel in 0..<3 {
                        let sum = whole[column].reduce(1 << (bits - 1)) {
                            $0 + $1.1 * Int(pixels[(row * size.width + $1.0) * 3 + channel])
                        }
                        result.pixels.append(UInt8(min(255, max(0, sum >> bits))))
                    }
                }
            }
            return result
        }

        func turned() -> Twin {
            var result = self
            (result.pixels, result.size) = ([], PixelSize(width: size.height, height: size.width))
            for column in 0..<size.width {
                for row in 0..<size.height {
                    result.pixels +=
                        pixels[(row * size.width + column) * 3..<(row * size.width + column) * 3 + 3]
                }
            }
            return result
        }

        /// Rows first, but for Pillow and a very high picture that gets less high.
        func resized(to new: PixelSize) -> Twin {
            library == .openCLIP && size.height > 100 * size.width && new.height < size.height
                ? turned().wide(new.height).turned().wide(new.width)
                : wide(new.width).turned().wide(new.height).turned()
        }

        func framed(_ frame: PictureFrame, _ colour: PreprocessingRecipe.FillColour) -> [UInt8] {
            let colour = [colour.red, colour.green, colour.blue]
            return (0..<frame.side).flatMap { row in
                (0..<frame.side).flatMap { column in
                    let (y, x) = (
                        row - frame.top + frame.rows.lowerBound,
                        column - frame.left + frame.columns.lowerBound
                    )
                    guard frame.rows.contains(y), frame.columns.contains(x) else { return colour }
                    return Array(pixels[(y * size.width + x) * 3..<(y * size.width + x) * 3 + 3])
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
        as recipe: PreprocessingRecipe,
        orientation: Orientation,
        strips: [Int] = [8]
    ) -> [UInt8] {
        let stored = stored(pixels, size, orientation)
        let width = orientation.swapsSides ? size.height : size.width
        let height = stored.count / width / 3
        var resizer = PictureResizer(
            from: size,
            into: recipe.frame(of: size),
            as: recipe,
            orientation: orientation
        )
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

    private func check(
        _ source: PixelSize,
        as recipe: PreprocessingRecipe,
        _ orientation: Orientation,
        _ pixels: [UInt8]
    ) {
        let found = resize(pixels, source, as: recipe, orientation: orientation, strips: [1, 8, 3, 30])
        let frame = recipe.frame(of: source)
        let expected = Twin(pixels: pixels, size: source, filter: recipe.filter, library: recipe.library)
            .resized(to: frame.resized).framed(frame, recipe.fillColour)
        #expect(found == expected, "\(source), \(recipe), \(orientation)")
    }

    private func check(_ source: PixelSize, side: Int, _ orientation: Orientation, _ pixels: [UInt8]) {
        check(source, as: .openAI(imageSize: side), orientation, pixels)
    }

    /// Every mode, filter and library, cropped or filled, to some side.
    private func recipes(side: Int) throws -> [PreprocessingRecipe] {
        try [side, side + 3, max(1, side - 3)].flatMap { resized in
            try PreprocessingRecipe.ResizeMode.allCases.flatMap { mode in
                try ResizeFilter.allCases.flatMap { filter in
                    try PreparingLibrary.allCases.map { library in
                        var recipe = try PreprocessingRecipe(
                            imageSize: side,
                            mean: [0, 0, 0],
                            standardDeviation: [1, 1, 1],
                            resizedSide: resized
                        )
                        (recipe.resizeMode, recipe.filter, recipe.library) = (mode, filter, library)
                        recipe.fillColour = .init(red: 9, green: 200, blue: 77)
                        return recipe
                    }
                }
            }
        }
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
        let found = resize(pixels, size, as: .openAI(imageSize: 5), orientation: orientation)
        #expect(found == pixels)
    }

    @Test(
        "Every mode, filter and library gives what its definition gives, however a picture lies",
        arguments: Orientation.allCases
    )
    func everyRecipe(orientation: Orientation) throws {
        var random = SplitMix(seed: 100 + UInt64(orientation.rawValue))
        for (width, height) in [(31, 22), (9, 40), (40, 9), (1, 130), (130, 1), (2, 230), (12, 12), (64, 50)]
        {
            let source = PixelSize(width: width, height: height)
            let pixels = randomPixels(source, &random)
            for recipe in try recipes(side: random.next(in: 1...12)) {
                check(source, as: recipe, orientation, pixels)
            }
        }
    }

    @Test("The three modes are one for a square, and a squashed square is its shortest side resized")
    func squares() throws {
        var random = SplitMix(seed: 77)
        for side in [5, 12, 30] {
            let source = PixelSize(width: 23, height: 23)
            let pixels = randomPixels(source, &random)
            for library in PreparingLibrary.allCases {
                for filter in ResizeFilter.allCases {
                    let results = try recipes(side: side).filter {
                        $0.resizedSide == side && $0.library == library && $0.filter == filter
                    }
                    .map { resize(pixels, source, as: $0, orientation: .upright) }
                    #expect(results.count == 3 && Set(results).count == 1)
                }
            }
        }
    }

    @Test("One colour stays that colour, and what is left free of the square has the fill colour")
    func flat() throws {
        let source = PixelSize(width: 60, height: 17)
        let pixels = [UInt8](repeating: 200, count: 60 * 17 * 3)
        for recipe in try recipes(side: 20) {
            let frame = recipe.frame(of: source)
            let found = resize(pixels, source, as: recipe, orientation: .upright)
            let inside = found.count { $0 == 200 }
            // The fill colour's green is 200 as well.
            let free = 20 * 20 - frame.rows.count * frame.columns.count
            #expect(inside == 20 * 20 * 3 - 2 * free)
            #expect(found.count { $0 == 9 } == free && found.count { $0 == 77 } == free)
        }
    }

    @Test("Only what the crop needs is looked at: a 1 x 50,000 picture costs no more than a small one")
    func sparing() {
        let source = PixelSize(width: 1, height: 50_000)
        let recipe = PreprocessingRecipe.openAI(imageSize: 224)
        let resizer = PictureResizer(from: source, into: recipe.frame(of: source), as: recipe)
        #expect(resizer.sourceRows.count < 8)
    }

    @Test(
        "What resizing will hold is known beforehand, of any shape and way",
        arguments: [Orientation.upright, .turnedLeft]
    )
    func memory(orientation: Orientation) throws {
        let sizes = [
            (1, 10_000), (10_000, 1), (6, 60_000), (60_000, 6), (8000, 8000), (65_535, 700), (700, 65_535),
            (3, 2),
        ]
        for (width, height) in sizes {
            let source = PixelSize(width: width, height: height)
            for recipe in try recipes(side: 64) where recipe.resizedSide == recipe.imageSize {
                let frame = recipe.frame(of: source)
                let most = PictureResizer.memoryBytes(
                    from: source,
                    into: frame,
                    library: recipe.library,
                    orientation: orientation
                )
                let resizer = PictureResizer(from: source, into: frame, as: recipe, orientation: orientation)
                let held = resizer.heldBytes
                #expect(
                    held <= most && most <= 4 * held + 1 << 20,
                    "\(source), \(recipe): \(held) of \(most)"
                )
                // Where a side becomes one pixel, all of it is looked at.
                #expect(most <= 3 * width * height + 20_000_000, "\(source), \(recipe): \(most)")
            }
        }
    }

    @Test(
        "The crop's offset is rounded to even halves, as Python rounds, and cut off as transformers does",
        arguments: [
            (10, 7, 2, 1), (9, 8, 0, 0), (11, 8, 2, 1), (13, 8, 2, 2), (15, 8, 4, 3), (8, 8, 0, 0),
            (12, 8, 2, 2),
        ]
    )
    func cropOffset(dimension: Int, side: Int, openCLIP: Int, transformers: Int) {
        for (library, offset) in [(PreparingLibrary.openCLIP, openCLIP), (.transformers, transformers)] {
            let size = PixelSize(width: dimension, height: side)
            let frame = PictureFrame(of: size, side: side, library: library)
            #expect(frame.columns == offset..<offset + side && frame.left == 0)
            #expect(frame.rows == 0..<side && frame.top == 0)
        }
    }

    @Test("A picture that is shorter than the square lies in its middle, half a pixel up and left of it")
    func padding() {
        let frame = PictureFrame(of: PixelSize(width: 5, height: 11), side: 8)
        #expect(frame.columns == 0..<5 && frame.left == 1 && frame.rows == 2..<10 && frame.top == 0)
    }

    @Test("The long side is resized as open_clip does it, and no side vanishes")
    func longest() throws {
        var recipe = PreprocessingRecipe.openAI(imageSize: 224)
        recipe.resizeMode = .longest
        func size(_ width: Int, _ height: Int) -> PixelSize {
            recipe.frame(of: PixelSize(width: width, height: height)).resized
        }
        #expect(size(640, 480) == PixelSize(width: 224, height: 168))
        // Of a half, the even neighbour.
        #expect(size(448, 5) == PixelSize(width: 224, height: 2) && size(7, 448).width == 4)
        #expect(size(10_000, 1) == PixelSize(width: 224, height: 1))
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
