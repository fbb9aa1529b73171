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
            case .convolution(let shape, let images, let finish, let inputLayout, let outputLayout):
                Self.convolution(
                    context,
                    shape.convolution(images: images, finish, inputLayout, outputLayout),
                    weights,
                    &pointer
                )
            case .averagePooling(let images, let channels, let inputSize, let window, let layout):
                codnn_average_create(
                    context,
                    Int64(images),
                    Int64(channels),
                    Int64(inputSize),
                    Int64(window),
                    layout.code,
                    &pointer
                )
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

    private static func convolution(
        _ context: OpaquePointer,
        _ shape: codnn_convolution,
        _ weights: PackedWeights?,
        _ pointer: inout OpaquePointer?
    ) -> Int32 {
        withUnsafePointer(to: shape) { shape in
            codnn_convolution_create(context, shape, weights?.pointer, &pointer)
        }
    }
}

/// The weights of a linear layer or a convolution in the layout that oneDNN chose for it.
final class PackedWeights {
    let pointer: OpaquePointer
    private let engine: Engine

    init(plain: UnsafePointer<Float>, for primitive: Primitive, engine: Engine) throws(KernelError) {
        var pointer: OpaquePointer?
        let status = codnn_weights_create(engine.pointer, primitive.pointer, plain, &pointer)
        guard status == 0, let pointer else {
            throw .operationFailed(operation: "packing of \(primitive.operation)", status: Int(status))
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

extension Convolution.Shape {
    fileprivate func convolution(
        images: Int,
        _ finish: Convolution.Finish,
        _ inputLayout: FeatureLayout,
        _ outputLayout: FeatureLayout
    ) -> codnn_convolution {
        codnn_convolution(
            images: Int64(images),
            inputs: Int64(inputs),
            outputs: Int64(outputs),
            input_size: Int64(inputSize),
            kernel: Int64(kernelSize),
            stride: Int64(stride),
            padding: Int64(padding),
            source: inputLayout.code,
            destination: outputLayout.code,
            finish: finish.code
        )
    }
}

extension Convolution.Finish {
    fileprivate var code: codnn_finish {
        switch self {
        case .none: codnn_finish_none
        case .relu: codnn_finish_relu
        case .sumAndReLU: codnn_finish_sum_relu
        }
    }
}
