internal import COneDNN

/// The mean of every square window of feature maps; the windows lie beside each other.
///
/// Pixels at the right and bottom that do not fill a window are left out.
public final class AveragePooling {
    private let context: ComputeContext
    private let window: Int

    /// Means of `window` x `window` pixels.
    public init(window: Int, in context: ComputeContext) {
        precondition(window > 0, "A window has at least one pixel.")
        self.context = context
        self.window = window
    }

    /// (images, channels, size, size) -> (images, channels, size / window, size / window).
    ///
    /// Input and output do not overlap.
    public func callAsFunction(_ input: FeatureMaps, into output: FeatureMaps) throws(KernelError) {
        precondition(
            input.images == output.images && input.channels == output.channels
                && input.layout == output.layout,
            "Input and output of a pooling differ."
        )
        precondition(output.size == input.size / window, "The output of a pooling has another size.")
        guard input.images > 0 else { return }
        var operands = codnn_operands()
        operands.source = UnsafePointer(input.base)
        operands.destination = output.base
        let key = PrimitiveKey.averagePooling(
            images: input.images,
            channels: input.layout.filled(channels: input.channels),
            inputSize: input.size,
            window: window,
            layout: input.layout
        )
        try context.run(context.primitive(for: key), operands)
    }
}
