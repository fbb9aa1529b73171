internal import CSimd

/// A view of `rows` x `width` numbers of another owner: scratch memory, a tensor, or some columns of a matrix.
///
/// It is a pointer with a shape. It must not outlive the memory: kernels take it as an argument and never keep it.
public struct Matrix {
    /// The address of the first row.
    let bytes: UnsafeMutableRawPointer
    /// The number of rows.
    public let rows: Int
    /// The number of numbers in a row.
    public let width: Int
    /// The distance from the beginning of one row to the next, in numbers; at least `width`.
    public let rowStride: Int
    /// The format of the numbers.
    public let format: NumberFormat
    /// The scale of each row's bytes; nil unless the format is int8.
    let scales: UnsafeMutablePointer<Float>?

    /// Makes a view of `rows` rows of floats, `rowStride` floats apart, or directly one after the other if that is nil.
    public init(base: UnsafeMutablePointer<Float>, rows: Int, width: Int, rowStride: Int? = nil) {
        self.init(
            bytes: UnsafeMutableRawPointer(base),
            rows: rows,
            width: width,
            rowStride: rowStride ?? width,
            format: .f32
        )
    }

    /// Makes a dense matrix in memory that begins with the numbers; scales of bytes follow on the next cache line.
    init(memory: UnsafeMutableRawPointer, rows: Int, width: Int, format: NumberFormat) {
        let scales = memory + AlignedMemory.whole(rows * width * format.byteCount)
        self.init(
            bytes: memory,
            rows: rows,
            width: width,
            rowStride: width,
            format: format,
            scales: format == .int8 ? scales.assumingMemoryBound(to: Float.self) : nil
        )
    }

    init(
        bytes: UnsafeMutableRawPointer,
        rows: Int,
        width: Int,
        rowStride: Int,
        format: NumberFormat,
        scales: UnsafeMutablePointer<Float>? = nil
    ) {
        precondition(
            rows >= 0 && width > 0,
            "A matrix has no negative number of rows and at least one column."
        )
        precondition(rowStride >= width, "The rows of a matrix may not overlap.")
        precondition((format == .int8) == (scales != nil), "Bytes have scales, and nothing else has.")
        self.bytes = bytes
        self.rows = rows
        self.width = width
        self.rowStride = rowStride
        self.format = format
        self.scales = scales
    }

    /// The first float of the first row.
    public var base: UnsafeMutablePointer<Float> {
        precondition(format == .f32, "Only an f32 matrix has floats to point at.")
        return bytes.assumingMemoryBound(to: Float.self)
    }

    /// Whether the rows lie directly one after the other.
    public var isDense: Bool { rowStride == width }

    /// The first float of a row.
    public func row(_ index: Int) -> UnsafeMutablePointer<Float> {
        base + index * rowStride
    }

    /// A view of the same rows with only these columns.
    public func columns(_ range: Range<Int>) -> Matrix {
        precondition(
            range.lowerBound >= 0 && range.upperBound <= width,
            "The columns lie outside the matrix."
        )
        return Matrix(
            bytes: bytes + range.lowerBound * format.byteCount,
            rows: rows,
            width: range.count,
            rowStride: rowStride,
            format: format,
            scales: scales
        )
    }

    /// A view of only these rows.
    public func rows(_ range: Range<Int>) -> Matrix {
        precondition(range.lowerBound >= 0 && range.upperBound <= rows, "The rows lie outside the matrix.")
        return Matrix(
            bytes: start(ofRow: range.lowerBound),
            rows: range.count,
            width: width,
            rowStride: rowStride,
            format: format,
            scales: scales.map { $0 + range.lowerBound }
        )
    }

    /// The memory of a dense matrix of floats or bf16 as rows of another width; the rows asked for have to fit.
    public func reshaped(rows: Int, width: Int) -> Matrix {
        precondition(isDense && format != .int8, "Only dense numbers can be given another shape.")
        precondition(rows * width <= self.rows * self.width, "The memory is too small for that shape.")
        return Matrix(bytes: bytes, rows: rows, width: width, rowStride: width, format: format)
    }

    /// Copies row `indices[i]` of `source` into row `i`, for every index.
    public func gather(_ indices: [Int], from source: Matrix) {
        precondition(
            rows == indices.count && width == source.width && format == source.format,
            "Gathered rows need a matrix of their shape and format."
        )
        for (target, index) in indices.enumerated() {
            precondition(index >= 0 && index < source.rows, "A gathered row lies outside its matrix.")
            start(ofRow: target).copyMemory(
                from: source.start(ofRow: index),
                byteCount: width * format.byteCount
            )
            if let scales, let scale = source.scales?[index] { scales[target] = scale }
        }
    }

    /// Copies the numbers, f32 or bf16, into a matrix of the same shape and format.
    public func copy(into target: Matrix) {
        precondition(
            rows == target.rows && width == target.width && format == target.format && format != .int8,
            "Copied rows need a matrix of their shape and format."
        )
        for row in 0..<rows {
            target.start(ofRow: row).copyMemory(
                from: start(ofRow: row),
                byteCount: width * format.byteCount
            )
        }
    }

    /// Converts the floats into a matrix of any format, with rounding.
    public func convert(into target: Matrix) {
        precondition(format == .f32, "Only floats are converted.")
        precondition(rows == target.rows && width == target.width, "Converted rows keep their shape.")
        csimd_convert(Int64(rows), Int64(width), simd, target.simd)
    }

    /// The matrix itself if it has the format of `other`; otherwise `other`, into which its floats are converted.
    public func kept(in other: Matrix) -> Matrix {
        guard format != other.format else { return self }
        convert(into: other)
        return other
    }

    /// Sets every number of a matrix of floats or bf16 to zero.
    public func fillWithZeros() {
        precondition(format != .int8, "Bytes have scales, which this does not know.")
        for row in 0..<rows {
            start(ofRow: row).initializeMemory(as: UInt8.self, repeating: 0, count: width * format.byteCount)
        }
    }

    /// A copy of f32 or bf16 numbers as floats, row by row.
    public func floats() -> [Float] {
        precondition(format != .int8, "Bytes alone are not what a matrix holds.")
        return [Float](unsafeUninitializedCapacity: rows * width) { buffer, count in
            count = rows * width
            guard let target = buffer.baseAddress else { return }
            for index in 0..<rows {
                if format == .bf16 {
                    let halves = start(ofRow: index).assumingMemoryBound(to: UInt16.self)
                    csimd_widen(Int64(width), halves, target + index * width)
                } else {
                    (target + index * width).initialize(from: row(index), count: width)
                }
            }
        }
    }

    /// A copy of the numbers as floats, with bytes multiplied by their scales, row by row.
    package func numbers() -> [Float] {
        guard let scales else { return floats() }
        return (0..<rows).flatMap { row in
            let bytes = start(ofRow: row).assumingMemoryBound(to: UInt8.self)
            return (0..<width).map { Float(Int(bytes[$0]) - 128) * scales[row] }
        }
    }

    func start(ofRow index: Int) -> UnsafeMutableRawPointer {
        bytes + index * rowStride * format.byteCount
    }

    var simd: csimd_rows {
        csimd_rows(base: bytes, stride: Int64(rowStride), format: format.format, scales: scales)
    }
}
