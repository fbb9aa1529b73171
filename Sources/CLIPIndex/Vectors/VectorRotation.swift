/// A rotation after which the numbers of a vector are about equally large.
///
/// CLIP's embeddings have a few numbers that are ten times as large as the others. Stored with one scale a vector, they would leave
/// the others a few steps of the 255. A rotation changes no inner product, and this one depends on nothing but the width, so that
/// vectors of different times and machines fit together: signs that look random, and then Hadamard's matrix over blocks of a power of
/// two, as in Ailon and Chazelle, "The Fast Johnson-Lindenstrauss Transform" (2009).
package struct VectorRotation: Sendable {
    package let width: Int
    /// Numbers that are mixed with each other: the largest power of two that divides the width.
    private let block: Int
    private let signs: [Float]

    package init(width: Int) {
        self.width = width
        block = width & -width
        var state: UInt64 = 0
        let factor = 1 / Float(block).squareRoot()
        // SplitMix64 (Steele, Lea, Flood 2014). The values are part of the file format.
        signs = (0..<width).map { _ in
            state &+= 0x9E37_79B9_7F4A_7C15
            var bits = state
            bits = (bits ^ bits >> 30) &* 0xBF58_476D_1CE4_E5B9
            bits = (bits ^ bits >> 27) &* 0x94D0_49BB_1331_11EB
            return (bits ^ bits >> 31) & 1 == 0 ? factor : -factor
        }
    }

    /// Rotates a vector of ``width`` numbers in place.
    package func rotate(_ vector: inout [Float]) {
        precondition(vector.count == width, "A rotation is made for one width.")
        vector.withUnsafeMutableBufferPointer { values in
            for index in values.indices { values[index] *= signs[index] }
            for start in stride(from: 0, to: width, by: block) {
                Self.transform(UnsafeMutableBufferPointer(rebasing: values[start..<start + block]))
            }
        }
    }

    /// Turns a rotated vector back, in place.
    package func undo(_ vector: inout [Float]) {
        precondition(vector.count == width, "A rotation is made for one width.")
        vector.withUnsafeMutableBufferPointer { values in
            for start in stride(from: 0, to: width, by: block) {
                Self.transform(UnsafeMutableBufferPointer(rebasing: values[start..<start + block]))
            }
            // Hadamard's matrix is its own inverse but for a factor, which the signs have.
            for index in values.indices { values[index] *= signs[index] }
        }
    }

    /// Multiplies with Hadamard's matrix, unscaled.
    private static func transform(_ values: UnsafeMutableBufferPointer<Float>) {
        var half = 1
        while half < values.count {
            for start in stride(from: 0, to: values.count, by: 2 * half) {
                for index in start..<start + half {
                    let (one, other) = (values[index], values[index + half])
                    values[index] = one + other
                    values[index + half] = one - other
                }
            }
            half *= 2
        }
    }
}
