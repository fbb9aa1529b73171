/// The first layer of a vision transformer: every square patch of an image becomes one token.
///
/// A convolution whose stride is its kernel, so that each pixel belongs to one patch: the patches are written as
/// rows, and one linear layer does the rest. As with a convolution, pixels at the right and bottom that do not
/// fill a patch are left out.
public struct PatchProjection: Sendable {
    /// Colour planes of an image: red, green, blue.
    public static let channels = 3

    /// How many patches an image has.
    public let patches: Int
    private let imageSize: Int
    private let patchSize: Int
    private let linear: Linear

    /// `weight` is (width, 3 x patchSize x patchSize), a convolution kernel with its last three dimensions joined.
    public init(
        weight: Matrix,
        imageSize: Int,
        patchSize: Int,
        format: NumberFormat = .f32,
        in context: ComputeContext
    ) throws(KernelError) {
        precondition(patchSize > 0 && imageSize >= patchSize, "An image has at least one patch.")
        precondition(weight.width == Self.channels * patchSize * patchSize, "The kernel has another size.")
        self.imageSize = imageSize
        self.patchSize = patchSize
        patches = (imageSize / patchSize) * (imageSize / patchSize)
        linear = try Linear(weight: weight, addsToOutput: true, format: format, in: context)
    }

    /// Images, each (3, imageSize, imageSize), are added to `tokens`, (rows, width), for some of the
    /// (images x (1 + patches)) rows.
    ///
    /// Row 0 of each image belongs to its class token and stays as it is: its patch is written as zeros, which costs
    /// one row in `patches` and saves a copy of all the others.
    public func callAsFunction(
        _ images: [UnsafePointer<Float>],
        rows: Range<Int>,
        addingTo tokens: Matrix,
        in context: ComputeContext
    ) throws(KernelError) {
        precondition(tokens.rows == rows.count, "There is a token for every row.")
        precondition(
            rows.lowerBound >= 0 && rows.upperBound <= images.count * (1 + patches),
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
                let (image, position) = row.quotientAndRemainder(dividingBy: 1 + patches)
                let place = input.rows(index..<index + 1)
                let target = input.format == .f32 ? place : floats
                if position == 0 {
                    target.fillWithZeros()
                } else {
                    copy(patch: position - 1, of: images[image], to: target.row(0))
                }
                if input.format != .f32 { floats.convert(into: place) }
            }
            try linear(input, into: tokens, in: context)  // (rows, 3 x patch x patch) -> (rows, width)
        }
    }

    /// (3, imageSize, imageSize) -> (3 x patchSize x patchSize).
    private func copy(patch: Int, of image: UnsafePointer<Float>, to row: UnsafeMutablePointer<Float>) {
        let grid = imageSize / patchSize
        let corner = patch / grid * patchSize * imageSize + patch % grid * patchSize
        var target = row
        for channel in 0..<Self.channels {
            for y in 0..<patchSize {
                target.update(
                    from: image + channel * imageSize * imageSize + corner + y * imageSize,
                    count: patchSize
                )
                target += patchSize
            }
        }
    }
}
