#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The kernels as plain loops over arrays, summed in double precision, with which the fast kernels are compared in
/// tests.
///
/// They are written to be read beside the formula, not to be run in a server.
package enum Reference {
    /// `activation(input x weight^T + bias) + residual`; input (rows, inputs), weight (outputs, inputs).
    package static func linear(
        _ input: [Float],
        rows: Int,
        weight: [Float],
        bias: [Float]? = nil,
        activation: Activation? = nil,
        residual: [Float]? = nil
    ) -> [Float] {
        let inputs = input.count / rows
        let outputs = weight.count / inputs
        var result: [Float] = []
        for row in 0..<rows {
            for output in 0..<outputs {
                var sum = Double(bias?[output] ?? 0)
                for i in 0..<inputs {
                    sum += Double(input[row * inputs + i]) * Double(weight[output * inputs + i])
                }
                let activated = activation.map { self.activation($0, sum) } ?? sum
                result.append(Float(activated + Double(residual?[row * outputs + output] ?? 0)))
            }
        }
        return result
    }

    /// One value of an activation.
    package static func activation(_ kind: Activation, _ x: Double) -> Double {
        switch kind {
        case .quickGELU: x / (1 + exp(-1.702 * x))
        case .gelu: 0.5 * x * (1 + erf(x / 2.0.squareRoot()))
        case .tanhGELU: 0.5 * x * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
        }
    }

    /// Every row minus its mean, divided by its standard deviation, scaled and shifted.
    package static func layerNorm(
        _ input: [Float],
        scale: [Float],
        shift: [Float],
        epsilon: Float
    ) -> [Float] {
        let width = scale.count
        var result: [Float] = []
        for start in stride(from: 0, to: input.count, by: width) {
            let row = input[start..<start + width].map(Double.init)
            let mean = row.reduce(0, +) / Double(width)
            let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(width)
            for (column, value) in row.enumerated() {
                let normal = (value - mean) / (variance + Double(epsilon)).squareRoot()
                result.append(Float(normal * Double(scale[column]) + Double(shift[column])))
            }
        }
        return result
    }

    /// Attention within each sequence; query, key and value are (rows, width), with consecutive sequences of these
    /// `lengths`.
    package static func attention(
        query: [Float],
        key: [Float],
        value: [Float],
        width: Int,
        heads: Int,
        lengths: [Int],
        isCausal: Bool
    ) -> [Float] {
        let headWidth = width / heads
        var result = [Float](repeating: 0, count: query.count)
        var first = 0
        for length in lengths {
            for head in 0..<heads {
                for i in 0..<length {
                    let visible = isCausal ? i + 1 : length
                    let scores = (0..<visible).map { j in
                        (0..<headWidth).reduce(0.0) { sum, c in
                            let q = query[(first + i) * width + head * headWidth + c]
                            let k = key[(first + j) * width + head * headWidth + c]
                            return sum + Double(q) * Double(k)
                        } / Double(headWidth).squareRoot()
                    }
                    let largest = scores.max() ?? 0
                    let weights = scores.map { exp($0 - largest) }
                    let total = weights.reduce(0, +)
                    for c in 0..<headWidth {
                        var sum = 0.0
                        for (j, weight) in weights.enumerated() {
                            sum += weight / total * Double(value[(first + j) * width + head * headWidth + c])
                        }
                        result[(first + i) * width + head * headWidth + c] = Float(sum)
                    }
                }
            }
            first += length
        }
        return result
    }

    /// A convolution of (3, size, size) with kernels (width, 3, patch, patch) and stride `patch`, as (patches, width).
    package static func patchProjection(
        _ image: [Float],
        size: Int,
        kernels: [Float],
        patch: Int
    ) -> [Float] {
        let grid = size / patch
        let kernelSize = 3 * patch * patch
        var result: [Float] = []
        for top in 0..<grid {
            for left in 0..<grid {
                for start in stride(from: 0, to: kernels.count, by: kernelSize) {
                    var sum = 0.0
                    for channel in 0..<3 {
                        for y in 0..<patch {
                            for x in 0..<patch {
                                let pixel = image[
                                    (channel * size + top * patch + y) * size + left * patch + x
                                ]
                                let weight = kernels[start + (channel * patch + y) * patch + x]
                                sum += Double(pixel) * Double(weight)
                            }
                        }
                    }
                    result.append(Float(sum))
                }
            }
        }
        return result
    }
}
