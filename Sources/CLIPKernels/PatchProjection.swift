/// The first layer of a vision transformer: every square patch of an image becomes one token.
///
/// A convolution whose stride is its kernel, so that each pixel belongs to one patch: the patches are written as
/// rows, and one linear layer does the rest. As with a convolution, pixels at the right and bottom that do not
/// fill a patch are left out.
public final class PatchProjection {
    /// Colour planes of an image: red, green, blue.
    public static let channels = 3

    /// How many patches an image has.
    public let patches: Int
    private let imageSize: Int
    private let patchSize: Int
    private let linear: Linear
    private let context: ComputeContext

    /// `weight` is (width, 3 x patchSize x patchSize), a convolution kernel with its last three dimensions joined.
    public init(
        weight: Matrix,
        imageSize: Int,
        patchSize: Int,
        in context: ComputeContext
    ) throws(KernelError) {
        precondition(patchSize > 0 && imageSize >= patchSize, "An image has at least one patch.")
        precondition(weight.width == Self.channels * patchSize * patchSize, "The kernel has another size.")
        self.imageSize = imageSize
        self.patchSize = patchSize
        self.context = context
        patches = (imageSize / patchSize) * (imageSize / patchSize)
        linear = try Linear(weight: weight, addsToOutput: true, in: context)
    }

    /// (count, 3, imageSize, imageSize) is added to `tokens`, (count x (1 + patches), width).
    ///
    /// Row 0 of each image belongs to its class token and stays as it is: its patch is written as zeros, which costs
    /// one row in `patches` and saves a copy of all the others.
    public func callAsFunction(
        _ pixelValues: UnsafePointer<Float>,
        count: Int,
        addingTo tokens: Matrix
    ) throws(KernelError) {
        precondition(
            tokens.rows == count * (1 + patches),
            "The tokens are those of another number of images."
        )
        let planeSize = imageSize * imageSize
        let grid = imageSize / patchSize
        try context.scratch.scope { () throws(KernelError) in
            let rows = try context.scratch.matrix(rows: tokens.rows, width: linear.inputWidth)
            for image in 0..<count {
                let planes = pixelValues + image * Self.channels * planeSize
                let firstRow = image * (1 + patches)
                rows.row(firstRow).update(repeating: 0, count: rows.width)
                for patch in 0..<patches {
                    var target = rows.row(firstRow + 1 + patch)
                    let corner = patch / grid * patchSize * imageSize + patch % grid * patchSize
                    for channel in 0..<Self.channels {
                        for y in 0..<patchSize {
                            target.update(
                                from: planes + channel * planeSize + corner + y * imageSize,
                                count: patchSize
                            )
                            target += patchSize
                        }
                    }
                }
            }
            try linear(rows, into: tokens)  // (count x (1 + patches), 3 x patch x patch) -> (.., width)
        }
    }
}
