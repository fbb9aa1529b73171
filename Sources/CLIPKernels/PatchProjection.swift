/// The first layer of a vision transformer: every square patch of an image becomes one token.
///
/// A convolution whose stride is its kernel, so that each pixel belongs to one patch: the patches are written as
/// rows, normalised as they are, and one linear layer does the rest. As with a convolution, pixels at the right and bottom that do not
/// fill a patch are left out.
public struct PatchProjection: Sendable {
    /// How many patches an image has.
    public let patches: Int
    private let imageSize: Int
    private let patchSize: Int
    /// Rows of an image before its patches.
    private let leading: Int
    private let pixels: PixelTable
    private let linear: Linear

    /// `weight` is (width, 3 x patchSize x patchSize), a convolution kernel with its last three dimensions joined; `pixels`
    /// has what it is multiplied with for each byte of an image; `leading` is how many tokens an image has before its patches.
    public init(
        weight: Matrix,
        imageSize: Int,
        patchSize: Int,
        leading: Int = 1,
        pixels: PixelTable,
        format: NumberFormat = .f32,
        in context: ComputeContext
    ) throws(KernelError) {
        precondition(patchSize > 0 && imageSize >= patchSize, "An image has at least one patch.")
        precondition(
            weight.width == PixelTable.channels * patchSize * patchSize,
            "The kernel has another size."
        )
        self.imageSize = imageSize
        self.patchSize = patchSize
        self.leading = leading
        self.pixels = pixels
        patches = (imageSize / patchSize) * (imageSize / patchSize)
        linear = try Linear(weight: weight, addsToOutput: true, format: format, in: context)
    }

    /// Images, each (imageSize, imageSize, 3) bytes, are added to `tokens`, (rows, width), for some of the
    /// (images x (leading + patches)) rows.
    ///
    /// The leading row of each image belongs to its class token and stays as it is: its patch is written as zeros, which
    /// costs one row in `patches` and saves a copy of all the others.
    public func callAsFunction(
        _ images: [UnsafePointer<UInt8>],
        rows: Range<Int>,
        addingTo tokens: Matrix,
        in context: ComputeContext
    ) throws(KernelError) {
        precondition(tokens.rows == rows.count, "There is a token for every row.")
        precondition(
            rows.lowerBound >= 0 && rows.upperBound <= images.count * (leading + patches),
            "The rows are those of another number of images."
        )
        try context.scratch.scope { () throws(KernelError) in
            let input = try context.scratch.matrix(
                rows: rows.count,
                width: linear.inputWidth,
                format: linear.format
            )
            // Where floats are not what is multiplied, one row of them at a time, which stays close to the processor.
            let floats = try context.scratch.matrix(rows: 1, width: linear.inputWidth)
            for (index, row) in rows.enumerated() {
                let (image, position) = row.quotientAndRemainder(dividingBy: leading + patches)
                let place = input.rows(index..<index + 1)
                let target = input.format == .f32 ? place : floats
                if position < leading {
                    target.fillWithZeros()
                } else {
                    copy(patch: position - leading, of: images[image], to: target.row(0))
                }
                if input.format != .f32 { floats.convert(into: place) }
            }
            try linear(input, into: tokens, in: context)  // (rows, 3 x patch x patch) -> (rows, width)
        }
    }

    /// (imageSize, imageSize, 3) -> (3 x patchSize x patchSize).
    private func copy(patch: Int, of image: UnsafePointer<UInt8>, to row: UnsafeMutablePointer<Float>) {
        let (y, x) = patch.quotientAndRemainder(dividingBy: imageSize / patchSize)
        let corner = image + PixelTable.channels * patchSize * (y * imageSize + x)
        for line in 0..<patchSize {
            pixels.write(
                corner + PixelTable.channels * line * imageSize,
                count: patchSize,
                to: row + line * patchSize,
                apart: patchSize * patchSize
            )
        }
    }
}
