internal import COneDNN

/// One operation that oneDNN has compiled for one shape.
package final class Primitive {
    let pointer: OpaquePointer
    private let engine: Engine
    let operation: String
    let scratchpadSize: Int

    init(_ key: PrimitiveKey, packedAs weights: PackedWeights?, engine: Engine) throws(KernelError) {
        var pointer: OpaquePointer?
        let context = engine.pointer
        let status =
            switch key {
            case .linear(let rows, let inputs, let outputs, let hasBias, let activation, let addsToOutput):
                codnn_linear_create(
                    context,
                    Int64(rows),
                    Int64(inputs),
                    Int64(outputs),
                    hasBias,
                    activation?.code ?? codnn_activation_none,
                    activation?.alpha ?? 0,
                    addsToOutput,
                    weights?.pointer,
                    &pointer
                )
            case .product(let left, let right, let output, let scale):
                Self.product(context, left.stack, right.stack, output.stack, scale, &pointer)
            case .softmax(let rows, let width):
                codnn_softmax_create(context, Int64(rows), Int64(width), &pointer)
            case .layerNorm(let rows, let width, let epsilon):
                codnn_layer_norm_create(context, Int64(rows), Int64(width), epsilon, &pointer)
            }
        guard status == 0, let pointer else {
            throw .operationFailed(operation: key.operation, status: Int(status))
        }
        self.pointer = pointer
        self.engine = engine
        operation = key.operation
        scratchpadSize = codnn_scratchpad_size(pointer)
    }

    deinit {
        codnn_primitive_destroy(pointer)
    }

    /// oneDNN's name of the kernel that it chose, such as `brgemm:avx512_core`.
    package var implementation: String { String(cString: codnn_implementation(pointer)) }

    private static func product(
        _ context: OpaquePointer,
        _ left: codnn_stack,
        _ right: codnn_stack,
        _ output: codnn_stack,
        _ scale: Float,
        _ pointer: inout OpaquePointer?
    ) -> Int32 {
        withUnsafePointer(to: left) { left in
            withUnsafePointer(to: right) { right in
                withUnsafePointer(to: output) { output in
                    codnn_product_create(context, left, right, output, scale, &pointer)
                }
            }
        }
    }
}

/// A linear layer's weights in the layout that oneDNN chose for it.
final class PackedWeights {
    let pointer: OpaquePointer
    private let engine: Engine

    init(
        inputs: Int,
        outputs: Int,
        plain: UnsafePointer<Float>,
        for primitive: Primitive,
        engine: Engine
    ) throws(KernelError) {
        var pointer: OpaquePointer?
        let status = codnn_weights_create(
            engine.pointer,
            primitive.pointer,
            Int64(inputs),
            Int64(outputs),
            plain,
            &pointer
        )
        guard status == 0, let pointer else {
            throw .operationFailed(operation: "packing \(outputs)x\(inputs)", status: Int(status))
        }
        self.pointer = pointer
        self.engine = engine
    }

    deinit {
        codnn_weights_destroy(pointer)
    }

    var byteCount: Int { codnn_weights_size(pointer) }
}

extension Activation {
    fileprivate var code: codnn_activation {
        switch self {
        case .quickGELU: codnn_activation_swish
        case .gelu: codnn_activation_gelu_erf
        case .tanhGELU: codnn_activation_gelu_tanh
        }
    }

    fileprivate var alpha: Float {
        switch self {
        case .quickGELU: 1.702
        case .gelu, .tanhGELU: 0
        }
    }
}

extension PrimitiveKey.Stack {
    fileprivate var stack: codnn_stack {
        codnn_stack(
            dimensions: (Int64(sequences), Int64(heads), Int64(rows), Int64(columns)),
            strides: (Int64(sequenceStride), Int64(headStride), Int64(rowStride), Int64(columnStride))
        )
    }
}
