/// A file written by `torch.save` or `torch.jit.save`: the values of its pickle, and the places of its storages' bytes.
///
/// Formats: `torch/serialization.py` and `caffe2/serialize/inline_container.cc` of PyTorch 2.15. Since 1.6 a file is a
/// zip archive of `data.pkl` and an entry `data/KEY` for each storage. Before that it was five pickles in sequence,
/// with the storages after them. Code in an archive is ignored.
struct TorchArchive {
    let file: String
    let mapping: MappedFile
    let heap: PickleHeap
    /// The value that was saved.
    let root: PickleValue
    /// Whether the file is an archive of `torch.jit.save`.
    let isScript: Bool
    /// Whether the elements are big endian.
    let isBigEndian: Bool
    private let archive: ZipArchive?
    /// The ranges of storages that are not entries.
    private let storages: [String: Range<Int>]

    init(path: String) throws(WeightError) {
        let opened = try OpenFile(path: path)
        let head = try opened.bytes(at: 0, count: min(opened.byteCount, 512))
        guard opened.byteCount >= 22, let kind = Kind(head) else {
            throw Self.isTar(head) ? .tarArchive(file: path) : .notATorchFile(file: path)
        }
        file = path
        mapping = try MappedFile(opened)
        try mapping.file.checkUnchanged()
        switch kind {
        case .zip:
            let archive = try ZipArchive(mapping)
            let pickle = try archive.contents(of: "data.pkl", limit: PickleMachine.maximumByteCount)
            var machine = PickleMachine(pickle, file: path)
            root = try machine.run()
            heap = machine.heap
            isScript = archive.contains("constants.pkl")
            isBigEndian = try Self.isBigEndian(archive)
            storages = [:]
            self.archive = archive
        case .stream:
            let count = min(mapping.file.byteCount, PickleMachine.maximumByteCount)
            var machine = PickleMachine(mapping.withUnsafeBytes(in: 0..<count) { Array($0) }, file: path)
            // These are the format's mark, its version, and the sizes of C's types on the machine that wrote the file.
            for _ in 0..<3 { _ = try machine.run() }
            root = try machine.run()
            let keys = try machine.run()
            heap = machine.heap
            storages = try Self.storages(keys, behind: machine, in: mapping)
            // The format is little endian on machines of either kind.
            isBigEndian = false
            isScript = false
            archive = nil
        }
    }

    private enum Kind {
        case zip
        case stream

        /// The number that begins `torch.save`'s older format, 0x1950A86A20F9469CFC6C, as pickles of any protocol write it.
        private static let mark: [UInt8] = [
            0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E,
        ]

        init?(_ head: [UInt8]) {
            if ZipArchive.begins(head) {
                self = .zip
            } else if head.first == 0x80,
                head.prefix(32).windows(of: Self.mark.count).contains(where: { $0 == Self.mark[...] })
            {
                self = .stream
            } else {
                return nil
            }
        }
    }

    /// Whether a file is a tar archive, whose mark is at offset 257.
    private static func isTar(_ head: [UInt8]) -> Bool {
        head.count >= 262 && Array(head[257..<262]) == Array("ustar".utf8)
    }

    private static func isBigEndian(_ archive: ZipArchive) throws(WeightError) -> Bool {
        guard archive.contains("byteorder") else { return false }
        switch String(decoding: try archive.contents(of: "byteorder", limit: 16), as: UTF8.self) {
        case "little": return false
        case "big": return true
        default:
            throw .damagedArchive(
                file: archive.mapping.file.path,
                reason: "its byte order is neither little nor big"
            )
        }
    }

    /// The storages after the pickles of the older format: for each the number of its elements in eight bytes, and its
    /// bytes.
    private static func storages(
        _ keys: PickleValue,
        behind machine: PickleMachine,
        in mapping: MappedFile
    ) throws(WeightError) -> [String: Range<Int>] {
        guard case .list(let list) = keys else { throw machine.malformed("the storages are not listed") }
        var described: [String: PickledStorage] = [:]
        for storage in machine.heap.storages { described[storage.key] = storage }
        var found: [String: Range<Int>] = [:]
        var offset = machine.offset
        for key in machine.heap.lists[list] {
            guard case .text(let key) = key, let storage = described[key] else {
                throw machine.malformed("a storage is listed that no tensor is of")
            }
            guard mapping.file.byteCount - offset >= 8 else {
                throw .storageMismatch(
                    storage: key,
                    expected: storage.byteCount,
                    found: 0,
                    file: mapping.file.path
                )
            }
            let claim = mapping.withUnsafeBytes(in: offset..<offset + 8) {
                UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self))
            }
            offset += 8
            let size = UInt64(storage.elementType?.byteCount ?? 1)
            let left = mapping.file.byteCount - offset
            guard claim == UInt64(storage.byteCount) / size, storage.byteCount <= left else {
                throw .storageMismatch(
                    storage: key,
                    expected: storage.byteCount,
                    found: Int(clamping: min(claim, UInt64(left) / size) * size),
                    file: mapping.file.path
                )
            }
            guard found.updateValue(offset..<offset + storage.byteCount, forKey: key) == nil else {
                throw machine.malformed("a storage is listed twice")
            }
            offset += storage.byteCount
        }
        return found
    }

    /// The range of the bytes of a tensor's storage, whose size has been checked.
    func storageBytes(of tensor: PickledTensor) throws(WeightError) -> Range<Int> {
        let storage = heap.storages[tensor.storage]
        let found: Range<Int>
        if let archive {
            let name = "data/\(storage.key)"
            found = try archive.bytes(of: name)
        } else {
            guard let bytes = storages[storage.key] else {
                throw .missingEntry(entry: storage.key, file: file)
            }
            found = bytes
        }
        guard found.count == storage.byteCount else {
            throw .storageMismatch(
                storage: storage.key,
                expected: storage.byteCount,
                found: found.count,
                file: file
            )
        }
        return found
    }

    /// Checks the bytes of these tensors by their checksums, if the archive has checksums.
    func requireChecksums(of tensors: [PickledTensor]) throws(WeightError) {
        guard let archive else { return }
        for key in Set(tensors.map { heap.storages[$0.storage].key }).sorted() {
            try archive.requireChecksum(of: "data/\(key)")
        }
    }
}

extension ArraySlice<UInt8> {
    /// All runs of this many bytes.
    fileprivate func windows(of count: Int) -> [ArraySlice<UInt8>] {
        guard self.count >= count else { return [] }
        return (startIndex...endIndex - count).map { self[$0..<$0 + count] }
    }
}
