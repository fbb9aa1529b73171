internal import COneDNN
internal import CSimd

/// A linear layer: `activation(input x weight^T + bias)`, or that added to what the output already holds.
///
/// Bias, activation and the residual sum are applied in the product, while its results are at hand. For int8 a separate
/// pass follows, since each row has its own scale. The weights are copied once into the layout that oneDNN prefers on
/// this processor. The product is oneDNN's or, on some processors, `CSimd`'s over the same layout.
public final class Linear: Sendable {
    /// The numbers of an input row.
    public let inputWidth: Int
    /// The numbers of an output row.
    public let outputWidth: Int
    /// The format of the weights and the input.
    public let format: NumberFormat

    private let weights: PackedWeights
    /// The scale of each output's sums and, in a second row, the excess of the sums before scaling; only for int8.
    private let scales: Tensor?
    private let bias: Tensor?
    private let activation: Activation?
    private let addsToOutput: Bool
    /// Whether `CSimd` multiplies instead of oneDNN.
    private let multipliesPanels: Bool

    /// The number of rows for which the weights' layout is chosen.
    ///
    /// oneDNN chooses the layout by the widths alone. This is a typical number of rows (one image of ViT-B/32 has 50
    /// tokens), so that nothing is tuned for a single row.
    private static let typicalRows = 64

    /// Makes a layer of `weight`, (outputs, inputs), floats that are copied, and `bias`, (outputs), which is kept.
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

    /// Makes a layer of weights that were packed by another such layer, with the same library on such a processor.
    ///
    /// - Parameters:
    ///   - packed: the bytes that `packedBytes` gave, perhaps with more after them; they are not copied.
    ///   - scales: the bytes that `scaleBytes` gave if the format is int8; they are copied.
    ///   - owner: the object that keeps the bytes in memory.
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

    /// The name of the oneDNN kernel for which such a layer's weights are packed, which determines their layout.
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

    /// The packed weights, valid as long as the layer lives.
    public var packedBytes: UnsafeRawBufferPointer { weights.bytes }

    /// The scales of each output's sums if the format is int8, valid as long as the layer lives.
    public var scaleBytes: UnsafeRawBufferPointer? { scales.map { UnsafeRawBufferPointer($0.floats) } }

    /// Turns (rows, inputs) into (rows, outputs).
    ///
    /// The input has the format of the weights. The output is f32; for bf16 it may also be bf16, and for int8 it may
    /// have any format. Both are dense and must not overlap.
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

    /// Turns (rows, inputs) into (rows, columns), for some of the outputs.
    ///
    /// `dividesColumns` tells where the outputs can be divided. The input has the format of the weights. The output is
    /// f32 or, for bf16, also bf16, and it is dense unless the format is int8.
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
        // If the output were bytes, each part of a row would need a scale of its own.
        precondition(
            output.format == .f32 || output.format == .bf16 && format == .bf16,
            "The output has another format."
        )
        try multiply(input, columns: columns, into: output, in: context)
    }

    /// Whether the outputs can be computed in parts of any multiple of `unit` columns, at full speed.
    ///
    /// oneDNN packs weights in consecutive blocks of outputs, so the weights of some blocks lie together. This asks
    /// oneDNN for kernels over such parts.
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

    /// Whether an operation has to be compiled for every number of rows.
    public var compilesForRows: Bool { !multipliesPanels }

    /// The bytes of the packed weights.
    public var byteCount: Int { weights.byteCount }

    /// The name of oneDNN's kernel for this number of rows.
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

    /// Computes the product, or the sums as whole numbers if the layer is int8.
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

    /// The operation's key; for int8, oneDNN computes only the sums.
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
