/// What a number becomes in another format and back.
enum Rounding {
    /// The nearest bf16, the even one of two.
    static func bf16(_ value: Float) -> Float {
        let bits = value.bitPattern
        return Float(bitPattern: (bits &+ 0x7fff &+ (bits >> 16 & 1)) & 0xffff_0000)
    }

    /// Rows as signed bytes times the scale at which the largest number is 127.
    static func int8(_ floats: [Float], width: Int) -> [Float] {
        stride(from: 0, to: floats.count, by: width).flatMap { start in
            let row = floats[start..<start + width]
            let largest = row.map(abs).max() ?? 0
            guard largest > 0 else { return Array(row) }
            return row.map { ($0 * (127 / largest)).rounded(.toNearestOrEven) * (largest / 127) }
        }
    }
}
