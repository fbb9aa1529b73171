extension Reference {
    /// `finish(convolution + bias)` of one image's planes: (inputs, inputSize, inputSize) to (outputs, outputSize,
    /// outputSize).
    ///
    /// The kernels are (outputs, inputs, kernelSize, kernelSize). `residual` has the shape of the result.
    package static func convolution(
        _ planes: [Float],
        _ shape: Convolution.Shape,
        weight: [Float],
        bias: [Float],
        finish: Convolution.Finish = .none,
        residual: [Float] = []
    ) -> [Float] {
        let (size, kernel) = (shape.inputSize, shape.kernelSize)
        var result: [Float] = []
        for output in 0..<shape.outputs {
            for top in 0..<shape.outputSize {
                for left in 0..<shape.outputSize {
                    var sum = Double(bias[output])
                    for input in 0..<shape.inputs {
                        for dy in 0..<kernel {
                            for dx in 0..<kernel {
                                let y = top * shape.stride + dy - shape.padding
                                let x = left * shape.stride + dx - shape.padding
                                guard 0..<size ~= y, 0..<size ~= x else { continue }
                                let factor = weight[
                                    ((output * shape.inputs + input) * kernel + dy) * kernel + dx
                                ]
                                sum += Double(planes[(input * size + y) * size + x]) * Double(factor)
                            }
                        }
                    }
                    switch finish {
                    case .none: result.append(Float(sum))
                    case .relu: result.append(Float(max(0, sum)))
                    case .sumAndReLU: result.append(Float(max(0, sum + Double(residual[result.count]))))
                    }
                }
            }
        }
        return result
    }

    /// The means of windows of planes: (.., size, size) to (.., size / window, size / window).
    package static func averagePooling(_ planes: [Float], size: Int, window: Int) -> [Float] {
        let outputSize = size / window
        var result: [Float] = []
        for plane in stride(from: 0, to: planes.count, by: size * size) {
            for top in 0..<outputSize {
                for left in 0..<outputSize {
                    var sum = 0.0
                    for dy in 0..<window {
                        for dx in 0..<window {
                            sum += Double(planes[plane + (top * window + dy) * size + left * window + dx])
                        }
                    }
                    result.append(Float(sum / Double(window * window)))
                }
            }
        }
        return result
    }
}
