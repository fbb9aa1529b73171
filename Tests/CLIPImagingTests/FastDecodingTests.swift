import CLIPImaging
import CLIPTestSupport
import Testing

@Suite("JPEGs decoded at a fraction of their size")
struct FastDecodingTests {
    private func exact(_ image: [UInt8], side: Int) throws -> [UInt8] {
        try ImagePreprocessor(size: side).pixels(of: image).bytes
    }

    private func fast(
        _ image: [UInt8],
        side: Int,
        limits: ImageLimits = ImageLimits(formats: Set(ImageFormat.allCases))
    ) throws(ImagingError) -> [UInt8] {
        try ImagePreprocessor(recipe: .openAI(imageSize: side), limits: limits, shrinksJPEGs: true)
            .pixels(of: image).bytes
    }

    @Test(
        "The picture shrinks as far as leaves the short side at twice what is wanted",
        arguments: [
            (4000, 3000, 224, JPEGShrink.quarter), (3000, 4000, 224, .quarter), (500, 375, 224, .none),
            (896, 2000, 224, .half), (895, 2000, 224, .half), (894, 2000, 224, .none),
            (3584, 3584, 224, .eighth),
            (9000, 8000, 224, .eighth), (1, 60_000, 1, .none), (15, 15, 1, .eighth), (9, 9, 1, .eighth),
            (8, 8, 1, .quarter),
        ]
    )
    func shrink(width: Int, height: Int, side: Int, expected: JPEGShrink) {
        let size = PixelSize(width: width, height: height)
        let resized = PreprocessingRecipe.openAI(imageSize: side).frame(of: size).resized
        #expect(JPEGShrink(of: size, to: resized) == expected)
    }

    @Test("Of a picture that loses its shape, the side that is reduced less decides")
    func shrinkOfSquashed() {
        func shrink(_ width: Int, _ height: Int, to resized: (Int, Int)) -> JPEGShrink {
            JPEGShrink(
                of: PixelSize(width: width, height: height),
                to: PixelSize(width: resized.0, height: resized.1)
            )
        }
        #expect(shrink(4000, 100, to: (64, 64)) == .none)
        #expect(shrink(100, 4000, to: (64, 64)) == .none)
        #expect(shrink(4000, 260, to: (64, 64)) == .half)
        #expect(shrink(4000, 400, to: (64, 6)) == .eighth)
    }

    /// The mean difference between `fast` and `exact` where `move` takes its columns and rows, of those that
    /// stay inside.
    private func difference(
        _ fast: [UInt8],
        _ exact: [UInt8],
        side: Int,
        _ move: (_ column: Int, _ row: Int) -> (column: Int, row: Int)
    ) -> Double {
        var sum = 0
        var count = 0
        for row in 0..<side {
            for column in 0..<side {
                let place = move(column, row)
                guard (0..<side).contains(place.column), (0..<side).contains(place.row) else { continue }
                for channel in 0..<3 {
                    let found = fast[(row * side + column) * 3 + channel]
                    sum += abs(Int(found) - Int(exact[(place.row * side + place.column) * 3 + channel]))
                    count += 1
                }
            }
        }
        return Double(sum) / Double(count)
    }

    @Test("The result is close to the exact one, closer than one pixel aside or another way round")
    func closeness() throws {
        var shrunk = 0
        for golden in try GoldenCases.all() where golden.format == "jpeg" {
            let image = try golden.image()
            for side in [6, 9, 12] {
                let (exact, fast) = (try exact(image, side: side), try fast(image, side: side))
                guard exact != fast else { continue }
                shrunk += 1
                let inPlace = difference(fast, exact, side: side) { ($0, $1) }
                #expect(inPlace < 12, "\(golden.name) at \(side)")
                for (right, down) in [(1, 0), (-1, 0), (0, 1), (0, -1)] {
                    let aside = difference(fast, exact, side: side) { ($0 + right, $1 + down) }
                    #expect(aside > 1.5 * inPlace, "\(golden.name) at \(side), \(right) and \(down) aside")
                }
                let turns = [
                    difference(fast, exact, side: side) { (side - 1 - $0, $1) },
                    difference(fast, exact, side: side) { ($0, side - 1 - $1) },
                    difference(fast, exact, side: side) { (side - 1 - $0, side - 1 - $1) },
                    difference(fast, exact, side: side) { ($1, $0) },
                ]
                #expect(turns.allSatisfy { $0 > 1.5 * inPlace }, "\(golden.name) at \(side): \(turns)")
            }
        }
        #expect(shrunk > 40)
    }

    @Test("A picture that is not much too large is decoded exactly", arguments: try GoldenCases.all())
    func small(golden: GoldenCases.Case) throws {
        guard golden.format == "jpeg", golden.name != "jpeg-tall", golden.name != "jpeg-wide" else { return }
        let image = try golden.image()
        #expect(try fast(image, side: 60) == exact(image, side: 60))
    }

    @Test("Other formats are decoded as ever", arguments: try GoldenCases.all())
    func otherFormats(golden: GoldenCases.Case) throws {
        guard golden.format != "jpeg" else { return }
        let image = try golden.image()
        #expect(try fast(image, side: 4) == exact(image, side: 4))
    }

    @Test("Limits are about the whole picture")
    func limits() throws {
        let image = try GoldenCases.named("jpeg-wide").image()
        #expect(throws: ImagingError.sideTooLong(width: 200, height: 9, limit: 199)) {
            try fast(image, side: 1, limits: ImageLimits(maxSide: 199))
        }
        #expect(throws: ImagingError.tooManyPixels(width: 200, height: 9, limit: 1799)) {
            try fast(image, side: 1, limits: ImageLimits(maxPixels: 1799))
        }
        #expect(try fast(image, side: 1, limits: ImageLimits(maxPixels: 1800)).count == 3)
    }

    @Test("A picture that ends early is refused, however little of it is looked at")
    func truncated() throws {
        for golden in try GoldenCases.all() where golden.format == "jpeg" {
            let image = try golden.image()
            for tenth in 1..<10 {
                let cut = Array(image.prefix(image.count * tenth / 10))
                #expect(throws: ImagingError.self, "\(golden.name) cut at \(tenth) tenths") {
                    try fast(cut, side: 1)
                }
            }
        }
    }
}
