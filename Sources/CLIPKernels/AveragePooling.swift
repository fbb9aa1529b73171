internal import COneDNN

/// Averages every square window of feature maps; windows do not overlap.
///
/// Pixels at the right and at the bottom that do not fill a window are left out.
public struct AveragePooling: Sendable {
    private let window: Int

    /// Averages windows of `window` x `window` pixels.
    public init(window: Int) {
        precondition(window > 0, "A window has at least one pixel.")
        self.window = window
    }

    /// Turns (images, channels, size, size) into (images, channels, size / window, size / window).
    ///
    /// Input and output must not overlap.
    public func callAsFunction(
        _ input: FeatureMaps,
        into output: FeatureMaps,
        in context: ComputeContext
    ) throws(KernelError) {
        precondition(
            input.images == output.images && input.channels == output.channels
                && input.layout == output.layout && input.format == output.format,
            "Input and output of a pooling differ."
        )
        precondition(output.size == input.size / window, "The output of a pooling has another size.")
        guard input.images > 0 else { return }
        var operands = codnn_operands()
        operands.source = UnsafeRawPointer(input.bytes)
        operands.destination = output.bytes
        let key = PrimitiveKey.averagePooling(
            images: input.images,
            channels: input.layout.filled(channels: input.channels),
            inputSize: input.size,
            window: window,
            layout: input.layout,
            format: input.format
        )
        try context.run(context.primitive(for: key), operands)
    }
}
