/// A tensor in its mapped file, of which nothing is copied until it is asked for.
///
/// It keeps the file's mapping alive, and can be shared between threads.
public struct TensorView: Sendable {
    /// The tensor's full name in the checkpoint.
    public let name: String
    /// How one element is stored.
    public let scalarType: ScalarType
    /// The lengths of the dimensions, the outermost first; empty for a single number.
    public let shape: [Int]
    private let bytes: Range<Int>
    private let mapping: MappedFile

    init(_ entry: SafetensorsHeader.Entry, dataStart: Int, mapping: MappedFile) {
        name = entry.name
        scalarType = entry.scalarType
        shape = entry.shape
        bytes = dataStart + entry.bytes.lowerBound..<dataStart + entry.bytes.upperBound
        self.mapping = mapping
    }

    /// The number of elements.
    public var count: Int { bytes.count / scalarType.byteCount }

    /// The bytes of the elements in the file.
    public var byteCount: Int { bytes.count }

    /// Calls `body` with the stored bytes, little endian, in row-major order.
    ///
    /// They may start at any address, whatever the element's size: load with `loadUnaligned`.
    public func withUnsafeBytes<Result, Failure>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try mapping.withUnsafeBytes(in: bytes, body)
    }

    /// The stored bytes, valid as long as this view or a copy of it is kept.
    public var mappedBytes: UnsafeRawBufferPointer { mapping.withUnsafeBytes(in: bytes) { $0 } }

    /// The elements as `Float`: exact from F32, F16 and BF16, rounded to nearest from F64.
    ///
    /// Refuses every other type, and a file whose size changed since it was opened.
    public func floats() throws(WeightError) -> [Float] {
        try requireReadable()
        return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
            convert(into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
            initialized = count
        }
    }

    /// Refuses elements that are not finite numbers: with one of them, a network gives no finite results.
    private func requireFinite(
        _ values: UnsafeMutableBufferPointer<Float>,
        from start: Int
    ) throws(WeightError) {
        var largest: Int32 = 0
        for value in values {
            largest = max(largest, Int32(truncatingIfNeeded: value.bitPattern & 0x7FFF_FFFF))
        }
        guard largest >= 0x7F80_0000 else { return }
        let element = values.firstIndex { !$0.isFinite } ?? 0
        throw .notFinite(tensor: name, element: start + element, file: mapping.file.path)
    }

    /// Writes the elements as `Float` into `destination`, which has to have room for exactly `count`.
    ///
    /// This is like `floats()` without an array in between, and also refuses elements that are not finite.
    /// `destination` need not be initialized.
    public func copyFloats(into destination: UnsafeMutableBufferPointer<Float>) throws(WeightError) {
        precondition(destination.count == count, "A tensor is copied into room for exactly its elements.")
        try requireReadable()
        convert(into: destination)
        try requireFinite(destination, from: 0)
    }

    /// Writes the elements from `start` on, as many as fit into `destination`, like `copyFloats(into:)`.
    public func copyFloats(
        from start: Int,
        into destination: UnsafeMutableBufferPointer<Float>
    ) throws(WeightError) {
        precondition(start >= 0 && start + destination.count <= count, "A tensor has no such elements.")
        try requireReadable()
        let size = scalarType.byteCount
        withUnsafeBytes { bytes in
            let part = UnsafeRawBufferPointer(
                rebasing: bytes[start * size..<(start + destination.count) * size]
            )
            FloatConversion.convert(part, of: scalarType, into: destination)
        }
        try requireFinite(destination, from: start)
    }

    /// Releases the memory of this tensor's pages; the view stays valid.
    public func releasePages() {
        mapping.releasePages(in: bytes)
    }

    /// Refuses a tensor that is not made of floats, and a file whose size changed since it was opened.
    public func requireReadable() throws(WeightError) {
        guard FloatConversion.reads(scalarType) else {
            throw .notConvertibleToFloat(tensor: name, type: scalarType)
        }
        try mapping.file.checkUnchanged()
    }

    private func convert(into destination: UnsafeMutableBufferPointer<Float>) {
        withUnsafeBytes { FloatConversion.convert($0, of: scalarType, into: destination) }
    }
}
