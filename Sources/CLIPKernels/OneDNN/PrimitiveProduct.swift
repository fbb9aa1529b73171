internal import COneDNN
internal import CSimd

/// A linear layer's product by oneDNN, over weights in the layout that it prefers on this processor.
///
/// Bias, activation and the residual sum are applied in the product, while its results are at hand. For int8 a separate
/// pass follows, since each row has its own scale.
struct PrimitiveProduct: Sendable {
    let terms: LinearTerms
    let weights: PackedWeights

    /// The number of rows for which the weights' layout is chosen.
    ///
    /// oneDNN chooses the layout by the widths alone. This is a typical number of rows (one image of ViT-B/32 has 50
    /// tokens), so that nothing is tuned for a single row.
    private static let typicalRows = 64

    /// Packs dense weights, (outputs, inputs): floats, or signed bytes if the layer is int8.
    init(terms: LinearTerms, plain: UnsafeRawPointer, in context: ComputeContext) throws(KernelError) {
        self.terms = terms
        weights = try context.packedWeights(
            plain: plain,
            format: terms.format == .int8 ? .int8 : .f32,
            for: Self.typical(terms, in: context)
        )
    }

    /// Takes bytes that were packed for such a layer before.
    init(
        terms: LinearTerms,
        adopting packed: UnsafeRawBufferPointer,
        of owner: any Sendable,
        in context: ComputeContext
    ) throws(KernelError) {
        self.terms = terms
        weights = try context.packedWeights(
            adopting: packed,
            of: owner,
            for: Self.typical(terms, in: context)
        )
    }

    private static func typical(
        _ terms: LinearTerms,
        in context: ComputeContext
    ) throws(KernelError) -> Primitive {
        try context.primitive(
            for: key(terms, rows: typicalRows, columns: terms.outputs, outputFormat: .f32)
        )
    }

    /// The name of the kernel for which the weights of a layer are packed, which determines their layout.
    static func packing(
        inputs: Int,
        outputs: Int,
        format: NumberFormat,
        in context: ComputeContext
    ) throws(KernelError) -> String {
        let terms = LinearTerms(
            inputs: inputs,
            outputs: outputs,
            format: format,
            bias: nil,
            activation: nil,
            addsToOutput: false,
            scales: nil
        )
        return try typical(terms, in: context).implementation
    }

    /// The name of oneDNN's kernel for this number of rows.
    func implementation(rows: Int, in context: ComputeContext) throws(KernelError) -> String {
        try context.primitive(
            for: Self.key(terms, rows: rows, columns: terms.outputs, outputFormat: .f32),
            packedAs: weights
        ).implementation
    }

    /// Whether the outputs can be computed in parts of any multiple of `unit` columns, at full speed.
    ///
    /// oneDNN packs weights in consecutive blocks of outputs, so the weights of some blocks lie together. This asks
    /// oneDNN for kernels over such parts.
    func dividesColumns(every unit: Int, in context: ComputeContext) -> Bool {
        let outputs = terms.outputs
        return Set([unit, outputs / 2 / unit * unit]).allSatisfy { width in
            guard width > 0, width < outputs else { return width == outputs }
            guard weights.hasByThemselves(outputs - width..<outputs) else { return false }
            return [1, Self.typicalRows].allSatisfy { rows in
                let output = terms.addsToOutput || terms.format == .int8 ? NumberFormat.f32 : terms.format
                let key = Self.key(terms, rows: rows, columns: width, outputFormat: output)
                do {
                    _ = try context.primitive(for: key, packedAs: weights)
                    return true
                } catch {
                    return false
                }
            }
        }
    }

    /// Computes some of the outputs: (rows, inputs) into (rows, columns).
    func run(
        _ input: Matrix,
        columns: Range<Int>,
        into output: Matrix,
        in context: ComputeContext
    ) throws(KernelError) {
        guard terms.format == .int8 else {
            return try multiply(input, columns: columns, into: output, in: context)
        }
        try context.scratch.scope { () throws(KernelError) in
            let isPlace = output.format == .f32 && output.isDense && !terms.addsToOutput
            let sums =
                isPlace ? output : try context.scratch.matrix(rows: input.rows, width: columns.count)
            try multiply(input, columns: columns, into: sums, in: context)
            var finish = csimd_finish(
                rows: Int64(input.rows),
                width: Int64(columns.count),
                sums: sums.bytes.assumingMemoryBound(to: Int32.self),
                row_scales: input.scales,
                column_scales: terms.columnScales(from: columns.lowerBound),
                excess: terms.excess(from: columns.lowerBound),
                bias: terms.bias(from: columns.lowerBound),
                activation: terms.activation?.simd ?? csimd_activation_none,
                adds_to_target: terms.addsToOutput,
                target: output.simd
            )
            csimd_finish_product(&finish)
        }
    }

    /// Computes the product, or the sums as whole numbers if the layer is int8.
    private func multiply(
        _ input: Matrix,
        columns: Range<Int>,
        into output: Matrix,
        in context: ComputeContext
    ) throws(KernelError) {
        var operands = codnn_operands()
        operands.source = UnsafeRawPointer(input.bytes)
        operands.weights = weights.pointer
        operands.weights_offset = weights.byteCount / terms.outputs * columns.lowerBound
        operands.bias = terms.bias(from: columns.lowerBound)
        operands.destination = output.bytes
        let key = Self.key(terms, rows: input.rows, columns: columns.count, outputFormat: output.format)
        try context.run(context.primitive(for: key, packedAs: weights), operands)
    }

    /// The operation's key; for int8, oneDNN computes only the sums.
    private static func key(
        _ terms: LinearTerms,
        rows: Int,
        columns: Int,
        outputFormat: NumberFormat
    ) -> PrimitiveKey {
        let isWhole = terms.format == .int8
        return .linear(
            rows: rows,
            inputs: terms.inputs,
            outputs: columns,
            of: terms.outputs,
            format: terms.format,
            outputFormat: outputFormat,
            hasBias: terms.bias != nil && !isWhole,
            activation: isWhole ? nil : terms.activation,
            addsToOutput: terms.addsToOutput && !isWhole
        )
    }
}
