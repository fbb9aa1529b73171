internal import COneDNN
internal import CSimd

/// A linear layer: `activation(input x weight^T + bias)`, or that added to what the output already holds.
///
/// Bias, activation and the residual sum run inside the product, while its results are at hand; for int8 a pass of its own
/// follows, since each row has its scale. The weights are copied once into the layout that oneDNN likes best on this
/// processor. The product is oneDNN's, or on some processors `CSimd`'s, over the same layout.
public final class Linear: Sendable {
    /// How many numbers an input row has.
    public let inputWidth: Int
    /// How many numbers an output row has.
    public let outputWidth: Int
    /// How the weights and the input are kept.
    public let format: NumberFormat

    private let weights: PackedWeights
    /// What the sums of each output are multiplied with, and in a second row what they are too large by before, where the
    /// format is int8.
    private let scales: Tensor?
    private let bias: Tensor?
    private let activation: Activation?
    private let addsToOutput: Bool
    /// Whether `CSimd` multiplies, and oneDNN does not.
    private let multipliesPanels: Bool

    /// The row count that the weight layout is chosen for.
    ///
    /// oneDNN picks the layout by widths alone; a typical pass (one image of ViT-B/32 has 50 tokens) is named so that
    /// nothing is tuned for a single row.
    private static let typicalRows = 64

    /// A layer of `weight` (outputs, inputs), floats that are copied, and `bias` (outputs), kept.
    public init(
        weight: Matrix,
        bias: Tensor? = nil,
        activation: Activation? = nil,
        addsToOutput: Bool = false,
        format: NumberFormat = .f32,
        in context: ComputeContext
    ) throws(KernelError) {
        precondition(weight.isDense && weight.rows > 0, "A linear layer packs dense weights.")
        precondition(
            bias.map { $0.rows == 1 && $0.width == weight.rows } ?? true,
            "The bias has another width."
        )
        inputWidth = weight.width
        outputWidth = weight.rows
        self.format = format
        self.bias = bias
        self.activation = activation
        self.addsToOutput = addsToOutput
        let typical = Self.key(
            rows: Self.typicalRows,
            inputs: weight.width,
            outputs: weight.rows,
            of: weight.rows,
            format: format,
            outputFormat: .f32,
            hasBias: bias != nil,
            activation: activation,
            addsToOutput: addsToOutput
        )
        let primitive = try context.primitive(for: typical)
        if format == .int8 {
            (weights, scales) = try context.scratch.scope { () throws(KernelError) in
                let bytes = try context.scratch.matrix(rows: weight.rows, width: weight.width, format: .int8)
                weight.convert(into: bytes)
                let scales = try Tensor(rows: 2, width: weight.rows)
                if let found = bytes.scales { scales.matrix.row(0).update(from: found, count: weight.rows) }
                csimd_sign(
                    Int64(weight.rows),
                    Int64(weight.width),
                    bytes.bytes.assumingMemoryBound(to: UInt8.self),
                    scales.matrix.row(1)
                )
                return (try context.packedWeights(plain: bytes.bytes, format: .int8, for: primitive), scales)
            }
        } else {
            weights = try context.packedWeights(plain: weight.bytes, format: .f32, for: primitive)
            scales = nil
        }
        multipliesPanels = context.engine.multipliesPanels && weights.liesInPanels
    }

    /// A layer of weights that another one like it has packed, on a processor and by a library like these.
    ///
    /// - Parameters:
    ///   - packed: what `packedBytes` gave, or more; not copied.
    ///   - scales: what `scaleBytes` gave, where the format is int8; copied.
    ///   - owner: whoever keeps the bytes where they are.
    public init(
        adopting packed: UnsafeRawBufferPointer,
        scales: UnsafeRawBufferPointer?,
        of owner: any Sendable,
        inputs: Int,
        outputs: Int,
        bias: Tensor? = nil,
        activation: Activation? = nil,
        addsToOutput: Bool = false,
        format: NumberFormat,
        in context: ComputeContext
    ) throws(KernelError) {
        precondition(
            bias.map { $0.rows == 1 && $0.width == outputs } ?? true,
            "The bias has another width."
        )
        inputWidth = inputs
        outputWidth = outputs
        self.format = format
        self.bias = bias
        self.activation = activation
        self.addsToOutput = addsToOutput
        let typical = Self.key(
            rows: Self.typicalRows,
            inputs: inputs,
            outputs: outputs,
            of: outputs,
            format: format,
            outputFormat: .f32,
            hasBias: bias != nil,
            activation: activation,
            addsToOutput: addsToOutput
        )
        weights = try context.packedWeights(adopting: packed, of: owner, for: context.primitive(for: typical))
        if format == .int8 {
            let found = scales?.bindMemory(to: Float.self)
            guard let found, found.count >= 2 * outputs else {
                throw .operationFailed(operation: "scales of a linear layer", status: 0)
            }
            self.scales = try Tensor(rows: 2, Array(found[..<(2 * outputs)]))
        } else {
            self.scales = nil
        }
        multipliesPanels = context.engine.multipliesPanels && weights.liesInPanels
    }

    /// oneDNN's name of the kernel that such a layer's weights are packed for, which says how they lie.
    public static func packing(
        inputs: Int,
        outputs: Int,
        format: NumberFormat,
        in context: ComputeContext
    ) throws(KernelError) -> String {
        let key = key(
            rows: typicalRows,
            inputs: inputs,
            outputs: outputs,
            of: outputs,
            format: format,
            outputFormat: .f32,
            hasBias: false,
            activation: nil,
            addsToOutput: false
        )
        return try context.primitive(for: key).implementation
    }

    /// The packed weights, for as long as the layer lives.
    public var packedBytes: UnsafeRawBufferPointer { weights.bytes }

    /// What the sums of each output are multiplied with, where the format is int8, for as long as the layer lives.
    public var scaleBytes: UnsafeRawBufferPointer? { scales.map { UnsafeRawBufferPointer($0.floats) } }

    /// (rows, inputs) -> (rows, outputs).
    ///
    /// The input is kept as the weights are; the output is f32, or for bf16 also bf16, or for int8 any format. Both are
    /// dense and do not overlap.
    public func callAsFunction(
        _ input: Matrix,
        into output: Matrix,
        in context: ComputeContext
    ) throws(KernelError) {
        precondition(input.width == inputWidth && output.width == outputWidth, "A matrix has another width.")
        precondition(input.rows == output.rows, "Input and output of a linear layer differ in rows.")
        precondition(input.isDense && output.isDense, "A linear layer works on dense matrices.")
        precondition(input.format == format, "The input has another format than the weights.")
        precondition(!addsToOutput || output.format == .f32, "Only floats are added to.")
        precondition(
            format == .int8 || output.format == .f32 || output.format == format,
            "The output has another format."
        )
        try multiply(input, columns: 0..<outputWidth, into: output, in: context)
    }

    /// (rows, inputs) -> (rows, columns), for some of the outputs.
    ///
    /// `dividesColumns` says at what they can be divided. The input is kept as the weights are; the output is f32, or for
    /// bf16 also bf16, and dense unless the format is int8.
    public func callAsFunction(
        _ input: Matrix,
        columns: Range<Int>,
        into output: Matrix,
        in context: ComputeContext
    ) throws(KernelError) {
        precondition(
            input.width == inputWidth && output.width == columns.count,
            "A matrix has another width."
        )
        precondition(input.rows == output.rows, "Input and output of a linear layer differ in rows.")
        precondition(
            input.isDense && (output.isDense || format == .int8),
            "A linear layer works on dense matrices."
        )
        precondition(input.format == format, "The input has another format than the weights.")
        precondition(!addsToOutput || output.format == .f32, "Only floats are added to.")
        // Bytes would have a scale for each of several parts of a row.
        precondition(
            output.format == .f32 || output.format == .bf16 && format == .bf16,
            "The output has another format."
        )
        try multiply(input, columns: columns, into: output, in: context)
    }

    /// Whether the outputs can be computed in parts of any multiple of `unit` columns, at full speed.
    ///
    /// oneDNN packs weights in blocks of outputs behind each other, so that those of some blocks lie by themselves; this
    /// asks it for kernels over such parts.
    public func dividesColumns(every unit: Int, in context: ComputeContext) -> Bool {
        guard unit > 0, outputWidth % unit == 0 else { return false }
        guard !multipliesPanels else { return unit % Int(csimd_panel) == 0 }
        return Set([unit, outputWidth / 2 / unit * unit]).allSatisfy { width in
            guard width > 0, width < outputWidth else { return width == outputWidth }
            guard weights.hasByThemselves(outputWidth - width..<outputWidth) else { return false }
            return [1, Self.typicalRows].allSatisfy { rows in
                let output = addsToOutput || format == .int8 ? NumberFormat.f32 : format
                let key = key(rows: rows, columns: width, outputFormat: output)
                do {
                    _ = try context.primitive(for: key, packedAs: weights)
                    return true
                } catch {
                    return false
                }
            }
        }
    }

    /// Whether something has to be compiled for every number of rows.
    public var compilesForRows: Bool { !multipliesPanels }

    /// The memory that the packed weights take.
    public var byteCount: Int { weights.byteCount }

    /// oneDNN's name of the kernel that runs for so many rows.
    package func implementation(rows: Int, in context: ComputeContext) throws(KernelError) -> String {
        try context.primitive(
            for: key(rows: rows, columns: outputWidth, outputFormat: .f32),
            packedAs: weights
        ).implementation
    }

    private func multiply(
        _ input: Matrix,
        columns: Range<Int>,
        into output: Matrix,
        in context: ComputeContext
    ) throws(KernelError) {
        guard input.rows > 0 else { return }
        guard format == .int8 else { return try run(input, columns: columns, into: output, in: context) }
        try context.scratch.scope { () throws(KernelError) in
            let isPlace = output.format == .f32 && output.isDense && !addsToOutput
            let sums =
                isPlace ? output : try context.scratch.matrix(rows: input.rows, width: columns.count)
            try run(input, columns: columns, into: sums, in: context)
            let first = columns.lowerBound
            var finish = csimd_finish(
                rows: Int64(input.rows),
                width: Int64(columns.count),
                sums: sums.bytes.assumingMemoryBound(to: Int32.self),
                row_scales: input.scales,
                column_scales: scales.map { UnsafePointer($0.matrix.row(0) + first) },
                excess: scales.map { UnsafePointer($0.matrix.row(1) + first) },
                bias: bias.map { UnsafePointer($0.matrix.base + first) },
                activation: activation?.simd ?? csimd_activation_none,
                adds_to_target: addsToOutput,
                target: output.simd
            )
            csimd_finish_product(&finish)
        }
    }

    /// The product; of an int8 layer the sums, as whole numbers.
    private func run(
        _ input: Matrix,
        columns: Range<Int>,
        into output: Matrix,
        in context: ComputeContext
    ) throws(KernelError) {
        guard !multipliesPanels else {
            return try multiplyPanels(input, columns: columns, into: output, in: context)
        }
        var operands = codnn_operands()
        operands.source = UnsafeRawPointer(input.bytes)
        operands.weights = weights.pointer
        operands.weights_offset = weights.byteCount / outputWidth * columns.lowerBound
        operands.bias = bias.map { UnsafePointer($0.matrix.base + columns.lowerBound) }
        operands.destination = output.bytes
        let key = key(rows: input.rows, columns: columns.count, outputFormat: output.format)
        try context.run(context.primitive(for: key, packedAs: weights), operands)
    }

    private func multiplyPanels(
        _ input: Matrix,
        columns: Range<Int>,
        into output: Matrix,
        in context: ComputeContext
    ) throws(KernelError) {
        try context.scratch.scope { () throws(KernelError) in
            let words = csimd_product_scratch(Int64(input.rows))
            let scratch = try context.scratch.memory(byteCount: words * MemoryLayout<UInt32>.size)
            var product = csimd_product(
                rows: Int64(input.rows),
                inputs: Int64(inputWidth),
                outputs: Int64(columns.count),
                source: input.simd,
                weights: weights.bytes.baseAddress.map {
                    $0 + weights.byteCount / outputWidth * columns.lowerBound
                },
                bias: bias.map { UnsafePointer($0.matrix.base + columns.lowerBound) },
                activation: activation?.simd ?? csimd_activation_none,
                adds_to_target: addsToOutput,
                target: output.simd,
                scratch: scratch.assumingMemoryBound(to: UInt32.self)
            )
            csimd_multiply(&product)
        }
    }

    private func key(rows: Int, columns: Int, outputFormat: NumberFormat) -> PrimitiveKey {
        Self.key(
            rows: rows,
            inputs: inputWidth,
            outputs: columns,
            of: outputWidth,
            format: format,
            outputFormat: outputFormat,
            hasBias: bias != nil,
            activation: activation,
            addsToOutput: addsToOutput
        )
    }

    /// Of an int8 layer oneDNN computes the sums alone.
    private static func key(
        rows: Int,
        inputs: Int,
        outputs: Int,
        of all: Int,
        format: NumberFormat,
        outputFormat: NumberFormat,
        hasBias: Bool,
        activation: Activation?,
        addsToOutput: Bool
    ) -> PrimitiveKey {
        .linear(
            rows: rows,
            inputs: inputs,
            outputs: outputs,
            of: all,
            format: format,
            outputFormat: outputFormat,
            hasBias: hasBias && format != .int8,
            activation: format == .int8 ? nil : activation,
            addsToOutput: addsToOutput && format != .int8
        )
    }
}

extension Activation {
    var simd: csimd_activation {
        switch self {
        case .quickGELU: csimd_activation_quick_gelu
        case .gelu: csimd_activation_gelu
        case .tanhGELU: csimd_activation_tanh_gelu
        }
    }
}
