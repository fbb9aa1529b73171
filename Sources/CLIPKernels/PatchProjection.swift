/// The first layer of a vision transformer, which turns every square patch of an image into a token.
///
/// It is a convolution whose stride is the size of its kernel, so each pixel belongs to one patch: patches are written
/// as normalised rows, and one linear layer does the rest. As with a convolution, pixels at the right and at the bottom
/// that do not fill a patch are left out.
public struct PatchProjection: Sendable {
    /// The number of patches of an image.
    public let patches: Int
    private let imageSize: Int
    private let patchSize: Int
    /// The number of an image's rows before its patches.
    private let leading: Int
    private let pixels: PixelTable
    private let linear: Linear

    /// Makes the layer from a convolution's kernels.
    ///
    /// `weight` is (width, 3 x patchSize x patchSize), kernels with their last three dimensions joined. `pixels` has
    /// the float for each byte of an image. `leading` is the number of an image's tokens before its patches.
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

    /// Adds the patches of images, each (imageSize, imageSize, 3) bytes, to some rows of `tokens`.
    ///
    /// `tokens` is (rows, width), some of the (images x (leading + patches)) rows. The leading rows of each image, such
    /// as the class token's, do not change: their patches are zeros, which costs a few rows but saves copying all the
    /// others.
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
            // If the layer does not read floats, a single row of floats is converted at a time, which stays in the
            // cache.
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

    /// Copies one patch of an image: part of (imageSize, imageSize, 3) becomes (3 x patchSize x patchSize).
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
