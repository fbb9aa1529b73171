/// A safetensors file, mapped into memory.
///
/// Every offset, shape and type is checked before the first tensor is looked up. Opening reads only the header (some
/// tens of kilobytes); tensors are read when they are used. Views keep the mapping alive. It can be shared between
/// threads.
public final class SafetensorsFile: Sendable {
    private let mapping: MappedFile
    private let tensors: [String: TensorView]
    private let dataStart: Int

    /// The path with which the file was opened.
    public let path: String
    /// The free text that the writer left in the header, such as `["format": "pt"]`.
    public let metadata: [String: String]
    /// The names of all tensors, in the order of their data.
    public let tensorNames: [String]

    /// Opens and checks the file at `path`.
    ///
    /// Refuses anything but a regular file, and any header that does not describe exactly the bytes after it.
    public init(path: String) throws(WeightError) {
        let file = try OpenFile(path: path)
        guard file.byteCount >= 8 else { throw .fileTooSmall(file: path, byteCount: file.byteCount) }
        let claim = try file.bytes(at: 0, count: 8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard claim <= SafetensorsHeader.maximumByteCount else {
            throw .headerTooLarge(file: path, byteCount: claim, limit: SafetensorsHeader.maximumByteCount)
        }
        let headerByteCount = Int(claim)
        let dataStart = 8 + headerByteCount
        guard dataStart <= file.byteCount else {
            throw .headerBeyondFile(
                file: path,
                headerByteCount: headerByteCount,
                fileByteCount: file.byteCount
            )
        }
        // The header is checked in a copy, which no other program can change between the check and the use.
        let header = try SafetensorsHeader(
            json: file.bytes(at: 8, count: headerByteCount),
            dataByteCount: file.byteCount - dataStart,
            file: path
        )
        let mapping = try MappedFile(file)
        try mapping.file.checkUnchanged()
        var tensors: [String: TensorView] = [:]
        for entry in header.entries {
            tensors[entry.name] = TensorView(entry, dataStart: dataStart, mapping: mapping)
        }
        self.mapping = mapping
        self.dataStart = dataStart
        self.tensors = tensors
        self.path = path
        metadata = header.metadata
        tensorNames = header.entries.map(\.name)
    }

    /// The tensor with exactly this name; nil if there is none.
    public func tensor(named name: String) -> TensorView? {
        tensors[name]
    }

    /// Tells the system that all tensors will be read once, from front to back, so that it reads ahead.
    public func adviseSequential() {
        mapping.adviseSequential()
    }

    /// Releases the memory of all pages that were read; call it when the weights have been converted.
    ///
    /// Views stay valid: reading them loads the pages from the file again.
    public func releasePages() {
        mapping.releasePages(in: 0..<mapping.file.byteCount)
    }

    /// The bytes of the file.
    var byteCount: Int { mapping.file.byteCount }

    /// The checksum of all bytes after the header.
    func dataChecksum() -> String {
        var checksum = Checksum()
        mapping.withUnsafeBytes(in: dataStart..<byteCount) { checksum.add($0) }
        return checksum.text
    }

    /// The checksum of the whole file.
    func checksum() -> String {
        var checksum = Checksum()
        mapping.withUnsafeBytes(in: 0..<byteCount) { checksum.add($0) }
        return checksum.text
    }

    /// Identifies the file by what the file system tells about it: see `OpenFile.identity()`.
    func identity() throws(WeightError) -> String { try mapping.file.identity() }

    /// Throws if the file's size is no longer what it was when the file was opened.
    func checkUnchanged() throws(WeightError) { try mapping.file.checkUnchanged() }
}
