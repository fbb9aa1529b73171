internal import CSimd

/// A linear layer: `activation(input x weight^T + bias)`, or that added to what the output already holds.
///
/// The weights are copied once into the layout of those who multiply on this processor: `CSimd` or oneDNN.
public final class Linear: Sendable {
    /// Who multiplies.
    private enum Product {
        case panels(PanelProduct)
        case oneDNN(PrimitiveProduct)
    }

    /// The numbers of an input row.
    public var inputWidth: Int { terms.inputs }
    /// The numbers of an output row.
    public var outputWidth: Int { terms.outputs }
    /// The format of the weights and the input.
    public var format: NumberFormat { terms.format }

    private let terms: LinearTerms
    private let product: Product

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
        let (inputs, outputs) = (weight.width, weight.rows)
        let byteCount = PanelWeights.byteCount(
            inputs: inputs,
            outputs: outputs,
            format: format,
            on: context.engine
        )
        (terms, product) = try context.scratch.scope { () throws(KernelError) in
            var plain = weight
            var scales: Tensor?
            // oneDNN itself converts floats to bf16.
            if format == .int8 || format == .bf16 && byteCount != nil {
                plain = try context.scratch.matrix(rows: outputs, width: inputs, format: format)
                weight.convert(into: plain)
            }
            if format == .int8 {
                let made = try Tensor(rows: 2, width: outputs)
                if let found = plain.scales { made.matrix.row(0).update(from: found, count: outputs) }
                csimd_sign(
                    Int64(outputs),
                    Int64(inputs),
                    plain.bytes.assumingMemoryBound(to: UInt8.self),
                    made.matrix.row(1)
                )
                scales = made
            }
            let terms = LinearTerms(
                inputs: inputs,
                outputs: outputs,
                format: format,
                bias: bias,
                activation: activation,
                addsToOutput: addsToOutput,
                scales: scales
            )
            guard let byteCount else {
                return (terms, .oneDNN(try PrimitiveProduct(terms: terms, plain: plain.bytes, in: context)))
            }
            let weights = try PanelWeights(
                plain: plain.bytes,
                byteCount: byteCount,
                inputs: inputs,
                outputs: outputs,
                format: format
            )
            return (terms, .panels(PanelProduct(terms: terms, weights: weights)))
        }
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
        var kept: Tensor?
        if format == .int8 {
            let found = scales?.bindMemory(to: Float.self)
            guard let found, found.count >= 2 * outputs else {
                throw .operationFailed(operation: "scales of a linear layer", status: 0)
            }
            kept = try Tensor(rows: 2, Array(found[..<(2 * outputs)]))
        }
        terms = LinearTerms(
            inputs: inputs,
            outputs: outputs,
            format: format,
            bias: bias,
            activation: activation,
            addsToOutput: addsToOutput,
            scales: kept
        )
        if let byteCount = PanelWeights.byteCount(
            inputs: inputs,
            outputs: outputs,
            format: format,
            on: context.engine
        ) {
            let weights = try PanelWeights(
                adopting: packed,
                byteCount: byteCount,
                of: owner,
                inputs: inputs,
                format: format
            )
            product = .panels(PanelProduct(terms: terms, weights: weights))
        } else {
            product = .oneDNN(try PrimitiveProduct(terms: terms, adopting: packed, of: owner, in: context))
        }
    }

    /// The name of the layout in which such a layer's weights are packed.
    public static func packing(
        inputs: Int,
        outputs: Int,
        format: NumberFormat,
        in context: ComputeContext
    ) throws(KernelError) -> String {
        if PanelWeights.byteCount(inputs: inputs, outputs: outputs, format: format, on: context.engine) != nil
        {
            return PanelWeights.packing(format)
        }
        return try PrimitiveProduct.packing(inputs: inputs, outputs: outputs, format: format, in: context)
    }

    /// The packed weights, valid as long as the layer lives.
    public var packedBytes: UnsafeRawBufferPointer {
        switch product {
        case .panels(let product): product.weights.bytes
        case .oneDNN(let product): product.weights.bytes
        }
    }

    /// The scales of each output's sums if the format is int8, valid as long as the layer lives.
    public var scaleBytes: UnsafeRawBufferPointer? { terms.scales.map { UnsafeRawBufferPointer($0.floats) } }

    /// Turns (rows, inputs) into (rows, outputs).
    ///
    /// The input has the format of the weights. The output is f32; for bf16 it may also be bf16, and for int8 it may
    /// have any format. Both are dense and must not overlap. `next` is what the thread reads next, if that is known.
    public func callAsFunction(
        _ input: Matrix,
        into output: Matrix,
        before next: NextWeights? = nil,
        in context: ComputeContext
    ) throws(KernelError) {
        precondition(input.width == inputWidth && output.width == outputWidth, "A matrix has another width.")
        precondition(input.rows == output.rows, "Input and output of a linear layer differ in rows.")
        precondition(input.isDense && output.isDense, "A linear layer works on dense matrices.")
        precondition(input.format == format, "The input has another format than the weights.")
        precondition(!terms.addsToOutput || output.format == .f32, "Only floats are added to.")
        precondition(
            format == .int8 || output.format == .f32 || output.format == format,
            "The output has another format."
        )
        try run(input, columns: 0..<outputWidth, into: output, before: next, in: context)
    }

    /// Turns (rows, inputs) into (rows, columns), for some of the outputs.
    ///
    /// `dividesColumns` tells where the outputs can be divided. The input has the format of the weights. The output is
    /// f32 or, for bf16, also bf16, and it is dense unless the format is int8.
    public func callAsFunction(
        _ input: Matrix,
        columns: Range<Int>,
        into output: Matrix,
        before next: NextWeights? = nil,
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
        precondition(!terms.addsToOutput || output.format == .f32, "Only floats are added to.")
        // If the output were bytes, each part of a row would need a scale of its own.
        precondition(
            output.format == .f32 || output.format == .bf16 && format == .bf16,
            "The output has another format."
        )
        try run(input, columns: columns, into: output, before: next, in: context)
    }

    /// The weights from an output on, where they lie in panels.
    func panels(from column: Int) -> UnsafeRawPointer? {
        switch product {
        case .panels(let product): product.weights.bytes(from: column)
        case .oneDNN: nil
        }
    }

    /// Whether the outputs can be computed in parts of any multiple of `unit` columns, at full speed.
    public func dividesColumns(every unit: Int, in context: ComputeContext) -> Bool {
        guard unit > 0, outputWidth % unit == 0 else { return false }
        return switch product {
        case .panels(let product): product.dividesColumns(every: unit)
        case .oneDNN(let product): product.dividesColumns(every: unit, in: context)
        }
    }

    /// Whether an operation has to be compiled for every number of rows.
    public var compilesForRows: Bool {
        switch product {
        case .panels: false
        case .oneDNN: true
        }
    }

    /// The bytes of the packed weights.
    public var byteCount: Int { packedBytes.count }

    /// The name of oneDNN's kernel for this number of rows; nil if oneDNN does not multiply.
    package func implementation(rows: Int, in context: ComputeContext) throws(KernelError) -> String? {
        switch product {
        case .panels: nil
        case .oneDNN(let product): try product.implementation(rows: rows, in: context)
        }
    }

    private func run(
        _ input: Matrix,
        columns: Range<Int>,
        into output: Matrix,
        before next: NextWeights?,
        in context: ComputeContext
    ) throws(KernelError) {
        guard input.rows > 0 else { return }
        switch product {
        case .panels(let product):
            try product.run(input, columns: columns, into: output, before: next, in: context)
        case .oneDNN(let product): try product.run(input, columns: columns, into: output, in: context)
        }
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
