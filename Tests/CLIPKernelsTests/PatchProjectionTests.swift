import CLIPKernels
import CLIPTestSupport
import Testing

@Suite("Patch projection")
struct PatchProjectionTests {
    @Test(
        "Equals a plain convolution of normalised pixels, also where the last pixels fill no patch",
        arguments: [(32, 16), (50, 16), (7, 3)]
    )
    func matchesReference(size: Int, patch: Int) throws {
        let bench = try Workbench()
        let (count, width) = (2, 10)
        let pixels = CounterNumbers.integers("pixels", count: count * size * size * 3, below: 256).map {
            UInt8($0)
        }
        let values = Workbench.random("values", 3 * 256)
        let kernels = Workbench.random("kernels", width * 3 * patch * patch)
        let projection = try PatchProjection(
            weight: try bench.tensor(kernels, rows: width).matrix,
            imageSize: size,
            patchSize: patch,
            pixels: PixelTable(values),
            in: bench.context
        )
        let rows = count * (1 + projection.patches)
        let start = Workbench.random("start", rows * width)
        let tokens = try bench.tensor(start, rows: rows)
        try bench.context.beginPass()
        try pixels.withUnsafeBufferPointer { pixels in
            let base = try #require(pixels.baseAddress)
            let images = (0..<count).map { base + $0 * 3 * size * size }
            // In two parts, the border within an image.
            for part in [0..<rows - 2, rows - 2..<rows] {
                try projection(images, rows: part, addingTo: tokens.matrix.rows(part), in: bench.context)
            }
        }

        var expected: [Float] = []
        for image in 0..<count {
            let bytes = pixels[image * size * size * 3..<(image + 1) * size * size * 3]
            let planes = (0..<3).flatMap { channel in
                stride(from: bytes.startIndex + channel, to: bytes.endIndex, by: 3).map { place in
                    values[256 * channel + Int(bytes[place])]
                }
            }
            expected += [Float](repeating: 0, count: width)  // the class token
            expected += Reference.patchProjection(planes, size: size, kernels: kernels, patch: patch)
        }
        expected = zip(start, expected).map { $0 + $1 }
        #expect(Closeness.relativeError(tokens.matrix.floats(), expected) < 1e-6)
        for image in 0..<count {
            let row = image * (1 + projection.patches)
            #expect(
                tokens.matrix.floats()[row * width..<(row + 1) * width]
                    == start[row * width..<(row + 1) * width]
            )
        }
    }
}
