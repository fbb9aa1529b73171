internal import COneDNN

/// One operation that oneDNN has compiled for one shape.
package final class Primitive {
    let pointer: OpaquePointer
    private let engine: ComputeEngine
    let operation: String
    let scratchpadSize: Int

    init(
        _ key: PrimitiveKey,
        packedAs weights: PackedWeights?,
        stream: OpaquePointer,
        engine: ComputeEngine
    ) throws(KernelError) {
        var pointer: OpaquePointer?
        let status =
            switch key {
            case .linear(
                let rows,
                let inputs,
                let outputs,
                _,
                let format,
                let outputFormat,
                let hasBias,
                let activation,
                let addsToOutput
            ):
                Self.linear(
                    stream,
                    codnn_linear(
                        rows: Int64(rows),
                        inputs: Int64(inputs),
                        outputs: Int64(outputs),
                        source: format.type,
                        destination: outputFormat.type,
                        has_bias: hasBias,
                        activation: activation?.code ?? codnn_activation_none,
                        alpha: activation?.alpha ?? 0,
                        adds_to_destination: addsToOutput
                    ),
                    weights,
                    &pointer
                )
            case .convolution(
                let shape,
                let images,
                let finish,
                let inputLayout,
                let outputLayout,
                let format
            ):
                Self.convolution(
                    stream,
                    shape.convolution(images: images, finish, inputLayout, outputLayout, format),
                    weights,
                    &pointer
                )
            case .averagePooling(
                let images,
                let channels,
                let inputSize,
                let window,
                let layout,
                let format
            ):
                codnn_average_create(
                    stream,
                    Int64(images),
                    Int64(channels),
                    Int64(inputSize),
                    Int64(window),
                    layout.code,
                    format.type,
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

    /// The name of the kernel that oneDNN chose, such as `brgemm:avx512_core`.
    package var implementation: String { String(cString: codnn_implementation(pointer)) }

    private static func linear(
        _ stream: OpaquePointer,
        _ layer: codnn_linear,
        _ weights: PackedWeights?,
        _ pointer: inout OpaquePointer?
    ) -> Int32 {
        withUnsafePointer(to: layer) { layer in
            codnn_linear_create(stream, layer, weights?.pointer, &pointer)
        }
    }

    private static func convolution(
        _ stream: OpaquePointer,
        _ shape: codnn_convolution,
        _ weights: PackedWeights?,
        _ pointer: inout OpaquePointer?
    ) -> Int32 {
        withUnsafePointer(to: shape) { shape in
            codnn_convolution_create(stream, shape, weights?.pointer, &pointer)
        }
    }
}

/// The weights of a linear layer or a convolution in the layout that oneDNN chose for it.
///
/// They are immutable once made, and any number of threads may read them.
final class PackedWeights: @unchecked Sendable {
    let pointer: OpaquePointer
    private let engine: ComputeEngine
    /// The object that keeps the bytes in memory, if they are not oneDNN's own.
    private let owner: (any Sendable)?

    init(
        plain: UnsafeRawPointer,
        format: NumberFormat,
        for primitive: Primitive,
        stream: OpaquePointer,
        engine: ComputeEngine
    ) throws(KernelError) {
        var pointer: OpaquePointer?
        let status = codnn_weights_create(stream, primitive.pointer, plain, format.type, &pointer)
        guard status == 0, let pointer else {
            throw .operationFailed(operation: "packing of \(primitive.operation)", status: Int(status))
        }
        self.pointer = pointer
        self.engine = engine
        owner = nil
    }

    /// Makes weights of bytes that were packed earlier for the same primitive.
    init(
        adopting bytes: UnsafeRawBufferPointer,
        of owner: any Sendable,
        for primitive: Primitive,
        stream: OpaquePointer,
        engine: ComputeEngine
    ) throws(KernelError) {
        var pointer: OpaquePointer?
        let status = codnn_weights_adopt(stream, primitive.pointer, bytes.baseAddress, bytes.count, &pointer)
        guard status == 0, let pointer else {
            throw .operationFailed(operation: "adoption for \(primitive.operation)", status: Int(status))
        }
        self.pointer = pointer
        self.engine = engine
        self.owner = owner
    }

    deinit {
        codnn_weights_destroy(pointer)
    }

    /// The packed bytes, valid as long as this object lives.
    var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: codnn_weights_bytes(pointer), count: byteCount)
    }

    var byteCount: Int { codnn_weights_size(pointer) }

    /// Whether the weights of these outputs lie together, so that it is clear where their part of the bytes begins.
    func hasByThemselves(_ outputs: Range<Int>) -> Bool {
        codnn_weights_part(pointer, Int64(outputs.lowerBound), Int64(outputs.count)) == 0
    }
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

extension Convolution.Shape {
    fileprivate func convolution(
        images: Int,
        _ finish: Convolution.Finish,
        _ inputLayout: FeatureLayout,
        _ outputLayout: FeatureLayout,
        _ format: NumberFormat
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
            type: format.type,
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
